"""What reads as the number of a payment card in a text, and what only looks so."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revrec.wire.kinds import card_number

CARDS = ["4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "paid by VISA4111111111111111."]
UNLUCKY = sha256(b"338").hexdigest()  # of all digests the first of such numbers that holds digits that pass the check


@pytest.mark.parametrize("text", CARDS)
def test_a_card_number_is_seen_wherever_it_stands(text: str) -> None:
    assert card_number(text)
    assert card_number(f"checklist {UNLUCKY}, {text}")


def test_digits_that_fail_the_check_are_none() -> None:
    assert not card_number("4111111111111112")


@given(st.binary().map(lambda data: sha256(data).hexdigest()))
def test_a_digest_is_no_card(digest: str) -> None:
    assert not card_number(digest)


@given(st.uuids(version=4).map(str).filter(lambda text: any(c.isalpha() for c in text)))
def test_a_uuid_is_no_card(uuid: str) -> None:
    assert not card_number(f"session {uuid} of the agenda")


def test_an_unlucky_digest_or_uuid_is_no_card() -> None:
    assert not card_number(UNLUCKY)
    assert not card_number("86e50149-6586-4131-aa9e-0b35558d84f6")
