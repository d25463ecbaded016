"""Money in: payments of bundles, visits and customers, and payments that come back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from revrec.core.book import Kind, Movement, Visit
from revrec.core.bundle import Bundle, Claim, ClaimKind, Status
from revrec.core.clock import respread
from revrec.core.currency import (
    at_sale_rate,
    code,
    counts_for,
    currency_of,
    difference,
    exchanged,
    in_its_currency,
    moved,
    priced_in,
    repriced,
)
from revrec.core.errors import Refused
from revrec.core.events import (
    CreditApplied,
    DepositApplied,
    Event,
    Foreign,
    PaymentReceived,
    PaymentReversed,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
)
from revrec.core.journal import Posting, Role
from revrec.core.money import share
from revrec.core.policy import WHOLE, ExpiryFrom, Obligation, Recognition, Refund
from revrec.core.position import Settled, collect, itemised, pay_others, rebilled, received, squared
from revrec.core.recording import Recording


class Paid(NamedTuple):
    """What a payment did, for undoing it: the `parts` of its movement, in minor units.

    `money` arrived, of it `tip` is the staff's; `withheld` counts on top. `price` counted towards the price, `others`
    settled other claims, `credit` is the customer's; `held` was expected to be refunded, `pending` VAT accrued.
    Money of another currency: `foreign` minor units of `currency` (`currency.code`), with the `exchange` gain on claims
    and what the price was `repriced` by.
    """

    money: int
    price: int
    others: int
    credit: int
    withheld: int = 0
    tip: int = 0
    held: int = 0
    pending: int = 0
    foreign: int = 0
    currency: int = 0
    exchange: int = 0
    repriced: int = 0


def judge_payment(rec: Recording, bundle: Bundle, event: Event, fact: PaymentReceived) -> tuple[Bundle, int]:
    """Money is always taken; the first payment may start the validity."""
    check_payable(bundle)
    return started(bundle, event, fact.payment), 0


def check_payable(bundle: Bundle) -> None:
    """Refuse money for a bundle that was voided."""
    if bundle.status is Status.VOIDED:
        raise Refused(
            f"bundle {bundle.id} was voided; record the money for customer {bundle.customer} instead",
            rule="events.md 4 bundle.voided",
            field="bundle",
        )


def credit_ref(event: Event) -> str:
    """Names a credit.applied among the receipts and starts of a bundle, beside the ids of payments."""
    return f"credit:{event.id}"


def deposit_ref(fact: DepositApplied) -> str:
    """Names a deposit.applied among the receipts and starts of a bundle, beside the ids of payments."""
    return f"deposit:{fact.deposit}"


def started(bundle: Bundle, event: Event, ref: str) -> Bundle:
    """The first payment starts the validity where the policy says so."""
    if bundle.terms.policy.expiry_from is not ExpiryFrom.PAYMENT:
        return bundle
    first = not bundle.starts or (event.date, ref) < min(bundle.starts)
    bundle = bundle._replace(starts=(*bundle.starts, (event.date, ref)))
    if first and bundle.fixed_expiry is None:
        bundle = bundle._replace(expiry_event=event.id, expiry_source=event.source)
    return bundle


def book_payment(rec: Recording, bundle: Bundle, fact: PaymentReceived, _effect: int) -> Bundle:
    """Claims first, then the price, then credit of the customer (events.md 4a, Money due)."""
    amount, payer = fact.amount - fact.tip + fact.withheld, fact.payer or bundle.customer
    bundle, to, held = counted(rec, bundle, amount, fact.payment, payer, fact.foreign, fact.withheld - fact.tip)
    at_purchase = bundle.terms.policy.recognition is Recognition.AT_PURCHASE
    rule = "payment.at-purchase" if at_purchase else "payment.bundle"
    number = rec.shift(rule, bundle, lead=_arrived(rec, fact), tail=other_legs(rec, bundle, to, fact.payer))
    rec.credit(payer, to.credit)
    parts = paid_parts(fact, to, held)
    rec.move(
        Movement(
            Kind.PAYMENT,
            fact.payment,
            rec.seq,
            rec.event.date,
            bundle.id,
            payer,
            entry=number,
            parts=parts,
        ),
    )
    return bundle


def paid_parts(fact: PaymentReceived, to: Settled, held: int = 0) -> Paid:
    """What a payment did, for undoing it."""
    price, foreign = to.package + to.prepaid, fact.foreign
    parts = Paid(fact.amount, price, to.others, to.credit, fact.withheld, fact.tip, held, to.pending)
    if foreign is None:
        return parts
    return parts._replace(foreign=foreign.amount, currency=code(foreign.currency), exchange=to.exchange, repriced=to.repriced)


def counted(
    rec: Recording, bundle: Bundle, amount: int, ref: str, payer: str, foreign: Foreign | None = None, beside: int = 0
) -> tuple[Bundle, Settled, int]:
    """Money of a payer taken into the bundle: (bundle, where it went, what of it is expected to be refunded).

    `foreign` is the money itself where it is of another currency, `beside` what of `amount` came on top of it.
    """
    day, bound = rec.event.date, bound_for(bundle, payer)
    price = priced_in(bundle, foreign)
    if foreign is not None and price is not None:
        bundle = respread(rec, bundle)
        p, space = bundle.position, room(bundle, day)
        owed = max(space, p.unpaid) + p.beside
        part = in_its_currency(foreign, amount - beside, beside)
        to = collect(bundle, at_sale_rate(rec.book.currency, price, bundle.plan.foreign_paid, part, owed), space, bound)
        bundle, to = exchanged(counts_for(bundle, part), to, amount)
    else:
        to = collect(bundle, amount, room(bundle, day), bound)
    before = bundle.position
    bundle = received(bundle, ref, to.package, to.prepaid, rec.percent(bundle, day))
    position = pay_others(bundle.position, to.others) if to.others else bundle.position
    held = 0
    policy = bundle.terms.policy
    if policy.refund_expected and policy.refund is Refund.WINDOW and day <= _window_end(bundle) and not bundle.ended:
        held = share(to.prepaid - max(position.vat - before.vat, 0), policy.refund_expected, WHOLE)
        position = position._replace(held=position.held + held)
    return bundle._replace(position=itemised(position, ref)), to, held


def bound_for(bundle: Bundle, payer: str) -> int:
    """What somebody else than the customer is still to pay of the price by contract."""
    return sum(bound.outstanding for bound in bundle.payers if bound.customer == payer != bundle.customer)


def _window_end(bundle: Bundle) -> date:
    return bundle.sold_on + timedelta(days=bundle.terms.policy.refund_window_days)


def room(bundle: Bundle, day: date) -> int:
    """How much of the price is still to be paid; of a bundle that has ended, what is claimed."""
    p = bundle.position
    ended = bundle.status is not Status.OPEN or bundle.expired(day)
    if ended and not (bundle.terms.policy.obligation is Obligation.NONCANCELLABLE and bundle.status in _OWED):
        return p.unpaid
    return max(bundle.price - p.paid - p.lost, 0)


_OWED = (Status.OPEN, Status.TERMINATED)  # of a price that the customer may not walk away from, the rest is still owed


def other_legs(rec: Recording, bundle: Bundle, to: Settled, payer: str | None = None) -> tuple[Posting, ...]:
    """What money did beyond the price: fees and visits settled, VAT that accrues with it, credit of who paid."""
    seller = elsewhere(rec, bundle.branch)
    return (
        Posting(Role.RECEIVABLE, -to.others, branch=seller),
        Posting(Role.VAT_OUTPUT_PENDING, to.pending, branch=seller),
        Posting(Role.VAT_OUTPUT, -to.pending, branch=seller),
        difference(-to.exchange),
        Posting(Role.CUSTOMER_CREDIT, -to.credit, customer=payer if payer != bundle.customer else None),
    )


def _arrived(rec: Recording, fact: PaymentReceived) -> tuple[Posting, ...]:
    """The money on its account, the tax that the payer kept back, the staff's tip."""
    role, method, foreign = rec.money_role(fact.method), fact.method.value, fact.foreign
    if foreign is None:
        money: tuple[Posting, ...] = (Posting(role, fact.amount, method=method),)
    else:
        money = moved(rec, role, foreign.currency, foreign.amount, fact.amount, method)
    return (*money, Posting(Role.WITHHELD_TAX, fact.withheld), Posting(Role.PROVIDER_PAYABLE, -fact.tip))


def elsewhere(rec: Recording, branch: str | None) -> str | None:
    """The branch that sold or delivered, where the event happened at another one: claims and liability stand there."""
    return branch if rec.event.branch and branch != rec.event.branch else None


def post_visit_payment(rec: Recording, visit: Visit, fact: PaymentReceived) -> None:
    """Money for a one-off visit: its receivable, then credit of the customer."""
    amount = fact.amount - fact.tip + fact.withheld
    visit, due, pending = visit_paid(visit, amount)
    credit = amount - due
    postings = (*_arrived(rec, fact), *visit_legs(rec, visit, due, pending), Posting(Role.CUSTOMER_CREDIT, -credit))
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
    rec.changes.visits[visit.session] = visit
    _note(rec, visit.customer, fact, number, paid_parts(fact, Settled(0, due, 0, credit, pending)))


def visit_legs(rec: Recording, visit: Visit, due: int, pending: int) -> tuple[Posting, ...]:
    """The claim of a visit is settled where it was delivered, with the VAT that accrues when it is."""
    delivered = elsewhere(rec, visit.branch)
    return (
        Posting(Role.RECEIVABLE, -due, branch=delivered),
        Posting(Role.VAT_OUTPUT_PENDING, pending, branch=delivered),
        Posting(Role.VAT_OUTPUT, -pending, branch=delivered),
    )


def visit_paid(visit: Visit, amount: int) -> tuple[Visit, int, int]:
    """Money that settles a visit's claim: (visit, settled, VAT that accrues with it)."""
    owed = 0 if visit.undone else visit.price - visit.paid - visit.lost
    due = min(amount, owed)
    pending = share(visit.pending, due, owed + visit.lost) if due else 0
    return visit._replace(paid=visit.paid + due, pending=visit.pending - pending), due, pending


def post_customer_payment(rec: Recording, customer: str, fact: PaymentReceived) -> None:
    """Money that names no bundle stays as credit of the customer."""
    credit = fact.amount - fact.tip + fact.withheld
    number = rec.entry("payment.customer", (*_arrived(rec, fact), Posting(Role.CUSTOMER_CREDIT, -credit)), customer=customer)
    rec.credit(customer, credit)
    rec.changes.customer = customer
    _note(rec, customer, fact, number, paid_parts(fact, Settled(0, 0, 0, credit, 0)))


def _note(rec: Recording, customer: str, fact: PaymentReceived, entry: int, parts: Paid) -> None:
    rec.move(Movement(Kind.PAYMENT, fact.payment, rec.seq, rec.event.date, None, customer, entry=entry, parts=parts))


def original_of(rec: Recording, payment: str) -> Movement:
    """The payment that is taken back or disputed; Refused when unknown."""
    movement = rec.movement(Kind.PAYMENT, payment)
    if movement is None:
        raise Refused(f"payment {payment} is not known", rule="events.md 4 payment.reversed", field="payment")
    if not movement.entry:
        raise Refused(f"payment {payment} moved no money; nothing can come back", rule="events.md 4", field="payment")
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
    by = next((e for e in facts if first and _starts(e, first)), facts[0])
    return bundle._replace(expiry_event=by.id, expiry_source=by.source)


def _starts(event: Event, ref: str) -> bool:
    """Whether this is the use or payment of that id."""
    fact = event.data
    if isinstance(fact, PaymentReceived):
        return fact.payment == ref
    if isinstance(fact, CreditApplied):
        return credit_ref(event) == ref
    if isinstance(fact, DepositApplied):
        return deposit_ref(fact) == ref
    return isinstance(fact, SessionCompleted | SessionCancelled | SessionNoShow) and fact.session == ref


def book_reversed(rec: Recording, bundle: Bundle, fact: PaymentReversed, _effect: int) -> Bundle:
    """Mirror of the payment, from the account it came to; what was delivered for it is claimed again."""
    movement = original_of(rec, fact.payment)
    was = Paid(*movement.parts)
    payer = movement.customer or bundle.customer  # who paid, or held the bundle when the money came
    credit = _credit_left(rec, fact.payment, payer, was.credit)
    bundle = _unpriced(respread(rec, bundle) if was.repriced else bundle, was)
    bundle = uncounted(rec, bundle, was, fact.payment, was.credit - credit)
    bundle, kept = _without_repricing(bundle, was, fact.payment)
    bundle, lost = without_debit(bundle)
    seller = elsewhere(rec, bundle.branch)
    number = rec.shift(
        "payment.reversed",
        bundle,
        lead=(
            Posting(Role.RECEIVABLE, was.others + was.credit - credit, branch=seller),
            Posting(Role.VAT_OUTPUT, was.pending, branch=seller),
            Posting(Role.VAT_OUTPUT_PENDING, -was.pending, branch=seller),
            Posting(Role.CUSTOMER_CREDIT, credit, customer=payer if payer != bundle.customer else None),
            Posting(Role.REFUND_CONTRA, lost),
            Posting(Role.FX_GAIN if was.exchange > 0 else Role.FX_LOSS, was.exchange),
            difference(kept),
        ),
        tail=money_back(rec, movement, fact.fee),
        corrects=movement.entry or None,
    )
    rec.credit(payer, -credit)
    _undo_note(rec, movement, number, (credit, was.credit))
    return bundle


def _unpriced(bundle: Bundle, was: Paid) -> Bundle:
    """What a payment had paid of a foreign price is owed again."""
    if not was.foreign:
        return bundle
    paid = Foreign(currency_of(was.currency), 0, was.foreign)
    part = in_its_currency(paid, was.money, was.withheld - was.tip)
    return counts_for(bundle, -part) if priced_in(bundle, paid) else bundle


def _without_repricing(bundle: Bundle, was: Paid, ref: str) -> tuple[Bundle, int]:
    """The price goes back to the rate of the sale; so does the claim on what was delivered at another: (bundle, its loss)."""
    if not was.repriced:
        return bundle, 0
    bundle, less = repriced(bundle, -was.repriced)
    p, kept = bundle.position, was.repriced + less
    return bundle._replace(position=itemised(p._replace(lost=p.lost + kept), ref)), kept


def _credit_left(rec: Recording, payment: str, payer: str, credit: int) -> int:
    """What is left of the credit that a payment gave: what was applied elsewhere is owed instead."""
    recorded = rec.recorded(Kind.PAYMENT_UNDONE, payment)
    if recorded is None:
        return max(min(credit, rec.credit_of(payer)), 0)
    taken, was = recorded.parts
    return max(credit - was + taken, 0)


def without_debit(bundle: Bundle) -> tuple[Bundle, int]:
    """What more left than was owed, VAT of a concession or a cent of rounding, lowers revenue: (bundle, net).

    Where nothing is billed beyond what was delivered, nothing is owed: what is left over by a cent goes the same way.
    """
    p = bundle.position
    if not (p.vat or p.other) or bundle.terms.policy.recognition is Recognition.AT_PURCHASE or not bundle.terms.policy.principal:
        return bundle, 0
    lost = p.vat + p.other + p.earned - p.billed
    if lost < 0 and (p.delivered != p.billed or bundle.multi):
        return bundle, 0
    return bundle._replace(position=p._replace(other=p.other - lost)), lost


def uncounted(rec: Recording, bundle: Bundle, was: Paid, ref: str, owed: int = 0) -> Bundle:
    """Money taken out of the bundle again: what is undelivered is no longer billed, the rest is claimed, as is `owed`."""
    before = bundle.position
    receipts = tuple(r for r in before.receipts if r.ref != ref)
    gone = next((r for r in before.receipts if r.ref == ref), None)
    moved = before._replace(paid=before.paid - was.price, held=max(before.held - was.held, 0), receipts=receipts)
    less = before.billed - moved.billed
    back = share(gone.vat_left, min(less, gone.left), gone.left) if gone and gone.left else None if gone is None else 0
    claim = Claim(ref, ClaimKind.SINGLE, was.others + owed, was.pending)
    moved = moved._replace(claims=(*moved.claims, claim)) if claim.amount else moved
    bundle = squared(rebilled(bundle._replace(position=moved), before, rec.percent(bundle, rec.event.date), back))
    return bundle._replace(position=itemised(bundle.position, ref))


def post_unbundled_reversal(rec: Recording, movement: Movement, fact: PaymentReversed) -> None:
    """A payment of a visit or a customer comes back."""
    entry = rec.book.entry(movement.entry)
    was = Paid(*movement.parts)
    due, credit = was.others, was.credit
    visit = rec.book.visit(entry.session) if entry.session else None
    if visit is not None and visit.undone:
        due, credit = 0, due + credit
    pending = was.pending if due else 0
    delivered = elsewhere(rec, visit.branch) if visit else None
    postings = (
        Posting(Role.RECEIVABLE, due, branch=delivered),
        Posting(Role.VAT_OUTPUT, pending, branch=delivered),
        Posting(Role.VAT_OUTPUT_PENDING, -pending, branch=delivered),
        Posting(Role.CUSTOMER_CREDIT, credit),
        *money_back(rec, movement, fact.fee),
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
        rec.changes.visits[visit.session] = visit._replace(paid=visit.paid - due, pending=visit.pending + pending)
    _undo_note(rec, movement, number)


def money_back(rec: Recording, movement: Movement, fee: int) -> tuple[Posting, ...]:
    """The money leaves the account it came to, with what came beside it, and the bank's fee if there is one."""
    was = Paid(*movement.parts)
    came = next((p for p in rec.book.entry(movement.entry).postings if p.method), Posting(Role.BANK, 0))
    out: tuple[Posting, ...] = (Posting(came.role, -was.money, method=came.method),)
    if was.foreign:
        out = moved(rec, came.role, currency_of(was.currency), -was.foreign, -was.money, came.method or "")
    return (
        Posting(Role.PROVIDER_PAYABLE, was.tip),
        *out,
        Posting(Role.WITHHELD_TAX, -was.withheld),
        Posting(Role.PSP_FEES, fee),
        Posting(came.role, -fee, method=came.method),
    )


def _undo_note(rec: Recording, movement: Movement, entry: int, parts: tuple[int, ...] = ()) -> None:
    day, bundle, customer = rec.event.date, movement.bundle, movement.customer
    rec.move(Movement(Kind.PAYMENT_UNDONE, movement.ref, rec.seq, day, bundle, customer, entry=entry, parts=parts))
