"""Refunds: the quote of a day, what is paid back, settled and undone (events.md 4a, Refunds)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from revrec.core import units
from revrec.core.book import Kind, Movement
from revrec.core.bundle import Bundle, Status
from revrec.core.errors import Refused
from revrec.core.events import Event, RefundIssued, RefundReversed, RefundSettled
from revrec.core.journal import Posting, Role
from revrec.core.money import share, text
from revrec.core.policy import Recognition, Refund, RefundBasis
from revrec.core.position import drop
from revrec.core.recording import Recording
from revrec.core.units import UNIT

GOODWILL = "goodwill"


@dataclass(frozen=True, slots=True)
class Quote:
    """What a refund would pay on a day, in minor units, and how it comes about.

    `fee` is the part of the fee that was kept back, `clause` the policy clause that decides.
    """

    amount: int
    fee: int
    formula: str
    clause: str


def quote(bundle: Bundle, day: date, currency: str, part: int | None = None) -> Quote:
    """Money paid less the value used less the fee, never below 0; `part`: only so many quanta of what is left."""
    policy = bundle.terms.policy
    clause = f"policy {policy.version} refund = {policy.refund}"
    nothing = _nothing(bundle, day)
    if nothing:
        return Quote(0, 0, f"0: {nothing}", clause)
    used, words = _used_value(bundle, currency)
    gross = max(bundle.position.paid - used, 0)
    formula = f"{text(bundle.position.paid, currency)} paid - {words}"
    if part is not None:
        gross = share(gross, *portion(bundle, part))
        formula = f"({formula}) x {units.text(part)} of {units.text(bundle.left)} units left"
    whole = policy.refund is Refund.WINDOW and not bundle.used  # an unused bundle is paid back in full
    fee = 0 if whole else min(policy.refund_fee, gross)
    if fee:
        formula += f" - {text(fee, currency)} fee"
    return Quote(gross - fee, fee, f"{formula} = {text(gross - fee, currency)}", clause)


def _nothing(bundle: Bundle, day: date) -> str | None:
    """Why nothing is owed back, or None."""
    policy = bundle.terms.policy
    last = bundle.sold_on + timedelta(days=policy.refund_window_days)
    if bundle.status is not Status.OPEN:
        return f"the bundle was {bundle.status}"
    if bundle.expired(day):
        return f"the bundle expired on {bundle.valid_until}"
    if policy.refund is Refund.NONE:
        return "the policy gives no refund"
    if policy.refund is Refund.WINDOW and day > last:
        return f"the refund window of {policy.refund_window_days} days ended on {last}"
    return None


def contract_used(bundle: Bundle) -> int:
    """The contract value of the units used: what was earned of them, to the cent."""
    if bundle.terms.policy.recognition is Recognition.AT_PURCHASE:
        return bundle.value(bundle.used)
    return bundle.position.earned


def list_used(bundle: Bundle) -> int:
    """The units used at the stand-alone price, less what earlier refunds of part of the bundle kept for that."""
    return share(bundle.list_price, bundle.used, UNIT) - bundle.position.repriced


def unused(bundle: Bundle) -> int:
    """The money held for units that are not used: the contract liability, or what stands for it at purchase."""
    if bundle.terms.policy.recognition is Recognition.AT_PURCHASE:
        return max(bundle.position.paid - bundle.value(bundle.used), 0)
    return bundle.position.liability


def _used_value(bundle: Bundle, currency: str) -> tuple[int, str]:
    count = units.text(bundle.used)
    if bundle.terms.policy.refund_basis is RefundBasis.LIST:
        value = list_used(bundle)
        before = f" - {text(bundle.position.repriced, currency)} kept before" if bundle.position.repriced else ""
        return value, f"{count} x {text(bundle.list_price, currency)} list price{before} = {text(value, currency)} used"
    value = contract_used(bundle)
    total = f"{text(bundle.price, currency)} / {units.text(bundle.units)}"
    return value, f"{count} x ({total}) = {text(value, currency)} used"


def portion(bundle: Bundle, part: int) -> tuple[int, int]:
    """The share that `part` quanta are of what is left, by price so that a paid bundle splits to the cent."""
    moved, rest = bundle.price - bundle.value(bundle.units - part), bundle.price - contract_used(bundle)
    return (moved, rest) if rest and 0 <= moved <= rest else (part, bundle.left)


def pro_rata(bundle: Bundle, part: int | None) -> int:
    """Money paid less the contract value used: what an exception without amount pays."""
    value = max(bundle.position.paid - contract_used(bundle), 0)
    return share(value, *portion(bundle, part)) if part is not None and bundle.left else value


def amount_of(rec: Recording, bundle: Bundle, day: date, fact: RefundIssued) -> tuple[int, int]:
    """The amount to pay and the fee kept back; Refused when the policy does not give it.

    A refund that was recorded before (its history is replayed) keeps its amount.
    """
    recorded = rec.book.movement(Kind.REFUND, fact.refund)
    if recorded is not None:
        return recorded.parts[0], 0
    offered = quote(bundle, day, rec.book.currency, fact.units)
    if fact.exception is None and not offered.amount:
        raise Refused(
            f"refund {fact.refund}: the quote of bundle {bundle.id} on {day} is {offered.formula}. "
            "Use bundle.terminated to end it without refund, or give an `exception` with reason and approver",
            rule=offered.clause,
            field="amount",
        )
    amount = fact.amount
    if amount is None:
        amount = offered.amount if fact.exception is None else pro_rata(bundle, fact.units)
    _check_amount(rec, bundle, fact, amount, offered)
    return amount, min(offered.fee, max(offered.amount + offered.fee - amount, 0))


def _check_amount(rec: Recording, bundle: Bundle, fact: RefundIssued, amount: int, offered: Quote) -> None:
    if amount <= 0:
        raise Refused(f"refund {fact.refund}: there is nothing to pay back", rule=offered.clause, field="amount")
    if amount > offered.amount and fact.exception is None:
        raise Refused(
            f"refund {fact.refund}: {rec.money(amount)} is above the quote of {rec.money(offered.amount)} ({offered.formula}). "
            "Give an `exception` with reason and approver, or leave `amount` out",
            rule=offered.clause,
            field="amount",
        )
    if amount < offered.amount and not fact.accepted:
        raise Refused(
            f"refund {fact.refund}: {rec.money(amount)} is below the quote of {rec.money(offered.amount)} ({offered.formula}). "
            "Give `accepted` with reason and accepted_at when the customer agrees to less",
            rule=offered.clause,
            field="amount",
        )
    held = _held(rec, bundle)
    if fact.exception is not None and fact.exception.reason != GOODWILL and amount > held:
        raise Refused(
            f"refund {fact.refund}: {rec.money(amount)} is more than the {rec.money(held)} paid and not refunded "
            f"on bundle {bundle.id}. Only an exception for goodwill pays more than was received",
            rule="accounting.md 4, invariant 19",
            field="amount",
        )


def _held(rec: Recording, bundle: Bundle) -> int:
    """The money received for the price and not paid back: refunds above the contract liability count in full."""
    refunds = [m for m in rec.book.movements(bundle.id) if m.kind is Kind.REFUND]
    standing = [m for m in refunds if rec.book.movement(Kind.REFUND_UNDONE, m.ref) is None]
    return bundle.position.paid + sum(m.parts[3] - m.parts[0] for m in standing)


def judge_refund(rec: Recording, bundle: Bundle, event: Event, fact: RefundIssued) -> tuple[Bundle, int]:
    """A living or lapsed bundle; the effect is the units that the refund takes."""
    if bundle.status is not Status.OPEN:
        raise Refused(
            f"bundle {bundle.id} was {bundle.status}; nothing is left to refund", rule="events.md 4a Refunds", field="bundle"
        )
    if fact.units is not None and not 0 < fact.units <= bundle.left:
        raise Refused(
            f"refund {fact.refund}: {units.text(fact.units)} units asked back, "
            f"{units.text(bundle.left)} left in bundle {bundle.id}",
            rule="events.md 4a Refunds",
            field="units",
        )
    taken = bundle.left if fact.units is None else fact.units
    return bundle, taken


def book_refund(rec: Recording, bundle: Bundle, fact: RefundIssued, taken: int) -> Bundle:
    """Pay out of the contract liability; the excess lowers revenue, what is left is fee, list re-pricing or breakage."""
    amount, fee = amount_of(rec, bundle, rec.event.date, fact)
    partial = fact.units is not None and taken < bundle.left
    at_purchase = bundle.terms.policy.recognition is Recognition.AT_PURCHASE
    freed = share(unused(bundle), *portion(bundle, taken)) if partial else unused(bundle)
    repriced = _repriced(bundle, max(freed - amount - fee, 0))
    legs = _at_purchase(amount, fee) if at_purchase else _from_liability(amount, fee, freed, repriced)
    paid = min(freed, bundle.position.paid)
    released, earned = (0, paid) if at_purchase else (freed, 0)
    rule = "refund.at-purchase" if at_purchase else "refund.issued"
    number = rec.entry(rule, (*legs, _money_leg(rec, fact, amount)), bundle, branch=bundle.branch)
    price = bundle.price - bundle.value(bundle.units - taken) if partial else 0
    gone = taken if partial else 0
    parts = (amount, gone, price, paid, released, earned, repriced)
    rec.move(
        Movement(
            Kind.REFUND,
            fact.refund,
            rec.seq,
            rec.event.date,
            bundle.id,
            bundle.customer,
            liability=-released,
            entry=number,
            parts=parts,
        ),
    )
    position = bundle.position._replace(
        paid=bundle.position.paid - paid,
        liability=bundle.position.liability - released,
        earned=bundle.position.earned - earned,
        repriced=bundle.position.repriced + repriced,
    )
    if not partial:
        return bundle._replace(status=Status.REFUNDED, position=position)
    return bundle._replace(units=bundle.units - gone, price=bundle.price - price, position=position)


def _money_leg(rec: Recording, fact: RefundIssued, amount: int) -> Posting:
    if fact.method is None:
        return Posting(Role.REFUNDS_PAYABLE, -amount)
    return Posting(rec.money_role(fact.method), -amount, method=fact.method.value)


def _at_purchase(amount: int, fee: int) -> tuple[Posting, ...]:
    """The whole refund lowers revenue; a fee kept back is fee income (accounting.md 1.2, column (b))."""
    return (Posting(Role.REFUND_CONTRA, amount + fee), Posting(Role.FEE_INCOME, -fee))


def _repriced(bundle: Bundle, rest: int) -> int:
    """Of what is left after refund and fee, what brings the used units to list price."""
    if bundle.terms.policy.refund_basis is not RefundBasis.LIST:
        return 0
    return min(rest, max(list_used(bundle) - contract_used(bundle), 0))


def _from_liability(amount: int, fee: int, released: int, repriced: int) -> tuple[Posting, ...]:
    out = min(amount, released)
    kept = min(released - out, fee)
    return (
        Posting(Role.CONTRACT_LIABILITY, released),
        Posting(Role.REFUND_CONTRA, amount - out),
        Posting(Role.FEE_INCOME, -kept),
        Posting(Role.REVENUE_PACKAGE, -repriced),
        Posting(Role.BREAKAGE, out + kept + repriced - released),
    )


def original_of(rec: Recording, refund: str) -> Movement:
    """The refund that is settled or undone; Refused when unknown."""
    movement = rec.book.movement(Kind.REFUND, refund)
    if movement is None:
        raise Refused(f"refund {refund} is not known", rule="events.md 4 refund.settled, refund.reversed", field="refund")
    return movement


def check_standing(rec: Recording, refund: str) -> Movement:
    """The refund, refused when it was undone before."""
    movement = original_of(rec, refund)
    if rec.book.movement(Kind.REFUND_UNDONE, refund) is not None:
        raise Refused(f"refund {refund} was reversed before", rule="events.md 4 refund.reversed", field="refund")
    rec.not_before(movement, "refund")
    return movement


def judge_settled(rec: Recording, bundle: Bundle, event: Event, fact: RefundSettled) -> tuple[Bundle, int]:
    """Only a refund that was issued without method is payable."""
    return bundle, 0


def check_settled(rec: Recording, fact: RefundSettled) -> None:
    """Refuse a refund that was paid at once or settled before."""
    movement = check_standing(rec, fact.refund)
    rec.unused(Kind.REFUND_SETTLED, fact.refund, "the settlement of refund", "refund")
    if not any(p.role is Role.REFUNDS_PAYABLE for p in rec.book.entry(movement.entry).postings):
        raise Refused(
            f"refund {fact.refund} was paid when it was issued; nothing is payable",
            rule="events.md 4 refund.settled",
            field="refund",
        )


def book_settled(rec: Recording, bundle: Bundle, fact: RefundSettled, _effect: int) -> Bundle:
    """The refund payable is paid."""
    movement = rec.book.movement(Kind.REFUND, fact.refund)
    amount = movement.parts[0] if movement else 0
    legs = (Posting(Role.REFUNDS_PAYABLE, amount), Posting(rec.money_role(fact.method), -amount, method=fact.method.value))
    number = rec.entry("refund.settled", legs, bundle, branch=bundle.branch)
    rec.move(
        Movement(
            Kind.REFUND_SETTLED, fact.refund, rec.seq, rec.event.date, bundle.id, bundle.customer, entry=number, parts=(amount,)
        )
    )
    return bundle


def judge_unrefunded(rec: Recording, bundle: Bundle, _event: Event, fact: RefundReversed) -> tuple[Bundle, int]:
    """The bundle lives again with the units that the refund took."""
    movement = original_of(rec, fact.refund)
    _, gone, price, *_ = movement.parts
    if gone:
        return bundle._replace(units=bundle.units + gone, price=bundle.price + price), -gone
    return bundle._replace(status=Status.OPEN), -bundle.units + bundle.used


def book_unrefunded(rec: Recording, bundle: Bundle, fact: RefundReversed, _effect: int) -> Bundle:
    """Mirror of the refund and of its settlement: the money came back, or was never paid."""
    movement = original_of(rec, fact.refund)
    settled = rec.book.movement(Kind.REFUND_SETTLED, fact.refund)
    if settled is not None:
        rec.not_before(settled, "the settlement of refund")
    entries = [rec.book.entry(m.entry) for m in (movement, settled) if m is not None]
    legs = [p._replace(amount=-p.amount) for e in entries for p in e.postings]
    payable = [p for p in legs if p.role is Role.REFUNDS_PAYABLE]
    if not sum(p.amount for p in payable):
        legs = [p for p in legs if p.role is not Role.REFUNDS_PAYABLE]
    _, _, _, paid, released, earned, repriced = movement.parts
    position, owed = drop(bundle.position, released, fact.refund, package=True)  # what was claimed again meanwhile
    legs += [Posting(Role.CONTRACT_LIABILITY, owed), Posting(bundle.claim_role, -owed)]
    number = rec.entry("refund.reversed", legs, bundle, branch=bundle.branch, corrects=movement.entry)
    back = released - owed
    rec.move(
        Movement(
            Kind.REFUND_UNDONE, fact.refund, rec.seq, rec.event.date, bundle.id, bundle.customer, liability=back, entry=number
        ),
    )
    return bundle._replace(
        position=position._replace(
            paid=position.paid + paid,
            liability=position.liability + back,
            earned=position.earned + earned,
            repriced=position.repriced - repriced,
        ),
    )
