"""Sums: lines, totals, what is kept back, paid and still to be paid. A cent is an error (AEAT would let 10 € pass)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from einvoice.check.figures import CENT, round2
from einvoice.findings import Finding
from einvoice.model import CorrectionMethod, Invoice, Person

_ADD_UP = "Add them up again"
ZERO = Decimal(0)


def lines(invoice: Invoice) -> Iterator[Finding]:
    """BT-131 = round2(BT-129 × BT-146), and the sign belongs to the quantity (BR-27)."""
    for index, line in enumerate(invoice.lines):
        field = f"lines[{index}]"
        if line.net != (net := round2(line.quantity * line.unit_price)):
            message = f"{line.net} is not {line.quantity} × {line.unit_price} = {net}"
            yield Finding("PEPPOL-EN16931-R120", f"{field}.net", message, "Give the price more decimals, or mend the amount")
        if line.unit_price < 0:
            remedy = "Make the quantity negative instead"
            yield Finding("BR-27", f"{field}.unit_price", f"the price {line.unit_price} is negative", remedy)


def sums(invoice: Invoice) -> Iterator[Finding]:
    """Net, tax and gross: BT-109, BT-110, BT-112."""
    totals = invoice.totals
    if totals.net != (net := sum((line.net for line in invoice.lines), ZERO)):
        yield Finding("BR-CO-10", "totals.net", f"{totals.net} is not the sum of the lines, {net}", _ADD_UP)
    if totals.tax != (tax := sum((group.tax for group in invoice.vat), ZERO)):
        yield Finding("BR-CO-14", "totals.tax", f"{totals.tax} is not the sum of the taxes, {tax}", _ADD_UP)
    if totals.gross != totals.net + totals.tax:
        message = f"{totals.gross} is not net {totals.net} + tax {totals.tax} = {totals.net + totals.tax}"
        yield Finding("BR-CO-15", "totals.gross", message, _ADD_UP)


def payable(invoice: Invoice) -> Iterator[Finding]:
    """BT-115 = BT-112 − what is kept back − BT-113.

    BR-CO-25 is not asked for: without a day money is due at once (Código Civil 1113), and a format that wants a day states that
    of issue.
    """
    totals = invoice.totals
    left = totals.gross - totals.withheld - totals.prepaid
    if totals.payable != left:
        message = f"{totals.payable} is not gross {totals.gross} − withheld {totals.withheld} − prepaid {totals.prepaid} = {left}"
        yield Finding("BR-CO-16", "totals.payable", message, _ADD_UP)


def withholding(invoice: Invoice) -> Iterator[Finding]:
    """Income tax kept back: rate of the base to the cent, of a natural person only (LIRPF 99; RIRPF 75 and 95)."""
    kept, totals = invoice.withholding, invoice.totals
    amount = kept.amount if kept else ZERO
    if totals.withheld != amount:
        message = f"{totals.withheld} is not what is kept back, {amount}"
        yield Finding("ES-IRPF-TOTAL", "totals.withheld", message, "Give both the same amount, or neither")
    if kept is None:
        return
    if kept.amount != (right := round2(kept.base * kept.rate / 100)):
        message = f"{kept.amount} is not {kept.rate} % of {kept.base} = {right}"
        yield Finding("ES-IRPF-AMOUNT", "withholding.amount", message, "Work it out again")
    if kept.base * totals.net < 0 or abs(kept.base) > abs(totals.net):
        yield Finding(
            "ES-IRPF-BASE", "withholding.base", f"{kept.base} is no part of the net {totals.net}", "Take it from the net"
        )
    if not 0 < kept.rate < 100:
        yield Finding(
            "ES-IRPF-RATE", "withholding.rate", f"{kept.rate} is no rate in percent", "Give the rate, or no withholding"
        )
    if invoice.seller.person is not Person.NATURAL:
        remedy = "Leave the withholding out"
        yield Finding("ES-IRPF-SELLER", "withholding", "income tax is kept back from natural persons only", remedy)


def payments(invoice: Invoice) -> Iterator[Finding]:
    """Payments named one by one add up to what is prepaid, and those to come to what is payable."""
    paid = [each.amount for each in invoice.payments if each.paid_on]
    due = [each.amount for each in invoice.payments if not each.paid_on]
    for parts, total, name in ((paid, invoice.totals.prepaid, "prepaid"), (due, invoice.totals.payable, "payable")):
        if parts and sum(parts) != total:
            message = f"the {'payments made' if name == 'prepaid' else 'payments to come'} are {sum(parts)}, {name} is {total}"
            yield Finding("ES-PAYMENTS", f"totals.{name}", message, "Name every payment once, or none")


def signs(invoice: Invoice) -> Iterator[Finding]:
    """Less than nothing is taken back by a corrective invoice by differences only (RD 1619/2012 art. 15)."""
    correction, totals = invoice.correction, invoice.totals
    if correction and correction.method is CorrectionMethod.DIFFERENCES:
        return
    for name in ("net", "tax", "gross"):
        if (amount := getattr(totals, name)) <= -CENT:
            what = "by substitution states the right amounts" if correction else "is corrected by another one"
            remedy = "Issue a corrective invoice by differences"
            yield Finding("ROF-15.1", f"totals.{name}", f"{amount} is negative, but an invoice {what}", remedy)


RULES = (lines, sums, payable, withholding, payments, signs)
