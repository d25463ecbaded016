"""Credit of a customer: granted as a concession, and spent on a bundle."""

from __future__ import annotations

from revrec.core.book import Customer
from revrec.core.bundle import Bundle
from revrec.core.errors import Refused
from revrec.core.events import CreditApplied, CreditGranted, Event
from revrec.core.journal import Posting, Role
from revrec.core.payment import bound_for, check_payable, counted, credit_ref, other_legs, room, started
from revrec.core.position import collect
from revrec.core.recording import Recording


def post_granted(rec: Recording, fact: CreditGranted) -> None:
    """A concession lowers revenue at once, gross: its VAT is that of the bundle that it pays for later (IFRS 15.51-52; RICAC 14).

    No VAT moves before, for no document is corrected by a promise (LIVA 78.Uno, 80.Uno).
    """
    legs = (Posting(Role.REFUND_CONTRA, fact.amount), Posting(Role.CUSTOMER_CREDIT, -fact.amount))
    rec.entry("credit.granted", legs, customer=fact.customer)
    rec.credit(fact.customer, fact.amount)
    rec.changes.customer = fact.customer


def check_there(rec: Recording, customer: Customer) -> None:
    """Refuse an event that takes back credit which was spent meanwhile: a late fact, or a payment that comes back."""
    if customer.credit < 0:
        raise Refused(
            f"customer {customer.id} would have {rec.money(customer.credit)} of credit: what this event takes back was applied "
            "or paid out meanwhile. Give a late fact the date of today, or post what the customer owes as adjustment.posted",
            rule="accounting.md 3, R8: no negative balances",
            field="data",
        )


def judge_applied(rec: Recording, bundle: Bundle, event: Event, fact: CreditApplied) -> tuple[Bundle, int]:
    """At most the credit that the customer has, and at most what the bundle still takes."""
    check_payable(bundle)
    if not rec.known:
        _check_amount(rec, bundle, event, fact)
    return started(bundle, event, credit_ref(event)), 0


def _check_amount(rec: Recording, bundle: Bundle, event: Event, fact: CreditApplied) -> None:
    there = rec.book.customer(fact.customer).credit
    if fact.amount > there:
        raise Refused(
            f"customer {fact.customer} has {rec.money(there)} of credit; {rec.money(fact.amount)} cannot be applied to bundle "
            f"{bundle.id}. Apply what there is, and record the rest as payment.received",
            rule="events.md 4 credit.applied",
            field="amount",
        )
    over = collect(bundle, fact.amount, room(bundle, event.date), bound_for(bundle, fact.customer)).credit
    if over:
        raise Refused(
            f"bundle {bundle.id} takes {rec.money(fact.amount - over)} on {event.date}, not {rec.money(fact.amount)}; "
            f"{rec.money(over)} would be credit again. Apply what it takes",
            rule="events.md 4a Money due",
            field="amount",
        )


def book_applied(rec: Recording, bundle: Bundle, fact: CreditApplied, _effect: int) -> Bundle:
    """Credit acts as money for the bundle: claims first, then the price (events.md 4a, Money due).

    Where a late fact leaves the bundle less room than it had, the rest is credit again.
    """
    bundle, to, _ = counted(rec, bundle, fact.amount, credit_ref(rec.event), fact.customer)
    spent = fact.amount - to.credit
    whose = None if fact.customer == bundle.customer else fact.customer
    number = rec.shift(
        "credit.applied",
        bundle,
        lead=(Posting(Role.CUSTOMER_CREDIT, spent, customer=whose),),
        tail=other_legs(rec, bundle, to._replace(credit=0)),
    )
    rec.credit(fact.customer, -spent)
    rec.noted(bundle, number)
    return bundle
