"""Lines and taxes of Facturae."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from einvoice.check.figures import round2
from einvoice.model import Invoice, Line, Subtotal, Vat, Withholding
from einvoice.regimes.facturae.codes import codes
from einvoice.regimes.facturae.nodes import Markup, money, node, period, plain

_INCOME_TAX = "04"  # TaxTypeCode: IRPF


def outputs(breakdown: Iterable[Subtotal]) -> Markup:
    """TaxesOutputs of the invoice, a Tax a group."""
    return node("TaxesOutputs", *(_output(group.vat, group.base, group.tax) for group in breakdown))


def withheld(withholding: Withholding | None) -> Markup | None:
    """TaxesWithheld of the invoice."""
    if withholding is None:
        return None
    return node("TaxesWithheld", _tax(_INCOME_TAX, withholding.rate, withholding.base, withholding.amount))


def items(invoice: Invoice) -> Markup:
    """All lines; their taxes add up to those of the invoice to the cent."""
    taxes = dict(_line_taxes(invoice))
    kept = dict(_line_withholdings(invoice))
    return node("Items", *(_line(line, taxes[i], kept.get(i), invoice.withholding) for i, line in enumerate(invoice.lines)))


def exemption(vat: Vat) -> str:
    """Why nothing is charged, in the words of the invoice, else in those of the law; "" where neither has any."""
    return vat.reason or codes().exemptions.get(vat.exemption.upper(), "")


def _line(line: Line, tax: Decimal, kept: Decimal | None, withholding: Withholding | None) -> Markup:
    income_tax = None
    if withholding is not None and kept is not None:
        income_tax = node("TaxesWithheld", _tax(_INCOME_TAX, withholding.rate, line.net, kept))
    return node(
        "InvoiceLine",
        node("ItemDescription", line.description),
        node("Quantity", plain(line.quantity)),
        node("UnitOfMeasure", codes().unit(line.unit)),
        node("UnitPriceWithoutTax", plain(line.unit_price)),
        node("TotalCost", money(line.net)),
        node("GrossAmount", money(line.net)),
        income_tax,
        node("TaxesOutputs", _output(line.vat, line.net, tax)),
        period("LineItemPeriod", line.period),
        _special(line.vat),
    )


def _special(vat: Vat) -> Markup | None:
    """Exempt (01) is not outside of VAT (02): health care is the former. The reason begins with the tax's code."""
    code = codes().special.get(vat.category)
    if code is None:
        return None
    reason = f"{codes().taxes[vat.category]} {exemption(vat)}"
    return node("SpecialTaxableEvent", node("SpecialTaxableEventCode", code), node("SpecialTaxableEventReason", reason))


def _output(vat: Vat, base: Decimal, tax: Decimal) -> Markup:
    return _tax(codes().taxes[vat.category], vat.rate, base, tax)


def _tax(code: str, rate: Decimal, base: Decimal, amount: Decimal) -> Markup:
    return node(
        "Tax",
        node("TaxTypeCode", code),
        node("TaxRate", plain(rate)),
        node("TaxableBase", node("TotalAmount", money(base))),
        node("TaxAmount", node("TotalAmount", money(amount))),
    )


def _line_taxes(invoice: Invoice) -> Iterator[tuple[int, Decimal]]:
    """Each line's tax by its place: the group's tax, shared so that nothing is lost to rounding."""
    for group in invoice.vat:
        members = [(i, line.net) for i, line in enumerate(invoice.lines) if line.vat == group.vat]
        yield from _shares(members, group.vat.rate, group.tax)


def _line_withholdings(invoice: Invoice) -> Iterator[tuple[int, Decimal]]:
    if invoice.withholding is not None:
        members = [(i, line.net) for i, line in enumerate(invoice.lines)]
        yield from _shares(members, invoice.withholding.rate, invoice.withholding.amount)


def _shares(members: list[tuple[int, Decimal]], rate: Decimal, total: Decimal) -> Iterator[tuple[int, Decimal]]:
    """Differences of the running tax, the last one what is left of the total."""
    running, before = Decimal(0), Decimal("0.00")
    for place, (i, net) in enumerate(members, 1):
        running += net
        upto = total if place == len(members) else round2(running * rate / 100)
        yield i, upto - before
        before = upto
