"""Changes of units and price after the sale: top-ups, upgrades, price concessions (IFRS 15.18-21; RICAC 5)."""

from __future__ import annotations

from revrec.core import units
from revrec.core.book import Kind
from revrec.core.bundle import Bundle, Status
from revrec.core.clock import respread, undue
from revrec.core.errors import Refused
from revrec.core.events import BundlePriceReduced, BundleToppedUp, BundleUpgraded, Event, Instalment
from revrec.core.holder import born, estimate_on, firm, given_away, plan_of
from revrec.core.journal import Posting, Role
from revrec.core.layers import added, blended, relaid
from revrec.core.policy import Modification, Obligation, Recognition
from revrec.core.position import itemised, rebilled, received, squared
from revrec.core.recording import Recording
from revrec.core.refund import unused
from revrec.core.tax import take
from revrec.core.units import UNIT


def _check_alive(bundle: Bundle, event: Event, what: str) -> None:
    if bundle.status is not Status.OPEN or bundle.expired(event.date):
        ended = f"was {bundle.status}" if bundle.status is not Status.OPEN else f"expired on {bundle.valid_until}"
        raise Refused(
            f"bundle {bundle.id} {ended}; it cannot be {what}. Sell a new one",
            rule=f"events.md 4 {event.type}",
            field="bundle",
        )


def judge_topped_up(rec: Recording, bundle: Bundle, event: Event, fact: BundleToppedUp) -> tuple[Bundle, int]:
    """A living bundle; the effect is the units added."""
    _check_alive(bundle, event, "topped up")
    return bundle, fact.units


def book_topped_up(rec: Recording, bundle: Bundle, fact: BundleToppedUp, _effect: int) -> Bundle:
    """A separate layer at the stand-alone price, else one price for all that is left; nothing earned before changes."""
    bundle = respread(rec, bundle)
    listed = bundle.list_price if fact.list_price is None else fact.list_price
    grown = (
        added(bundle, fact.units, fact.price) if _separate(bundle, fact, listed) else _repriced(bundle, fact.units, fact.price)
    )
    return _owed_at_once(rec, grown, fact.price, "modification.topped-up")


def _repriced(bundle: Bundle, more: int, price: int) -> Bundle:
    """All that is left at one price; a straight line has one price anyway."""
    if bundle.plan.line_from is None and bundle.used:
        return blended(bundle, more, price)
    return relaid(bundle, ((bundle.units + more, bundle.price + price),))


def _separate(bundle: Bundle, fact: BundleToppedUp, listed: int) -> bool:
    chosen = Modification(fact.modification) if fact.modification else bundle.terms.policy.modification
    if chosen is Modification.AUTO:
        return fact.price * UNIT == listed * fact.units
    return chosen is Modification.SEPARATE


def _owed_at_once(rec: Recording, bundle: Bundle, amount: int, rule: str) -> Bundle:
    """What a modification adds to a price that the customer may not walk away from falls due with the clock of its day."""
    event = rec.event
    if bundle.terms.policy.obligation is Obligation.NONCANCELLABLE and amount > 0:
        due = Instalment(event.date, amount)
        plan = bundle.plan._replace(instalments=tuple(sorted((*bundle.plan.instalments, due), key=lambda i: i.due_on)))
        before = bundle.position
        bundle = bundle._replace(plan=plan, position=before._replace(due=before.due + amount))
        bundle = rebilled(bundle, before, rec.percent(bundle, event.date))
        bundle = bundle._replace(position=itemised(bundle.position, event.id))
    rec.noted(bundle, rec.shift(rule, bundle, branch=bundle.branch))
    return bundle


def judge_upgraded(rec: Recording, bundle: Bundle, event: Event, fact: BundleUpgraded) -> tuple[Bundle, int]:
    """A living bundle, and in place at least the units that were used; the effect is the units of the old one that go."""
    _check_alive(bundle, event, "upgraded")
    if fact.mode == "new_pack":
        return bundle, bundle.left
    count, price = _totals(rec, bundle, fact)
    if count < bundle.used or price < bundle.value(bundle.used):
        raise Refused(
            f"bundle {bundle.id}: {units.text(bundle.used)} units worth {rec.money(bundle.value(bundle.used))} are used; "
            f"it cannot become one of {units.text(count)} units for {rec.money(price)}",
            rule="events.md 4a Upgrade",
            field="to_package" if fact.to_package else "units",
        )
    return bundle, 0


def _totals(rec: Recording, bundle: Bundle, fact: BundleUpgraded) -> tuple[int, int]:
    """Units and price of the bundle after an upgrade in place: `to_package` gives the totals, units and price are added."""
    if fact.to_package is None:
        return bundle.units + (fact.units or 0), bundle.price + (fact.price or 0)
    package = rec.book.catalogue.terms(fact.to_package, rec.event.date).package
    return package.units + package.bonus_units, package.price


def book_upgraded(rec: Recording, bundle: Bundle, fact: BundleUpgraded, _effect: int) -> Bundle:
    """In place: what is left has one price. New pack: the unused value counts as paid on it."""
    bundle = respread(rec, bundle)
    if fact.mode == "new_pack":
        return _new_pack(rec, bundle, fact, fact.to_bundle or "")
    count, price = _totals(rec, bundle, fact)
    before = bundle.price
    bundle = _repriced(bundle, count - bundle.units, price - bundle.price)
    if price < before:
        return _less_due(rec, bundle, "modification.upgraded")
    return _owed_at_once(rec, bundle, price - before, "modification.upgraded")


def _new_pack(rec: Recording, bundle: Bundle, fact: BundleUpgraded, to_bundle: str) -> Bundle:
    """The old bundle ends with what was delivered of it; the fresh one begins with what was unused."""
    event = rec.event
    bundle = undue(rec, bundle)
    percent = rec.percent(bundle, event.date)
    recorded = rec.recorded(Kind.SALE, to_bundle)
    credit = unused(bundle)
    new = _fresh(rec, bundle, fact, to_bundle)
    counts = recorded.parts[4] if recorded else min(credit, new.price)
    excess = max(credit - counts, 0)
    old, _ = given_away(bundle._replace(status=Status.UPGRADED), counts + excess, bundle.position.held, percent)
    old = old._replace(position=itemised(old.position, event.id))
    new = received(new, to_bundle, 0, counts, rec.percent(new, event.date))
    legs = [*rec.legs(old), *rec.legs(new), Posting(Role.CUSTOMER_CREDIT, -excess)]
    number = rec.entry("modification.upgraded", legs, old, branch=bundle.branch)
    rec.credit(bundle.customer, excess)
    rec.noted(old, number)
    born(rec, new, number)
    rec.changes.bundles[to_bundle] = new
    return old


def _fresh(rec: Recording, bundle: Bundle, fact: BundleUpgraded, to_bundle: str) -> Bundle:
    """The new pack under the terms of the day: of `to_package`, or of the same package with other units and price."""
    event = rec.event
    terms = rec.book.catalogue.terms(fact.to_package or bundle.terms.package.id, event.date)
    package = terms.package
    bonus = package.bonus_units if fact.units is None else 0
    count = package.units + bonus if fact.units is None else fact.units
    price = package.price if fact.price is None else fact.price
    fresh = Bundle(
        id=to_bundle,
        terms=terms,
        customer=bundle.customer,
        branch=bundle.branch,
        sold_on=event.date,
        units=count,
        bonus_units=bonus,
        price=price,
        list_price=package.list_price,
        expiry_event=event.id,
        expiry_source=event.source,
        last_date=event.date,
        seq=rec.seq,
        provider=bundle.provider,
    )
    estimate = estimate_on(rec.book, fresh, event.date)
    return fresh._replace(plan=plan_of(fresh, event, estimate, firm(fresh, event.date), cash=rec.book.regime.vat_cash))


def judge_reduced(rec: Recording, bundle: Bundle, _event: Event, fact: BundlePriceReduced) -> tuple[Bundle, int]:
    """A price concession of at most the price."""
    if fact.amount > bundle.price:
        raise Refused(
            f"bundle {bundle.id}: {rec.money(fact.amount)} is more than its price of {rec.money(bundle.price)}",
            rule="events.md 4 bundle.price_reduced",
            field="amount",
        )
    if bundle.status is not Status.OPEN:
        raise Refused(
            f"bundle {bundle.id} was {bundle.status}; its price stands. Grant a credit instead (credit.granted)",
            rule="events.md 4 bundle.price_reduced",
            field="bundle",
        )
    return bundle, 0


def book_reduced(rec: Recording, bundle: Bundle, fact: BundlePriceReduced, _effect: int) -> Bundle:
    """Prospective on what is still to be delivered; beyond that it lowers revenue (IFRS 15.51-52; RICAC 14)."""
    bundle = respread(rec, bundle)
    used = bundle.position.delivered if bundle.plan.line_from else bundle.value(bundle.used)
    rest = max(bundle.price - used, 0) if bundle.left and not bundle.ended else 0
    prospective = min(fact.amount, rest)
    if prospective:
        bundle = _repriced(bundle, 0, -prospective)
    return _conceded(rec, bundle, fact.amount - prospective)


def _less_due(rec: Recording, bundle: Bundle, rule: str) -> Bundle:
    """What was due or paid above a lower price: no longer owed, or credit of the customer."""
    p, price = bundle.position, bundle.price
    percent = rec.percent(bundle, rec.event.date)
    plan = bundle.plan._replace(instalments=_within(bundle.plan.instalments, price)) if bundle.plan.instalments else bundle.plan
    over = max(p.paid + p.lost - max(price, p.delivered), 0)
    receipts, vat = take(p.receipts, over)
    lower = p._replace(paid=p.paid - over, vat=p.vat - vat, receipts=receipts)
    bundle = bundle._replace(position=lower._replace(due=min(p.due, price)), plan=plan)
    bundle = squared(rebilled(bundle, lower if bundle.terms.policy.principal else p, percent))
    bundle = bundle._replace(position=itemised(bundle.position, rec.event.id))
    tail = (Posting(Role.CUSTOMER_CREDIT, -over),)
    at_purchase = bundle.terms.policy.recognition is Recognition.AT_PURCHASE
    revenue = Role.REFUND_CONTRA if at_purchase else Role.REVENUE_PACKAGE
    rec.noted(bundle, rec.shift(rule, bundle, tail=tail, revenue=revenue, branch=bundle.branch))
    rec.credit(bundle.customer, over)
    return bundle


def _within(instalments: tuple[Instalment, ...], price: int) -> tuple[Instalment, ...]:
    """Instalments that add up to a lower price: the last ones shrink."""
    kept, left = [], price
    for part in instalments:
        kept.append(Instalment(part.due_on, min(part.amount, left)))
        left -= kept[-1].amount
    return tuple(part for part in kept if part.amount)


def _conceded(rec: Recording, bundle: Bundle, conceded: int) -> Bundle:
    """A concession on what was delivered lowers revenue; unpaid, the claim shrinks; paid, it is credit of the customer."""
    bundle = _less_due(rec, bundle, "modification.price-reduced")
    if not conceded:
        return bundle
    p = bundle.position
    forgiven = min(conceded, p.unpaid)
    credit = conceded - forgiven
    receipts, vat = take(p.receipts, credit)
    unpaid_vat = bundle.unpaid_vat(forgiven) if bundle.terms.policy.principal else 0
    moved = p._replace(lost=p.lost + forgiven, receipts=receipts, vat=p.vat - vat - unpaid_vat, other=p.other + vat + unpaid_vat)
    bundle = bundle._replace(position=itemised(moved, rec.event.id))
    contra = conceded - vat - unpaid_vat
    tail = (Posting(Role.REFUND_CONTRA, contra), Posting(Role.CUSTOMER_CREDIT, -credit))
    rec.noted(bundle, rec.shift("modification.price-reduced", bundle, tail=tail, branch=bundle.branch))
    rec.credit(bundle.customer, credit)
    return bundle
