"""The breakdown of a record (`Desglose`): what each base is for AEAT, added up to the lines that it takes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from einvoice.errors import EinvoiceError
from einvoice.model import Category, Invoice, Scheme, Vat
from einvoice.regimes.verifactu import codes

IVA = "01"
GENERAL = "01"
EXPORT = "02"
CASH = "07"
ZERO = Decimal("0.00")

_NO_CASH_SCHEME = {"E2", "E3", "E4", "E5", "S2", "N1", "N2"}  # LIVA 163 duodecies.Dos; AEAT error 1203
_EXPORTS = {"E2", "E3"}  # AEAT error 1199: not under the general regime


class NotRecordable(EinvoiceError):
    """A tax that no VERI*FACTU record of the common territory can state; `rules.check` says so before."""


class Nature(NamedTuple):
    """What a base is for AEAT: lists L1, L8A, L9 or L10, and the rate in percent where one is stated."""

    tax: str
    regime: str
    code: str
    rate: Decimal | None

    @property
    def exempt(self) -> bool:
        """Whether the code is a cause of exemption (L10) and no qualification (L9)."""
        return self.code[0] == "E"


class Detail(NamedTuple):
    """One `DetalleDesglose`; `quota` is None where AEAT wants none."""

    nature: Nature
    base: Decimal
    quota: Decimal | None


def details(invoice: Invoice) -> tuple[Detail, ...]:
    """The breakdown of an invoice, one detail for each nature, in the order in which they first appear."""
    sums: dict[Nature, tuple[Decimal, Decimal]] = {}
    abroad = is_abroad(invoice)
    cash = invoice.scheme is Scheme.CASH
    for subtotal in invoice.vat:
        nature = nature_of(subtotal.vat, abroad=abroad, cash=cash)
        base, quota = sums.get(nature, (ZERO, ZERO))
        sums[nature] = (base + subtotal.base, quota + subtotal.tax)
    return tuple(Detail(nature, base, None if nature.rate is None else quota) for nature, (base, quota) in sums.items())


def is_abroad(invoice: Invoice) -> bool:
    """Whether the recipient is established outside Spain, by the address or else by the country of the tax id."""
    buyer = invoice.buyer
    if buyer is None:
        return False
    if buyer.address is not None:
        return buyer.address.country != "ES"
    return buyer.tax_id is not None and buyer.tax_id.country != "ES"


def nature_of(vat: Vat, *, abroad: bool, cash: bool) -> Nature:
    """What a tax is for AEAT; NotRecordable for the taxes of other territories and an exemption without its cause."""
    code = _code(vat, abroad=abroad)
    if code == "S1":
        rate: Decimal | None = vat.rate
    else:
        rate = ZERO if code == "S2" else None  # AEAT error 1198: rate and quota of a reverse charge are 0
    ordinary = EXPORT if code in _EXPORTS else GENERAL
    regime = CASH if cash and code not in _NO_CASH_SCHEME else ordinary
    return Nature(IVA, regime, code, rate)


def _code(vat: Vat, *, abroad: bool) -> str:
    match vat.category:
        case Category.STANDARD | Category.ZERO:
            return "S1"
        case Category.EXEMPT:
            return _cause(vat.exemption)
        case Category.INTRA_COMMUNITY:
            return "E5"
        case Category.EXPORT:
            return "E2"
        case Category.REVERSE_CHARGE:
            # Abroad the service is not located in Spain (LIVA 69.Uno.1º); at home the customer owes the tax (LIVA 84.Uno.2º).
            return "N2" if abroad else "S2"
        case Category.OUTSIDE:
            return "N2" if abroad else "N1"
        case _:
            raise NotRecordable(f"VAT category {vat.category} belongs to another territory: its records are none of VERI*FACTU's")


def _cause(exemption: str) -> str:
    cause = codes.exemption_cause(exemption)
    if cause is None:
        raise NotRecordable(
            f"exemption {exemption!r} names no cause that AEAT knows: give the VATEX code of the tax, such as VATEX-EU-132-1C",
        )
    return cause


def total(amounts: Iterable[Decimal | None]) -> Decimal:
    """The sum of amounts, those that are not stated left out."""
    return sum((amount for amount in amounts if amount is not None), ZERO)
