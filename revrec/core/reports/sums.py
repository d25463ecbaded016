"""Amounts added up by row and column: the arithmetic of every report that moves or splits balances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from revrec.core.report import Cell

Key = tuple[str, ...]


class Sums:
    """A grid of minor units with named columns; rows appear with their first amount."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._place = {name: place for place, name in enumerate(self.columns)}
        self._rows: dict[Key, list[int]] = {}

    def add(self, key: Key, column: str, amount: int) -> None:
        """Add an amount to one cell."""
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = [0] * len(self.columns)
        row[self._place[column]] += amount

    def of(self, key: Key, column: str) -> int:
        """One cell; 0 where nothing was added."""
        row = self._rows.get(key)
        return row[self._place[column]] if row else 0

    def sum(self, *columns: str) -> int:
        """The sum of some columns over all rows."""
        return sum(row[self._place[name]] for row in self._rows.values() for name in columns)

    def rows(self) -> Iterator[tuple[Key, tuple[int, ...]]]:
        """The rows in which anything stands, by key."""
        for key in sorted(self._rows):
            if any(self._rows[key]):
                yield key, tuple(self._rows[key])

    def total(self) -> tuple[int, ...]:
        """The sum of every column."""
        return tuple(self.sum(name) for name in self.columns)

    def cells(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows of a table whose columns are the parts of the key, then these."""
        return tuple((*key, *amounts) for key, amounts in self.rows())


def total_cells(labels: int, amounts: Sequence[Cell]) -> tuple[Cell, ...]:
    """The last line of a table: `Total` under the first label, nothing under the others."""
    return (*(("Total", *[None] * (labels - 1)) if labels else ()), *amounts)
