"""Receipts of single sessions that a bundle has paid for: no invoice, no number, no QR code, nothing due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from einvoice.model import Party, Reference
from einvoice.pdf.page import Block, Figure, Page, Table, footer, party, row
from einvoice.pdf.words import Words


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was delivered from a bundle on a day.

    `delivered` and `bundle` are neutral words, since a receipt names no speciality, therapy or diagnosis. `units` were
    delivered, `left` of `sold` remain. `value` is what they are worth with tax (`None`: not stated); the bundle pays all of
    it, so the balance is 0. `invoices` are those that billed the bundle; `reference` is how the practice finds the visit.
    """

    seller: Party
    holder: Party | None
    delivered: str
    delivered_on: date
    bundle: str
    units: Decimal
    left: Decimal
    sold: Decimal
    value: Decimal | None = None
    invoices: tuple[Reference, ...] = ()
    reference: str = ""
    currency: str = "EUR"
    language: str = "es"
    notes: tuple[str, ...] = ()


def receipt_page(receipt: Receipt) -> Page:
    """A receipt laid out in its own language."""
    words = Words(receipt.language, receipt.currency, receipt.delivered_on)
    return Page(
        language=receipt.language,
        title=words.of("titles", "receipt"),
        number="",
        subject=words.label("not_an_invoice"),
        day=receipt.delivered_on,
        seller=party(words, "", receipt.seller),
        facts=tuple(_facts(words, receipt)),
        parties=(party(words, words.label("holder"), receipt.holder),) if receipt.holder else (),
        lines=_lines(words, receipt),
        totals=tuple(_totals(words, receipt)),
        footer=footer(words, receipt.seller),
        page=words.label("page"),
        banner=Block("", words.label("not_an_invoice"), (words.of("receipts", "prepaid"),)),
        blocks=(Block(words.label("notes"), "", receipt.notes),) if receipt.notes else (),
    )


def _facts(words: Words, receipt: Receipt) -> Iterator[tuple[str, str]]:
    yield words.label("delivered_on"), words.long(receipt.delivered_on)
    yield words.label("drawn_from"), receipt.bundle
    if receipt.invoices:
        billed = (words.label("billed", number=one.number, date=words.short(one.issued_on)) for one in receipt.invoices)
        yield words.label("billed_in"), "; ".join(billed)
    left, sold = words.number(receipt.left, 0), words.number(receipt.sold, 0)
    yield words.label("units_left"), words.label("units_left_of", left=left, sold=sold)
    if receipt.reference:
        yield words.label("receipt_reference"), receipt.reference


def _lines(words: Words, receipt: Receipt) -> Table:
    heads = [words.label("delivered"), words.label("quantity")]
    cells = [receipt.delivered, words.number(receipt.units, 0)]
    if receipt.value is not None:
        heads.append(words.label("amount").format(words.currency))
        cells.append(words.amount(receipt.value))
    return Table(tuple(heads), (row(*cells),))


def _totals(words: Words, receipt: Receipt) -> Iterator[Figure]:
    if receipt.value is not None:
        yield Figure(words.label("value"), words.money(receipt.value))
        yield Figure(words.label("from_bundle"), words.money(-receipt.value))
    yield Figure(words.label("balance"), words.money(Decimal(0)), strong=True)
