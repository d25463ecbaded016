"""What the writer needs to know of the posted entries; the store answers it, tests make it by hand."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from revrec.core.journal import JournalEntry, Role


class MonthRow(NamedTuple):
    """The movement of one month on one role: the sum of its postings in minor units, debit positive.

    `month` is its first day; `branch` that of the posting, else of its entry; `service` that of the entry;
    `method` that of the posting. One row for each combination that was posted to.
    """

    month: date
    role: Role
    branch: str | None
    service: str | None
    method: str | None
    amount: int


class Note(NamedTuple):
    """A document issued later than what it is for: its number, and the contract's id."""

    number: str
    contract: str


class Link(NamedTuple):
    """A document whose number was born with an entry: its number and the day of issuing."""

    number: str
    issued_on: date


def _no_links(_entries: Sequence[int]) -> Mapping[int, Sequence[Link]]:
    return {}


def _no_notes(_day: date) -> Sequence[Note]:
    return ()


Entries = Callable[[date], Iterable[JournalEntry]]
"""The entries of one day in order of their numbers."""


@dataclass(frozen=True, slots=True)
class Books:
    """Everything posted so far.

    `days` names every day that has entries, with the SHA-256 (hex) of its file as the last `Writer.write` answered it,
    or None where the file is still to be written: a new day, a day that got another entry, a crash before the file.
    Days that hold balances only may stand in it too. `months` are the month rows of all time.
    `last_day` is the later of the last entry's date and the calendar: a month before its month is complete.
    `links` answers the documents born with some entries, `notes` those issued later, on their day.
    `sizes` are the numbers of entries by month (its first day): what is large comes in parts too.
    `sources` holds (event id, source) where another source had used the id before: only there the source is shown.
    """

    entries: Entries
    days: Mapping[date, str | None]
    months: Iterable[MonthRow]
    last_day: date | None
    sources: Container[tuple[str, str]] = field(default_factory=frozenset)
    links: Callable[[Sequence[int]], Mapping[int, Sequence[Link]]] = _no_links
    notes: Callable[[date], Sequence[Note]] = _no_notes
    sizes: Mapping[date, int] = field(default_factory=dict)
