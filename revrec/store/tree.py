"""The tree over events and entries, and its heads: its leaves in order of recording, what was signed at each closing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from revrec.store.store import Store, StoredEvent

Row = tuple[Any, ...]


class TreeHead(NamedTuple):
    """The tree when the event `seq` closed `period`: its size in leaves, its root, and the signed note.

    `frontier` are the nodes that it grows on from, `tiles` the subtrees completed since the head before (`core.merkle`).
    """

    seq: int
    period: str
    size: int
    root: bytes
    frontier: bytes
    tiles: bytes
    note: str


class Tree:
    """Reads leaves and heads of a store, and appends heads inside its transactions."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def heads(self) -> list[TreeHead]:
        """Every head, in order of closing."""
        return [_head(row) for row in self.store.rows("tree_heads")]

    def last(self) -> TreeHead | None:
        """The newest head; None where nothing was closed with one."""
        row = self.store.row("last_tree_head")
        return _head(row) if row else None

    def add(self, head: TreeHead) -> None:
        """Append a head."""
        self.store.write("add_tree_heads", [(self.store.taxpayer, *head[:-1], head.note.encode())])

    def leaves(self, after: int = 0, until: int = sys.maxsize) -> Iterator[bytes]:
        """The data of the leaves of the events after a number, up to and including another; read in pages.

        Each event is one leaf, its chain record; the bodies of its entries are the leaves that follow it.
        """
        start = self.store.event(after) if after else None
        bodies = self._bodies(start.numbers.stop - 1 if start else 0)
        for count, record in self._records(after, until):
            yield record
            yield from islice(bodies, count)

    def between(self, start: int, stop: int) -> Iterator[bytes]:
        """The data of the leaves from one place up to, not including, another."""
        event = self._event_at(start)
        if event is not None:
            first = event_leaf(event.seq, event.first_entry)
            yield from islice(self.leaves(event.seq - 1), start - first, stop - first)

    def _event_at(self, place: int) -> StoredEvent | None:
        """The event whose leaf, or one of whose entries', stands at a place; None where it is missing."""
        low, high = 1, self.store.event_count
        while low < high:
            middle = (low + high + 1) // 2
            event = self.store.event(middle)
            if event is None:
                return None
            low, high = (middle, high) if event_leaf(middle, event.first_entry) <= place else (low, middle - 1)
        return self.store.event(low)

    def _records(self, after: int, until: int) -> Iterator[tuple[int, bytes]]:
        while page := self.store.rows("event_leaves", after, until):
            yield from ((count, bytes(record)) for _, count, record in page)
            after = page[-1][0]

    def _bodies(self, after: int) -> Iterator[bytes]:
        while page := self.store.rows("entry_leaves", after):
            yield from (bytes(body) for _, body in page)
            after = page[-1][0]


def size_after(seq: int, entries: int) -> int:
    """How many leaves the tree has after an event, by its number and that of the last entry."""
    return seq + entries


def event_leaf(seq: int, first_entry: int) -> int:
    """The index of an event's leaf, from 0, by its number and that of its first entry."""
    return seq - 1 + first_entry - 1


def entry_leaf(seq: int, number: int) -> int:
    """The index of the leaf of an entry, by the number of its event and its own."""
    return seq + number - 1


def _head(row: Row) -> TreeHead:
    seq, period, size, root, frontier, tiles, note = row
    return TreeHead(seq, period, size, bytes(root), bytes(frontier), bytes(tiles), note_text(note))


def note_text(stored: bytes | str) -> str:
    """The text of a note; what a hand has put there is read all the same, for `verify` to say so."""
    return stored if isinstance(stored, str) else bytes(stored).decode("utf-8", "replace")
