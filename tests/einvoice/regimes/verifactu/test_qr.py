"""The address in the QR code: four values in AEAT's order, as the record has them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from einvoice.regimes.verifactu import qr
from einvoice.regimes.verifactu.codes import Environment
from tests.einvoice import documents
from tests.einvoice.regimes.verifactu.records import chain_of

RECORD = chain_of([documents.exempt()])[0]


def test_the_address_of_a_record_is_that_of_the_specification() -> None:
    expected = (
        "https://www2.agenciatributaria.gob.es/wlpl/TIKE-CONT/ValidarQR"
        "?nif=B64717838&numserie=F2026-000123&fecha=02-03-2026&importe=600.00"
    )
    assert qr.url(RECORD, Environment.PRODUCTION) == expected
    assert qr.url(RECORD, Environment.TEST).startswith("https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR?nif=")


@pytest.mark.parametrize(
    ("number", "written"), [("12345678&G33", "12345678%26G33"), ("A/1 +2", "A%2F1%20%2B2"), ("50%#", "50%25%23"), ("a~b", "a~b")]
)
def test_numbers_are_escaped_and_come_back(number: str, written: str) -> None:
    address = qr.url(replace(RECORD, number=number), Environment.TEST)
    assert f"numserie={written}&" in address
    assert dict(parse_qsl(urlsplit(address).query))["numserie"] == number


def test_a_corrective_keeps_its_sign() -> None:
    assert qr.url(chain_of([documents.corrective()])[0], Environment.TEST).endswith("importe=-240.00")
