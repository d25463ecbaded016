"""Who issues, who receives: names, addresses and tax numbers, as EN 16931 and RD 1619/2012 (articles 6 and 7) want them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from stdnum.es import dni, nif
from stdnum.eu import vat

from einvoice.findings import Finding
from einvoice.model import Address, IdScheme, Invoice, IssuedBy, Party, Person, TaxId

COUNTRY = re.compile("[A-Z]{2}")
_UNION = {state.upper() for state in vat.MEMBER_STATES} - {"GR"} | {"EL", "GR"}


def seller(invoice: Invoice) -> Iterator[Finding]:
    """Name, number and address of who sells: BR-06, BR-08, BR-CO-26; ROF 6.1.c to e, 7.1.d."""
    party = invoice.seller
    if not party.name.strip():
        yield Finding("BR-06", "seller.name", "the seller has no name", "Give its full name or company name")
    if party.tax_id is None:
        yield Finding("BR-CO-26", "seller.tax_id", "the seller has no tax number", "Give the NIF of the seller")
    else:
        yield from _number(party.tax_id, "seller.tax_id")
    if party.address is not None:
        yield from _country(party.address.country, "seller.address.country", "BR-09")
    if invoice.simplified:
        return  # ROF 7.1 asks for no address
    if party.address is None:
        yield Finding("BR-08", "seller.address", "the seller has no address", "Give street, post code, town and country")
    else:
        yield from _whole(party.address, "seller.address")


def buyer(invoice: Invoice) -> Iterator[Finding]:
    """Name, number and address of who receives; only a simplified invoice may go to nobody in particular (ROF 6.1.c, 7)."""
    party = invoice.buyer
    if party is None:
        if not invoice.simplified:
            yield Finding("BR-07", "buyer", "a full invoice names its buyer", "Name the buyer, or issue a simplified invoice")
        return
    if not party.name.strip():
        yield Finding("BR-07", "buyer.name", "the buyer has no name", "Give its full name or company name")
    if party.tax_id is not None:
        yield from _number(party.tax_id, "buyer.tax_id")
    elif not invoice.simplified:
        remedy = "Ask for the NIF; of somebody from abroad the VAT number, or the passport (kind 03)"
        yield Finding("ROF-6.1.d", "buyer.tax_id", "a full invoice has the tax number of its buyer", remedy)
    yield from _buyer_address(party, simplified=invoice.simplified)


def _buyer_address(party: Party, *, simplified: bool) -> Iterator[Finding]:
    """The whole address of a legal person; that of a private person need not stand there (ROF 6.1.e), nor on a simplified one."""
    if party.address is not None:
        yield from _country(party.address.country, "buyer.address.country", "BR-11")
    if simplified or party.person is Person.NATURAL:
        return
    if party.address is None:
        yield Finding("BR-10", "buyer.address", "the buyer has no address", "Give street, post code, town and country")
    else:
        yield from _whole(party.address, "buyer.address")


def third_party(invoice: Invoice) -> Iterator[Finding]:
    """Who issues in the seller's name is named (ROF 5)."""
    third = invoice.third_party
    if third is not None and third.tax_id is not None:
        yield from _number(third.tax_id, "third_party.tax_id")
    if invoice.issued_by is IssuedBy.THIRD_PARTY and (third is None or third.tax_id is None or not third.name.strip()):
        message = "the invoice is issued by a third party that is not named"
        yield Finding("ROF-5", "third_party", message, "Give its name and tax number")


def _country(country: str, field: str, code: str) -> Iterator[Finding]:
    if not COUNTRY.fullmatch(country):
        yield Finding(code, field, f"{country!r} is no country", "Write two capital letters (ISO 3166-1)")


def _whole(address: Address, field: str) -> Iterator[Finding]:
    for name in ("street", "town"):
        if not getattr(address, name).strip():
            yield Finding("ROF-6.1.e", f"{field}.{name}", f"the address has no {name}", "Complete it")


def _number(tax_id: TaxId, field: str) -> Iterator[Finding]:
    """A number of its kind: Spanish (control letter), of the Union (format of its state), or at least one that is there."""
    yield from _country(tax_id.country, f"{field}.country", "BR-CO-09")
    match tax_id.scheme:
        case IdScheme.NIF | IdScheme.UNREGISTERED if tax_id.country != "ES" or not is_nif(tax_id.number):
            remedy = "Write its nine letters and digits without ES, spaces or dashes, and check the last one"
            yield Finding("ES-NIF", field, f"{tax_id.country} {tax_id.number!r} is no Spanish tax number", remedy)
        case IdScheme.VAT if tax_id.country not in _UNION:
            remedy = "Choose kind 04 or 06 for a number from outside the Union"
            yield Finding("BR-CO-09", field, f"{tax_id.country} is no state whose VAT numbers are of the Union", remedy)
        case IdScheme.VAT if not is_vat(tax_id.country, tax_id.number):
            remedy = "Write it without the country's letters, and check it in VIES"
            yield Finding("ES-VAT", field, f"{tax_id.number!r} is no VAT number of {tax_id.country}", remedy)
        case _ if not tax_id.number.strip():
            yield Finding("ES-ID", field, "the number is empty", "Write the number of the document")


@lru_cache(maxsize=4096)
def is_nif(number: str) -> bool:
    """Whether a text is a Spanish tax number (LGT DA 6ª; RD 1065/2007 art. 18 ff.), written exactly so: `12345678Z`."""
    if len(number) != 9 or not number.isascii():
        return False
    if number[:8].isdigit():  # nearly all: those of Spanish persons, of which the check as a whole takes twenty times as long
        return bool(dni.calc_check_digit(number[:8]) == number[8])
    return number.isalnum() and number == number.upper() and bool(nif.is_valid(number))


@lru_cache(maxsize=4096)
def is_vat(country: str, number: str) -> bool:
    """Whether a text is a VAT number of a state of the Union, written without the state's letters."""
    whole = ("EL" if country == "GR" else country) + number
    return number.isalnum() and number.isascii() and number == number.upper() and bool(vat.is_valid(whole))


RULES = (seller, buyer, third_party)
