"""Advance: what the calendar owes up to a day, stored as an event so that every entry can be derived again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from revrec.app.books import finish
from revrec.app.progress import Progress
from revrec.app.record import Run, finish_files, writing
from revrec.app.workspace import Workspace
from revrec.core.errors import RevrecError
from revrec.wire.envelope import parse

if TYPE_CHECKING:
    from revrec.app.erase import Erasure

SOURCE = "revrec"  # of the events that revrec makes itself


class InTheFuture(RevrecError):
    """The calendar runs beyond today only when asked to."""

    def __init__(self, to: date, today: date) -> None:
        super().__init__(
            f"{to} lies after today, {today}: what expires until then would be booked before it has. "
            "Name an earlier day, or say --future.",
        )


@dataclass(frozen=True, slots=True)
class Advanced:
    """What the calendar owed: `entries` on `days`; `calendar` is where it stands now, `erasures` the keys it destroyed."""

    entries: int
    days: int
    calendar: date | None
    erasures: tuple[Erasure, ...] = ()


def advance(ws: Workspace, to: date, *, future: bool = False, now: datetime, progress: Progress | None = None) -> Advanced:
    """Run the calendar up to and including a day; nothing when it is there already. Raises InTheFuture."""
    today = now.astimezone(ws.settings.zone).date()
    if to > today and not future:
        raise InTheFuture(to, today)
    finish_files(ws)
    with writing(ws, now) as run:
        if run.book.calendar is None or run.book.calendar < to:
            own_event(run, f"advance-{to}", "calendar.advanced", {"to": f"{to}"})
    finish(ws, progress)
    done = run.summary()
    return Advanced(done.entries, done.days, run.book.calendar, done.erasures)


def own_event(run: Run, event_id: str, kind: str, data: dict[str, Any]) -> None:
    """Record an event that revrec makes itself; raises Refused."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": kind,
        "time": run.at,
        "data": data,
    }
    parsed = parse(event, run.ws.context, internal=True)
    run.prefetch([parsed])
    run.event(parsed, made_here=True)
