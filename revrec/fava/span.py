"""The days that a page covers: those of Fava's time box, within those that the open ledger holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from revrec.books.fiscal import named

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.fava.asked import Asked


class Days(NamedTuple):
    """A period, both days counted; `time` is what stands for it in Fava's time box, '' for all that the ledger holds."""

    first: date
    last: date
    time: str


def days(ws: Workspace, question: Asked, ledger: Path) -> Days | None:
    """The days of a page; None where the open ledger holds none of those that are asked for, or nothing was booked."""
    booked = [day.date for day in ws.store.days() if day.entries]
    part = named(ledger.name)
    if not booked:
        return None
    first, last = (part.first, part.last) if part else (booked[0], booked[-1])
    begin, end = question.first or first, question.last or last
    if part:
        begin, end = max(begin, first), min(end, last)
    asked = part is not None or question.first is not None
    return Days(begin, end, f"{begin} - {end}" if asked else "") if begin <= end else None
