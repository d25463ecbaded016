"""Refunds: the quote of a day, what is paid back, settled and undone (events.md 4a, Refunds)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from revrec.core import units
from revrec.core.book import Kind, Movement
from revrec.core.breakage import fee_vat, returned
from revrec.core.bundle import Bundle, Position, Status
from revrec.core.clock import fallen, respread, undue
from revrec.core.errors import Refused
from revrec.core.events import Event, RefundIssued, RefundRejected, RefundRequested, RefundReversed, RefundSettled
from revrec.core.journal import Posting, Role
from revrec.core.layers import cut, regrown
from revrec.core.money import share, text
from revrec.core.payment import without_debit
from revrec.core.policy import Recognition, Refund, RefundBasis
from revrec.core.position import itemised, paid_out, rebilled
from revrec.core.recording import Recording
from revrec.core.tax import give, take
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
    """The contract value of the units used, tax included: what was performed of them, to the cent."""
    return bundle.position.delivered if bundle.plan.line_from is None else bundle.value(bundle.used)


def list_used(bundle: Bundle) -> int:
    """The units used at the stand-alone price, less what earlier refunds of part of the bundle kept for that."""
    return share(bundle.list_price, bundle.used, UNIT) - bundle.position.repriced


def unused(bundle: Bundle) -> int:
    """The money held for what is not delivered, tax included; what has become breakage is not held any more."""
    p = bundle.position
    money = max(p.paid + p.lost - p.delivered, 0)
    if not money or bundle.lapsed_on is not None:
        return 0
    b = bundle.balances
    owed = b.contract_liability + b.refund_liability
    return share(money, owed, owed + b.breakage) if b.breakage else money


def _used_value(bundle: Bundle, currency: str) -> tuple[int, str]:
    if bundle.terms.policy.refund_basis is RefundBasis.LIST:
        count, value = units.text(bundle.used), list_used(bundle)
        before = f" - {text(bundle.position.repriced, currency)} kept before" if bundle.position.repriced else ""
        return value, f"{count} x {text(bundle.list_price, currency)} list price{before} = {text(value, currency)} used"
    value = contract_used(bundle)
    return value, f"{_at_contract_price(bundle, currency)} = {text(value, currency)} used"


def _at_contract_price(bundle: Bundle, currency: str) -> str:
    """The units used at the price of each, layer by layer: `(1 x (60.50 / 1) + 1 x (644.50 / 11))`."""
    left = bundle.used
    parts: list[str] = []
    for count, price in bundle.layers or ((bundle.units, bundle.price),):
        if left or not parts:
            taken = min(left, count)
            parts.append(f"{units.text(taken)} x ({text(price, currency)} / {units.text(count)})")
            left -= taken
    return f"({' + '.join(parts)})" if len(parts) > 1 else parts[0]


def portion(bundle: Bundle, part: int) -> tuple[int, int]:
    """The share that `part` quanta are of what is left, by price so that a paid bundle splits to the cent."""
    if part == bundle.left:
        return 1, 1
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
    recorded = rec.recorded(Kind.REFUND, fact.refund)
    if recorded is not None:
        return recorded.parts[0], recorded.parts[1]
    offered = _offered(rec, bundle, day, fact)
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


def _offered(rec: Recording, bundle: Bundle, day: date, fact: RefundIssued) -> Quote:
    """The quote that was fixed when the refund was asked for, else that of the day."""
    asked = rec.movement(Kind.REQUEST, fact.refund)
    if asked is None or fact.units is not None:
        return quote(bundle, day, rec.book.currency, fact.units)
    return quoted(bundle, asked, rec.book.currency)


def quoted(bundle: Bundle, asked: Movement, currency: str) -> Quote:
    """What a refund that was asked for pays: the quote of that day, which no later day lowers, less what was used since.

    A session is not paid back and delivered too: with what is known of the bundle now, the day of the request gives no more.
    """
    amount, fee = asked.parts
    words, now = f"{text(amount, currency)} as quoted on {asked.date}", quote(bundle, asked.date, currency)
    if now.amount < amount:
        amount, fee, words = now.amount, now.fee, f"{words}; with what is known since, {now.formula}"
    return Quote(amount, fee, words, f"policy {bundle.terms.policy.version} refund")


def pending(movements: Iterable[Movement], day: date) -> list[Movement]:
    """The refunds that were asked for up to a day and neither paid nor rejected by then, in order of arrival."""
    known = [movement for movement in movements if movement.date <= day]
    answered = {movement.ref for movement in known if movement.kind in (Kind.REFUND, Kind.REJECTED)}
    return [movement for movement in known if movement.kind is Kind.REQUEST and movement.ref not in answered]


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
    standing = [Refunded(*m.parts) for m in refunds if rec.movement(Kind.REFUND_UNDONE, m.ref) is None]
    return bundle.position.paid + sum(refund.freed - refund.amount for refund in standing)


def beyond(rec: Recording, bundle: Bundle) -> int:
    """What the refunds that stand paid above the money held: what is undone later was paid back already by so much."""
    done = list(rec.memory.values() if rec.replays else rec.book.movements(bundle.id))
    undone = {m.ref for m in done if m.kind is Kind.REFUND_UNDONE}
    standing = [Refunded(*m.parts) for m in done if m.kind is Kind.REFUND and m.bundle == bundle.id and m.ref not in undone]
    return sum(max(refund.amount - refund.freed, 0) for refund in standing)


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


class Refunded(NamedTuple):
    """What a refund did, for undoing it: the `parts` of its movement, in minor units.

    `amount` was paid back, `fee` kept (both tax included), of `freed` money held for `units` quanta worth `price`.
    Of what was kept, net: `fee_net`, `repriced` (`repriced_net`) for used units at list price, `rest` as breakage.
    `conceded` lowers revenue, `conceded_vat` with it; `vat_kept` stays with the tax authority. `undocumented` is what of the
    money paid above that held came out of no document, since none had so much left.
    """

    amount: int
    fee: int
    units: int
    price: int
    freed: int
    fee_net: int
    repriced: int
    repriced_net: int
    rest: int
    conceded: int
    conceded_vat: int
    vat_kept: int
    undocumented: int = 0

    @property
    def parts(self) -> tuple[int, ...]:
        """What is kept of it."""
        return self if self.undocumented else self[:-1]

    @property
    def documented(self) -> int:
        """What goes back into documents when the refund is undone."""
        return self.freed + max(self.amount - self.freed, 0) - self.undocumented


def book_refund(rec: Recording, bundle: Bundle, fact: RefundIssued, taken: int) -> Bundle:
    """Pay out of the contract liability; the excess lowers revenue, what is left is fee, list re-pricing or breakage."""
    bundle = returned(rec, respread(rec, bundle))
    amount, fee = amount_of(rec, bundle, rec.event.date, fact)
    partial = fact.units is not None and taken < bundle.left
    bundle = bundle if partial else undue(rec, bundle)
    bundle, did = _paid_back(rec, bundle, amount, fee, taken if partial else None)
    at_purchase = _at_purchase(bundle)
    number = rec.shift(
        "refund.at-purchase" if at_purchase else "refund.issued",
        bundle,
        lead=(Posting(Role.REFUND_CONTRA, did.conceded),),
        tail=(*_kept(did, at_purchase=at_purchase), _money_leg(rec, fact, amount)),
        revenue=Role.REFUND_CONTRA if at_purchase else Role.REVENUE_PACKAGE,
        branch=bundle.branch,
    )
    rec.move(
        Movement(Kind.REFUND, fact.refund, rec.seq, rec.event.date, bundle.id, bundle.customer, entry=number, parts=did.parts),
    )
    return bundle


def _at_purchase(bundle: Bundle) -> bool:
    return bundle.terms.policy.recognition is Recognition.AT_PURCHASE and bundle.terms.policy.principal


def _kept(did: Refunded, *, at_purchase: bool) -> tuple[Posting, ...]:
    """What is not paid back: fee, list re-pricing of used units, breakage, and their VAT; at purchase it is revenue already."""
    fee = (Posting(Role.FEE_INCOME, -did.fee_net), Posting(Role.VAT_OUTPUT, -did.vat_kept))
    if at_purchase:
        return fee
    return (*fee, Posting(Role.REVENUE_PACKAGE, -did.repriced_net), Posting(Role.BREAKAGE, -did.rest))


def _paid_back(rec: Recording, bundle: Bundle, amount: int, fee: int, part: int | None) -> tuple[Bundle, Refunded]:
    """Money leaves the bundle, newest payment first, each with its document's VAT (LIVA 80.Dos; IFRS 15.51-52)."""
    held = unused(bundle)
    freed = held if part is None else share(held, *portion(bundle, part))
    out = min(amount, freed)
    if not bundle.terms.policy.principal:
        freed = out + min(freed - out, fee)  # an agent keeps no more: the rest is the provider's client money
    kept = freed - out
    fee = min(kept, fee)
    repriced = _repriced(bundle, kept - fee)
    p = bundle.position
    receipts, vat_out = take(p.receipts, out)
    receipts, vat_kept = take(receipts, kept)
    undocumented = max(amount - out - sum(receipt.left for receipt in receipts), 0) if receipts else 0
    receipts, vat_conceded = take(receipts, amount - out)
    of_fee, charged = share(vat_kept, fee, kept) if kept else 0, fee_vat(rec, bundle, fee)
    of_list = share(vat_kept, repriced, kept) if kept else 0
    fee_net, repriced_net = fee - charged, repriced - of_list
    rest = kept - vat_kept - (fee - of_fee) - repriced_net
    price = bundle.price - bundle.value(bundle.units - part) if part is not None else 0  # what goes with the units
    did = Refunded(
        amount, fee, part or 0, price, freed, fee_net, repriced, repriced_net, rest,
        amount - out - vat_conceded, vat_conceded, vat_kept - of_fee + charged, undocumented,
    )  # fmt: skip
    moved = p._replace(
        paid=p.paid - freed,
        vat=p.vat - vat_out - vat_kept - vat_conceded,
        other=p.other + vat_conceded - (rest + repriced_net if _at_purchase(bundle) else 0),
        held=0 if part is None else p.held - share(p.held, *portion(bundle, part)),
        receipts=receipts,
        repriced=p.repriced + repriced,
    )
    bundle, short = without_debit(_without_units(rec, bundle, moved, part, price))
    return bundle, did._replace(conceded=did.conceded + short, conceded_vat=did.conceded_vat - short)


def _without_units(rec: Recording, bundle: Bundle, moved: Position, part: int | None, price: int) -> Bundle:
    """The bundle after a refund: ended, or without the units that were paid back."""
    before = bundle.position
    if part is None:
        bundle = bundle._replace(status=Status.REFUNDED)
        due = min(moved.due, max(moved.paid + moved.lost, moved.delivered))
    else:
        bundle = cut(bundle, part, price)
        due = min(moved.due, bundle.price)
    bundle = paid_out(bundle, before, moved, due, rec.percent(bundle, rec.event.date))
    return bundle._replace(position=itemised(bundle.position, rec.event.id))


def _money_leg(rec: Recording, fact: RefundIssued, amount: int) -> Posting:
    if fact.method is None:
        return Posting(Role.REFUNDS_PAYABLE, -amount)
    return Posting(rec.money_role(fact.method), -amount, method=fact.method.value)


def _repriced(bundle: Bundle, rest: int) -> int:
    """Of what is left after refund and fee, what brings the used units to list price."""
    if bundle.terms.policy.refund_basis is not RefundBasis.LIST or not bundle.terms.policy.principal:
        return 0
    return min(rest, max(list_used(bundle) - contract_used(bundle), 0))


def judge_requested(rec: Recording, bundle: Bundle, event: Event, fact: RefundRequested) -> tuple[Bundle, int]:
    """`refund.requested` fixes the quote of the day; there must be one."""
    offered = quote(bundle, event.date, rec.book.currency)
    if not offered.amount and not rec.known:
        raise Refused(
            f"refund {fact.refund}: the quote of bundle {bundle.id} on {event.date} is {offered.formula}; nothing can be asked "
            "back. Record refund.issued with an `exception`, or bundle.terminated",
            rule=offered.clause,
            field="bundle",
        )
    return bundle, 0


def book_requested(rec: Recording, bundle: Bundle, fact: RefundRequested, _effect: int) -> Bundle:
    """Nothing is posted; the quote is kept under the refund's id."""
    recorded = rec.recorded(Kind.REQUEST, fact.refund)
    offered = quote(bundle, rec.event.date, rec.book.currency)
    parts = recorded.parts if recorded else (offered.amount, offered.fee)
    rec.move(Movement(Kind.REQUEST, fact.refund, rec.seq, rec.event.date, bundle.id, bundle.customer, parts=parts))
    return bundle


def requested(rec: Recording, refund: str) -> Movement:
    """The refund that was asked for and not answered; Refused when there is none."""
    movement = rec.movement(Kind.REQUEST, refund)
    if movement is None:
        raise Refused(f"refund {refund} was not requested", rule="events.md 4 refund.rejected", field="refund")
    if rec.movement(Kind.REFUND, refund) is not None:
        raise Refused(
            f"refund {refund} was issued; reverse it with refund.reversed", rule="events.md 4 refund.rejected", field="refund"
        )
    rec.not_before(movement, "refund")
    return movement


def judge_rejected(rec: Recording, bundle: Bundle, _event: Event, _fact: RefundRejected) -> tuple[Bundle, int]:
    """A request that is turned down changes nothing."""
    return bundle, 0


def book_rejected(rec: Recording, bundle: Bundle, fact: RefundRejected, _effect: int) -> Bundle:
    """Kept, so that the refund cannot be issued any more."""
    rec.move(Movement(Kind.REJECTED, fact.refund, rec.seq, rec.event.date, bundle.id, bundle.customer))
    return bundle


def original_of(rec: Recording, refund: str) -> Movement:
    """The refund that is settled or undone; Refused when unknown."""
    movement = rec.movement(Kind.REFUND, refund)
    if movement is None:
        raise Refused(f"refund {refund} is not known", rule="events.md 4 refund.settled, refund.reversed", field="refund")
    return movement


def check_standing(rec: Recording, refund: str) -> Movement:
    """The refund, refused when it was undone before."""
    movement = original_of(rec, refund)
    if rec.movement(Kind.REFUND_UNDONE, refund) is not None:
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
    movement = rec.movement(Kind.REFUND, fact.refund)
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
    did = Refunded(*original_of(rec, fact.refund).parts)
    if did.units:
        return regrown(bundle, did.units, did.price), -did.units
    return bundle._replace(status=Status.OPEN), -bundle.units + bundle.used


def book_unrefunded(rec: Recording, bundle: Bundle, fact: RefundReversed, _effect: int) -> Bundle:
    """Mirror of the refund and of its settlement: the money came back, or was never paid."""
    movement = original_of(rec, fact.refund)
    did = Refunded(*movement.parts)
    settled = rec.movement(Kind.REFUND_SETTLED, fact.refund)
    if settled is not None:
        rec.not_before(settled, "the settlement of refund")
    entries = [rec.book.entry(m.entry) for m in (movement, settled) if m is not None and m.entry]
    money = [p._replace(amount=-p.amount) for e in entries for p in e.postings if p.method or p.role is Role.REFUNDS_PAYABLE]
    if not sum(p.amount for p in money if p.role is Role.REFUNDS_PAYABLE):
        money = [p for p in money if p.role is not Role.REFUNDS_PAYABLE]
    at_purchase = _at_purchase(bundle)
    bundle = _held_again(rec, bundle, did, fact.refund)
    number = rec.shift(
        "refund.reversed",
        bundle,
        lead=(*money, Posting(Role.REFUND_CONTRA, -did.conceded)),
        tail=tuple(leg._replace(amount=-leg.amount) for leg in _kept(did, at_purchase=at_purchase)),
        revenue=Role.REFUND_CONTRA if at_purchase else Role.REVENUE_PACKAGE,
        branch=bundle.branch,
        corrects=movement.entry or None,
    )
    rec.move(
        Movement(Kind.REFUND_UNDONE, fact.refund, rec.seq, rec.event.date, bundle.id, bundle.customer, entry=number),
    )
    return bundle


def _held_again(rec: Recording, bundle: Bundle, did: Refunded, ref: str) -> Bundle:
    """What was paid back counts towards the price again; instalments that fell due meanwhile are due."""
    p = bundle.position
    receipts, vat = give(p.receipts, did.documented) if p.receipts else (p.receipts, 0)
    moved = p._replace(
        paid=p.paid + did.freed,
        vat=p.vat + vat,
        other=p.other - did.conceded_vat + (did.rest + did.repriced_net if _at_purchase(bundle) else 0),
        receipts=receipts,
        repriced=p.repriced - did.repriced,
    )
    due = max(moved.due, fallen(bundle))
    with_vat = max(moved.paid, 0) - max(p.paid, 0)  # of money that had come back to its payer, none returns
    before = moved._replace(due=min(moved.due + with_vat, due)) if bundle.terms.policy.principal else p
    bundle = bundle._replace(position=moved._replace(due=due))
    bundle = rebilled(bundle, before, rec.percent(bundle, rec.event.date))
    return bundle._replace(position=itemised(bundle.position, ref))
