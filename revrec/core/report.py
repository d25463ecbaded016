"""What every report hands to its reader: columns, rows, totals and the balances that they tie to."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from revrec.core import money, units
from revrec.core.words import Word

Cell = str | int | date | None
WIDTH = 120  # characters that a report takes on a screen
_GAP = 2
_HUNDREDTHS = "XXX"  # no currency (ISO 4217): two decimals


class Kind(Word):
    """How cells read: amounts in minor units of the taxpayer's currency, units in quanta, percentages in hundredths."""

    TEXT = "text"
    AMOUNT = "amount"
    UNITS = "units"
    COUNT = "count"
    PERCENT = "percent"
    DATE = "date"


class Column(NamedTuple):
    """One column; a `sparse` one is left out on a screen where all its cells (or those of `along`) are empty or 0."""

    key: str
    title: str
    kind: Kind = Kind.AMOUNT
    sparse: bool = False
    along: str | None = None


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
    place = {column.key: i for i, column in enumerate(table.columns)}
    kept = [i for i, c in enumerate(table.columns) if not c.sparse or any(row[place[c.along or c.key]] for row in every)]
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
    if kind is Kind.PERCENT:
        assert isinstance(cell, int)
        return f"{money.text(cell, _HUNDREDTHS)} %"
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
    """The table in columns, words to the left and numbers to the right; what is too wide goes on below, rows named again."""
    grid = _Grid.of(table)
    labels = [i for i, kind in enumerate(grid.kinds) if kind in _WORDS and all(k in _WORDS for k in grid.kinds[:i])]
    rest = [i for i in range(len(grid.kinds)) if i not in labels]
    for place, band in enumerate(grid.bands(labels, rest)):
        if place:
            yield ""
        yield from grid.drawn([*labels, *band])


_WORDS = frozenset({Kind.TEXT, Kind.DATE})


class _Grid(NamedTuple):
    """A table as text: a heading of several lines, rows, perhaps a total, and how wide each column is."""

    kinds: tuple[Kind, ...]
    head: list[list[str]]
    body: list[list[str]]
    total: list[str]
    widths: tuple[int, ...]

    @classmethod
    def of(cls, table: Table) -> _Grid:
        kinds = tuple(column.kind for column in table.columns)

        def texts(row: tuple[Cell, ...]) -> list[str]:
            return [shown(cell, kind, table.currency) for cell, kind in zip(row, kinds, strict=True)]

        body, total = [texts(row) for row in table.rows], texts(table.total) if table.total else []
        needed = [max((len(row[i]) for row in (*body, *([total] if total else []))), default=0) for i in range(len(kinds))]
        titles = [_folded(column.title, needed[i]) for i, column in enumerate(table.columns)]
        tallest = max(len(title) for title in titles)
        head = [[([""] * (tallest - len(title)) + title)[line] for title in titles] for line in range(tallest)]
        return cls(kinds, head, body, total, tuple(max(needed[i], *map(len, titles[i])) for i in range(len(kinds))))

    def bands(self, labels: list[int], rest: list[int]) -> Iterator[list[int]]:
        """The columns in groups that fit beside the labels; one group when all do."""
        room = WIDTH - sum(self.widths[i] + _GAP for i in labels)
        band: list[int] = []
        for i in rest:
            if band and sum(self.widths[j] + _GAP for j in (*band, i)) - _GAP > room:
                yield band
                band = []
            band.append(i)
        if band or not rest:
            yield band

    def drawn(self, wanted: list[int]) -> Iterator[str]:
        """The heading, the rows and the total of some columns."""

        def line(row: list[str]) -> str:
            cells = (row[i].ljust(self.widths[i]) if self.kinds[i] in _WORDS else row[i].rjust(self.widths[i]) for i in wanted)
            return (" " * _GAP).join(cells).rstrip()

        rule = (" " * _GAP).join("-" * self.widths[i] for i in wanted)
        heads = [line(row) for row in self.head]
        yield from (text for text in heads if text)
        yield rule
        yield from map(line, self.body)
        if self.total:
            yield rule
            yield line(self.total)


def _folded(title: str, width: int) -> list[str]:
    """The words of a title on as many lines as keep its column narrow."""
    lines: list[str] = []
    most = max(width, *map(len, title.split() or [""]), 8)
    for word in title.split() or [""]:
        if lines and len(lines[-1]) + 1 + len(word) <= most:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
