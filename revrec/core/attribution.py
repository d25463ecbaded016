"""Which payer a fact concerns: whose price changed, whose money came or went, whose claim was lost."""

from __future__ import annotations

from collections.abc import Mapping

from revrec.core.book import Kind
from revrec.core.bundle import Bundle
from revrec.core.events import (
    ChargebackLost,
    CreditApplied,
    DepositApplied,
    PaymentReceived,
    PaymentReversed,
    SessionReversed,
    SessionWaived,
)
from revrec.core.payer import handed_over, repriced, settled, spread, written_off
from revrec.core.recording import Recording


def attributed(rec: Recording, before: Bundle, after: Bundle) -> Bundle:
    """The bundle after the fact of a sheet, with what it means for each payer; the same where the customer owes it all."""
    bounds = after.plan.payers
    if not bounds:
        return after
    who, customer, position = _who(rec, after), after.customer, after.position
    bounds = handed_over(bounds, before.customer, customer)
    own = who if who in [bound.customer for bound in bounds] else None
    bounds = repriced(bounds, after.price, own or customer)
    bounds = settled(bounds, position.paid, who, customer)
    bounds = written_off(bounds, position.lost, position.billed, own or (customer if who else None))
    return after if bounds == after.plan.payers else after._replace(plan=after.plan._replace(payers=bounds))


def _who(rec: Recording, bundle: Bundle) -> str | None:
    """Whose money a fact moves; None where it is nobody's in particular."""
    fact = rec.event.data
    if isinstance(fact, PaymentReceived):
        return fact.payer or bundle.customer
    if isinstance(fact, CreditApplied):
        return fact.customer
    if isinstance(fact, SessionReversed | SessionWaived):  # what was paid beside the price was the customer's
        return bundle.customer
    if isinstance(fact, DepositApplied):
        movement = rec.movement(Kind.DEPOSIT, fact.deposit)
    elif isinstance(fact, PaymentReversed | ChargebackLost):
        movement = rec.movement(Kind.PAYMENT, fact.payment)
    else:
        return None
    return movement.customer if movement else None


def recipients(bundle: Bundle, gross: int, invoiced: Mapping[str, int]) -> dict[str, int]:
    """To whom an amount of the price is to be invoiced, tax included: by what each payer was billed and stands on no document.

    `invoiced` is what documents of the price say so far, by payer.
    """
    parts = [(share.customer, bundle.billed_to(share), share.agreed) for share in bundle.shares]
    open_ = [max(billed - invoiced.get(customer, 0), 0) for customer, billed, _ in parts]
    amounts = spread(gross, open_ if sum(open_) else [agreed for _, _, agreed in parts])
    return {customer: amount for (customer, *_), amount in zip(parts, amounts, strict=True) if amount}
