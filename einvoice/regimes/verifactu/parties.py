"""Who stands in a record, as AEAT would refuse them: Spanish numbers, numbers from abroad, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from stdnum.es import cif
from stdnum.eu import vat
from stdnum.gb import vat as gb_vat

from einvoice.check.parties import is_nif
from einvoice.findings import Finding
from einvoice.model import IdScheme, Party, TaxId
from einvoice.regimes.verifactu import codes
from einvoice.regimes.verifactu.build import vat_number

NAME_LENGTH = 120
ID_LENGTH = 20
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LAST_GB = date(2021, 1, 31)  # AEAT error 1255


def party_findings(party: Party, field: str, on: date) -> Iterator[Finding]:
    """Name and number of a recipient or third party; `on` is the day of the operation."""
    yield from text_findings(party.name, f"{field}.name", NAME_LENGTH)
    if party.tax_id is not None:
        yield from id_findings(party.tax_id, f"{field}.tax_id", on)


def text_findings(text: str, field: str, most: int) -> Iterator[Finding]:
    """A text that must stand in the record: not blank, printable, at most so many characters."""
    if not text.strip():
        yield Finding("4102", field, "is empty", "fill it in")
    elif len(text) > most:
        yield Finding("4102", field, f"has {len(text)} characters, at most {most} fit", "shorten it")
    if found := _UNPRINTABLE.search(text):
        message = f"has a control character (U+{ord(found[0]):04X}) in place {found.start() + 1}"
        yield Finding("4103", field, message, "write it on one line, without tabs")


def nif_findings(number: str, field: str, code: str = "1123") -> Iterator[Finding]:
    """A number that must be a Spanish NIF, NIE or company number, without prefix, spaces or dashes."""
    if not is_nif(number):
        remedy = "write nine letters and digits without ES, spaces or dashes, and check the last character"
        yield Finding(code, field, f"{number!r} is no well-formed Spanish NIF", remedy)


@lru_cache(maxsize=4096)
def is_company(number: str) -> bool:
    """Whether a Spanish tax number is that of a legal person or entity."""
    return bool(cif.is_valid(number))


def id_findings(tax_id: TaxId, field: str, on: date) -> Iterator[Finding]:
    """The number of a party, by its scheme."""
    if tax_id.scheme is IdScheme.NIF:
        if tax_id.country != "ES":
            yield Finding(
                "1123", field, f"a NIF is Spanish, but its country is {tax_id.country}", "choose the kind of the number"
            )
        yield from nif_findings(tax_id.number, field)
        return
    if not tax_id.number.strip():
        yield Finding("1103", field, "has no number", "write the number of the document")
    yield from _country_findings(tax_id, field)
    if tax_id.scheme is IdScheme.VAT:
        yield from _vat_findings(tax_id, field, on)
    elif len(tax_id.number) > ID_LENGTH or _UNPRINTABLE.search(tax_id.number):
        yield Finding("1103", field, f"must be at most {ID_LENGTH} printable characters", "check the number")


def _country_findings(tax_id: TaxId, field: str) -> Iterator[Finding]:
    if tax_id.scheme is not IdScheme.VAT and tax_id.country not in codes.countries():
        remedy = "choose a country of AEAT's list: overseas parts of France are FR, of Norway NO, of Finland FI"
        yield Finding("1101", field, f"{tax_id.country!r} is no country of AEAT's list", remedy)
    if tax_id.scheme is IdScheme.UNREGISTERED:
        if tax_id.country != "ES":
            yield Finding("1126", field, "only Spanish numbers can be missing from the census (07)", "set the country to ES")
        if not is_nif(tax_id.number) or is_company(tax_id.number):
            remedy = "kind 07 is for a person whose NIF the census does not know"
            yield Finding("1131", field, f"{tax_id.number!r} is no well-formed NIF of a person", remedy)
    elif tax_id.country == "ES" and tax_id.scheme is not IdScheme.PASSPORT:
        remedy = "give the NIF, or a passport (03); kind 07 if the census does not know the NIF"
        yield Finding("1126", field, f"kind {tax_id.scheme} is not accepted for Spain", remedy)


def _vat_findings(tax_id: TaxId, field: str, on: date) -> Iterator[Finding]:
    number = vat_number(tax_id)
    if tax_id.country == "GB" and on > _LAST_GB:
        remedy = "choose kind 04 or 06; Northern Ireland is XI"
        yield Finding("1255", field, f"British numbers were no VAT numbers of the Union on {on}", remedy)
    elif not _is_vat(number):
        remedy = "write the VAT number without its country's prefix, and check it in VIES"
        yield Finding("1103", field, f"{number!r} is no well-formed VAT number of the Union", remedy)


@lru_cache(maxsize=4096)
def _is_vat(number: str) -> bool:
    british = number[:2] in {"GB", "XI"}
    well_formed = gb_vat.is_valid(number[2:]) if british else vat.is_valid(number)
    return bool(well_formed) and number.isalnum() and number.isascii()
