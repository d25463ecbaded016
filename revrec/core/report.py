"""What every report hands to its reader: columns, rows, totals and the balances that they tie to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from revrec.core import money

Cell = str | int | date | None


class Kind(StrEnum):
    """How the cells of a column read: amounts are minor units of the taxpayer's currency."""

    TEXT = "text"
    AMOUNT = "amount"
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
    """A report: `total` has a cell for each column (None: nothing to add up); `notes` are whole sentences."""

    name: str
    title: str
    currency: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    ties: tuple[Tie, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tied(self) -> bool:
        """Whether every tie-out has the difference 0."""
        return not any(tie.difference for tie in self.ties)


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
    return str(cell)


def record(columns: Iterable[Column], row: Iterable[Cell], currency: str) -> dict[str, str | int | None]:
    """One row for JSON: amounts as decimal strings, counts as numbers, nothing as null."""
    return {column.key: _value(cell, column.kind, currency) for column, cell in zip(columns, row, strict=True)}


def _value(cell: Cell, kind: Kind, currency: str) -> str | int | None:
    if cell is None or (isinstance(cell, int) and kind is Kind.COUNT):
        return cell
    return shown(cell, kind, currency)
