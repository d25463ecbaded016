"""The engine: one event in, what it changes out; the clock; nothing reaches the book before it is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from revrec.core import (
    breakage,
    chargeback,
    clock,
    credit,
    currency,
    deposit,
    holder,
    opening,
    payment,
    period,
    provider,
    receivable,
    refund,
    sessions,
    settlement,
)
from revrec.core.attribution import attributed
from revrec.core.book import Book, Changes, Kind, Visit
from revrec.core.bundle import Bundle
from revrec.core.clock import alive_again, settled, tick
from revrec.core.dates import DAY
from revrec.core.errors import Refused, RevrecError
from revrec.core.events import (
    AdjustmentPosted,
    BranchSettled,
    BreakageDeemedRemote,
    BreakageEstimated,
    BundleCancelledForDefault,
    BundleExpired,
    BundleExtended,
    BundleOpened,
    BundlePriceReduced,
    BundleProviderChanged,
    BundleShared,
    BundleSold,
    BundleTerminated,
    BundleToppedUp,
    BundleTransferred,
    BundleUnshared,
    BundleUpgraded,
    BundleVoided,
    CalendarAdvanced,
    ChargebackLost,
    ChargebackOpened,
    ChargebackWon,
    CreditApplied,
    CreditGranted,
    CurrencyRevalued,
    CustomerErased,
    CustomerRegistered,
    DepositApplied,
    DepositForfeited,
    DepositReceived,
    DepositReturned,
    Event,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    PayoutSettled,
    PeriodClosed,
    PeriodReopened,
    ProviderInvoiced,
    ProviderPaid,
    ReceivableRecovered,
    ReceivableVatRecovered,
    ReceivableWrittenOff,
    RefundIssued,
    RefundRejected,
    RefundRequested,
    RefundReversed,
    RefundSettled,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
)
from revrec.core.handlers import HANDLERS
from revrec.core.history import in_force_since, is_late, post_late
from revrec.core.policy import Breakage
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
        while bundle is not None and (day := bundle.due) is not None and day <= until:
            rec = Recording(book, event)
            rec.changes.bundle = bundle.id
            rec.stands[bundle.id] = bundle.balances
            rec.changes.bundles[bundle.id] = tick(rec, bundle, day)
            yield rec.changes
            bundle = book.bundle(bundle_id)
    yield Changes(calendar=until)


def post(book: Book, event: Event) -> Changes:
    """What one event changes, judged on the book as it stands; Refused says the rule and the value that broke it."""
    rec = Recording(book, event)
    _POSTERS[type(event.data)](rec, event.data)
    if not isinstance(event.data, PaymentReversed):  # the bank took it: what was spent of it is owed
        for customer in rec.changes.customers.values():
            credit.check_there(rec, customer)
    return rec.changes


def on_bundle(rec: Recording, bundle_id: str) -> None:
    """Post an event of one bundle, in order or late."""
    bundle = rec.bundle(bundle_id)
    rec.changes.bundle = bundle_id
    apply_to(rec, bundle)


def apply_to(rec: Recording, bundle: Bundle) -> None:
    """Post this sheet's event on one bundle: the calendar up to the day before it, the fact, the calendar after it."""
    event, calendar = rec.event, rec.book.calendar
    rec.stands[bundle.id] = bundle.balances
    due = bundle.due
    if due is not None and due < event.date:
        bundle = clock.run(rec, bundle, event.date - DAY, date.min)
    if is_late(bundle, event.date):
        rec.put(post_late(rec, bundle, HANDLERS))
        return
    judge, booker = HANDLERS[type(event.data)]
    judged, effect = judge(rec, bundle, event, event.data)
    booked = booker(rec, alive_again(judged, event.date) if judged.lapsed_on else judged, event.data, effect)
    booked = attributed(rec, bundle, booked)
    if booked.lapsed_on or bundle.lapsed_on:
        booked = settled(rec, booked)
    past = calendar is not None and calendar >= event.date
    if past or not _same_end(bundle, booked):
        booked = clock.run(rec, booked, calendar if past else event.date - DAY, event.date)
    rec.put(booked)


def _same_end(before: Bundle, after: Bundle) -> bool:
    """Whether the calendar has nothing new to do for the bundle after a fact; cheaper than to compute both days."""
    return (
        before.status is after.status
        and before.starts is after.starts
        and before.fixed_expiry is after.fixed_expiry
        and before.lapsed_on is after.lapsed_on
        and before.plan is after.plan
        and before.position.held == after.position.held
    )


def _sale(rec: Recording, fact: BundleSold) -> None:
    rec.changes.bundle = fact.bundle
    rec.put(_catch_up(rec, holder.post_sale(rec, fact)))


def _opened(rec: Recording, fact: BundleOpened) -> None:
    rec.changes.bundle = fact.bundle
    rec.put(_catch_up(rec, opening.post_opened(rec, fact)))


def _catch_up(rec: Recording, bundle: Bundle) -> Bundle:
    """A bundle born before the calendar may have an end or a due date that has passed already."""
    rec.stands.setdefault(bundle.id, bundle.balances)
    return _estimated_since(rec, clock.run(rec, bundle, rec.book.calendar, rec.event.date))


def _estimated_since(rec: Recording, bundle: Bundle) -> Bundle:
    """A bundle that is recorded late is born with the estimates of later days: facts of days before them come late."""
    if bundle.terms.policy.breakage is not Breakage.PROPORTIONAL:
        return bundle
    known = [e for _, e in rec.book.estimates(bundle.terms.policy.id) if e.date > rec.event.date]
    latest = max(reversed(known), key=lambda e: e.date, default=None)
    if latest is None or not isinstance(latest.data, BreakageEstimated):
        return bundle
    return bundle._replace(plan=bundle.plan._replace(expected_used=latest.data.expected_used), last_date=latest.date)


def _customer(rec: Recording, fact: CustomerRegistered) -> None:
    before = rec.book.customer(fact.customer)
    rec.changes.customer = fact.customer
    rec.changes.customers[fact.customer] = before._replace(household=fact.household)


def _erased(rec: Recording, fact: CustomerErased) -> None:
    """Nothing is posted, whatever is open: whether the person is erased or blocked is not a matter of the books."""
    if not rec.book.knows(fact.customer):
        raise Refused(
            f"customer {fact.customer} is not known; there is nothing to erase",
            rule="events.md 4 customer.erased",
            field="customer",
        )
    rec.changes.customer = fact.customer


def _payment(rec: Recording, fact: PaymentReceived) -> None:
    rec.unused(Kind.PAYMENT, fact.payment, "payment", "payment")
    if fact.bundle is not None:
        on_bundle(rec, fact.bundle)
    elif fact.session is not None:
        payment.post_visit_payment(rec, _visit(rec, fact.session), fact)
    elif fact.customer is not None:
        payment.post_customer_payment(rec, fact.customer, fact)


def _visit(rec: Recording, session: str) -> Visit:
    """The one-off visit that is paid; Refused for another session."""
    visit = rec.book.visit(session)
    if visit is None:
        raise Refused(
            f"session {session} is not a one-off visit; pay its `bundle`, or the `customer` before the visit",
            rule=f"events.md 4 {rec.event.type}",
            field="session",
        )
    return visit


def _deposit_applied(rec: Recording, fact: DepositApplied) -> None:
    received = deposit.check_open(rec, fact.deposit)
    if fact.bundle is not None:
        on_bundle(rec, fact.bundle)
    else:
        deposit.post_applied_to_visit(rec, received, _visit(rec, fact.session or ""))


def _payment_back(rec: Recording, fact: PaymentReversed) -> None:
    movement = payment.original_of(rec, fact.payment)
    rec.unused(Kind.PAYMENT_UNDONE, fact.payment, "the reversal of payment", "payment")
    chargeback.check_undisputed(rec, fact.payment)
    if movement.bundle is not None:
        on_bundle(rec, movement.bundle)
    else:
        payment.post_unbundled_reversal(rec, movement, fact)


def _disputed(rec: Recording, fact: ChargebackOpened) -> None:
    movement = chargeback.check_opened(rec, fact)
    if movement.bundle is not None:
        on_bundle(rec, movement.bundle)
    else:
        chargeback.post_opened(rec, movement, fact)


def _dispute_won(rec: Recording, fact: ChargebackWon) -> None:
    movement = chargeback.check_closed(rec, fact.payment)
    if movement.bundle is not None:
        on_bundle(rec, movement.bundle)
    else:
        chargeback.post_won(rec, movement, fact)


def _dispute_lost(rec: Recording, fact: ChargebackLost) -> None:
    movement = chargeback.check_closed(rec, fact.payment)
    if movement.bundle is not None:
        on_bundle(rec, movement.bundle)
    else:
        chargeback.post_lost(rec, movement, fact)


def _written_off(rec: Recording, fact: ReceivableWrittenOff) -> None:
    if fact.bundle is not None:
        on_bundle(rec, fact.bundle)
    else:
        receivable.post_visits_written(rec, fact.customer or "", fact)


def _recovered(rec: Recording, fact: ReceivableRecovered) -> None:
    if fact.bundle is not None:
        on_bundle(rec, fact.bundle)
    else:
        receivable.post_visits_recovered(rec, fact.customer or "", fact)


def _vat_recovered(rec: Recording, fact: ReceivableVatRecovered) -> None:
    if fact.bundle is not None:
        on_bundle(rec, fact.bundle)
    else:
        receivable.post_visits_vat(rec, fact.customer or "", fact)


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
    _born_too(rec, fact.to_bundle)


def _born_too(rec: Recording, bundle: str | None) -> None:
    """A bundle that another one gave life to: the calendar may be ahead of it."""
    if bundle is not None:
        rec.put(_catch_up(rec, rec.changes.bundles[bundle]))


def _upgraded(rec: Recording, fact: BundleUpgraded) -> None:
    if fact.to_bundle is not None:
        rec.unused(Kind.SALE, fact.to_bundle, "bundle", "to_bundle")
    on_bundle(rec, fact.bundle)
    _born_too(rec, fact.to_bundle)


def _estimated(rec: Recording, fact: BreakageEstimated) -> None:
    """The estimate holds for every bundle under the policy: each catches up."""
    breakage.check_estimate(rec, fact)
    rec.changes.estimate = fact.policy
    for name in rec.book.sold_under(fact.policy):
        bundle = rec.bundle(name)
        birth = rec.book.movement(Kind.SALE, name)
        since = in_force_since(rec.book, fact.policy, birth.seq, birth.date) if birth else date.min
        if bundle.terms.policy.breakage is Breakage.PROPORTIONAL and since <= rec.event.date:
            apply_to(rec, bundle)


def _requested(rec: Recording, fact: RefundRequested) -> None:
    rec.unused(Kind.REQUEST, fact.refund, "refund", "refund")
    rec.unused(Kind.REFUND, fact.refund, "refund", "refund")
    on_bundle(rec, fact.bundle)


def _rejected(rec: Recording, fact: RefundRejected) -> None:
    movement = refund.requested(rec, fact.refund)
    rec.unused(Kind.REJECTED, fact.refund, "the rejection of refund", "refund")
    on_bundle(rec, movement.bundle or "")


def _refund(rec: Recording, fact: RefundIssued) -> None:
    rec.unused(Kind.REFUND, fact.refund, "refund", "refund")
    rec.unused(Kind.REJECTED, fact.refund, "the rejected refund", "refund")
    asked = rec.movement(Kind.REQUEST, fact.refund)
    if asked is not None and asked.bundle != fact.bundle:
        raise Refused(
            f"refund {fact.refund} was requested for bundle {asked.bundle}, not {fact.bundle}",
            rule="events.md 4 refund.issued",
            field="bundle",
        )
    on_bundle(rec, fact.bundle)


def _refund_settled(rec: Recording, fact: RefundSettled) -> None:
    refund.check_settled(rec, fact)
    on_bundle(rec, refund.original_of(rec, fact.refund).bundle or "")


def _refund_back(rec: Recording, fact: RefundReversed) -> None:
    on_bundle(rec, refund.check_standing(rec, fact.refund).bundle or "")


def _of_bundle(rec: Recording, fact: Any) -> None:
    on_bundle(rec, fact.bundle)


def _adjustment(rec: Recording, fact: AdjustmentPosted) -> None:
    period.post_adjustment(rec, fact, apply_to)


def _calendar(rec: Recording, fact: CalendarAdvanced) -> None:
    """The calendar itself is run by `record`; the event only says how far."""


_POSTERS: dict[type, Callable[[Recording, Any], None]] = {
    CustomerRegistered: _customer,
    CustomerErased: _erased,
    BundleSold: _sale,
    BundleOpened: _opened,
    CreditGranted: credit.post_granted,
    DepositReceived: deposit.post_received,
    DepositApplied: _deposit_applied,
    DepositReturned: deposit.post_returned,
    DepositForfeited: deposit.post_forfeited,
    PaymentReceived: _payment,
    PaymentReversed: _payment_back,
    PaymentFailed: _payment_failed,
    ChargebackOpened: _disputed,
    ChargebackWon: _dispute_won,
    ChargebackLost: _dispute_lost,
    ReceivableWrittenOff: _written_off,
    ReceivableRecovered: _recovered,
    ReceivableVatRecovered: _vat_recovered,
    SessionCompleted: _completed,
    SessionCancelled: _missed,
    SessionNoShow: _missed,
    SessionReversed: _undone,
    SessionWaived: _undone,
    BundleTransferred: _transferred,
    RefundIssued: _refund,
    RefundSettled: _refund_settled,
    RefundRequested: _requested,
    RefundRejected: _rejected,
    BundleUpgraded: _upgraded,
    BreakageEstimated: _estimated,
    RefundReversed: _refund_back,
    PayoutSettled: settlement.post_payout,
    BranchSettled: settlement.post_branch_settled,
    ProviderInvoiced: provider.post_invoiced,
    ProviderPaid: provider.post_paid,
    CurrencyRevalued: currency.post_revalued,
    PeriodClosed: period.post_closed,
    PeriodReopened: period.post_reopened,
    AdjustmentPosted: _adjustment,
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
            BundleCancelledForDefault,
            BundleToppedUp,
            BundlePriceReduced,
            BreakageDeemedRemote,
            CreditApplied,
        ),
        _of_bundle,
    ),
}
