"""Lists that people page through: selected, added up and sorted by the database, whatever their length."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from revrec.core.bundle import Bundle
from revrec.core.words import Word
from revrec.store.papers import Waiting, decode_waiting
from revrec.store.store import Store

PAGE = 100  # rows of one page
_FIRST, _LAST = "0001-01-01", "9999-12-31"


def pages(rows: int) -> int:
    """How many pages so many rows take: one at least."""
    return max(-(-rows // PAGE), 1)


class Chosen(NamedTuple):
    """Which bundles: what is None or False chooses nothing out.

    `live`: something is left, and neither a fact nor the clock ended it; `ends_by`: the last day of use, grace included, is
    this or an earlier one; `due`: something of the price is owed or not yet paid; `unused_since`: units are left and no
    session came after that day.
    """

    live: bool | None = None
    ends_by: date | None = None
    due: bool = False
    unused_since: date | None = None
    branch: str | None = None
    customer: str | None = None
    bundle: str | None = None

    @property
    def values(self) -> tuple[Any, ...]:
        """The parameters of the selection, in the order of `statements`."""
        live = (0, 1) if self.live is None else (int(self.live), int(self.live))
        ends = self.ends_by.isoformat() if self.ends_by else _LAST
        used = (self.unused_since.isoformat(), 1) if self.unused_since else (_LAST, 0)
        return (*live, _FIRST, ends, int(self.due), *used, *_named(self.branch, self.customer, self.bundle))


class Totals(NamedTuple):
    """How many bundles, and their sums in minor units."""

    bundles: int
    liability: int
    owed: int


class Used(NamedTuple):
    """A bundle and the day of its last session, or of its sale."""

    bundle: Bundle
    used_on: date


class Standing(Word):
    """Where a document stands with the tax authority."""

    STUCK = "stuck"
    OPEN = "open"
    ACCEPTED = "accepted"
    NONE = "none"


class Filed(NamedTuple):
    """Which documents: issued from one day to another, both counted; None chooses nothing out."""

    first: date | None = None
    last: date | None = None
    number: str | None = None
    customer: str | None = None
    bundle: str | None = None

    @property
    def values(self) -> tuple[Any, ...]:
        """The parameters of the selection, in the order of `statements`."""
        first, last = (day.isoformat() if day else usual for day, usual in ((self.first, _FIRST), (self.last, _LAST)))
        return first, last, *_named(self.number, self.customer, self.bundle)


class Listed(NamedTuple):
    """A document of the register with the latest word of the tax authority on it; amounts in minor units."""

    n: int
    number: str
    kind: str
    issued_on: date
    entry: int
    account: str
    bundle: str | None
    customer: str
    corrects: str | None
    gross: int
    vat: int
    record: int
    state: str
    code: str
    text: str
    standing: Standing


class Sum(NamedTuple):
    """How many documents, and what they come to with and of VAT, in minor units."""

    documents: int = 0
    gross: int = 0
    vat: int = 0

    def plus(self, other: Sum) -> Sum:
        """Both together."""
        return Sum(*(a + b for a, b in zip(self, other, strict=True)))


def _named(*names: str | None) -> Iterator[Any]:
    """For each: 1 and '' for any, 0 and the name for that one."""
    return (part for name in names for part in (int(name is None), name or ""))


class Lists:
    """Lists over the derived tables of one taxpayer."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def bundles(self, chosen: Chosen, skip: int, count: int, *, most_owed: bool = False) -> Iterator[Used]:
        """So many bundles of a selection after those skipped, by their last day of use (`most_owed`: by what is owed)."""
        for name, state, used in self.store.rows("chosen_bundles", *chosen.values, int(most_owed), count, skip):
            yield Used(self.store.read_bundle((name, state)), date.fromisoformat(used))

    def totals(self, chosen: Chosen) -> Totals:
        """The sums of a selection."""
        return Totals(*map(int, self.store.rows("chosen_sums", *chosen.values)[0]))

    def register(self, filed: Filed, standing: Standing | None, skip: int, count: int) -> Iterator[Listed]:
        """So many documents after those skipped, the latest first."""
        for row in self.store.rows("register", *filed.values, *_named(standing), count, skip):
            said = (word or "" for word in row[12:15])
            yield Listed._make((*row[:3], date.fromisoformat(row[3]), *row[4:12], *said, Standing(row[15])))

    def sums(self, filed: Filed) -> dict[Standing, Sum]:
        """The sums of a selection, by where its documents stand."""
        return {Standing(standing): Sum(*map(int, rest)) for standing, *rest in self.store.rows("register_sums", *filed.values)}

    def waiting(self, skip: int, count: int) -> list[Waiting]:
        """So many of the documents that wait for a number, in order of the events that made them due."""
        return [decode_waiting(*row) for row in self.store.rows("waiting_page", count, skip)]

    def count_waiting(self) -> int:
        """How many documents wait for a number."""
        return int(self.store.rows("count_waiting")[0][0])
