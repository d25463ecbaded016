"""Close: run the calendar to a month's end, go through the checklist (accounting.md 3, R8), record `period.closed`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from revrec.app.advance import SOURCE, own_event
from revrec.app.books import finish
from revrec.app.checklist import NO_EVIDENCE, Evidence, checklist, loaded
from revrec.app.heads import Signed, digest_of
from revrec.app.record import Run, finish_files, writing
from revrec.app.sums import catch_up
from revrec.app.verify_checklists import MEMBER
from revrec.core.checklist import Check
from revrec.core.dates import month_end
from revrec.core.errors import RevrecError
from revrec.store.checks import digest_of as digest_of_checklist
from revrec.store.checks import encode, put_run

if TYPE_CHECKING:
    from revrec.app.erase import Erasure
    from revrec.app.progress import Progress
    from revrec.app.workspace import Workspace


class NoPeriod(RevrecError):
    """What was named is no month."""

    def __init__(self, period: str) -> None:
        super().__init__(f"{period!r} is no month; write it as 2026-01")


class ClosedAlready(RevrecError):
    """The month is closed: there is nothing to check or to sign."""

    def __init__(self, period: str, through: date) -> None:
        super().__init__(f"period {period} is closed already, through {through}. To change it, record `period.reopened` first")


class ChecklistFailed(RevrecError):
    """An item of the checklist fails and no reason says why the month is closed all the same."""

    def __init__(self, period: str, checks: tuple[Check, ...]) -> None:
        failed = tuple(check for check in checks if not check.passed)
        lines = [f"FAIL {check.number} {check.name}: {check.evidence}" for check in failed]
        last = f"{period} was not closed. Mend what failed, or close it with --reason TEXT, which is kept with the closing"
        super().__init__("\n".join([*lines, last]))
        self.checks = checks
        self.failed = failed


@dataclass(frozen=True, slots=True)
class Closed:
    """The checklist, the chain's head after the closing, and the one digest that stands for the period (both hex).

    `signed` is the head of the tree, as it was signed; `erasures` are the keys of persons that the calendar destroyed on its way.
    """

    checks: tuple[Check, ...]
    digest: str
    period_digest: str
    signed: Signed
    erasures: tuple[Erasure, ...] = ()


def close(
    ws: Workspace,
    period: str,
    *,
    approver: str,
    reason: str | None = None,
    now: datetime,
    evidence: Evidence = NO_EVIDENCE,
    progress: Progress | None = None,
) -> Closed:
    """Check a month and close it; raises ClosedAlready, ChecklistFailed, or Refused when the rules do not let it be closed."""
    first = _open_month(ws, period)
    finish_files(ws)
    errors = loaded(ws)
    try:
        with writing(ws, now) as run:
            checks = _checked(run, first, evidence, errors, approver)
            _record(run, period, approver, reason, checks)
    except ChecklistFailed as refused:
        put_run(ws.store, period, ws.store.head().seq, encode(period, refused.checks))
        raise
    finish(ws)
    catch_up(ws, progress)
    return Closed(
        checks, ws.store.head().digest.hex(), digest_of(ws.store.periods()[-1]), run.heads[-1], tuple(run.erasures.values())
    )


def check(ws: Workspace, period: str, *, now: datetime, evidence: Evidence = NO_EVIDENCE) -> tuple[Check, ...]:
    """Go through the checklist as a closing would, close nothing, and keep what was found; raises ClosedAlready.

    What the calendar owes is booked for the checks and taken back; in a month that has not ended the calendar stays as it is.
    """
    first = _open_month(ws, period)
    finish_files(ws)
    errors = loaded(ws)
    with writing(ws, now, dry_run=True) as run:
        calendar, seq = run.book.calendar, run.book.seq
        checks = _checked(run, first, evidence, errors, None)
        if not checks:
            checks = tuple(checklist(ws, first, evidence, calendar=calendar, errors=errors))
    put_run(ws.store, period, seq, encode(period, checks))
    return checks


def _open_month(ws: Workspace, period: str) -> date:
    """The first day of a month that is not closed; raises NoPeriod or ClosedAlready."""
    first, through = _month(period), ws.store.head().closed_through
    if through is not None and through >= month_end(first):
        raise ClosedAlready(period, through)
    return first


def _checked(
    run: Run, first: date, evidence: Evidence, errors: tuple[str, ...] | None, approver: str | None
) -> tuple[Check, ...]:
    """The checklist after the calendar has run to the month's end; none for a month that has not ended: it is refused."""
    last, today = month_end(first), run.now.astimezone(run.ws.settings.zone).date()
    if today <= last:
        return ()
    if run.book.calendar is None or run.book.calendar < last:
        own_event(run, f"advance-{last}", "calendar.advanced", {"to": f"{last}"})
        run.recorder.finish()  # the checks read the store
    return tuple(checklist(run.ws, first, evidence, calendar=run.book.calendar, errors=errors, approver=approver))


def _record(run: Run, period: str, approver: str, reason: str | None, checks: tuple[Check, ...]) -> None:
    """The closing as an event, with the reason, the digest of the checklist, and the numbers of the items that failed.

    The checklist itself is kept beside it: the chain covers its digest. Without a reason nothing may have failed.
    """
    failed = [str(check.number) for check in checks if not check.passed]
    if failed and not reason:
        raise ChecklistFailed(period, checks)
    kept = encode(period, checks)
    event = f"close-{period}-{_next_number(run.ws, period)}"
    data: dict[str, object] = {"period": period, "approver": approver}
    if reason:
        data["note"] = reason
    data["metadata"] = {MEMBER: digest_of_checklist(kept)} | ({"failed-items": ".".join(failed)} if failed else {})
    own_event(run, event, "period.closed", data)
    run.recorder.checklist(period, kept)


def _month(period: str) -> date:
    try:
        return date.fromisoformat(f"{period}-01")
    except ValueError:
        raise NoPeriod(period) from None


def _next_number(ws: Workspace, period: str) -> int:
    """How many times the month was closed by this command, and one."""
    number = 1
    while any(event.source == SOURCE for event in ws.store.events_by_id(f"close-{period}-{number}")):
        number += 1
    return number
