"""An invoice as a page: the mentions of RD 1619/2012 art. 6 (full) and 7 (simplified), each in its place."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from einvoice.model import Category, Correction, CorrectionMethod, Invoice, IssuedBy, Line, Means, Payment, Scheme, Subtotal, Vat
from einvoice.pdf.page import Block, Figure, Page, Table, figure, footer, identity, party, row
from einvoice.pdf.qr import qr_code
from einvoice.pdf.words import Words, decimals

# What says why nothing is taxed where the invoice gives no reason of its own: RD 1619/2012 art. 6.1.j and 6.1.m.
_REASONS = {
    Category.EXEMPT: "exempt",
    Category.REVERSE_CHARGE: "reverse_charge",
    Category.INTRA_COMMUNITY: "intra_community",
    Category.EXPORT: "export",
    Category.OUTSIDE: "outside",
}


_DEBITS = frozenset({Means.DIRECT_DEBIT, Means.SEPA_DIRECT_DEBIT})


class Status(StrEnum):
    """What a printed invoice is: the original, or marked as something else."""

    ORIGINAL = "original"
    DUPLICATE = "duplicate"  # RD 1619/2012 art. 14
    CANCELLED = "cancelled"  # its VERI*FACTU record was annulled
    PRO_FORMA = "pro_forma"  # no invoice: no number, no QR code


def invoice_page(invoice: Invoice, qr_url: str | None, legend: str | None, status: Status) -> Page:
    """An invoice laid out in its own language; a pro forma never shows a number or a QR code."""
    words = Words(invoice.language, invoice.currency, invoice.issued_on)
    pro_forma = status is Status.PRO_FORMA
    return Page(
        language=invoice.language,
        title=words.of("titles", _title(invoice, status)),
        number="" if pro_forma else invoice.number,
        subject=invoice.description,
        day=invoice.issued_on,
        seller=party(words, "", invoice.seller),
        facts=tuple(_facts(words, invoice, status)),
        parties=tuple(_parties(words, invoice)),
        lines=_lines(words, invoice.lines),
        breakdown=_breakdown(words, invoice.vat),
        totals=tuple(_totals(words, invoice, status)),
        footer=footer(words, invoice.seller),
        page=words.label("page"),
        qr=qr_code(words, qr_url, legend) if qr_url and not pro_forma else None,
        banner=_banner(words, invoice, status),
        blocks=tuple(_blocks(words, invoice)),
    )


def _title(invoice: Invoice, status: Status) -> str:
    if status is Status.PRO_FORMA:
        return "pro_forma"
    if invoice.correction:
        return "corrective_simplified" if invoice.simplified else "corrective"
    return "simplified" if invoice.simplified else "invoice"


def _facts(words: Words, invoice: Invoice, status: Status) -> Iterator[tuple[str, str]]:
    yield words.label("drawn_up_on" if status is Status.PRO_FORMA else "issued_on"), words.long(invoice.issued_on)
    if invoice.operation_on and invoice.operation_on != invoice.issued_on:
        yield words.label("operation_on"), words.long(invoice.operation_on)
    if invoice.period:
        yield words.label("period"), words.span(invoice.period.first, invoice.period.last)
    if invoice.due_on:
        yield words.label("due_on"), words.long(invoice.due_on)


def _parties(words: Words, invoice: Invoice) -> Iterator[Block]:
    home = invoice.seller.address.country if invoice.seller.address else "ES"
    if invoice.buyer:
        yield party(words, words.label("buyer"), invoice.buyer, home)
    if invoice.third_party:
        yield party(words, words.label("issuer"), invoice.third_party, home)


def _lines(words: Words, lines: tuple[Line, ...]) -> Table:
    of_quantity = max((decimals(line.quantity) for line in lines), default=0)
    of_price = max((words.places, *(decimals(line.unit_price) for line in lines)))
    units = any(words.unit(line.unit) for line in lines)
    heads = ("line", "quantity", *(("unit",) if units else ()), "unit_price", "tax")
    return Table(
        (*(words.label(head) for head in heads), words.label("amount").format(words.currency)),
        tuple(
            row(
                line.description,
                figure(words, line.quantity, 0, of_quantity),
                *((words.unit(line.unit),) if units else ()),
                figure(words, line.unit_price, words.places, of_price),
                words.category(line.vat),
                words.amount(line.net),
                note=words.span(line.period.first, line.period.last) if line.period else "",
            )
            for line in lines
        ),
    )


def _breakdown(words: Words, vat: tuple[Subtotal, ...]) -> Table:
    """Taxable amount and tax of each rate; beside what is not taxed, why."""
    rows = (
        row(words.category(one.vat), words.amount(one.base), words.amount(one.tax), note=_reason(words, one.vat)) for one in vat
    )
    return Table((words.label("tax"), words.label("base"), words.label("quota")), tuple(rows))


def _reason(words: Words, vat: Vat) -> str:
    """The words of art. 6.1.m are always said; a reason of the invoice's own says the rest better than a general one."""
    general = _REASONS.get(vat.category)
    if general is None or (vat.reason and vat.category is not Category.REVERSE_CHARGE):
        return vat.reason
    return ". ".join(dict.fromkeys(filter(None, (words.literal(general), vat.reason))))


def _totals(words: Words, invoice: Invoice, status: Status) -> Iterator[Figure]:
    """Taxable amount, tax, total; then what was kept back and paid, and what is left: one line of them stands out."""
    totals = invoice.totals
    settled = bool(totals.withheld or totals.prepaid)
    yield Figure(words.label("base"), words.money(totals.net))
    yield Figure(words.label("tax_total"), words.money(totals.tax))
    gross = "gross_pro_forma" if status is Status.PRO_FORMA else "gross"
    yield Figure(words.label(gross), words.money(totals.gross), not settled)
    if invoice.withholding:
        kept = invoice.withholding
        label = words.label("withheld", rate=words.percent(kept.rate), base=words.money(kept.base))
        yield Figure(label, words.money(-kept.amount))
    if totals.prepaid:
        yield Figure(words.label("prepaid" if totals.prepaid > 0 else "refunded"), words.money(-totals.prepaid))
    if settled:
        yield Figure(*_balance(words, totals.payable), strong=True)


def _balance(words: Words, payable: Decimal) -> tuple[str, str]:
    if payable < 0:
        return words.label("to_return"), words.money(-payable)
    return words.label("payable"), words.money(payable)


def _banner(words: Words, invoice: Invoice, status: Status) -> Block | None:
    """What a reader must not miss: that this is no invoice, no original, or the correction or replacement of others."""
    lines = tuple(filter(None, (*_marks(words, status), *_corrects(words, invoice), *_replaces(words, invoice))))
    return Block("", lines[0], lines[1:]) if lines else None


def _marks(words: Words, status: Status) -> Iterator[str]:
    if status is Status.PRO_FORMA:
        yield words.of("statuses", "pro_forma")
    elif status is not Status.ORIGINAL:
        yield words.of("statuses", status)
        yield words.literal(status)


def _corrects(words: Words, invoice: Invoice) -> Iterator[str]:
    """Which invoices, why, by which article and how: RD 1619/2012 art. 15.4 and 15.5."""
    correction = invoice.correction
    if correction is None:
        return
    named = "simplified_reference" if invoice.simplified else "reference"
    yield words.label("corrects").format(_listed(words, named, correction))
    yield words.label("reason").format(correction.reason)
    yield words.of("corrections", correction.code)
    yield words.of("corrections", correction.method)
    if correction.method is CorrectionMethod.SUBSTITUTION and correction.replaced_base is not None:
        tax = correction.replaced_tax or Decimal(0)
        yield words.label("replaced", base=words.money(correction.replaced_base), tax=words.money(tax))


def _listed(words: Words, named: str, correction: Correction) -> str:
    return "; ".join(words.label(named, number=one.number, date=words.long(one.issued_on)) for one in correction.references)


def _replaces(words: Words, invoice: Invoice) -> Iterator[str]:
    if invoice.replaces:
        named = (
            words.label("simplified_reference", number=one.number, date=words.long(one.issued_on)) for one in invoice.replaces
        )
        yield words.label("replaces").format("; ".join(named))


def _blocks(words: Words, invoice: Invoice) -> Iterator[Block]:
    payments = tuple(line for one in invoice.payments for line in _payment(words, one))
    for label, lines in (("payment", payments), ("mentions", tuple(_mentions(words, invoice))), ("notes", invoice.notes)):
        if lines:
            yield Block(words.label(label), "", lines)


def _payment(words: Words, payment: Payment) -> Iterator[str]:
    back, means, amount = payment.amount < 0, words.means(payment.means), words.money(abs(payment.amount))
    if payment.paid_on:
        yield words.label("paid_back" if back else "paid", amount=amount, means=means, date=words.long(payment.paid_on))
    else:
        yield words.label("refund_due" if back else "payment_due", amount=amount, means=means)
    if payment.account:
        yield _account(words, payment.means, payment.account.replace(" ", ""))


def _account(words: Words, means: Means, iban: str) -> str:
    """The IBAN to pay to, in groups of four (ISO 13616); of the customer's own account that is debited, the end is enough."""
    if means in _DEBITS:
        return words.label("account_debited").format(iban[-4:])
    return words.label("account").format(" ".join(iban[start : start + 4] for start in range(0, len(iban), 4)))


def _mentions(words: Words, invoice: Invoice) -> Iterator[str]:
    """The special scheme, who issued, and what the taxpayer adds; each once."""
    yield from dict.fromkeys(filter(None, (*_special(words, invoice), *invoice.legal)))


def _special(words: Words, invoice: Invoice) -> Iterator[str]:
    if invoice.scheme is Scheme.CASH:
        yield words.literal("cash")
    if invoice.issued_by is IssuedBy.BUYER:
        yield words.literal("by_buyer")
    if invoice.issued_by is IssuedBy.THIRD_PARTY:
        yield words.literal("by_third_party", seller=", ".join((invoice.seller.name, *identity(words, invoice.seller.tax_id))))
