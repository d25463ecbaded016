"""Every report of the span, as JSON with its tie-outs and as CSV; customers stand under their ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from revrec.app import checklist, report
from revrec.app.pack.archive import pretty
from revrec.app.records import StoreRecords
from revrec.core.bundle import Bundle
from revrec.core.dates import month_end

if TYPE_CHECKING:
    from revrec.app.pack.archive import Archive
    from revrec.app.pack.scope import Scope
    from revrec.app.progress import Progress
    from revrec.app.workspace import Workspace
    from revrec.core.report import Table
    from revrec.core.reports.frame import Identity, Question

BY_MONTH = frozenset({"trace"})  # as long as the books: a file a month keeps it small
OUT_OF_PERIOD = "out-of-period"
_LOADED = 200_000  # entries up to which Beancount is asked to load the books for the checklist
_NAMELESS = "Customers stand under their ids: names are in no pack that leaves them out."


class Nameless(StoreRecords):
    """The records of a workspace that tell nobody's name, for all reports of a pack: a bundle as it was is derived once."""

    def __init__(self, ws: Workspace) -> None:
        super().__init__(ws)
        self._then = dict[tuple[str, date], Bundle]()

    def bundle_on(self, bundle: Bundle, on: date) -> Bundle:
        """The bundle as it was at the end of a day; what is as it was then is not kept."""
        found = self._then.get((bundle.id, on)) or super().bundle_on(bundle, on)
        if found is not bundle:
            self._then[bundle.id, on] = found
        return found

    def identity(self, customer: str) -> Identity | None:
        """Nobody is named."""
        del customer
        self.sealed = True
        return None


def write(archive: Archive, ws: Workspace, scope: Scope, progress: Progress) -> None:
    """The members of `reports/`, and the out-of-period list at the top."""
    tables, records = list(_asked(scope)), Nameless(ws)
    progress.start("Making the reports", len(tables))
    for member, name, first, last in tables:
        table = made(records, name, first, last)
        archive.text(f"reports/{member}.json", pretty(table.to_json()))
        archive.text(f"reports/{member}.csv", table.to_csv())
        if name == OUT_OF_PERIOD:
            archive.text(f"{OUT_OF_PERIOD}.csv", table.to_csv())
        progress.step()
    progress.done()


def _asked(scope: Scope) -> Iterator[tuple[str, str, date, date]]:
    """Each file with the name of its report and its days."""
    for name in report.REPORTS:
        if name in BY_MONTH and len(scope.months) > 1:
            for month in scope.months:
                yield f"{name}-{month:%Y-%m}", name, month, month_end(month)
        else:
            yield name, name, scope.first, scope.last


def made(records: Nameless, name: str, first: date, last: date) -> Table:
    """One report without names."""
    table = report.run(records.ws, name, first, last, records=records, make=_checklist if name == "checklist" else None)
    return replace(table, notes=(*table.notes, _NAMELESS)) if name == "third-parties" else table


def _checklist(records: StoreRecords, asked: Question) -> Table:
    """The checklist of the last month; books too large to load beside a pack are left to `revrec books check`."""
    if records.ws.store.head().entries <= _LOADED:
        return checklist.report(records.ws, asked)
    return checklist.report(records.ws, asked, unread="Beancount was not asked to load books of this size: `revrec books check`")
