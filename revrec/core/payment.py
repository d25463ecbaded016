"""Money in: payments of bundles, visits and customers, and payments that come back."""

from __future__ import annotations

from revrec.core.book import Kind, Movement, Visit
from revrec.core.bundle import Bundle, Claim, ClaimKind, Status
from revrec.core.errors import Refused
from revrec.core.events import (
    Event,
    Fact,
    PaymentReceived,
    PaymentReversed,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
)
from revrec.core.journal import Posting, Role
from revrec.core.policy import ExpiryFrom, Recognition
from revrec.core.position import collect
from revrec.core.recording import Recording


def judge_payment(rec: Recording, bundle: Bundle, event: Event, fact: PaymentReceived) -> tuple[Bundle, int]:
    """Money is always taken; the first payment may start the validity."""
    if bundle.status is Status.VOIDED:
        raise Refused(
            f"bundle {bundle.id} was voided; record the money for customer {bundle.customer} instead",
            rule="events.md 4 bundle.voided",
            field="bundle",
        )
    if bundle.terms.policy.expiry_from is not ExpiryFrom.PAYMENT:
        return bundle, 0
    first = not bundle.starts or (event.date, fact.payment) < min(bundle.starts)
    bundle = bundle._replace(starts=(*bundle.starts, (event.date, fact.payment)))
    if first and bundle.fixed_expiry is None:
        bundle = bundle._replace(expiry_event=event.id, expiry_source=event.source)
    return bundle, 0


def book_payment(rec: Recording, bundle: Bundle, fact: PaymentReceived, _effect: int) -> Bundle:
    """Claims first, then the price, then credit of the customer (events.md 4a, Money due)."""
    event = rec.event
    ended = bundle.status is not Status.OPEN or bundle.expired(event.date)
    room = max(bundle.price - bundle.position.paid, 0)
    position, to = collect(bundle.position, fact.amount, bundle.claim_role, bundle.position.claimed_package if ended else room)
    at_purchase = bundle.terms.policy.recognition is Recognition.AT_PURCHASE
    if at_purchase:
        position = position._replace(earned=position.earned + to.prepaid)
    else:
        position = position._replace(liability=position.liability + to.prepaid)
    seller = _elsewhere(rec, bundle.branch)
    postings = (
        Posting(rec.money_role(fact.method), fact.amount, method=fact.method.value),
        Posting(Role.RECEIVABLE, -to.receivable, branch=seller),
        Posting(Role.CONTRACT_ASSET, -to.contract_asset, branch=seller),
        Posting(Role.REVENUE_PACKAGE if at_purchase else Role.CONTRACT_LIABILITY, -to.prepaid, branch=seller),
        Posting(Role.CUSTOMER_CREDIT, -to.credit),
    )
    number = rec.entry("payment.at-purchase" if at_purchase else "payment.bundle", postings, bundle, branch=event.branch)
    rec.credit(bundle.customer, to.credit)
    other = to.receivable + to.contract_asset - to.package
    rec.move(
        Movement(
            Kind.PAYMENT,
            fact.payment,
            rec.seq,
            event.date,
            bundle.id,
            bundle.customer,
            liability=0 if at_purchase else to.prepaid,
            entry=number,
            parts=(fact.amount, to.package + to.prepaid, other, to.credit),
        ),
    )
    return bundle._replace(position=position)


def _elsewhere(rec: Recording, branch: str | None) -> str | None:
    """The branch that sold or delivered, where the event happened at another one: claims and liability stand there."""
    return branch if rec.event.branch and branch != rec.event.branch else None


def post_visit_payment(rec: Recording, visit: Visit, fact: PaymentReceived) -> None:
    """Money for a one-off visit: its receivable, then credit of the customer."""
    due = 0 if visit.undone else min(fact.amount, visit.price - visit.paid)
    credit = fact.amount - due
    postings = (
        Posting(rec.money_role(fact.method), fact.amount, method=fact.method.value),
        Posting(Role.RECEIVABLE, -due, branch=_elsewhere(rec, visit.branch)),
        Posting(Role.CUSTOMER_CREDIT, -credit),
    )
    number = rec.entry(
        "payment.visit",
        postings,
        session=visit.session,
        customer=visit.customer,
        branch=rec.event.branch or visit.branch,
        service=visit.service,
    )
    rec.credit(visit.customer, credit)
    rec.changes.customer = visit.customer
    rec.changes.visits[visit.session] = visit._replace(paid=visit.paid + due)
    _note(rec, visit.customer, fact, number, (fact.amount, 0, due, credit))


def post_customer_payment(rec: Recording, customer: str, fact: PaymentReceived) -> None:
    """Money that names no bundle stays as credit of the customer."""
    postings = (
        Posting(rec.money_role(fact.method), fact.amount, method=fact.method.value),
        Posting(Role.CUSTOMER_CREDIT, -fact.amount),
    )
    number = rec.entry("payment.customer", postings, customer=customer)
    rec.credit(customer, fact.amount)
    rec.changes.customer = customer
    _note(rec, customer, fact, number, (fact.amount, 0, 0, fact.amount))


def _note(rec: Recording, customer: str, fact: PaymentReceived, entry: int, parts: tuple[int, ...]) -> None:
    rec.move(Movement(Kind.PAYMENT, fact.payment, rec.seq, rec.event.date, None, customer, entry=entry, parts=parts))


def original_of(rec: Recording, fact: PaymentReversed) -> Movement:
    """The payment to be taken back; Refused when unknown."""
    movement = rec.book.movement(Kind.PAYMENT, fact.payment)
    if movement is None:
        raise Refused(f"payment {fact.payment} is not known", rule="events.md 4 payment.reversed", field="payment")
    rec.not_before(movement, "payment")
    return movement


def judge_reversed(rec: Recording, bundle: Bundle, event: Event, fact: PaymentReversed) -> tuple[Bundle, int]:
    """The validity that this payment started moves on to the next one."""
    return without_start(rec, bundle, fact.payment), 0


def without_start(rec: Recording, bundle: Bundle, ref: str) -> Bundle:
    """The bundle without a use or payment that may have started its validity: the next one sets it now, or the sale."""
    starts = tuple(s for s in bundle.starts if s[1] != ref)
    if len(starts) == len(bundle.starts):
        return bundle
    bundle = bundle._replace(starts=starts)
    if bundle.fixed_expiry is not None:
        return bundle
    facts = [event for _, event in rec.book.history(bundle.id)]
    first = min(starts)[1] if starts else None
    by = next((e for e in facts if first and _starts(e.data, first)), facts[0])
    return bundle._replace(expiry_event=by.id, expiry_source=by.source)


def _starts(fact: Fact, ref: str) -> bool:
    """Whether this is the use or payment of that id."""
    if isinstance(fact, PaymentReceived):
        return fact.payment == ref
    return isinstance(fact, SessionCompleted | SessionCancelled | SessionNoShow) and fact.session == ref


def book_reversed(rec: Recording, bundle: Bundle, fact: PaymentReversed, _effect: int) -> Bundle:
    """Mirror of the payment, from the account it came to; what was delivered for it is claimed again."""
    movement = original_of(rec, fact)
    _, price, other, credit = movement.parts
    payer = movement.customer or bundle.customer  # who held the bundle when the money came
    position = bundle.position._replace(paid=bundle.position.paid - price)
    if bundle.terms.policy.recognition is Recognition.AT_PURCHASE:
        kept = max(position.paid, bundle.value(bundle.used))
        prepaid = min(price, max(position.earned - kept, 0))
        position, role, liability = position._replace(earned=position.earned - prepaid), Role.REVENUE_PACKAGE, 0
    else:
        prepaid = min(price, max(position.liability + position.lapsed, 0))
        position = position._replace(liability=position.liability - prepaid)
        role, liability = Role.CONTRACT_LIABILITY, -prepaid
    claims = (Claim(fact.payment, ClaimKind.PACKAGE, price - prepaid), Claim(fact.payment, ClaimKind.SINGLE, other))
    position = position._replace(claims=(*position.claims, *(c for c in claims if c.amount)))
    seller = _elsewhere(rec, bundle.branch)
    postings = (
        Posting(role, prepaid, branch=seller),
        Posting(bundle.claim_role, price - prepaid, branch=seller),
        Posting(Role.RECEIVABLE, other, branch=seller),
        Posting(Role.CUSTOMER_CREDIT, credit, customer=payer if payer != bundle.customer else None),
        *_money_back(rec, movement, fact),
    )
    number = rec.entry("payment.reversed", postings, bundle, branch=rec.event.branch, corrects=movement.entry or None)
    rec.credit(payer, -credit)
    _undo_note(rec, movement, number, liability)
    return bundle._replace(position=position)


def post_unbundled_reversal(rec: Recording, movement: Movement, fact: PaymentReversed) -> None:
    """A payment of a visit or a customer comes back."""
    entry = rec.book.entry(movement.entry)
    _, _, due, credit = movement.parts
    visit = rec.book.visit(entry.session) if entry.session else None
    if visit is not None and visit.undone:
        due, credit = 0, due + credit
    delivered = _elsewhere(rec, visit.branch) if visit else None
    postings = (
        Posting(Role.RECEIVABLE, due, branch=delivered),
        Posting(Role.CUSTOMER_CREDIT, credit),
        *_money_back(rec, movement, fact),
    )
    number = rec.entry(
        "payment.reversed",
        postings,
        customer=movement.customer,
        branch=rec.event.branch or entry.branch,
        service=entry.service,
        corrects=movement.entry,
    )
    rec.credit(movement.customer or "", -credit)
    rec.changes.customer = movement.customer
    if visit is not None:
        rec.changes.visits[visit.session] = visit._replace(paid=visit.paid - due)
    _undo_note(rec, movement, number, 0)


def _money_back(rec: Recording, movement: Movement, fact: PaymentReversed) -> tuple[Posting, ...]:
    """The money leaves the account it came to, with the bank's fee if there is one."""
    came = next(p for p in rec.book.entry(movement.entry).postings if p.method)
    return (
        Posting(came.role, -movement.parts[0], method=came.method),
        Posting(Role.PSP_FEES, fact.fee),
        Posting(came.role, -fact.fee, method=came.method),
    )


def _undo_note(rec: Recording, movement: Movement, entry: int, liability: int) -> None:
    rec.move(
        Movement(
            Kind.PAYMENT_UNDONE,
            movement.ref,
            rec.seq,
            rec.event.date,
            movement.bundle,
            movement.customer,
            liability=liability,
            entry=entry,
        ),
    )
