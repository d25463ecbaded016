"""A bundle's history in order of accounting date, replayed: whether a late event may stand, and what it changes.

A late fact is posted in its place; whatever the clock or a later fact would have posted otherwise with it is posted as a
difference on the day of that entry (events.md 4a, Late events).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from revrec.core.attribution import attributed
from revrec.core.book import Book, Changes, Kind, Movement
from revrec.core.bundle import Bundle
from revrec.core.clock import alive_again, settled, tick
from revrec.core.errors import Refused
from revrec.core.events import (
    BreakageEstimated,
    BundleSold,
    BundleTransferred,
    BundleUpgraded,
    Event,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
)
from revrec.core.holder import reborn
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.policy import Breakage, Recognition
from revrec.core.position import earned_by
from revrec.core.recording import Recording

Judge = Callable[[Recording, Bundle, Event, Any], tuple[Bundle, int]]
Booker = Callable[[Recording, Bundle, Any, int], Bundle]
Handlers = dict[type, tuple[Judge, Booker]]
Numbered = tuple[int, Event]
NEW = 1 << 62  # the number of the event that is being judged: after all that arrived before
_USES = (SessionCompleted, SessionCancelled, SessionNoShow)


StepKey = tuple[int, date]  # the number of an event (0: the clock) and the day


@dataclass(slots=True)
class Replay:
    """A history replayed in order: the bundle at its end, what each step posted and did, who gave what away."""

    bundle: Bundle
    book: Book
    forced: tuple[int, int] | None = None
    effects: dict[int, int] = field(default_factory=dict)
    givers: dict[int, str] = field(default_factory=dict)
    steps: dict[StepKey, list[JournalEntry]] = field(default_factory=dict)
    memory: dict[tuple[Kind, str], Movement] = field(default_factory=dict)
    new: Changes = field(default_factory=Changes)
    states: list[tuple[date, Bundle]] = field(default_factory=list)

    def sheet(self, event: Event) -> Recording:
        """A sheet on which one step is replayed."""
        rec = Recording(self.book, event, memory=self.memory)
        rec.stands[self.bundle.id] = self.bundle.balances
        return rec

    def took(self, step: StepKey, rec: Recording) -> None:
        """Keep what a step posted and did, and the bundle after it."""
        self.states.append((step[1], self.bundle))
        self.steps.setdefault(step, []).extend(rec.changes.entries)
        for movement in rec.changes.movements:
            was = self.book.movement(movement.kind, movement.ref) if movement.kind not in _UNNAMED else None
            kept = movement._replace(entry=was.entry, seq=was.seq) if was is not None else movement
            self.memory[movement.kind, movement.ref] = kept


_UNNAMED = (Kind.LIABILITY, Kind.CLOCK)  # named by their entry, which a replay does not have
_FIXED = (*_UNNAMED, Kind.SALE)  # what another bundle was born with stays


def replay(
    book: Book, bundle: Bundle, events: list[Numbered], handlers: Handlers, forced: tuple[int, int] | None = None
) -> Replay:
    """Fold the events, the bundle's birth first, by date and arrival; Refused names the event that cannot stand."""
    birth = book.movement(Kind.SALE, bundle.id)
    if birth is None:
        raise Refused(f"bundle {bundle.id} has no sale", rule="events.md 4 bundle.sold", field="bundle")
    (_, first), *rest = events
    run = Replay(reborn(book, bundle, birth, first), book, forced)
    run.states.append((birth.date, run.bundle))
    last = first
    for seq, event in sorted(rest, key=lambda e: (e[1].date, e[0])):
        if event.date < birth.date and type(event.data) in handlers and not isinstance(event.data, BreakageEstimated):
            raise Refused(
                f"bundle {bundle.id} was born on {birth.date}; {event.type} cannot be dated {event.date}",
                rule="events.md 4a Late events",
                field="time",
            )
        _clock(run, event.date, event, last, before=True)
        _step(run, seq, event, handlers)
        last = event if event.date >= last.date else last  # an estimate may be older than the bundle
    _clock(run, last.date, last, last, before=True)
    _clock(run, book.calendar, last, last, before=False)
    return run


def _clock(run: Replay, until: date | None, event: Event, last: Event, *, before: bool) -> None:
    """The calendar between two events: up to the day before the next, or up to a day."""
    while until is not None and (day := run.bundle.due) is not None and (day < until if before else day <= until):
        rec = run.sheet(event)
        posted = max(day, last.date)
        run.bundle = tick(rec, run.bundle, day, posted)
        run.took((0, posted), rec)


def _step(run: Replay, seq: int, event: Event, handlers: Handlers) -> None:
    handler = handlers.get(type(event.data))
    if handler is None:  # a failed payment: nothing depends on it
        return
    judge, booker = handler
    rec = run.sheet(event)
    if isinstance(event.data, BundleTransferred | BundleUpgraded):
        run.givers[seq] = run.bundle.customer
    rec.known = seq != NEW
    if seq == NEW:
        rec.forced = run.forced
    try:
        bundle, run.effects[seq] = judge(rec, run.bundle, event, event.data)
        booked = booker(rec, alive_again(bundle, event.date), event.data, run.effects[seq])
        run.bundle = settled(rec, attributed(rec, run.bundle, booked))
    except Refused as refusal:
        if seq == NEW:
            raise
        raise Refused(
            f"bundle {run.bundle.id}: with this late event, event {event.id} "
            f"({event.type} of {event.date}) could no longer stand: {refusal}",
            rule="events.md 4a Late events",
            field=refusal.field,
        ) from refusal
    run.took((seq, event.date), rec)
    if seq == NEW:
        run.new = rec.changes


def life(book: Book, bundle: Bundle, handlers: Handlers) -> list[tuple[date, Bundle]]:
    """The bundle at the end of every day on which something happened to it, from its birth, in order."""
    return list(dict(replay(book, bundle, recorded(book, bundle), handlers).states).items())


def is_late(bundle: Bundle, day: date) -> bool:
    """Whether a fact of that day comes after later facts, or after the clock, had their say."""
    return day < bundle.last_date or (bundle.clock is not None and day <= bundle.clock)


def recorded(book: Book, bundle: Bundle) -> list[Numbered]:
    """The facts of a bundle with their numbers, its birth first, and the estimates of its portfolio since then."""
    own = [e for e in book.history(bundle.id) if _belongs(e[1], bundle.id)]
    if bundle.terms.policy.breakage is not Breakage.PROPORTIONAL:
        return own
    birth, first = own[0]
    since = in_force_since(book, bundle.terms.policy.id, birth, first.date)
    known = book.estimates(bundle.terms.policy.id)
    return own + [(seq, e) for seq, e in known if e.date > first.date or (seq > birth and e.date >= since)]


def in_force_since(book: Book, policy: str, birth: int, day: date) -> date:
    """The day of the estimate with which a bundle was born; one of an earlier day that comes later does not concern it."""
    return max((e.date for seq, e in book.estimates(policy) if seq < birth and e.date <= day), default=date.min)


def _belongs(event: Event, bundle: str) -> bool:
    """Whether the event is part of this bundle's history and not only mentions it."""
    data = event.data
    if isinstance(data, BundleSold):
        return data.bundle == bundle
    return not isinstance(data, BundleTransferred | BundleUpgraded) or bundle in (data.bundle, data.to_bundle)


def post_late(rec: Recording, bundle: Bundle, handlers: Handlers) -> Bundle:
    """Post a fact that arrives out of order: in its place, and what differs after it."""
    book, event = rec.book, rec.event
    known = recorded(book, bundle)
    was = replay(book, bundle, known, handlers)
    would = replay(book, bundle, [*known, (NEW, event)], handlers)
    if isinstance(event.data, _USES) and would.effects[NEW]:
        would = _whole(rec, bundle, known, would, handlers)
    _still_stand(bundle, known, was, would)
    _adopt(rec, would)
    _post_differences(rec, bundle, was, would)
    _revise(rec, was, would)
    return would.bundle._replace(last_date=bundle.last_date)


def _whole(rec: Recording, bundle: Bundle, known: list[Numbered], would: Replay, handlers: Handlers) -> Replay:
    """A late use earns what is not yet booked of all uses together, so that nothing remains at the end of life."""
    book, event = rec.book, rec.event
    for _ in range(2):
        end = would.bundle
        if end.plan.line_from is not None:
            return would
        used = would.memory[Kind.SESSION, event.data.session]  # type: ignore[index, union-attr]
        gross, earned = used.parts[1:3]
        more = end.value(end.used) - end.position.delivered
        net = 0 if end.terms.policy.recognition is Recognition.AT_PURCHASE else earned_by(end) - end.position.earned
        if (not more and not net) or (end.layers and end.left and more >= 0):
            return would
        forced = (max(gross + more, 0), max(earned + (more or net), 0))
        would = replay(book, bundle, [*known, (NEW, event)], handlers, forced)
    return would


def _still_stand(bundle: Bundle, known: list[Numbered], was: Replay, would: Replay) -> None:
    """Refuse a late event that leaves a later one with other units, or another giver, than it was booked with."""
    for seq, past in known:
        named = f"event {past.id} ({past.type} of {past.date})"
        if was.effects.get(seq) != would.effects.get(seq):
            raise Refused(
                f"bundle {bundle.id}: the unit that this late event needs was taken by {named}, which could no longer stand. "
                "Record the visit as one-off, or undo that event first",
                rule="events.md 4a Late events",
                field="bundle",
            )
        if was.givers.get(seq) != would.givers.get(seq):
            raise Refused(
                f"bundle {bundle.id}: with this late event, {named} could no longer stand: "
                f"{was.givers[seq]} would not hold the bundle on that day. Record this one on a later day",
                rule="events.md 4a Late events",
                field="to_customer",
            )


def _adopt(rec: Recording, would: Replay) -> None:
    """What the late fact itself posts and does, as it was replayed; out of a closed period its entries move."""
    ahead = len(rec.changes.entries)
    for entry in would.new.entries:
        posted = rec.posted_on(entry.date)
        moved = posted != entry.date
        rec.changes.entries.append(
            entry._replace(
                number=entry.number + ahead,
                date=posted,
                effective=entry.date if moved else None,
                late=moved,
                postings=rec.sent(entry.postings, moved),
            )
        )
        _credit(rec, entry.postings, entry.customer or "")
    for movement in would.new.movements:
        entry_number = movement.entry + ahead if movement.entry else 0
        ref = f"E-{entry_number}" if movement.kind in _UNNAMED else movement.ref
        rec.move(movement._replace(entry=entry_number, ref=ref))
    rec.changes.bundles.update(would.new.bundles)
    rec.changes.visits.update(would.new.visits)
    rec.changes.holdings.update(would.new.holdings)


def _credit(rec: Recording, legs: tuple[Posting, ...] | list[Posting], customer: str) -> None:
    for leg in legs:
        if leg.role is Role.CUSTOMER_CREDIT:
            rec.credit(leg.customer or customer, -leg.amount)


_Key = tuple[date, Role, str | None, str | None, str | None, str | None]


def _legs(entries: list[JournalEntry]) -> dict[_Key, int]:
    total: dict[_Key, int] = defaultdict(int)
    for e in entries:
        for p in e.postings:
            customer = p.customer or (e.customer if p.role is Role.CUSTOMER_CREDIT else None)
            total[e.date, p.role, p.bundle, p.branch or e.branch, customer, p.method] += p.amount
    return total


def _differences(was: Replay, would: Replay) -> Iterator[tuple[StepKey, date, list[Posting]]]:
    """What steps post otherwise, by step and day."""
    for step in sorted({*was.steps, *would.steps} - {s for s in would.steps if s[0] == NEW}, key=lambda s: (s[1], s[0] or NEW)):
        before, after = _legs(was.steps.get(step, [])), _legs(would.steps.get(step, []))
        days: dict[date, list[Posting]] = defaultdict(list)
        for key in {**before, **after}:
            amount = after.get(key, 0) - before.get(key, 0)
            if amount:
                day, role, bundle, branch, customer, method = key
                days[day].append(Posting(role, amount, bundle, branch, customer, method))
        for day in sorted(days):
            yield step, day, days[day]


def _post_differences(rec: Recording, bundle: Bundle, was: Replay, would: Replay) -> None:
    for step, day, legs in _differences(was, would):
        new = [] if any(e.date == day for e in was.steps.get(step, [])) else [e for e in would.steps[step] if e.date == day]
        if new:  # what the clock, or a fact, posts only now
            for entry in new:
                _post(rec, bundle, step, entry, list(entry.postings), None)
            continue
        corrects = _corrected(rec, bundle, step, day)
        _post(rec, bundle, step, None, legs, (day, _rule(step, legs), corrects))


def _post(
    rec: Recording,
    bundle: Bundle,
    step: StepKey,
    made: JournalEntry | None,
    legs: list[Posting],
    said: tuple[date, str, int | None] | None,
) -> None:
    at_seller = [leg._replace(branch=None) if leg.branch == bundle.branch else leg for leg in legs]
    at_seller.sort(key=lambda leg: leg.amount < 0)
    if made is not None:
        follows = (made.event, made.source)
        number = rec.entry(made.rule, at_seller, bundle, day=made.date, branch=bundle.branch, follows=follows)
    else:
        day, rule, corrects = said or (rec.event.date, "contract.reclassified", None)
        number = rec.entry(rule, at_seller, bundle, day=day, branch=bundle.branch, corrects=corrects)
    rec.noted(bundle, number, _kind(step))
    _credit(rec, legs, bundle.customer)


def _kind(step: StepKey) -> Kind:
    return Kind.LIABILITY if step[0] else Kind.CLOCK


def _rule(step: StepKey, legs: list[Posting]) -> str:
    """The clock's difference concerns breakage, an accrual or a due date; a fact's difference is one of classification."""
    roles = {leg.role for leg in legs}
    if roles & {Role.BREAKAGE, Role.COMMISSION_INCOME}:
        return "breakage.correction"
    if not step[0] and Role.REVENUE_PACKAGE in roles:
        return "accrual.straight-line"
    return "contract.reclassified"


def _corrected(rec: Recording, bundle: Bundle, step: StepKey, day: date) -> int | None:
    """The entry that a difference changes: the clock's of that day, or the fact's own."""
    seq, _ = step
    for movement in rec.book.movements(bundle.id):
        same = movement.seq == seq if seq else movement.kind is Kind.CLOCK
        if movement.entry and same:
            entry = rec.book.entry(movement.entry)
            if (entry.effective or entry.date) == day:
                return movement.entry
    return None


def _revise(rec: Recording, was: Replay, would: Replay) -> None:
    """Facts recorded before whose amounts are others now: what undoing them needs is brought up to date."""
    for key, movement in would.memory.items():
        before = was.memory.get(key)
        if before is not None and before != movement and movement.kind not in _FIXED:
            rec.changes.revised.append(movement)
