"""What stands on a printed document, as the template takes it: finished text in its places, and nothing left to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from einvoice.model import Address, Party, TaxId
from einvoice.pdf.words import Words


@dataclass(frozen=True, slots=True)
class Block:
    """A small heading with lines under it; `name` is the first of them, and stands out."""

    label: str
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text or a figure; `pad` takes its room unseen, so that decimal points stand under each other."""

    text: str
    pad: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: the cells, and a smaller line under the first of them."""

    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose first column is text and whose others are figures: the column heads, then the rows."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the totals."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code as SVG, the words above and below it, and what it says for those who cannot see it."""

    svg: str
    above: str
    below: str
    alt: str


@dataclass(frozen=True, slots=True)
class Page:
    """A whole document, ready for the template.

    `title` and `number` head it and return on every further page; `day` is the date in the file's metadata. `banner` marks
    what is no plain original. `page` is the pattern of `1 of 2`.
    """

    language: str
    title: str
    number: str
    subject: str
    day: date
    seller: Block
    facts: tuple[tuple[str, str], ...]
    parties: tuple[Block, ...]
    lines: Table
    totals: tuple[Figure, ...]
    footer: str
    page: str
    qr: QrCode | None = None
    banner: Block | None = None
    breakdown: Table | None = None
    blocks: tuple[Block, ...] = ()


def row(*cells: str | Cell, note: str = "") -> Row:
    """A row whose cells are mostly plain."""
    return Row(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in cells), note)


def figure(words: Words, value: Decimal, places: int, widest: int) -> Cell:
    """A number with its own decimals (at least `places`), in a column whose longest has `widest`."""
    text = words.number(value, places)
    return Cell(text, words.number(value, widest)[len(text) :])


def party(words: Words, label: str, who: Party, home: str = "ES") -> Block:
    """A party with its tax number, address and, of a public administration, its three DIR3 centres."""
    return Block(label, who.name, (*identity(words, who.tax_id), *_address(words, who.address, home), *_offices(words, who)))


def identity(words: Words, tax_id: TaxId | None) -> tuple[str, ...]:
    """The line with a tax number, or none."""
    if tax_id is None:
        return ()
    number = f"{tax_id.country}{tax_id.number}" if tax_id.scheme == "02" else tax_id.number
    abroad = f" ({words.country(tax_id.country)})" if tax_id.scheme not in {"nif", "02"} else ""
    return (f"{words.of('ids', tax_id.scheme)} {number}{abroad}",)


def _address(words: Words, address: Address | None, home: str) -> tuple[str, ...]:
    if address is None:
        return ()
    town = f"{address.post_code} {address.town}".strip()
    province = address.province if address.province.casefold() != address.town.casefold() else ""
    country = words.country(address.country) if address.country != home else ""
    return tuple(line for line in (address.street, ", ".join(filter(None, (town, province))), country) if line)


def _offices(words: Words, who: Party) -> tuple[str, ...]:
    if who.offices is None:
        return ()
    kinds = ("accounting_office", "managing_body", "processing_unit")
    return tuple(f"{words.label(kind)} {getattr(who.offices, kind)}" for kind in kinds)


def footer(words: Words, seller: Party) -> str:
    """The taxpayer in one line, for the foot of every page."""
    return " · ".join((seller.name, *identity(words, seller.tax_id), *_address(words, seller.address, "ES")))
