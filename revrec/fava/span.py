"""The days that a page covers: those of Fava's time box, within those that the open ledger holds."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from revrec.core.dates import DAY, add_months

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.fava.asked import Asked

# A part of the books with a file of its own: a year, a quarter or a month (`books/fiscal.py`).
_PART = re.compile(r"fy(?P<year>[0-9]{4})(?:-(?:q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?\.beancount")


class Days(NamedTuple):
    """A period, both days counted; `time` is what stands for it in Fava's time box, '' for all that the ledger holds."""

    first: date
    last: date
    time: str


def part_of(ledger: Path) -> tuple[date, date] | None:
    """The first and the last day of a ledger that holds a part of the books; None for one that holds all."""
    found = _PART.fullmatch(ledger.name)
    if not found:
        return None
    quarter, month = found["quarter"], found["month"]
    first = date(int(found["year"]), int(quarter) * 3 - 2 if quarter else int(month or 1), 1)
    return first, add_months(first, 3 if quarter else 1 if month else 12) - DAY


def days(ws: Workspace, question: Asked, ledger: Path) -> Days | None:
    """The days of a page; None where the open ledger holds none of those that are asked for, or nothing was booked."""
    booked = [day.date for day in ws.store.days() if day.entries]
    part = part_of(ledger)
    if not booked:
        return None
    first, last = (booked[0], booked[-1]) if part is None else part
    begin, end = question.first or first, question.last or last
    if part:
        begin, end = max(begin, first), min(end, last)
    asked = part is not None or question.first is not None
    return Days(begin, end, f"{begin} - {end}" if asked else "") if begin <= end else None
