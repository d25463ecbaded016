"""Deposits: money that is fully returnable until it pays for something, goes back, or is forfeited."""

from __future__ import annotations

from revrec.core.book import Kind, Movement, Visit
from revrec.core.bundle import Bundle
from revrec.core.errors import Refused
from revrec.core.events import DepositApplied, DepositForfeited, DepositReceived, DepositReturned, Event
from revrec.core.journal import Posting, Role
from revrec.core.payment import Paid, check_payable, counted, deposit_ref, other_legs, started, visit_legs, visit_paid
from revrec.core.policy import OUTSIDE
from revrec.core.recording import Recording
from revrec.core.tax import included


def post_received(rec: Recording, fact: DepositReceived) -> None:
    """Money that may be asked back is owed to the customer: no contract liability and no VAT yet (PGC 561; LIVA 75.Dos)."""
    rec.unused(Kind.DEPOSIT, fact.deposit, "deposit", "deposit")
    money = Posting(rec.money_role(fact.method), fact.amount, method=fact.method.value)
    number = rec.entry("deposit.received", (money, Posting(Role.CUSTOMER_DEPOSIT, -fact.amount)), customer=fact.customer)
    parts = (fact.amount,)
    rec.move(Movement(Kind.DEPOSIT, fact.deposit, rec.seq, rec.event.date, None, fact.customer, entry=number, parts=parts))
    rec.changes.customer = fact.customer


def check_open(rec: Recording, deposit: str) -> Movement:
    """The deposit; Refused when it is unknown, was used before, or came later than this event."""
    movement = original_of(rec, deposit)
    done = rec.book.movement(Kind.DEPOSIT_DONE, deposit)
    if done is not None:
        raise Refused(
            f"deposit {deposit} was applied, returned or forfeited on {done.date}; a deposit is used once",
            rule="events.md 4 deposit.received",
            field="deposit",
        )
    rec.not_before(movement, "deposit")
    return movement


def original_of(rec: Recording, deposit: str) -> Movement:
    """The deposit as it was received; Refused when unknown."""
    movement = rec.movement(Kind.DEPOSIT, deposit)
    if movement is None:
        raise Refused(
            f"deposit {deposit} is not known; record its deposit.received first or mend the id",
            rule="events.md 4 deposit.received",
            field="deposit",
        )
    return movement


def judge_applied(rec: Recording, bundle: Bundle, event: Event, fact: DepositApplied) -> tuple[Bundle, int]:
    """A deposit that is still there pays for a bundle, and may start its validity as a payment does."""
    check_payable(bundle)
    return started(bundle, event, deposit_ref(fact)), 0


def book_applied(rec: Recording, bundle: Bundle, fact: DepositApplied, _effect: int) -> Bundle:
    """Claims first, then the price, then credit of the customer who left it (events.md 4a, Money due)."""
    received = original_of(rec, fact.deposit)
    whose = received.customer or bundle.customer
    bundle, to, held = counted(rec, bundle, received.parts[0], deposit_ref(fact), whose)
    number = rec.shift(
        "deposit.applied",
        bundle,
        lead=(_taken(rec, received, bundle.branch, whose if whose != bundle.customer else None),),
        tail=other_legs(rec, bundle, to, whose),
    )
    rec.credit(whose, to.credit)
    parts = Paid(received.parts[0], to.package + to.prepaid, to.others, to.credit, held=held, pending=to.pending)
    _done(rec, received, number, bundle.id, parts)
    return bundle


def post_applied_to_visit(rec: Recording, received: Movement, visit: Visit) -> None:
    """A deposit settles a one-off visit; the rest is credit of the customer who left it."""
    whose = received.customer or visit.customer
    amount = received.parts[0]
    visit, due, pending = visit_paid(visit, amount)
    other = None if whose == visit.customer else whose
    number = rec.entry(
        "deposit.applied",
        (
            _taken(rec, received, visit.branch, other),
            *visit_legs(rec, visit, due, pending),
            Posting(Role.CUSTOMER_CREDIT, due - amount, customer=other),
        ),
        session=visit.session,
        customer=visit.customer,
        branch=rec.event.branch or visit.branch,
        service=visit.service,
    )
    rec.credit(whose, amount - due)
    rec.changes.customer = visit.customer
    rec.changes.visits[visit.session] = visit
    _done(rec, received, number, None, Paid(amount, 0, due, amount - due, pending=pending))


def post_returned(rec: Recording, fact: DepositReturned) -> None:
    """The deposit is paid back, whole."""
    received = check_open(rec, fact.deposit)
    money = Posting(rec.money_role(fact.method), -received.parts[0], method=fact.method.value)
    _post_alone(rec, received, "deposit.returned", (money,))


def post_forfeited(rec: Recording, fact: DepositForfeited) -> None:
    """The customer may not ask it back any more: fee income on that day, with the VAT of the policies' `fee_tax`.

    Compensation or consideration: CJEU C-277/05 against C-295/17 and C-43/19.
    """
    received = check_open(rec, fact.deposit)
    day, amount = rec.event.date, received.parts[0]
    tax = rec.book.catalogue.fee_tax(day)
    if tax is None:
        raise Refused(
            f"deposit {fact.deposit}: no policy in force on {day} says by which tax a fee is charged. "
            "Set fee_tax in a version of the policy, to a tax id or to `outside` with fee_tax_why",
            rule="events.md 2, fee_tax",
            field="deposit",
        )
    vat = 0 if tax == OUTSIDE else included(amount, rec.rate(tax, day))
    _post_alone(rec, received, "deposit.forfeited", (Posting(Role.VAT_OUTPUT, -vat), Posting(Role.FEE_INCOME, vat - amount)))


def _post_alone(rec: Recording, received: Movement, rule: str, legs: tuple[Posting, ...]) -> None:
    """What becomes of a deposit that pays for nothing."""
    number = rec.entry(rule, (_taken(rec, received, None, None), *legs), customer=received.customer)
    rec.changes.customer = received.customer
    _done(rec, received, number, None, Paid(received.parts[0], 0, 0, 0))


def _taken(rec: Recording, received: Movement, branch: str | None, customer: str | None) -> Posting:
    """The deposit leaves the branch that took it."""
    there, here = rec.book.entry(received.entry).branch, rec.event.branch or branch
    return Posting(Role.CUSTOMER_DEPOSIT, received.parts[0], branch=there if there != here else None, customer=customer)


def _done(rec: Recording, received: Movement, entry: int, bundle: str | None, parts: Paid) -> None:
    day, customer = rec.event.date, received.customer
    rec.move(Movement(Kind.DEPOSIT_DONE, received.ref, rec.seq, day, bundle, customer, entry=entry, parts=parts))
