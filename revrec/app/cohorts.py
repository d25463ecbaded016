"""Cohorts of bundles: how their use grows with age, against what was expected, and the breakage booked for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.margins import Chooses, Cursor, Listed, entries
from revrec.app.records import StoreRecords
from revrec.core.journal import Role
from revrec.core.reports.breakage import Cohort, gather
from revrec.core.reports.frame import UNNAMED, Question
from revrec.core.reports.waterfall import key_of_bundle
from revrec.store.state import decode_movement
from revrec.store.statements import LIST

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.core.book import Movement
    from revrec.core.bundle import Bundle
    from revrec.core.tally import Earned

BY = ("quarter", "month", "package")


class Cohorts(NamedTuple):
    """The cohorts by name, the oldest first, as the books stand at the end of a day."""

    on: date
    rows: dict[str, Cohort]


class _InPages(StoreRecords):
    """Records whose bundles bring their movements along, many at a time."""

    _page: dict[str, list[Movement]]

    def bundles(self) -> Iterator[Bundle]:
        """Every bundle as it is today, by id."""
        every = super().bundles()
        while page := list(islice(every, LIST)):
            self._page = {bundle.id: [] for bundle in page}
            for row in self.ws.store.rows_of_list("movements_of_bundles", list(self._page)):
                movement = decode_movement(row)
                self._page[movement.bundle or ""].append(movement)
            yield from page

    def movements(self, bundle: str) -> Sequence[Movement]:
        """The movements of a bundle of the page that is being read, in order of arrival."""
        return self._page[bundle]


def cohorts(ws: Workspace, first: date, last: date, by: str, branch: str | None = None) -> Cohorts:
    """The cohorts as the books stand, by quarter or month of the sale, or by package; `recent` is the breakage of the period.

    The period counts both days; `branch` is the one that sold.
    """
    assert by in BY
    records = _InPages(ws)
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
