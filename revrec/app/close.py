"""Close: go through the checklist of a month (accounting.md 3, R8), then record `period.closed`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from revrec.app.advance import SOURCE, own_event
from revrec.app.books import finish
from revrec.app.record import finish_files, writing
from revrec.app.verify import Findings, check_chain, check_closed
from revrec.app.workspace import Workspace
from revrec.core import money
from revrec.core.bundle import Bundle
from revrec.core.dates import month_end
from revrec.core.errors import RevrecError
from revrec.core.journal import Role

_LIABILITIES = (Role.CONTRACT_LIABILITY, Role.CUSTOMER_CREDIT, Role.REFUNDS_PAYABLE)


class NoPeriod(RevrecError):
    """What was named is no month."""

    def __init__(self, period: str) -> None:
        super().__init__(f"{period!r} is no month; write it as 2026-01")


class ChecklistFailed(RevrecError):
    """An item of the checklist fails and no reason says why the month is closed all the same."""

    def __init__(self, period: str, failed: tuple[Check, ...]) -> None:
        lines = [f"FAIL {check.name}: {check.evidence}" for check in failed]
        last = f"{period} was not closed. Mend what failed, or close it with --reason TEXT, which is kept with the closing"
        super().__init__("\n".join([*lines, last]))
        self.failed = failed


@dataclass(frozen=True, slots=True)
class Check:
    """One item of the checklist and what it was judged by."""

    name: str
    passed: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The checklist, and the chain's head after the closing (hex)."""

    checks: tuple[Check, ...]
    digest: str


def close(ws: Workspace, period: str, *, approver: str, reason: str | None = None, now: datetime) -> Closed:
    """Check a month and close it; raises ChecklistFailed, or Refused when the rules do not let it be closed."""
    first = _month(period)
    finish_files(ws)
    with writing(ws, now) as run:
        checks = tuple(checklist(ws, first))
        failed = tuple(check for check in checks if not check.passed)
        if failed and not reason:
            raise ChecklistFailed(period, failed)
        data = {"period": period, "approver": approver} | ({"note": reason} if reason else {})
        own_event(run, f"close-{period}-{_next_number(ws, period)}", "period.closed", data)
    finish(ws)
    return Closed(checks, ws.store.head().digest.hex())


def checklist(ws: Workspace, first: date) -> Iterator[Check]:
    """The items of R8 that these books can answer by themselves."""
    last = month_end(first)
    yield _chain(ws)
    yield _files(ws, first, last)
    yield _late(ws, first, last)
    bundles = list(ws.store.bundles())
    yield _ties(ws, bundles)
    yield _negative(ws, bundles)


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


def _chain(ws: Workspace) -> Check:
    """The chain since the latest closing, without gaps, and its entries."""
    after = max((period.seq for period in ws.store.periods()), default=0)
    found = Findings()
    check_chain(ws.store, found, lambda _: None, after)
    head = ws.store.head()
    wrong = found.all()
    evidence = (
        wrong[0].message if wrong else f"events {after + 1:,} to {head.seq:,} hashed, no gap; head {head.digest.hex()[:16]}"
    )
    return Check("event feed complete", not wrong, evidence)


def _files(ws: Workspace, first: date, last: date) -> Check:
    """The day files of the month as they were written, and those of closed months as they were."""
    days = [day for day in ws.store.days() if first <= day.date <= last]
    changed = []
    for day in days:
        path = ws.root / f"journal/{day.date.year}/{day.date}.beancount"
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != day.file:
            changed.append(f"{day.date}.beancount")
    found = Findings()
    check_closed(ws, found)
    changed.extend(finding.where for finding in found.all())
    if changed:
        return Check("files as written", False, f"changed by hand or missing: {', '.join(changed[:5])}; `revrec books build`")
    return Check("files as written", True, f"{len(days)} day files have the digests that the store keeps")


def _late(ws: Workspace, first: date, last: date) -> Check:
    late = [f"E-{entry.number}" for entry in ws.store.entries(first, last) if entry.late]
    return Check("late events", True, f"{len(late)} entries of earlier periods stand in it {' '.join(late[:10])}".rstrip())


def _ties(ws: Workspace, bundles: list[Bundle]) -> Check:
    """R1 ties: the contract liability in the books is what the bundles are owed."""
    currency = ws.settings.currency
    ledger = -sum(row.amount for row in ws.store.balances() if row.role == Role.CONTRACT_LIABILITY)
    owed = sum(bundle.position.liability for bundle in bundles)
    words = f"books {money.text(ledger, currency)}, bundles {money.text(owed, currency)}"
    return Check("roll-forward ties", ledger == owed, f"{words}, difference {money.text(ledger - owed, currency)} {currency}")


def _negative(ws: Workspace, bundles: list[Bundle]) -> Check:
    """No bundle is owed a negative amount, and no liability stands on the wrong side."""
    wrong = [f"bundle {bundle.id}" for bundle in bundles if bundle.position.liability < 0 or bundle.used > bundle.units]
    totals = {role: -sum(row.amount for row in ws.store.balances() if row.role == role) for role in _LIABILITIES}
    wrong.extend(role.value for role, total in totals.items() if total < 0)
    return Check("negative balances", not wrong, ", ".join(wrong[:10]) if wrong else "none")
