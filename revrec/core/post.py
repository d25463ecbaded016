"""The engine: one event in, what it changes out; the clock; nothing reaches the book before it is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from revrec.core import breakage, holder, payment, period, refund, sessions
from revrec.core.book import Book, Changes, Kind
from revrec.core.bundle import Bundle, Status
from revrec.core.dates import DAY
from revrec.core.errors import Refused, RevrecError
from revrec.core.events import (
    AdjustmentPosted,
    BundleExpired,
    BundleExtended,
    BundleProviderChanged,
    BundleShared,
    BundleSold,
    BundleTerminated,
    BundleTransferred,
    BundleUnshared,
    BundleVoided,
    CalendarAdvanced,
    CustomerRegistered,
    Event,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PeriodClosed,
    PeriodReopened,
    RefundIssued,
    RefundReversed,
    RefundSettled,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
)
from revrec.core.handlers import HANDLERS
from revrec.core.history import is_late, post_late
from revrec.core.recording import Recording


class ClockDisagrees(RevrecError):
    """An event was accepted before its calendar ran and refused after: a defect of the engine, nothing is booked."""

    def __init__(self, event: str, why: str) -> None:
        super().__init__(f"event {event} was accepted and, once the calendar had run, refused ({why}); please report this")


def record(book: Book, event: Event) -> list[Changes]:
    """Judge an event, run the calendar up to the day before it, post it, and take all that into the book.

    Returns the changes in order, the event's own last. Refused leaves the book untouched, calendar included.
    """
    draft = post(book, event)
    if isinstance(event.data, CalendarAdvanced):
        done = run_clock(book, event.data.to, event)
        book.apply(draft, event)
        return [*done, draft]
    ticked = run_clock(book, event.date - DAY, event)
    if ticked:
        try:
            draft = post(book, event)
        except Refused as refusal:
            raise ClockDisagrees(event.id, str(refusal)) from refusal
    book.apply(draft, event)
    return [*ticked, draft]


def run_clock(book: Book, until: date, event: Event) -> list[Changes]:
    """Run the calendar up to and including a day and take it into the book; nothing when it is there already."""
    if book.calendar is not None and until <= book.calendar:
        return []
    done = []
    for changes in advance(book, until, event):
        book.apply(changes, None)
        done.append(changes)
    return done


def advance(book: Book, until: date, event: Event) -> Iterator[Changes]:
    """What the calendar owes up to and including a day, one bundle at a time; the last one moves the calendar."""
    for bundle_id in list(book.due(until)):
        bundle = book.bundle(bundle_id)
        if bundle is not None and bundle.due is not None and bundle.due <= until:
            rec = Recording(book, event)
            rec.changes.bundle = bundle.id
            rec.changes.bundles[bundle.id] = breakage.lapse(rec, bundle)
            yield rec.changes
    yield Changes(calendar=until)


def post(book: Book, event: Event) -> Changes:
    """What one event changes, judged on the book as it stands; Refused says the rule and the value that broke it."""
    rec = Recording(book, event)
    _POSTERS[type(event.data)](rec, event.data)
    return rec.changes


def on_bundle(rec: Recording, bundle_id: str) -> None:
    """Post an event of one bundle, in order or late."""
    event = rec.event
    bundle = rec.bundle(bundle_id)
    rec.changes.bundle = bundle_id
    if bundle.due is not None and bundle.due < event.date:
        bundle = breakage.lapse(rec, bundle)
    if is_late(bundle, event.date):
        rec.put(post_late(rec, bundle, HANDLERS))
        return
    judge, booker = HANDLERS[type(event.data)]
    judged, effect = judge(rec, bundle, event, event.data)
    booked = booker(rec, judged, event.data, effect)
    rec.put(booked if _same_end(bundle, booked) else _catch_up(rec, breakage.settle(rec, booked)))


def _same_end(before: Bundle, after: Bundle) -> bool:
    """Whether a living bundle ends on the same day as before the fact: then the clock has nothing to follow."""
    return (
        before.status is after.status is Status.OPEN
        and after.lapsed_on is None
        and before.lapsed_on is None
        and after.starts is before.starts
        and after.fixed_expiry is before.fixed_expiry
        and not after.position.lapses
    )


def _catch_up(rec: Recording, bundle: Bundle) -> Bundle:
    """A fact dated before the calendar may set an end that has passed already."""
    calendar = rec.book.calendar
    return breakage.lapse(rec, bundle) if bundle.due and calendar and bundle.due <= calendar else bundle


def _sale(rec: Recording, fact: BundleSold) -> None:
    rec.changes.bundle = fact.bundle
    rec.put(_catch_up(rec, holder.post_sale(rec, fact)))


def _customer(rec: Recording, fact: CustomerRegistered) -> None:
    before = rec.book.customer(fact.customer)
    rec.changes.customer = fact.customer
    rec.changes.customers[fact.customer] = before._replace(household=fact.household)


def _payment(rec: Recording, fact: PaymentReceived) -> None:
    rec.unused(Kind.PAYMENT, fact.payment, "payment", "payment")
    if fact.bundle is not None:
        on_bundle(rec, fact.bundle)
    elif fact.session is not None:
        visit = rec.book.visit(fact.session)
        if visit is None:
            raise Refused(
                f"session {fact.session} is not a one-off visit; pay its `bundle`, or the `customer` before the visit",
                rule="events.md 4 payment.received",
                field="session",
            )
        payment.post_visit_payment(rec, visit, fact)
    elif fact.customer is not None:
        payment.post_customer_payment(rec, fact.customer, fact)


def _payment_back(rec: Recording, fact: PaymentReversed) -> None:
    movement = payment.original_of(rec, fact)
    rec.unused(Kind.PAYMENT_UNDONE, fact.payment, "the reversal of payment", "payment")
    if movement.bundle is not None:
        on_bundle(rec, movement.bundle)
    else:
        payment.post_unbundled_reversal(rec, movement, fact)


def _payment_failed(rec: Recording, fact: PaymentFailed) -> None:
    if fact.bundle is not None:
        rec.changes.bundle = rec.bundle(fact.bundle).id


def _free_session(rec: Recording, session: str) -> None:
    rec.unused(Kind.SESSION, session, "session", "session")
    rec.unused(Kind.VISIT, session, "session", "session")


def _completed(rec: Recording, fact: SessionCompleted) -> None:
    _free_session(rec, fact.session)
    if fact.bundle is not None:
        on_bundle(rec, fact.bundle)
    elif fact.price is not None:
        rec.book.catalogue.sellable(fact.tax or "", rec.event.date)
        sessions.post_visit(rec, fact, fact.customer or "", fact.service or "", fact.price)
    else:
        on_bundle(rec, _draw(rec, fact))


def _draw(rec: Recording, fact: SessionCompleted) -> str:
    """The customer's bundle that expires first and has what the session asks (events.md 4, session.completed)."""
    held = rec.book.holdings(fact.customer or "")
    held = [b for b in held if fact.service in (None, b.terms.package.service)]
    held.sort(key=lambda b: (b.expires_on or date.max, b.sold_on, b.seq))
    why: Refused | None = None
    for enough in (True, False):
        for bundle in held:
            if bundle.left >= (sessions.asked(bundle, fact) if enough else 1):
                try:
                    sessions.judge_completed(rec, bundle, rec.event, fact)
                except Refused as refusal:
                    why = why or refusal
                else:
                    return bundle.id
    raise Refused(
        f"customer {fact.customer} has no bundle that this session may use on {rec.event.date}"
        + (f" ({why})" if why else "")
        + ". Sell one, or record a one-off visit with service, price and tax",
        rule="events.md 4 session.completed",
        field="customer",
    )


def _missed(rec: Recording, fact: SessionCancelled | SessionNoShow) -> None:
    _free_session(rec, fact.session)
    on_bundle(rec, fact.bundle)


def _undone(rec: Recording, fact: SessionReversed | SessionWaived) -> None:
    movement = sessions.original_of(rec, fact)
    rec.unused(Kind.SESSION_UNDONE, fact.session, "the reversal of session", "session")
    if movement.bundle is not None:
        on_bundle(rec, movement.bundle)
        return
    visit = rec.book.visit(fact.session)
    if visit is not None:
        sessions.post_visit_undone(rec, movement, visit)


def _transferred(rec: Recording, fact: BundleTransferred) -> None:
    holder.check_split(rec, fact)
    on_bundle(rec, fact.bundle)
    if fact.to_bundle is not None:
        rec.put(_catch_up(rec, rec.bundle(fact.to_bundle)))


def _refund(rec: Recording, fact: RefundIssued) -> None:
    rec.unused(Kind.REFUND, fact.refund, "refund", "refund")
    on_bundle(rec, fact.bundle)


def _refund_settled(rec: Recording, fact: RefundSettled) -> None:
    refund.check_settled(rec, fact)
    on_bundle(rec, refund.original_of(rec, fact.refund).bundle or "")


def _refund_back(rec: Recording, fact: RefundReversed) -> None:
    on_bundle(rec, refund.check_standing(rec, fact.refund).bundle or "")


def _of_bundle(rec: Recording, fact: Any) -> None:
    on_bundle(rec, fact.bundle)


def _calendar(rec: Recording, fact: CalendarAdvanced) -> None:
    """The calendar itself is run by `record`; the event only says how far."""


_POSTERS: dict[type, Callable[[Recording, Any], None]] = {
    CustomerRegistered: _customer,
    BundleSold: _sale,
    PaymentReceived: _payment,
    PaymentReversed: _payment_back,
    PaymentFailed: _payment_failed,
    SessionCompleted: _completed,
    SessionCancelled: _missed,
    SessionNoShow: _missed,
    SessionReversed: _undone,
    SessionWaived: _undone,
    BundleTransferred: _transferred,
    RefundIssued: _refund,
    RefundSettled: _refund_settled,
    RefundReversed: _refund_back,
    PeriodClosed: period.post_closed,
    PeriodReopened: period.post_reopened,
    AdjustmentPosted: period.post_adjustment,
    CalendarAdvanced: _calendar,
    **dict.fromkeys(
        (
            BundleVoided,
            BundleShared,
            BundleUnshared,
            BundleProviderChanged,
            BundleExtended,
            BundleExpired,
            BundleTerminated,
        ),
        _of_bundle,
    ),
}
