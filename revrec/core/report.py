"""What every report hands to its reader: columns, rows, totals and the balances that they tie to."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from revrec.core import money, units

Cell = str | int | date | None


class Kind(StrEnum):
    """How the cells of a column read: amounts are minor units of the taxpayer's currency, units are quanta."""

    TEXT = "text"
    AMOUNT = "amount"
    UNITS = "units"
    COUNT = "count"
    DATE = "date"


class Column(NamedTuple):
    """One column; a `sparse` one is left out on a screen where all its cells are empty or 0."""

    key: str
    title: str
    kind: Kind = Kind.AMOUNT
    sparse: bool = False


class Tie(NamedTuple):
    """Two balances, in minor units, that must be the same number."""

    left_label: str
    left: int
    right_label: str
    right: int

    @property
    def difference(self) -> int:
        """What is unexplained: 0 when the report ties."""
        return self.left - self.right

    def sentence(self, currency: str) -> str:
        """The tie-out line that a report ends with."""
        left, right, rest = (money.text(amount, currency) for amount in (self.left, self.right, self.difference))
        return f"{self.left_label} {left}, {self.right_label} {right}, difference {rest}"


@dataclass(frozen=True, slots=True)
class Table:
    """A report: `total` has a cell for each column (None: nothing to add up).

    `findings` say what must not be so and its remedy, `notes` what the report stands on; both are whole sentences.
    """

    name: str
    title: str
    currency: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    ties: tuple[Tie, ...] = ()
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def tied(self) -> bool:
        """Whether every tie-out has the difference 0."""
        return not any(tie.difference for tie in self.ties)

    def lines(self) -> Iterator[str]:
        """The report for a screen: title, table, tie-outs, notes."""
        table = on_screen(self)
        yield f"{table.title} ({table.currency})"
        yield ""
        if table.rows:
            yield from _drawn(table)
        else:
            yield "Nothing stood or moved."
        yield ""
        yield from (tie.sentence(table.currency) for tie in table.ties)
        yield from table.notes

    def to_json(self) -> dict[str, Any]:
        """The report for programs, every column: amounts and units as decimal strings."""
        return {
            "report": self.name,
            "title": self.title,
            "currency": self.currency,
            "columns": [{"key": column.key, "title": column.title, "kind": column.kind.value} for column in self.columns],
            "rows": [record(self.columns, row, self.currency) for row in self.rows],
            "total": record(self.columns, self.total, self.currency) if self.total else None,
            "ties": [_tie_record(tie, self.currency) for tie in self.ties],
            "tied": self.tied,
            "findings": list(self.findings),
            "notes": list(self.notes),
        }

    def to_csv(self) -> str:
        """The rows for a spreadsheet, every column, with a header of keys and no total."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(column.key for column in self.columns)
        for row in self.rows:
            writer.writerow(shown(cell, column.kind, self.currency) for cell, column in zip(row, self.columns, strict=True))
        return out.getvalue()


def on_screen(table: Table) -> Table:
    """The table without the sparse columns in which nothing stands."""
    every = [*table.rows, table.total] if table.total else list(table.rows)
    kept = [i for i, column in enumerate(table.columns) if not column.sparse or any(row[i] for row in every)]
    return replace(
        table,
        columns=tuple(table.columns[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in table.rows),
        total=tuple(table.total[i] for i in kept) if table.total else None,
    )


def shown(cell: Cell, kind: Kind, currency: str) -> str:
    """A cell for people and for CSV: `-10.50`, `2026-01-31`, an empty string for nothing."""
    if cell is None:
        return ""
    if kind is Kind.AMOUNT:
        assert isinstance(cell, int)
        return money.text(cell, currency)
    if kind is Kind.UNITS:
        assert isinstance(cell, int)
        return units.text(cell)
    return str(cell)


def record(columns: Iterable[Column], row: Iterable[Cell], currency: str) -> dict[str, str | int | None]:
    """One row for JSON: amounts as decimal strings, counts as numbers, nothing as null."""
    return {column.key: _value(cell, column.kind, currency) for column, cell in zip(columns, row, strict=True)}


def _value(cell: Cell, kind: Kind, currency: str) -> str | int | None:
    if cell is None or (isinstance(cell, int) and kind is Kind.COUNT):
        return cell
    return shown(cell, kind, currency)


def _tie_record(tie: Tie, currency: str) -> dict[str, str]:
    words = {tie.left_label: tie.left, tie.right_label: tie.right, "difference": tie.difference}
    return {label: money.text(amount, currency) for label, amount in words.items()}


def _drawn(table: Table) -> Iterator[str]:
    """The table in columns: words to the left, numbers to the right."""
    kinds = [column.kind for column in table.columns]
    body = [[shown(cell, kind, table.currency) for cell, kind in zip(row, kinds, strict=True)] for row in table.rows]
    total = [[shown(cell, kind, table.currency) for cell, kind in zip(table.total, kinds, strict=True)]] if table.total else []
    head = [column.title for column in table.columns]
    widths = [max(len(row[i]) for row in (head, *body, *total)) for i in range(len(head))]
    rule = "  ".join("-" * width for width in widths)
    words = {Kind.TEXT, Kind.DATE}

    def line(row: list[str]) -> str:
        cells = (cell.ljust(w) if kind in words else cell.rjust(w) for cell, w, kind in zip(row, widths, kinds, strict=True))
        return "  ".join(cells).rstrip()

    yield line(head)
    yield rule
    yield from map(line, body)
    if total:
        yield rule
        yield line(total[0])
