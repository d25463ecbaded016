"""Margins of packages, providers and branches over any period, and the entries behind each number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from revrec.app.sums import BY, results
from revrec.core.book import Kind
from revrec.core.journal import JournalEntry, Role
from revrec.core.margin import Margin, margin_of, total
from revrec.core.tally import Earned, Tally
from revrec.store.format import decode_entry
from revrec.store.statements import PAGE
from revrec.store.sums import Sums

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import StoredEvent

MOST = 200  # entries of one page
LOOKED = 50_000  # entries looked through for one page

_UNDONE = Kind.SESSION_UNDONE


@dataclass(frozen=True, slots=True)
class Margins:
    """The margin of each group, by its name ('' for none), and of all together."""

    rows: Mapping[str, Margin]
    total: Margin


class Amount(NamedTuple):
    """What an entry adds to a number: credit positive."""

    entry: JournalEntry
    amount: int


class Cursor(NamedTuple):
    """The entry after which a list goes on: its day and its number."""

    day: date
    number: int


class Listed(NamedTuple):
    """The entries behind a number, by date and number; `after` is where the next page begins, None at the end."""

    rows: tuple[Amount, ...]
    after: Cursor | None


Chooses = Callable[[Earned, str], bool]
"""Whether a leg belongs to a group: by what it earned, and the bundle that it is about ('': none)."""


def margins(ws: Workspace, first: date, last: date, by: str, branch: str | None = None) -> Margins:
    """The margins of a period, both days counted, grouped `by` package, provider, branch or service; perhaps of one branch."""
    assert by in BY
    found: dict[str, dict[Role, int]] = defaultdict(lambda: defaultdict(int))
    for (name, place), roles in results(ws, first, last, (by, "branch")).items():
        if branch in (None, place):
            for role, amount in roles.items():
                found[name][role] += amount
    rows = {name: margin_of(roles) for name, roles in sorted(found.items())}
    shown = {name: margin for name, margin in rows.items() if any(margin.amounts)}
    return Margins(shown, total(rows.values()))


def entries(
    ws: Workspace, first: date, last: date, chooses: Chooses, roles: Collection[Role], after: Cursor | None = None
) -> Listed:
    """A page of the entries with legs on some roles that a group chooses; long periods are looked through a part at a time."""
    sums, picked = Sums(ws.store), _Picked(chooses, roles)
    looked, begin = 0, Cursor(max(first, after.day), after.number) if after else Cursor(first, 0)
    while page := ws.store.rows("entries", begin.day.isoformat(), begin.number, last.isoformat()):
        sums.add(picked, [(row[3], decode_entry(row[2])) for row in page])
        looked += len(page)
        begin = Cursor(date.fromisoformat(page[-1][0]), page[-1][1])
        if len(page) < PAGE:
            break
        if len(picked.found) >= MOST or looked >= LOOKED:
            return _cut(picked.found, begin)
    return _cut(picked.found, None)


def _cut(found: list[Amount], after: Cursor | None) -> Listed:
    """As many as a page shows; the next page begins after the last of them."""
    if len(found) > MOST:
        last = found[MOST - 1].entry
        return Listed(tuple(found[:MOST]), Cursor(last.date, last.number))
    return Listed(tuple(found), after)


class _Picked(Tally):
    """Entries instead of their sums: those of which a leg is chosen."""

    def __init__(self, chooses: Chooses, roles: Collection[Role]) -> None:
        super().__init__()
        self.chooses = chooses
        self.roles = frozenset(roles)
        self.found: list[Amount] = []

    def take(self, entry: JournalEntry, packages: Mapping[str, str], provider: str) -> None:
        """Keep the entry with what its chosen legs come to."""
        amount, chosen = 0, False
        for leg in entry.postings:
            if leg.role not in self.roles:
                continue
            bundle = leg.bundle or entry.bundle or ""
            earned = _key(entry, packages.get(bundle, ""), leg.branch, leg.role, provider)
            if self.chooses(earned, bundle):
                amount, chosen = amount - leg.amount, True
        if chosen:
            self.found.append(Amount(entry, amount))


def _key(entry: JournalEntry, package: str, branch: str | None, role: Role, provider: str) -> Earned:
    return Earned(f"{entry.date:%Y-%m}", package, provider, branch or entry.branch or "", entry.service or "", role)


def sessions(ws: Workspace, first: date, last: date, by: str, branch: str | None = None) -> dict[str, int]:
    """How many sessions were given and stand, by group: one pass over the events of the books."""
    counts: dict[str, int] = defaultdict(int)
    known: dict[str, tuple[str, str, str]] = {}
    for page in _given(ws, first, last):
        undone = {row[1] for row in ws.store.rows_of_list("movements_of_refs", [_session(e) for e in page]) if row[0] == _UNDONE}
        for event in page:
            if _session(event) not in undone:
                key = _group(ws, event, known)
                if branch in (None, key["branch"]):
                    counts[key[by]] += 1
    return dict(counts)


def _given(ws: Workspace, first: date, last: date) -> Iterator[list[StoredEvent]]:
    page: list[StoredEvent] = []
    for event in ws.store.events():
        if event.type == "session.completed" and first <= event.date <= last:
            page.append(event)
            if len(page) == PAGE:
                yield page
                page = []
    if page:
        yield page


def _session(event: StoredEvent) -> str:
    return str(event.event["data"]["session"])


def _group(ws: Workspace, event: StoredEvent, known: dict[str, tuple[str, str, str]]) -> dict[str, str]:
    """The names of the groups that a session belongs to."""
    told = event.event
    data = told["data"]
    package, service, place = _of_bundle(ws, data["bundle"], known) if data.get("bundle") else ("", data.get("service", ""), "")
    return {
        "package": package,
        "provider": data.get("provider", ""),
        "branch": told.get("branch") or place,
        "service": service,
    }


def _of_bundle(ws: Workspace, name: str, known: dict[str, tuple[str, str, str]]) -> tuple[str, str, str]:
    if name not in known:
        bundle = ws.store.bundle(name)
        package = bundle.terms.package if bundle else None
        known[name] = (package.id, package.service, bundle.branch or "") if bundle and package else ("", "", "")
    return known[name]
