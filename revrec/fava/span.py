"""The days that a page covers: those of Fava's time box, within those that the open ledger holds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from revrec.books.fiscal import Span
    from revrec.fava.asked import Asked


class Days(NamedTuple):
    """A period, both days counted; `time` is what stands for it in Fava's time box, '' for all that the ledger holds."""

    first: date
    last: date
    time: str


def days(booked: tuple[date, date] | None, question: Asked, span: Span | None) -> Days | None:
    """The days of a page: those asked for, within those `booked`, or those of a book that does not hold all.

    None where the open ledger holds none of those that are asked for, or nothing was booked.
    """
    if not booked:
        return None
    first, last = (span.first, span.last) if span else booked
    begin, end = question.first or first, question.last or last
    if span:
        begin, end = max(begin, first), min(end, last)
    asked = span is not None or question.first is not None
    return Days(begin, end, f"{begin} - {end}" if asked else "") if begin <= end else None
