"""The reports of the books: read from the store, tied to its balances, with what they stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from revrec.app import checklist
from revrec.app.paperwork import born, paperwork
from revrec.app.records import StoreRecords, beyond, written_by_hand
from revrec.core import aging as core_aging
from revrec.core import rollforward as core_rollforward
from revrec.core.errors import RevrecError
from revrec.core.journal import Role
from revrec.core.report import Table, Tie
from revrec.core.reports import (
    breakage,
    disaggregation,
    due,
    invoices,
    maturity,
    opening,
    out_of_period,
    profitability,
    receivables,
    reconciliation,
    refund_liability,
    tax,
    third_parties,
    trace,
    uninvoiced,
    waterfall,
)
from revrec.core.reports.frame import Question, labels

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace

BY = ("branch", "service", "policy")
Make = Callable[[StoreRecords, Question], Table]


class UnknownGrouping(RevrecError):
    """`--by` names something that the report cannot be grouped by."""

    def __init__(self, by: str, known: tuple[str, ...]) -> None:
        month = "`month`, or " if core_rollforward.MONTH in known else ""
        rest = ", ".join(each for each in known if each != core_rollforward.MONTH)
        super().__init__(f"--by {by}: give {month}any of {rest} with commas between")


class NoGrouping(RevrecError):
    """`--by` was given to a report whose rows are what they are."""

    def __init__(self, name: str) -> None:
        super().__init__(f"--by: the rows of `{name}` cannot be grouped otherwise. Hint: leave --by out")


class UnknownBranch(RevrecError):
    """`--branch` names a branch at which nothing was ever posted."""

    def __init__(self, branch: str, known: Iterable[str]) -> None:
        super().__init__(f"--branch {branch}: no entry stands at this branch; those with entries: {', '.join(known) or 'none'}")


class Report(NamedTuple):
    """How a report is made; `by` are the keys that its rows may be grouped by, `usual` those without `--by`."""

    make: Make
    by: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()


def run(
    ws: Workspace,
    name: str,
    first: date,
    last: date,
    by: str | None = None,
    branch: str | None = None,
    records: StoreRecords | None = None,
    make: Make | None = None,
) -> Table:
    """The report of a name over one state of the books; raises UnknownGrouping, NoGrouping or UnknownBranch.

    `records` are read in place of the workspace's own, such as some that name nobody; `make` is asked in place of what
    usually makes the report.
    """
    report = REPORTS[name]
    asked = Question(first, last, _keys(report, name, by), branch)
    with ws.store.snapshot():
        _check_branch(ws, branch)
        table = (make or report.make)(records or StoreRecords(ws), asked)
        of = (f"Branch {branch} only.",) if branch else ()
        return replace(table, notes=(*table.notes, *of, *_notes(ws)))


def rollforward(ws: Workspace, date_from: date, date_to: date, by: str | None = None) -> Table:
    """R1: how the contract liability moved from one day to another, both counted, tied to the ledger and to the bundles."""
    return run(ws, "rollforward", date_from, date_to, by)


def aging(ws: Workspace, on: date) -> Table:
    """R6: what is unused at the end of a day, by time since purchase and by days left, tied to the ledger."""
    return run(ws, "aging", on, on)


def ledger(ws: Workspace, day: date) -> int:
    """The balance of the contract liability at the end of a day, in minor units."""
    return -StoreRecords(ws).balance((Role.CONTRACT_LIABILITY,), day)


def _rollforward(records: StoreRecords, asked: Question) -> Table:
    lines = (line for line in _lines(records.ws, asked.last) if asked.branch is None or line.branch == asked.branch)
    rolled = core_rollforward.rollforward(lines, asked.first, asked.last, asked.by)
    closing, ends, owed = rolled.total.closing, dict[str, date | None](), 0
    for bundle in records.bundles():
        ends[bundle.id] = bundle.valid_until
        owed += bundle.balances.contract_liability
    balance = -records.balance((Role.CONTRACT_LIABILITY,), asked.last, asked.branch)
    ties = [Tie("Ledger balance", balance, "roll-forward closing", closing)]
    if records.latest <= asked.last and asked.branch is None:
        ties.append(Tie("Sum of the bundles", owed, "roll-forward closing", closing))
    return core_rollforward.table(rolled, records.currency, tuple(ties), ends)


def _checklist(records: StoreRecords, asked: Question) -> Table:
    return checklist.report(records.ws, asked)


def _reconciliation(records: StoreRecords, asked: Question) -> Table:
    return reconciliation.report(records, asked, beyond(records.ws), written_by_hand(records.ws, asked.last))


def _trace(records: StoreRecords, asked: Question) -> Table:
    """R10 with the documents that each entry gave birth to."""
    return trace.report(records, asked, born(records.ws))


def _invoices(records: StoreRecords, asked: Question) -> Table:
    return invoices.report(records, asked, paperwork(records.ws))


def _uninvoiced(records: StoreRecords, asked: Question) -> Table:
    return uninvoiced.report(records, asked, paperwork(records.ws))


def _third_parties(records: StoreRecords, asked: Question) -> Table:
    """R15 under the limits of the taxpayer's country."""
    settings = records.ws.settings
    limits = third_parties.SPAIN if settings.country == "ES" and settings.currency == "EUR" else ()
    made = third_parties.report(records, asked, limits)
    if not records.sealed:
        return made
    return replace(made, findings=(), notes=(*made.notes, "Without the key of this workspace customers stand under their ids."))


def _lines(ws: Workspace, until: date) -> Iterator[core_rollforward.Line]:
    return (
        line for entry in ws.store.entries(date_to=until) for line in core_rollforward.lines_of(core_rollforward.source_of(entry))
    )


def _check_branch(ws: Workspace, branch: str | None) -> None:
    if branch is not None:
        known = sorted({row.branch for row in ws.store.balances() if row.branch})
        if branch not in known:
            raise UnknownBranch(branch, known)


def _keys(report: Report, name: str, by: str | None) -> tuple[str, ...]:
    """The dimensions that were asked for; a month stands alone in the roll-forward."""
    if by is None:
        return report.usual
    if not report.by:
        raise NoGrouping(name)
    keys = tuple(part.strip() for part in by.split(","))
    alone = name == "rollforward" and core_rollforward.MONTH in keys and len(keys) > 1
    if alone or not set(keys) <= set(report.by):
        raise UnknownGrouping(by, report.by)
    return keys


def _notes(ws: Workspace) -> Iterator[str]:
    """Which rules and which facts the report stands on."""
    policies = list(StoreRecords(ws).policies())
    head, names = ws.store.head(), sorted(policy.version for policy in policies)
    yield f"{head.seq} events, chain head {head.digest.hex()}; policies {', '.join(names) or 'none'}."
    yield from labels(policies, statutory=ws.settings.book == "statutory" and ws.settings.person == "legal")


# The names of `revrec report` (events.md 5); what the command says of each stands in `cli/reports.py`.
REPORTS: dict[str, Report] = {
    "rollforward": Report(_rollforward, by=(core_rollforward.MONTH, *core_rollforward.DIMENSIONS), usual=BY),
    "aging": Report(core_aging.report, by=(core_aging.BY_BUNDLE,)),
    "receivables": Report(receivables.report),
    "checklist": Report(_checklist),
    "reconciliation": Report(_reconciliation),
    "trace": Report(_trace),
    "out-of-period": Report(out_of_period.report),
    "opening": Report(opening.report),
    "due": Report(due.report),
    "invoices": Report(_invoices),
    "uninvoiced": Report(_uninvoiced),
    "refund-liability": Report(refund_liability.report, by=refund_liability.BY, usual=refund_liability.USUAL),
    "maturity": Report(maturity.report),
    "disaggregation": Report(disaggregation.report, by=disaggregation.BY, usual=disaggregation.USUAL),
    "breakage": Report(breakage.report, by=breakage.BY, usual=breakage.USUAL),
    "waterfall": Report(waterfall.report, by=waterfall.BY, usual=waterfall.USUAL),
    "profitability": Report(profitability.report, by=profitability.BY, usual=profitability.USUAL),
    "tax": Report(tax.report, by=tax.BY, usual=tax.USUAL),
    "vat-late": Report(tax.late),
    "third-parties": Report(_third_parties),
}
