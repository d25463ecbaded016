"""A bundle's history in order of accounting date: whether a late event may stand, and what the clock would have done.

Source: events.md 4a, Late events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from revrec.core.book import Book, Kind
from revrec.core.breakage import ENDED, lapse, reconcile, settle, without_lapses
from revrec.core.bundle import Bundle
from revrec.core.errors import Refused
from revrec.core.events import BundleSold, BundleTransferred, Event, RefundIssued
from revrec.core.holder import reborn
from revrec.core.recording import Recording
from revrec.core.timing import reclassify

Judge = Callable[[Recording, Bundle, Event, Any], tuple[Bundle, int]]
Booker = Callable[[Recording, Bundle, Any, int], Bundle]
Handlers = dict[type, tuple[Judge, Booker]]
NEW = 1 << 62  # the number of the event that is being judged: after all that arrived before


@dataclass(slots=True)
class Replay:
    """A history replayed in order: the rights at its end, what each event took, when the clock held it lapsed, who gave."""

    bundle: Bundle
    effects: dict[int, int] = field(default_factory=dict)
    marks: list[tuple[date, bool]] = field(default_factory=list)
    givers: dict[int, str] = field(default_factory=dict)


def replay(book: Book, bundle: Bundle, events: list[tuple[int, Event]], handlers: Handlers) -> Replay:
    """Fold the events, the bundle's birth first, by date and arrival; Refused names the event that cannot stand."""
    birth = book.movement(Kind.SALE, bundle.id)
    if birth is None:
        raise Refused(f"bundle {bundle.id} has no sale", rule="events.md 4 bundle.sold", field="bundle")
    (_, first), *rest = events
    run = Replay(reborn(bundle, birth, first))
    for seq, event in sorted(rest, key=lambda e: (e[1].date, e[0])):
        if event.date < birth.date:
            raise Refused(
                f"bundle {bundle.id} was born on {birth.date}; {event.type} cannot be dated {event.date}",
                rule="events.md 4a Late events",
                field="time",
            )
        _step(book, run, seq, event, handlers)
    _lapse_until(book, run, events[-1][1], book.calendar)
    return run


def _step(book: Book, run: Replay, seq: int, event: Event, handlers: Handlers) -> None:
    rec = Recording(book, event, scratch=True)
    if run.bundle.due and run.bundle.due < event.date:
        _lapse_until(book, run, event, run.bundle.due)
    handler = handlers.get(type(event.data))
    before = _held(run.bundle)
    if handler is None:  # an adjustment or a failed payment: no right depends on it
        if before:
            run.marks.append((event.date, True))
        return
    judge, booker = handler
    if isinstance(event.data, BundleTransferred):
        run.givers[seq] = run.bundle.customer
    try:
        bundle, run.effects[seq] = judge(rec, run.bundle, event, event.data)
        run.bundle = settle(rec, booker(rec, bundle, event.data, run.effects[seq]))
    except Refused as refusal:
        if seq == NEW:
            raise
        raise Refused(
            f"bundle {run.bundle.id}: with this late event, event {event.id} "
            f"({event.type} of {event.date}) could no longer stand: {refusal}",
            rule="events.md 4a Late events",
            field=refusal.field,
        ) from refusal
    if before or _held(run.bundle):
        run.marks.append((event.date, _held(run.bundle)))


def _held(bundle: Bundle) -> bool:
    """Whether nothing may remain on the bundle: it lapsed, or a fact ended it."""
    return bundle.lapsed_on is not None or bundle.status in ENDED


def _lapse_until(book: Book, run: Replay, event: Event, until: date | None) -> None:
    """The clock between two events."""
    due = run.bundle.due
    if due is not None and until is not None and due <= until:
        run.bundle = lapse(Recording(book, event, scratch=True), run.bundle)
        run.marks.append((due, True))


def is_late(bundle: Bundle, day: date) -> bool:
    """Whether a fact of that day comes after later facts, or after the clock, had their say."""
    return day < bundle.last_date or (bundle.lapsed_on is not None and day <= bundle.lapsed_on)


def marks_of(book: Book, bundle: Bundle, handlers: Handlers) -> list[tuple[date, bool]]:
    """When the clock held a bundle lapsed, its recorded facts taken in order."""
    return replay(book, bundle, _recorded(book, bundle.id), handlers).marks


def _recorded(book: Book, bundle: str) -> list[tuple[int, Event]]:
    return [e for e in book.history(bundle) if _belongs(e[1], bundle)]


def post_late(rec: Recording, bundle: Bundle, handlers: Handlers) -> Bundle:
    """Post a fact that arrives out of order: judged in its place, booked on what stands, the clock corrected."""
    book, event = rec.book, rec.event
    recorded = _recorded(book, bundle.id)
    was = replay(book, bundle, recorded, handlers)
    would = replay(book, bundle, [*recorded, (NEW, event)], handlers)
    _still_stand(bundle, recorded, was, would)
    _, booker = handlers[type(event.data)]
    effect = would.effects[NEW]
    current = would.bundle._replace(position=without_lapses(bundle.position), last_date=bundle.last_date)
    if isinstance(event.data, RefundIssued | BundleTransferred):  # their booking takes the units, with their price
        current = current._replace(units=was.bundle.units, price=was.bundle.price, status=was.bundle.status)
    booked = booker(rec, current, event.data, effect)
    done = reconcile(rec, booked, bundle.position.lapses, would.marks)
    reclassify(rec, done)
    return done


def _still_stand(bundle: Bundle, recorded: list[tuple[int, Event]], was: Replay, would: Replay) -> None:
    """Refuse a late event that leaves a later one with other units, or another giver, than it was booked with."""
    for seq, past in recorded:
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
                f"{was.givers[seq]} would not hold the bundle on that day. Record the transfer on a later day",
                rule="events.md 4a Late events",
                field="to_customer",
            )


def _belongs(event: Event, bundle: str) -> bool:
    """Whether the event is part of this bundle's history and not only mentions it."""
    data = event.data
    if isinstance(data, BundleSold):
        return data.bundle == bundle
    return not isinstance(data, BundleTransferred) or bundle in (data.bundle, data.to_bundle)
