"""The producer's declaration of responsibility: title, twelve items in order, and what is still to be filled in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from einvoice.model import IdScheme, TaxId
from einvoice.regimes.verifactu.declaration import MISSING, TITLE, Signing, declaration, missing
from tests.einvoice.regimes.verifactu.records import SYSTEM

SIGNED = Signing("Calle de la Invención 12, 28013 Madrid, España", date(2026, 11, 28), "Madrid", "España")


def test_it_begins_with_its_title_and_has_items_a_to_l_in_order() -> None:
    text = declaration(SYSTEM, "Un programa.", SIGNED)
    assert text.startswith(TITLE + "\n")
    assert "".join(re.findall(r"^([a-z])\) ", text, re.MULTILINE)) == "abcdefghijkl"
    assert missing(text) == 0


def test_it_says_what_the_records_say_of_the_system() -> None:
    text = declaration(SYSTEM, "Un programa.", SIGNED)
    for value in (
        SYSTEM.name,
        SYSTEM.id,
        SYSTEM.version,
        SYSTEM.producer,
        SYSTEM.producer_id.number,
        "Un programa.",
        SIGNED.address,
    ):
        assert value in text
    assert "solo puede funcionar como «VERI*FACTU»: S - Sí" in text
    assert "28 de noviembre de 2026, Madrid, España" in text


def test_what_only_the_producer_can_say_is_marked() -> None:
    text = declaration(SYSTEM, "Un programa.")
    assert missing(text) == 2
    assert f"j) Dirección postal completa de contacto de quien produce el sistema: {MISSING}" in text
    assert missing(declaration(SYSTEM, "", replace(SIGNED, town=""))) == 2


def test_a_producer_from_abroad_is_known_by_another_number() -> None:
    foreign = replace(SYSTEM, producer_id=TaxId("7010001008844", "JP", IdScheme.OTHER))
    assert "i) Identificación (JP) de quien produce el sistema: 7010001008844" in declaration(foreign, "Un programa.", SIGNED)
