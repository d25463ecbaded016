"""Seller, buyer and third party in Facturae: tax number, names, address, the three offices of an administration."""

from __future__ import annotations

from einvoice.model import Address, Offices, Party, Person
from einvoice.regimes.facturae.codes import codes
from einvoice.regimes.facturae.nodes import Markup, node, optional

SPAIN = "ES"
PROVINCE = 20  # characters, at most
# Greece writes its VAT numbers with another prefix than its ISO code (Directive 2006/112/EC art. 215).
_VAT_PREFIXES = {"GR": "EL"}


def business(name: str, party: Party, *, within_union: bool) -> Markup:
    """SellerParty or BuyerParty; `within_union`: both are taxed in the Union and not both in Spain."""
    return node(
        name,
        identification(party, within_union=within_union),
        _centres(party.offices, party.address) if party.offices else None,
        entity(party),
    )


def identification(party: Party, *, within_union: bool = False) -> Markup:
    """TaxIdentification; numbers bear their country's prefix only between members of the Union."""
    number, country = (party.tax_id.number, party.tax_id.country) if party.tax_id else ("", SPAIN)
    prefix = _VAT_PREFIXES.get(country, country) if within_union else ""
    return node(
        "TaxIdentification",
        node("PersonTypeCode", "F" if party.person is Person.NATURAL else "J"),
        node("ResidenceTypeCode", residence(party)),
        node("TaxIdentificationNumber", prefix + number),
    )


def residence(party: Party) -> str:
    """R for Spain, U for the rest of the Union, E for the rest of the world."""
    country = party.address.country if party.address else party.tax_id.country if party.tax_id else SPAIN
    if country == SPAIN:
        return "R"
    return "U" if country in codes().union else "E"


def entity(party: Party) -> Markup:
    """Individual with split names, or LegalEntity."""
    contact = node("ContactDetails", node("ElectronicMail", party.email)) if party.email else None
    if party.person is Person.LEGAL:
        return node("LegalEntity", node("CorporateName", party.name), _address(party.address), contact)
    return node(
        "Individual",
        node("Name", party.given_name),
        node("FirstSurname", party.first_surname),
        optional("SecondSurname", party.second_surname),
        _address(party.address),
        contact,
    )


def _centres(offices: Offices, address: Address | None) -> Markup:
    """The DIR3 codes by role; each centre repeats the address, which the schema wants."""
    roles = (
        ("01", "Oficina Contable", offices.accounting_office),
        ("02", "Órgano Gestor", offices.managing_body),
        ("03", "Unidad Tramitadora", offices.processing_unit),
    )
    centres = (
        node(
            "AdministrativeCentre",
            node("CentreCode", code),
            node("RoleTypeCode", role),
            _address(address),
            node("CentreDescription", name),
        )
        for role, name, code in roles
    )
    return node("AdministrativeCentres", *centres)


def _address(address: Address | None) -> Markup:
    place = address or Address()
    if place.country == SPAIN:
        return node(
            "AddressInSpain",
            node("Address", place.street),
            node("PostCode", place.post_code),
            node("Town", place.town),
            node("Province", province(place)),
            node("CountryCode", codes().countries[SPAIN]),
        )
    return node(
        "OverseasAddress",
        node("Address", place.street),
        node("PostCodeAndTown", post_code_and_town(place)),
        node("Province", province(place)),
        node("CountryCode", codes().countries[place.country]),
    )


def post_code_and_town(address: Address) -> str:
    """Both in one, as addresses abroad have them."""
    return f"{address.post_code} {address.town}".strip()


def province(address: Address) -> str:
    """The province in at most 20 characters: as given, else by the Spanish post code, else its beginning."""
    given = address.province
    if given and len(given) <= PROVINCE:
        return given
    known = codes().provinces.get(address.post_code[:2]) if address.country == SPAIN else None
    return known or (given or address.town)[:PROVINCE]
