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


def figures(invoice: Invoice) -> Iterator[Figure]:
    """Every number of an invoice."""
    for index, line in enumerate(invoice.lines):
        yield Figure(f"lines[{index}].quantity", line.quantity, PRICE_DECIMALS, _OWN)
        yield Figure(f"lines[{index}].unit_price", line.unit_price, PRICE_DECIMALS, _OWN)
        yield Figure(f"lines[{index}].net", line.net, 2, "BR-DEC-23")
        yield Figure(f"lines[{index}].vat.rate", line.vat.rate, 2, _OWN)
    for index, group in enumerate(invoice.vat):
        yield Figure(f"vat[{index}].base", group.base, 2, "BR-DEC-19")
        yield Figure(f"vat[{index}].tax", group.tax, 2, "BR-DEC-20")
        yield Figure(f"vat[{index}].vat.rate", group.vat.rate, 2, _OWN)
    yield from _totals(invoice)
    yield from _spanish(invoice)


def doubtful(numbers: Iterable[Figure]) -> list[Figure]:
    """The numbers that need a look: nearly all have two decimals, which are right everywhere, and are of a usual size."""
    return [figure for figure in numbers if not (figure.value.same_quantum(CENT) and -TOO_BIG < figure.value < TOO_BIG)]


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


def _totals(invoice: Invoice) -> Iterator[Figure]:
    totals = invoice.totals
    yield Figure("totals.net", totals.net, 2, "BR-DEC-12")
    yield Figure("totals.tax", totals.tax, 2, "BR-DEC-13")
    yield Figure("totals.gross", totals.gross, 2, "BR-DEC-14")
    yield Figure("totals.prepaid", totals.prepaid, 2, "BR-DEC-16")
    yield Figure("totals.payable", totals.payable, 2, "BR-DEC-18")
    yield Figure("totals.withheld", totals.withheld, 2, _OWN)


def _spanish(invoice: Invoice) -> Iterator[Figure]:
    """What EN 16931 has no limit for."""
    for index, payment in enumerate(invoice.payments):
        yield Figure(f"payments[{index}].amount", payment.amount, 2, _OWN)
    if kept := invoice.withholding:
        yield Figure("withholding.rate", kept.rate, 2, _OWN)
        yield Figure("withholding.base", kept.base, 2, _OWN)
        yield Figure("withholding.amount", kept.amount, 2, _OWN)
    if correction := invoice.correction:
        for name, amount in (("base", correction.replaced_base), ("tax", correction.replaced_tax)):
            if amount is not None:
                yield Figure(f"correction.replaced_{name}", amount, 2, _OWN)
