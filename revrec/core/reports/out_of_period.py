"""R11, out-of-period and manual entries: what was posted in another period than its own, and what people posted by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from revrec.core.dates import DAY, month_start
from revrec.core.events import Event
from revrec.core.journal import INCOME_ROLES, JournalEntry, Role
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import Question, Records, legs_of
from revrec.core.reports.trace import reason_of

LATE = "late"
CORRECTION = "corrects an earlier month"
MANUAL = "manual"
COLUMNS = (
    Column("entry", "Entry", Kind.TEXT),
    Column("posted_on", "Posted", Kind.DATE),
    Column("effective_on", "Belongs to", Kind.DATE),
    Column("why", "Why", Kind.TEXT),
    Column("income", "Income"),
    Column("liability", "Contract liability"),
    Column("rule", "Rule", Kind.TEXT),
    Column("bundle", "Bundle", Kind.TEXT, sparse=True),
    Column("corrects", "Corrects", Kind.TEXT, sparse=True),
    Column("event", "Event", Kind.TEXT),
    Column("recorded_on", "Recorded", Kind.DATE),
    Column("actor", "Actor", Kind.TEXT, sparse=True),
    Column("approver", "Approver", Kind.TEXT, sparse=True),
    Column("reason", "Reason", Kind.TEXT, sparse=True),
)


def report(records: Records, asked: Question) -> Table:
    """Late entries, corrections of an earlier month and manual entries of a period, with who made and who approved them."""
    listed, rest, wanted = list[JournalEntry](), 0, set[int]()
    for entry in records.entries(asked.last, asked.first):
        if entry.late or entry.rule == "adjustment" or entry.corrects:
            listed.append(entry)
            wanted.update([entry.corrects] if entry.corrects else ())
        else:
            rest += _moved(entry, asked.branch, INCOME_ROLES)
    dates = _dates(records, wanted, asked.last)
    shown = [entry for entry in listed if _why(entry, dates)]
    rest += sum(_moved(entry, asked.branch, INCOME_ROLES) for entry in listed if not _why(entry, dates))
    rows = tuple(_rows(records, [e for e in shown if any(legs_of(e, asked.branch))], dates, asked.branch))
    income, liability = (sum(cell for row in rows if isinstance(cell := row[i], int)) for i in (4, 5))
    ledger = -records.balance(INCOME_ROLES, asked.last, asked.branch)
    ledger += records.balance(INCOME_ROLES, asked.first - DAY, asked.branch)
    tie = Tie("Income of the period in the ledger", ledger, "other entries and these", rest + income)
    total = ("Total", None, None, None, income, liability, *(None,) * 8)
    title = f"Out-of-period and manual entries from {asked.first} to {asked.last}"
    return Table("out-of-period", title, records.currency, COLUMNS, rows, total, (tie,))


def _moved(entry: JournalEntry, branch: str | None, roles: Iterable[Role]) -> int:
    """What an entry credits some roles with."""
    return -sum(leg.amount for leg in legs_of(entry, branch) if leg.role in roles)


def _dates(records: Records, numbers: set[int], until: date) -> Mapping[int, date]:
    """The dates of entries by number: one pass, and none where nothing is asked."""
    if not numbers:
        return {}
    return {entry.number: entry.date for entry in records.entries(until) if entry.number in numbers}


def _why(entry: JournalEntry, dates: Mapping[int, date]) -> str:
    """Why an entry is listed; empty when it is not."""
    if entry.rule == "adjustment":
        return MANUAL
    if entry.late:
        return LATE
    corrected = dates.get(entry.corrects or 0)
    return CORRECTION if corrected is not None and month_start(corrected) < month_start(entry.date) else ""


def _rows(
    records: Records, entries: list[JournalEntry], dates: Mapping[int, date], branch: str | None
) -> Iterator[tuple[Cell, ...]]:
    recorded = records.recorded([entry.number for entry in entries])
    for entry in entries:
        fact = records.fact(entry)
        yield (
            f"E-{entry.number}",
            entry.date,
            entry.effective or entry.date,
            _why(entry, dates),
            _moved(entry, branch, INCOME_ROLES),
            _moved(entry, branch, (Role.CONTRACT_LIABILITY,)),
            entry.rule,
            entry.bundle,
            f"E-{entry.corrects}" if entry.corrects else None,
            entry.event,
            recorded.get(entry.number),
            fact.actor if fact else None,
            _approver(fact),
            reason_of(fact),
        )


def _approver(fact: Event | None) -> str | None:
    """Who approved a fact, where its type asks for it."""
    if fact is None:
        return None
    exception = getattr(fact.data, "exception", None)
    return getattr(fact.data, "approver", None) or getattr(exception, "approver", None)
