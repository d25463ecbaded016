"""The numbers of an invoice, each with its place: that they are numbers, and how many decimals they may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from einvoice.findings import Finding
from einvoice.model import Invoice

CENT = Decimal("0.01")
TOO_BIG = Decimal(10) ** 12
PRICE_DECIMALS = 8
_OWN = "ES-DECIMALS"


class Figure(NamedTuple):
    """One number: its path, how many decimals it may have, and the rule that says so."""

    field: str
    value: Decimal
    decimals: int
    code: str


def round2(value: Decimal) -> Decimal:
    """The value in cents, half a cent away from zero (EN 16931 6.5.3; DGT: ordinary rounding)."""
    return value.quantize(CENT, ROUND_HALF_UP)


_Members = tuple[tuple[str, int, str], ...]  # of a part: the name, how many decimals it may have, the rule that says so
_LINE: _Members = (
    ("quantity", PRICE_DECIMALS, _OWN),
    ("unit_price", PRICE_DECIMALS, _OWN),
    ("net", 2, "BR-DEC-23"),
    ("vat.rate", 2, _OWN),
)
_GROUP: _Members = (("base", 2, "BR-DEC-19"), ("tax", 2, "BR-DEC-20"), ("vat.rate", 2, _OWN))
_TOTALS: _Members = (
    ("net", 2, "BR-DEC-12"),
    ("tax", 2, "BR-DEC-13"),
    ("gross", 2, "BR-DEC-14"),
    ("prepaid", 2, "BR-DEC-16"),
    ("payable", 2, "BR-DEC-18"),
    ("withheld", 2, _OWN),
)
_AMOUNT: _Members = (("amount", 2, _OWN),)
_KEPT: _Members = (("rate", 2, _OWN), ("base", 2, _OWN), ("amount", 2, _OWN))  # EN 16931 has no limit for these two
_REPLACED: _Members = (("replaced_base", 2, _OWN), ("replaced_tax", 2, _OWN))


def doubtful(invoice: Invoice) -> list[Figure]:
    """The numbers that need a look: nearly all have two decimals, which are right everywhere, and are of a usual size."""
    return [
        Figure(f"{owner}.{name}", value, decimals, code)
        for owner, members, values in _parts(invoice)
        for (name, decimals, code), value in zip(members, values, strict=True)
        if value is not None and not (value.same_quantum(CENT) and -TOO_BIG < value < TOO_BIG)
    ]


_Part = tuple[str, _Members, tuple[Decimal | None, ...]]  # the path of a part of an invoice, and its numbers


def _parts(invoice: Invoice) -> Iterator[_Part]:
    for index, line in enumerate(invoice.lines):
        yield f"lines[{index}]", _LINE, (line.quantity, line.unit_price, line.net, line.vat.rate)
    for index, group in enumerate(invoice.vat):
        yield f"vat[{index}]", _GROUP, (group.base, group.tax, group.vat.rate)
    sums = invoice.totals
    yield "totals", _TOTALS, (sums.net, sums.tax, sums.gross, sums.prepaid, sums.payable, sums.withheld)
    for index, payment in enumerate(invoice.payments):
        yield f"payments[{index}]", _AMOUNT, (payment.amount,)
    if kept := invoice.withholding:
        yield "withholding", _KEPT, (kept.rate, kept.base, kept.amount)
    if correction := invoice.correction:
        yield "correction", _REPLACED, (correction.replaced_base, correction.replaced_tax)


def unreadable(numbers: Iterable[Figure]) -> Iterator[Finding]:
    """Numbers that are none, or of more than twelve digits before the point."""
    for figure in numbers:
        if not figure.value.is_finite() or abs(figure.value) >= TOO_BIG:
            yield Finding("ES-AMOUNT", figure.field, f"{figure.value} is no number below 10^12", "Give the right number")


def decimals(numbers: Iterable[Figure]) -> Iterator[Finding]:
    """Numbers with more decimals than they may have (BR-DEC-*), zeros at their end counted: formats write them as they are."""
    for figure in numbers:
        exponent = figure.value.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > figure.decimals:
            message = f"{figure.value} has {-exponent} decimals, at most {figure.decimals} are allowed"
            yield Finding(figure.code, figure.field, message, "Round it half up before the invoice is made")
