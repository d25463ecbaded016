"""What of one contract was billed, and which documents cover it: the account that invoices and their corrections follow.

Amounts are minor units, tax included (`gross`) and the tax in them (`vat`); both carry their sign. What is billed and not
covered is to be invoiced; what is covered and no longer billed is to be corrected (RD 1619/2012 art. 2, 15).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from revrec.core.money import allocate, share

OUTSIDE_BOOKS = ""  # the document of what these books never invoice: of before `invoicing_from`, of an earlier system


class Subject(StrEnum):
    """What a line of a document is for."""

    __hash__ = str.__hash__

    UNITS = "units"
    VISIT = "visit"
    EXTRA = "extra"  # units beyond the bundle, a surcharge
    FEE = "fee"
    COMMISSION = "commission"


class Item(NamedTuple):
    """A kind of line: its subject, the id of its tax, and the session or event that it stems from where it has one."""

    subject: Subject
    tax: str
    ref: str = ""


class Amount(NamedTuple):
    """An amount, tax included, and the tax in it."""

    gross: int = 0
    vat: int = 0

    def plus(self, other: Amount) -> Amount:
        """The sum of both."""
        return Amount(self.gross + other.gross, self.vat + other.vat)

    def minus(self, other: Amount) -> Amount:
        """The difference of both."""
        return Amount(self.gross - other.gross, self.vat - other.vat)


NIL = Amount()


class Cover(NamedTuple):
    """What of one document stands for an item: its number, its recipient, what of it is left."""

    document: str
    recipient: str
    gross: int
    vat: int


class Billed(NamedTuple):
    """One item of an account: what was billed of it so far, and the documents that cover it, oldest first."""

    item: Item
    gross: int = 0
    vat: int = 0
    covers: tuple[Cover, ...] = ()

    @property
    def covered(self) -> Amount:
        """What documents stand for."""
        return Amount(sum(c.gross for c in self.covers), sum(c.vat for c in self.covers))

    @property
    def uncovered(self) -> Amount:
        """What is billed and stands on no document; negative: documents say more than is billed."""
        return Amount(self.gross, self.vat).minus(self.covered)


class Account(NamedTuple):
    """Everything billed of one contract: `bundle:B-1`, `visit:S-1` or `event:e-1`."""

    id: str
    items: tuple[Billed, ...] = ()

    def of(self, item: Item) -> Billed:
        """What was billed of an item."""
        return next((billed for billed in self.items if billed.item == item), Billed(item))

    def put(self, billed: Billed) -> Account:
        """The account with an item as it is now."""
        for place, each in enumerate(self.items):
            if each.item == billed.item:
                return self._replace(items=(*self.items[:place], billed, *self.items[place + 1 :]))
        return self._replace(items=(*self.items, billed))

    def bill(self, item: Item, amount: Amount) -> Account:
        """The account with more (or less) billed of an item."""
        before = self.of(item)
        return self.put(before._replace(gross=before.gross + amount.gross, vat=before.vat + amount.vat))

    def cover(self, item: Item, cover: Cover) -> Account:
        """The account with one more document for an item."""
        before = self.of(item)
        return self.put(before._replace(covers=(*before.covers, cover)))

    def standing(self, document: str) -> int:
        """What of it a document covers, tax included."""
        return sum(cover.gross for billed in self.items for cover in billed.covers if cover.document == document)

    def renamed(self, draft: str, number: str) -> Account:
        """The account once a waiting document has its number."""
        items = tuple(
            billed._replace(covers=tuple(c._replace(document=number) if c.document == draft else c for c in billed.covers))
            for billed in self.items
        )
        return self._replace(items=items)


class Taken(NamedTuple):
    """What a correction takes back of one document, as a positive amount."""

    document: str
    recipient: str
    gross: int
    vat: int


def take(billed: Billed, amount: Amount, *, evenly: bool = False) -> tuple[Billed, tuple[Taken, ...]]:
    """Take a positive amount off the documents of an item: (the item, what is taken of each).

    Newest first, as the VAT of a refund goes back (events.md 4a, VAT); `evenly`: each in proportion, where several payers
    were invoiced. The VAT of each is its own share, and the last one's makes the sum exact.
    """
    covers = list(billed.covers)
    wanted = _evenly(covers, amount.gross) if evenly else _newest_first(covers, amount.gross)
    taken, vat_left = [], amount.vat
    for place, gross in wanted:
        cover, last = covers[place], place == wanted[-1][0]
        vat = vat_left if last else share(cover.vat, gross, cover.gross)
        vat_left -= vat
        covers[place] = cover._replace(gross=cover.gross - gross, vat=cover.vat - vat)
        taken.append(Taken(cover.document, cover.recipient, gross, vat))
    return billed._replace(covers=_standing(covers)), tuple(taken)


def _newest_first(covers: list[Cover], gross: int) -> list[tuple[int, int]]:
    wanted = []
    for place in range(len(covers) - 1, -1, -1):
        part = min(gross, covers[place].gross)
        if part > 0:
            wanted.append((place, part))
            gross -= part
    return wanted


def _evenly(covers: list[Cover], gross: int) -> list[tuple[int, int]]:
    standing = [(place, cover.gross) for place, cover in enumerate(covers) if cover.gross > 0]
    whole = sum(left for _, left in standing)
    parts = allocate(min(gross, whole), tuple(left for _, left in standing)) if whole else ()
    return [(place, part) for (place, _), part in zip(standing, parts, strict=True) if part]


def _standing(covers: Iterable[Cover]) -> tuple[Cover, ...]:
    return tuple(cover for cover in covers if cover.gross or cover.vat)
