"""The keys of personal data."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from revrec.store.errors import KeyBroken, KeyMissing
from revrec.store.keys import KeyRing, Master, new_key


def all_of(wrapped: dict[str, bytes]) -> Callable[[Iterable[str]], list[tuple[str, bytes]]]:
    """Reads many wrapped keys at once."""
    return lambda customers: [(customer, wrapped[customer]) for customer in customers if customer in wrapped]


@pytest.fixture
def wrapped() -> dict[str, bytes]:
    return {}


@pytest.fixture
def ring(wrapped: dict[str, bytes]) -> KeyRing:
    return KeyRing("ES-B64717838", Master(Path("none"), new_key()), wrapped.get, all_of(wrapped))


def test_what_is_sealed_is_opened_with_the_customers_key(ring: KeyRing, wrapped: dict[str, bytes]) -> None:
    sealed = ring.seal("C-1", "desk", "e1", b"Ana")
    assert b"Ana" not in base64.b64decode(sealed)
    assert ring.seal("C-1", "desk", "e1", b"Ana") != sealed
    wrapped.update(ring.fresh)
    again = KeyRing("ES-B64717838", ring.master, wrapped.get, all_of(wrapped))
    assert again.unseal("C-1", "desk", "e1", sealed) == b"Ana"
    assert again.content("C-1", b"x") == ring.content("C-1", b"x")
    assert again.content("C-2", b"x") != ring.content("C-1", b"x")


@pytest.mark.parametrize(("source", "event"), [("till", "e1"), ("desk", "e2")])
def test_a_sealed_text_cannot_be_moved_to_another_event(ring: KeyRing, source: str, event: str) -> None:
    sealed = ring.seal("C-1", "desk", "e1", b"Ana")
    with pytest.raises(KeyBroken, match="was not sealed with this key"):
        ring.unseal("C-1", source, event, sealed)


def test_a_destroyed_key_opens_nothing(ring: KeyRing) -> None:
    sealed = ring.seal("C-1", "desk", "e1", b"Ana")
    ring.forget()
    assert not ring.has("C-1")
    assert ring.unseal("C-1", "desk", "e1", sealed) is None


def test_the_wrong_master_is_named(ring: KeyRing, wrapped: dict[str, bytes]) -> None:
    ring.seal("C-1", "desk", "e1", b"Ana")
    wrapped.update(ring.fresh)
    other = KeyRing("ES-B64717838", Master(Path("none"), new_key()), wrapped.get, all_of(wrapped))
    with pytest.raises(KeyBroken, match="did not wrap"):
        other.content("C-1", b"x")


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "0 bytes instead of 32"), ("AAAA", "3 bytes instead of 32"), ("no key!", "base64"), ("\u00f1", "cannot be read")],
)
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "revrec.key"
    path.write_text(content, "utf-8")
    with pytest.raises((KeyBroken, KeyMissing), match=words):
        Master(path).read()


def test_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="backup, or set REVREC_KEY"):
        Master(tmp_path / "revrec.key").read()


def test_what_a_batch_expects_is_read_at_once_and_a_fresh_key_is_made_once(ring: KeyRing, wrapped: dict[str, bytes]) -> None:
    ring.expect(["C-1"])
    sealed = ring.seal("C-1", "desk", "e1", b"Ana")
    ring.content("C-1", b"Ana")
    assert [customer for customer, _ in ring.fresh] == ["C-1"]
    wrapped.update(ring.fresh)

    asked: list[str] = []
    again = KeyRing(ring.taxpayer, ring.master, asked.append, all_of(wrapped))
    again.expect(["C-1", "C-2"])
    assert again.unseal("C-1", "desk", "e1", sealed) == b"Ana"
    again.seal("C-2", "desk", "e2", b"Luis")
    assert asked == []  # neither the known key nor the missing one is asked for again
