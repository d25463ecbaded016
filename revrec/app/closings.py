"""The months of the books: open, closed, opened again; who closed each, why, and by which checklist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from revrec.app import note
from revrec.app.checklist import ITEMS, NO_EVIDENCE, SLOW, checklist
from revrec.app.heads import digest_of
from revrec.app.note import Kind
from revrec.core.checklist import Check, Outcome
from revrec.core.dates import month_end, month_start, next_month
from revrec.core.words import Word
from revrec.store import checks as kept
from revrec.store.errors import KeyMissing
from revrec.store.tree import Tree, TreeHead

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import StoredEvent

TOLD = frozenset({2, 10, 11})  # the items that wait for what somebody else reports
FEW = 30_000  # entries up to which every item is looked at whenever somebody asks (ledger.md 3)


class State(Word):
    """How a month stands."""

    OPEN = "open"
    CLOSED = "closed"
    REOPENED = "reopened"


class Root(NamedTuple):
    """The signed head of the tree over all events and entries at a closing; `signer` says who signed, or what is wrong."""

    size: int
    root: str
    signer: str
    sound: bool


@dataclass(frozen=True, slots=True)
class Act:
    """A closing, or an opening again.

    `reason` is None where none was given, or `sealed`: it cannot be read without the workspace's key. `checks` is None where
    no checklist was kept, `tree` where no root was signed. `head` is the chain's digest at the event, `digest` that of the
    month's files (both hex; "" when opened again); `failed` are the numbers of the items that failed, by the event itself.
    """

    seq: int
    event: str
    period: date
    closes: bool
    at: datetime
    approver: str
    reason: str | None
    sealed: bool
    head: str
    digest: str
    failed: tuple[int, ...]
    checks: tuple[Check, ...] | None
    tree: Root | None


@dataclass(frozen=True, slots=True)
class Month:
    """A month with its entries and what was decided about it, oldest first."""

    first: date
    state: State
    entries: int
    acts: tuple[Act, ...]

    @property
    def name(self) -> str:
        """`2026-01`."""
        return f"{self.first:%Y-%m}"

    @property
    def closing(self) -> Act | None:
        """The closing in force; None when the month is open, or was closed with a later one."""
        return next((act for act in reversed(self.acts) if act.closes), None) if self.state is State.CLOSED else None


class Item(NamedTuple):
    """One item of an open month's checklist; `seq` is the event as of which it was looked at, None: just now.

    `check` is None where it was never looked at.
    """

    number: int
    check: Check | None
    seq: int | None

    @property
    def failed(self) -> bool:
        """Whether it stands in the way of closing."""
        return self.check is not None and not self.check.passed


class Seen(NamedTuple):
    """Items looked at before, as of an event."""

    seq: int
    checks: Sequence[Check]


class Standing(NamedTuple):
    """The checklist of an open month at the event `head`."""

    items: tuple[Item, ...]
    head: int


def months(ws: Workspace) -> list[Month]:
    """Every month from the first entry to the last one, or to the last closing, the newest first."""
    with ws.store.snapshot():
        head, counts = ws.store.head(), _entries(ws)
        acts = list(_acts(ws))
    ends = [*counts, *(act.period for act in acts)]
    if not ends:
        return []
    first = min(ends)
    return [_month(day, counts.get(day, 0), acts, head.closed_through) for day in reversed(list(_each(first, max(ends))))]


def standing(ws: Workspace, first: date, errors: Sequence[str] | None, slow: Seen | None = None) -> Standing:
    """The checklist of a month that is open: in small books as it stands now; in large ones what takes long is `slow`.

    What only a run of `close` knew, because somebody told it, stays as that run found it. `errors` is what Beancount says of
    the books, None: it was not asked.
    """
    with ws.store.snapshot():
        head, run = ws.store.head(), kept.latest_run(ws.store, f"{first:%Y-%m}")
        wanted = frozenset(ITEMS) - (SLOW if is_large(ws) else frozenset())
        looked = checklist(ws, first, NO_EVIDENCE, calendar=head.calendar, errors=errors, only=wanted)
        now = {each.number: each for each in looked}
    told = {check.number: Item(check.number, check, run.seq) for check in run.checks} if run else {}
    late = {check.number: Item(check.number, check, slow.seq) for check in slow.checks} if slow else {}
    items = (_item(number, now.get(number), told.get(number), late.get(number)) for number in ITEMS)
    return Standing(tuple(items), head.seq)


def is_large(ws: Workspace) -> bool:
    """Whether looking at every item takes longer than a reader waits."""
    return ws.store.head().entries > FEW


def slow(ws: Workspace, first: date, errors: Sequence[str] | None) -> tuple[Check, ...]:
    """The items that take long in large books."""
    head = ws.store.head()
    return tuple(checklist(ws, first, NO_EVIDENCE, calendar=head.calendar, errors=errors, only=SLOW))


def _item(number: int, now: Check | None, told: Item | None, late: Item | None) -> Item:
    """The newest of what was looked at; of an item that waits for what others report, what a run was told."""
    known = [each for each in (late, told) if each and each.seq is not None]
    found = Item(number, now, None) if now else max(known, key=lambda each: each.seq or 0, default=Item(number, None, None))
    judged = told and told.check and told.check.outcome is not Outcome.NOT_APPLICABLE
    waits = found.check is None or found.check.outcome is Outcome.NOT_APPLICABLE
    return told if told and number in TOLD and judged and waits else found


def _each(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = next_month(first)


def _entries(ws: Workspace) -> dict[date, int]:
    """How many entries each month has."""
    counts: dict[date, int] = {}
    for day in ws.store.days():
        if day.entries:
            first = month_start(day.date)
            counts[first] = counts.get(first, 0) + day.entries
    return counts


def _month(first: date, entries: int, acts: Iterable[Act], through: date | None) -> Month:
    """The state follows from where the books are closed; an opening again concerns every later month too."""
    own = tuple(act for act in acts if act.period == first or (not act.closes and act.period <= first))
    began = next((place for place, act in enumerate(own) if act.closes), len(own))
    own = own[began:]  # what was opened again before the month was ever closed does not concern it
    closed = through is not None and month_end(first) <= through
    return Month(first, State.CLOSED if closed else State.REOPENED if own else State.OPEN, entries, own)


def _acts(ws: Workspace) -> Iterator[Act]:
    digests = {period.seq: digest_of(period) for period in ws.store.periods()}
    checks = kept.closings(ws.store)
    trees = {head.seq: _root(head) for head in Tree(ws.store).heads()}
    for event in ws.store.milestones():
        if event.type != "currency.revalued":
            yield replace(
                _act(ws, event),
                digest=digests.get(event.seq, ""),
                tree=trees.get(event.seq),
                checks=_checks(checks.get(event.seq)),
            )


def _root(head: TreeHead) -> Root:
    """What a head says and by whom it was signed; a note that was changed says so."""
    try:
        return Root(head.size, head.root.hex(), str(note.check(note.read(head.note), Kind.HEAD)), sound=True)
    except note.NoteRefused as error:
        return Root(head.size, head.root.hex(), str(error), sound=False)


def _checks(checklist_: kept.Kept | None) -> tuple[Check, ...] | None:
    return checklist_.checks if checklist_ else None


def _act(ws: Workspace, event: StoredEvent) -> Act:
    data, sealed = event.event["data"], False
    try:
        clear = ws.store.unsealed(event) or {}
    except KeyMissing:
        clear, sealed = {}, True
    items = data.get("metadata", {}).get("failed-items", "")
    return Act(
        seq=event.seq,
        event=event.id,
        period=date.fromisoformat(f"{data['period']}-01"),
        closes=event.type == "period.closed",
        at=event.recorded,
        approver=data["approver"],
        reason=clear.get("note") or clear.get("reason") or data.get("reason"),
        sealed=sealed,
        head=event.digest.hex(),
        digest="",
        failed=tuple(int(number) for number in items.split(".") if number.isdigit()),
        checks=None,
        tree=None,
    )
