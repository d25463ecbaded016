"""Cohorts of bundles: how their use grows with age, against what was expected, and the breakage booked for them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.margins import Chooses, Cursor, Listed, entries
from revrec.app.records import StoreRecords
from revrec.core.journal import Role
from revrec.core.reports.breakage import Cohort, gather
from revrec.core.reports.frame import UNNAMED, Question
from revrec.core.reports.waterfall import key_of_bundle

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.core.tally import Earned

BY = ("quarter", "month", "package")


class Cohorts(NamedTuple):
    """The cohorts by name, the oldest first, as the books stand at the end of a day."""

    on: date
    rows: dict[str, Cohort]


def cohorts(ws: Workspace, first: date, last: date, by: str, branch: str | None = None) -> Cohorts:
    """The cohorts as the books stand, by quarter or month of the sale, or by package; `recent` is the breakage of the period.

    The period counts both days; `branch` is the one that sold.
    """
    assert by in BY
    records = StoreRecords(ws)
    with ws.store.snapshot():
        on = max(records.latest, last)
        found = gather(records, Question(first, last, (by,), branch), on)
    return Cohorts(on, {key: cohort for (key,), cohort in sorted(found.cohorts.items())})


def behind(
    ws: Workspace, first: date, last: date, by: str, cohort: str, branch: str | None = None, after: Cursor | None = None
) -> Listed:
    """The entries that booked the breakage of a cohort in a period."""
    return entries(ws, first, last, _chooses(ws, by, cohort, branch), (Role.BREAKAGE,), after)


def _chooses(ws: Workspace, by: str, cohort: str, branch: str | None) -> Chooses:
    known: dict[str, str] = {"": UNNAMED}

    def chooses(earned: Earned, name: str) -> bool:
        if name not in known:
            bundle = ws.store.bundle(name)
            known[name] = key_of_bundle(bundle, (by,))[0] if bundle else UNNAMED
        return known[name] == cohort and branch in (None, earned.branch)

    return chooses
