"""The signed statements that customers were given: kept as they were handed out, numbered without gaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from revrec.store.store import Store
from revrec.store.tree import note_text


class Certified(NamedTuple):
    """One signed statement: whose, as of which day, when it was made, after which event, SHA-256 (hex) of the note."""

    n: int
    customer: str
    as_of: date
    at: str
    seq: int
    sha256: str
    note: str


class Certificates:
    """Reads the signed statements of a store, and appends inside its transactions."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def all(self) -> Iterator[Certified]:
        """Every statement, in order; read in pages."""
        after = 0
        while page := self.store.rows("statements", after):
            for n, customer, as_of, at, seq, sha256, note in page:
                yield Certified(n, customer, date.fromisoformat(as_of), at, seq, sha256, note_text(note))
            after = page[-1][0]

    @property
    def count(self) -> int:
        """The number of the last one; 0 before the first."""
        row = self.store.row("last_statement")
        return int(row[0] or 0) if row else 0

    def add(self, made: Certified) -> None:
        """Append a statement."""
        row = (made.n, made.customer, made.as_of.isoformat(), made.at, made.seq, made.sha256, made.note.encode())
        self.store.write("add_statements", [(self.store.taxpayer, *row)])
