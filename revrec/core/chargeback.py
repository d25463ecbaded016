"""Disputed payments: opened by the payer's bank, won, or lost (events.md 4a, Chargeback lost; accounting.md 1.2)."""

from __future__ import annotations

from typing import NamedTuple

from revrec.core.book import Kind, Movement
from revrec.core.breakage import returned
from revrec.core.bundle import Bundle, ClaimKind, Status, Written
from revrec.core.clock import respread, undue
from revrec.core.currency import currency_of, moved
from revrec.core.errors import Refused
from revrec.core.events import ChargebackLost, ChargebackOpened, ChargebackWon, Event
from revrec.core.journal import Posting, Role
from revrec.core.money import share
from revrec.core.payment import Paid, original_of, without_debit
from revrec.core.receivable import contra, rebased
from revrec.core.recording import Recording
from revrec.core.refund import unused
from revrec.core.tax import Receipts, held, take


class Dispute(NamedTuple):
    """What a chargeback did: the `parts` of its movements, in minor units.

    `amount` is disputed, `fee` the bank's. Once it is `lost` (1), `credit` was taken from the customer's, `unused` from
    what was owed as sessions; the rest is bad debt.
    """

    amount: int
    fee: int = 0
    lost: int = 0
    credit: int = 0
    unused: int = 0


def check_opened(rec: Recording, fact: ChargebackOpened) -> Movement:
    """The payment that is disputed: it stands, is not below the amount and was not disputed before."""
    movement = original_of(rec, fact.payment)
    if rec.movement(Kind.PAYMENT_UNDONE, fact.payment) is not None:
        raise Refused(
            f"payment {fact.payment} was reversed; there is nothing left to dispute",
            rule="events.md 4 chargeback.opened",
            field="payment",
        )
    if rec.movement(Kind.CHARGEBACK, fact.payment) is not None:
        raise Refused(
            f"payment {fact.payment} was disputed before; one payment has one chargeback. "
            "If its money is gone after a dispute that was won, record payment.reversed",
            rule="events.md 4 chargeback.opened",
            field="payment",
        )
    most = Paid(*movement.parts).money
    if fact.amount > most:
        raise Refused(
            f"payment {fact.payment}: {rec.money(fact.amount)} disputed is more than the {rec.money(most)} paid",
            rule="events.md 4 chargeback.opened",
            field="amount",
        )
    return movement


def check_closed(rec: Recording, payment: str) -> Movement:
    """The payment whose dispute ends: opened before, not ended yet."""
    movement = original_of(rec, payment)
    opened = rec.movement(Kind.CHARGEBACK, payment)
    if opened is None:
        raise Refused(
            f"payment {payment} is not disputed; record its chargeback.opened first",
            rule="events.md 4 chargeback.won, chargeback.lost",
            field="payment",
        )
    done = rec.movement(Kind.CHARGEBACK_DONE, payment)
    if done is not None:
        end = "lost" if Dispute(*done.parts).lost else "won"
        raise Refused(
            f"the chargeback of payment {payment} was {end} on {done.date}; it has one end",
            rule="events.md 4 chargeback.won, chargeback.lost",
            field="payment",
        )
    rec.not_before(opened, "the chargeback of payment")
    return movement


def check_undisputed(rec: Recording, payment: str) -> None:
    """Refuse to reverse a payment that is disputed, or gone with a chargeback that was lost."""
    opened = rec.movement(Kind.CHARGEBACK, payment)
    done = rec.movement(Kind.CHARGEBACK_DONE, payment)
    if opened is None or (done is not None and not Dispute(*done.parts).lost):
        return
    state = "is disputed; record how the chargeback ends" if done is None else "was lost in a chargeback"
    raise Refused(
        f"payment {payment} {state} (chargeback.won, chargeback.lost)",
        rule="events.md 4 payment.reversed, chargeback.opened",
        field="payment",
    )


def judge_dispute(_rec: Recording, bundle: Bundle, _event: Event, _fact: object) -> tuple[Bundle, int]:
    """A dispute takes no units: a session before its end that is recorded late still counts as used."""
    return bundle, 0


def book_opened(rec: Recording, bundle: Bundle, fact: ChargebackOpened, _effect: int) -> Bundle:
    """The money leaves the account it came to and is a claim on the payer's bank; its fee is an expense."""
    _open(rec, original_of(rec, fact.payment), fact, bundle)
    return bundle


def post_opened(rec: Recording, movement: Movement, fact: ChargebackOpened) -> None:
    """The payment of a visit or a customer is disputed."""
    rec.changes.customer = movement.customer
    _open(rec, movement, fact)


def _open(rec: Recording, movement: Movement, fact: ChargebackOpened, bundle: Bundle | None = None) -> None:
    came = _money(rec, movement)
    legs = (
        Posting(Role.RECEIVABLE_DISPUTED, fact.amount),
        Posting(Role.PSP_FEES, fact.fee),
        *_through(rec, movement, came, -fact.amount),
        Posting(came.role, -fact.fee, method=came.method),
    )
    _end(rec, movement, Kind.CHARGEBACK, Dispute(fact.amount, fact.fee), _post(rec, "chargeback.opened", legs, movement, bundle))


def _money(rec: Recording, movement: Movement) -> Posting:
    """The leg of a payment on the account that it came to."""
    return next((p for p in rec.book.entry(movement.entry).postings if p.method), Posting(Role.BANK, 0))


def _through(rec: Recording, movement: Movement, came: Posting, amount: int) -> tuple[Posting, ...]:
    """Money in or out of the account of a payment; of another currency, at what the account carries it for."""
    was = Paid(*movement.parts)
    if not was.foreign:
        return (Posting(came.role, amount, method=came.method),)
    part = share(was.foreign, abs(amount), was.money)
    return moved(rec, came.role, currency_of(was.currency), part if amount > 0 else -part, amount, came.method or "")


def _post(
    rec: Recording, rule: str, legs: tuple[Posting, ...], movement: Movement, bundle: Bundle | None, corrects: int | None = None
) -> int:
    """An entry of a dispute, at the branch that took the payment."""
    paid = rec.book.entry(movement.entry)
    return rec.entry(
        rule,
        sorted((leg for leg in legs if leg.amount), key=lambda leg: leg.amount < 0),
        bundle,
        session=paid.session if bundle is None else None,
        customer=movement.customer,
        branch=paid.branch,
        service=paid.service,
        corrects=corrects,
    )


def _end(rec: Recording, movement: Movement, kind: Kind, did: Dispute, entry: int) -> None:
    event = rec.event
    rec.move(
        Movement(kind, movement.ref, rec.seq, event.date, movement.bundle, movement.customer, entry=entry, parts=did),
    )


def _opened(rec: Recording, payment: str) -> tuple[Movement, Dispute]:
    """The movement with which a dispute began, and what it did."""
    movement = rec.movement(Kind.CHARGEBACK, payment)
    if movement is None:
        raise Refused(f"payment {payment} is not disputed", rule="events.md 4 chargeback.won, chargeback.lost", field="payment")
    return movement, Dispute(*movement.parts)


def book_won(rec: Recording, bundle: Bundle, fact: ChargebackWon, _effect: int) -> Bundle:
    """The money comes back; the fee stays (accounting.md 4, invariant 29)."""
    _win(rec, original_of(rec, fact.payment), bundle)
    return bundle


def post_won(rec: Recording, movement: Movement, _fact: ChargebackWon) -> None:
    """The money of a visit or a customer comes back."""
    rec.changes.customer = movement.customer
    _win(rec, movement)


def _win(rec: Recording, movement: Movement, bundle: Bundle | None = None) -> None:
    opened, dispute = _opened(rec, movement.ref)
    legs = (
        *_through(rec, movement, _money(rec, movement), dispute.amount),
        Posting(Role.RECEIVABLE_DISPUTED, -dispute.amount),
    )
    number = _post(rec, "chargeback.won", legs, movement, bundle, opened.entry or None)
    _end(rec, movement, Kind.CHARGEBACK_DONE, Dispute(dispute.amount), number)


def book_lost(rec: Recording, bundle: Bundle, fact: ChargebackLost, _effect: int) -> Bundle:
    """Unused money leaves the liability with its VAT, used money is bad debt; what else is left is breakage.

    What the payment put elsewhere is bad debt, but for the credit that the customer still has.
    """
    bundle = returned(rec, respread(rec, bundle))
    bundle = bundle if bundle.ended else undue(rec, bundle)
    movement = original_of(rec, fact.payment)
    _, dispute = _opened(rec, fact.payment)
    was, payer = Paid(*movement.parts), movement.customer or bundle.customer
    price = min(dispute.amount, was.price, bundle.position.paid)
    credit = _credit(rec, fact.payment, payer, min(dispute.amount - price, was.credit))
    beside = dispute.amount - price - credit
    others = min(beside, was.others)
    pending = share(was.pending, others, was.others) if others else 0
    bundle, free = _withdrawn(rec, bundle, movement, price)
    loss = Written(fact.payment, ClaimKind.SINGLE, beside, pending, pending, movement.date.toordinal())
    p = bundle.position
    bundle = bundle._replace(position=p._replace(written=(*p.written, loss) if beside else p.written))
    bundle, lower = without_debit(bundle)
    branch = rec.book.entry(movement.entry).branch
    legs = (
        Posting(Role.BAD_DEBT, price - free + beside),
        Posting(Role.VAT_OUTPUT, pending),
        Posting(Role.VAT_OUTPUT_PENDING, -pending),
        Posting(Role.REFUND_CONTRA, lower),
        Posting(Role.CUSTOMER_CREDIT, credit, customer=payer if payer != bundle.customer else None),
        Posting(Role.RECEIVABLE_DISPUTED, -dispute.amount, branch=branch if branch != bundle.branch else None),
    )
    number = rec.shift("chargeback.lost", bundle, tail=legs, revenue=contra(bundle), branch=bundle.branch)
    rec.credit(payer, -credit)
    _end(rec, movement, Kind.CHARGEBACK_DONE, Dispute(dispute.amount, 0, 1, credit, free), number)
    return bundle


def _credit(rec: Recording, payment: str, payer: str, most: int) -> int:
    """Of the credit that a payment gave, what is still there; what was taken once stays taken when history is replayed."""
    recorded = rec.recorded(Kind.CHARGEBACK_DONE, payment)
    return Dispute(*recorded.parts).credit if recorded else max(min(most, rec.credit_of(payer)), 0)


def _withdrawn(rec: Recording, bundle: Bundle, movement: Movement, price: int) -> tuple[Bundle, int]:
    """Money of a payment taken out of the price: (bundle, what of it was unused)."""
    before = bundle.position
    free = min(price, unused(bundle))
    receipts, vat = _out(before.receipts, movement.ref, free)
    receipts, of_used = _out(receipts, movement.ref, price - free)
    moved_ = before._replace(
        paid=before.paid - price,
        lost=before.lost + price - free,
        vat=before.vat - vat,
        receipts=receipts,
        held=0,
    )
    if not bundle.ended:
        moved_ = moved_._replace(due=min(moved_.due, max(moved_.paid + moved_.lost, moved_.delivered)))
    if price > free:
        loss = Written(movement.ref, ClaimKind.PACKAGE, price - free, max(of_used, 0), 0, movement.date.toordinal())
        moved_ = moved_._replace(written=(*moved_.written, loss))
    status = Status.CHARGED_BACK if bundle.status is Status.OPEN else bundle.status
    return rebased(rec, bundle._replace(position=moved_, status=status), bundle), free


def _out(receipts: Receipts, ref: str, gross: int) -> tuple[Receipts, int]:
    """Money paid back out of one payment's receipt first, then out of the newest: (receipts, its VAT)."""
    before = held(receipts)
    changed = []
    for receipt in receipts:
        part = min(gross, receipt.left) if receipt.ref == ref else 0
        gross -= part
        changed.append(receipt._replace(back=receipt.back + part) if part else receipt)
    rest, _ = take(tuple(changed), gross)
    return rest, before - held(rest)


def post_lost(rec: Recording, movement: Movement, _fact: ChargebackLost) -> None:
    """The payment of a visit is bad debt; of a customer's, the credit that is still there goes, the rest is bad debt."""
    _, dispute = _opened(rec, movement.ref)
    was = Paid(*movement.parts)
    paid = rec.book.entry(movement.entry)
    visit = rec.book.visit(paid.session) if paid.session else None
    due = min(dispute.amount, was.others, visit.paid) if visit is not None and not visit.undone else 0
    credit = max(min(dispute.amount - due, was.credit + was.others - due, rec.credit_of(movement.customer or "")), 0)
    pending = share(was.pending, due, was.others) if due else 0
    legs = (
        Posting(Role.BAD_DEBT, dispute.amount - credit),
        Posting(Role.VAT_OUTPUT, pending),
        Posting(Role.VAT_OUTPUT_PENDING, -pending),
        Posting(Role.CUSTOMER_CREDIT, credit),
        Posting(Role.RECEIVABLE_DISPUTED, -dispute.amount),
    )
    number = _post(rec, "chargeback.lost", legs, movement, None)
    rec.credit(movement.customer or "", -credit)
    rec.changes.customer = movement.customer
    if visit is not None and due:
        rec.changes.visits[visit.session] = visit._replace(
            paid=visit.paid - due, lost=visit.lost + due, pending=visit.pending + pending
        )
    _end(rec, movement, Kind.CHARGEBACK_DONE, Dispute(dispute.amount, 0, 1, credit), number)
