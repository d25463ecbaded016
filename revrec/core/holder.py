"""Who holds, uses and delivers a bundle: sale, void, transfer, sharing, change of provider."""

from __future__ import annotations

from datetime import date

from revrec.core import units
from revrec.core.book import Kind, Movement
from revrec.core.breakage import charge_fee, check_fee_tax
from revrec.core.bundle import Bundle, Position, Status
from revrec.core.errors import Refused
from revrec.core.events import (
    BundleProviderChanged,
    BundleShared,
    BundleSold,
    BundleTransferred,
    BundleUnshared,
    BundleVoided,
    Event,
    Fact,
)
from revrec.core.journal import Posting, Role
from revrec.core.money import share
from revrec.core.policy import Owner, Recognition, Sharing, Terms, Transfer
from revrec.core.recording import Recording
from revrec.core.refund import portion
from revrec.core.units import UNIT, Unit


def post_sale(rec: Recording, fact: BundleSold) -> Bundle:
    """Create the bundle under the terms of the day; a cancellable sale posts nothing (IFRS 15.105-107)."""
    event = rec.event
    rec.unused(Kind.SALE, fact.bundle, "bundle", "bundle")
    terms = rec.book.catalogue.terms(fact.package, event.date)
    package = terms.package
    bonus = package.bonus_units if fact.bonus_units is None else fact.bonus_units
    count = (package.units if fact.units is None else fact.units) + bonus
    price = _price(rec, fact, terms)
    _check_sale(fact, terms, count, event.date)
    bundle = Bundle(
        id=fact.bundle,
        terms=terms,
        customer=fact.customer,
        branch=event.branch,
        sold_on=event.date,
        units=count,
        bonus_units=bonus,
        price=price,
        list_price=package.list_price if fact.list_price is None else fact.list_price,
        expiry_event=event.id,
        expiry_source=event.source,
        last_date=event.date,
        seq=rec.seq,
        beneficiaries=(fact.beneficiary,) if fact.beneficiary and fact.beneficiary != fact.customer else (),
        provider=fact.provider,
        fixed_expiry=fact.expires_on,
    )
    _born(rec, bundle)
    return bundle


def _price(rec: Recording, fact: BundleSold, terms: Terms) -> int:
    price = terms.package.price if fact.price is None else fact.price
    if fact.discount is None:
        return price
    if fact.discount.amount > price:
        raise Refused(
            f"discount {fact.discount.code} of {rec.money(fact.discount.amount)} is above the price of {rec.money(price)}",
            rule="events.md 4 bundle.sold",
            field="discount.amount",
        )
    return price - fact.discount.amount


def _check_sale(fact: BundleSold, terms: Terms, count: int, day: date) -> None:
    if count <= 0:
        raise Refused(f"bundle {fact.bundle} has no units", rule="events.md 4 bundle.sold", field="units")
    if count % UNIT and terms.package.unit in (Unit.SESSION, Unit.MINUTE):
        raise Refused(
            f"bundle {fact.bundle}: {units.text(count)} units; "
            f"{terms.package.unit}s are sold whole, only hours and money in parts",
            rule="events.md 4: units",
            field="units",
        )
    if fact.expires_on is not None and fact.expires_on < day:
        raise Refused(
            f"bundle {fact.bundle} would expire on {fact.expires_on}, before its sale on {day}",
            rule="events.md 4a Validity",
            field="expires_on",
        )
    if terms.policy.owner is Owner.PROVIDER and fact.provider is None:
        raise Refused(
            f"bundle {fact.bundle}: policy {terms.policy.version} sells for one provider; name the provider",
            rule=f"policy {terms.policy.version} owner = provider",
            field="provider",
        )


def _born(rec: Recording, bundle: Bundle, entry: int = 0) -> None:
    """The birth of a bundle, with what replaying its history needs."""
    position = bundle.position
    parts = (
        bundle.units,
        bundle.bonus_units,
        bundle.price,
        bundle.list_price,
        position.paid,
        position.earned,
        position.liability,
        bundle.fixed_expiry.toordinal() if bundle.fixed_expiry else 0,
    )
    rec.move(
        Movement(
            Kind.SALE,
            bundle.id,
            rec.seq,
            rec.event.date,
            bundle.id,
            bundle.customer,
            liability=position.liability,
            entry=entry,
            parts=parts,
        ),
    )


def reborn(bundle: Bundle, birth: Movement, event: Event) -> Bundle:
    """The bundle as it was born, for replaying its history."""
    count, bonus, price, list_price, paid, earned, liability, expiry = birth.parts
    fact = event.data
    sold = fact if isinstance(fact, BundleSold) else None
    return bundle._replace(
        customer=birth.customer or bundle.customer,
        units=count,
        bonus_units=bonus,
        price=price,
        list_price=list_price,
        used=0,
        status=Status.OPEN,
        beneficiaries=(sold.beneficiary,) if sold and sold.beneficiary and sold.beneficiary != sold.customer else (),
        provider=sold.provider if sold else bundle.provider,
        fixed_expiry=date.fromordinal(expiry) if expiry else None,
        starts=tuple(start for start in bundle.starts if start[1] == bundle.id),
        lapsed_on=None,
        expiry_event=event.id,
        expiry_source=event.source,
        last_date=birth.date,
        position=Position(paid=paid, earned=earned, liability=liability),
    )


def judge_voided(rec: Recording, bundle: Bundle, _event: Event, fact: BundleVoided) -> tuple[Bundle, int]:
    """Only unused and with no money on it."""
    if bundle.status is not Status.OPEN or bundle.used or bundle.position.paid or bundle.position.claims:
        used = f"{units.text(bundle.used)} used, {rec.money(bundle.position.paid)} paid"
        raise Refused(
            f"bundle {bundle.id} ({bundle.status}, {used}) is not untouched; refund or terminate it instead",
            rule="events.md 4 bundle.voided",
            field="bundle",
        )
    return bundle._replace(status=Status.VOIDED), bundle.left


def nothing(rec: Recording, bundle: Bundle, _fact: Fact, _effect: int) -> Bundle:
    """A change of rights that posts nothing."""
    return bundle


def judge_transferred(rec: Recording, bundle: Bundle, event: Event, fact: BundleTransferred) -> tuple[Bundle, int]:
    """To whom the policy allows; the effect is the units that move."""
    _check_transfer(rec, bundle, event, fact)
    check_fee_tax(bundle, fact.fee)
    if fact.units is None:
        return bundle._replace(customer=fact.to_customer, beneficiaries=()), bundle.left
    if not 0 < fact.units <= bundle.left:
        raise Refused(
            f"bundle {bundle.id}: {units.text(fact.units)} units to transfer, {units.text(bundle.left)} left",
            rule="events.md 4 bundle.transferred",
            field="units",
        )
    return bundle, fact.units


def _check_transfer(rec: Recording, bundle: Bundle, event: Event, fact: BundleTransferred) -> None:
    policy = bundle.terms.policy
    clause = f"policy {policy.version} transfer = {policy.transfer}"
    if bundle.status is not Status.OPEN or bundle.expired(event.date) or not bundle.left:
        raise Refused(f"bundle {bundle.id} has nothing left to transfer", rule="events.md 4 bundle.transferred", field="bundle")
    if fact.to_customer == bundle.customer and fact.units is None:
        raise Refused(
            f"bundle {bundle.id} is {bundle.customer}'s already", rule="events.md 4 bundle.transferred", field="to_customer"
        )
    if policy.transfer is Transfer.NONE:
        raise Refused(f"bundle {bundle.id} is personal: its policy allows no transfer", rule=clause, field="to_customer")
    if policy.transfer is Transfer.FAMILY and not fact.related and not _one_household(rec, bundle.customer, fact.to_customer):
        raise Refused(
            f"{fact.to_customer} is not of the household of {bundle.customer}. "
            "Register both with one `household`, or name the `relation`",
            rule=clause,
            field="to_customer",
        )


def _one_household(rec: Recording, one: str, other: str) -> bool:
    household = rec.book.customer(one).household
    return one == other or (household is not None and household == rec.book.customer(other).household)


def book_transferred(rec: Recording, bundle: Bundle, fact: BundleTransferred, effect: int) -> Bundle:
    """The liability follows the holder or the units; nothing is earned (accounting.md 4, invariant 15)."""
    if fact.units is not None and fact.to_bundle is not None:
        bundle = _split(rec, bundle, fact.to_customer, fact.to_bundle, effect)
    else:
        before = rec.book.bundle(bundle.id)
        giver = before.customer if before else bundle.customer
        owed, claimed = bundle.position.liability, bundle.position.claimed_package
        other = bundle.position.claimed - claimed
        legs = (
            *_hand_over(Role.CONTRACT_LIABILITY, -owed, giver, fact.to_customer),
            *_hand_over(bundle.claim_role, claimed, giver, fact.to_customer),
            *_hand_over(Role.RECEIVABLE, other, giver, fact.to_customer),
        )
        rec.entry("transfer.holder", legs, bundle, branch=bundle.branch)
    return charge_fee(rec, bundle, fact.fee, "fee.transfer")


def _hand_over(role: Role, balance: int, giver: str, taker: str) -> tuple[Posting, Posting]:
    return Posting(role, -balance, customer=giver), Posting(role, balance, customer=taker)


def _split(rec: Recording, bundle: Bundle, customer: str, to_bundle: str, taken: int) -> Bundle:
    """Part of the units becomes a bundle of its own, with its share of price, money and validity."""
    position = bundle.position
    kept = bundle.value(bundle.units - taken)
    price = bundle.price - kept
    unearned = max(position.paid - bundle.value(bundle.used), 0)
    at_purchase = bundle.terms.policy.recognition is Recognition.AT_PURCHASE
    paid = share(unearned if at_purchase else position.liability, *portion(bundle, taken))
    earned, liability = (paid, 0) if at_purchase else (0, paid)
    part = bundle._replace(
        id=to_bundle,
        customer=customer,
        units=taken,
        bonus_units=0,
        price=price,
        used=0,
        beneficiaries=(),
        starts=((rec.event.date, to_bundle),) if bundle.starts else (),  # what had begun has begun for the part too
        lapsed_on=None,
        fixed_expiry=bundle.expires_on if bundle.starts or bundle.fixed_expiry else None,
        seq=rec.seq,
        last_date=rec.event.date,
        position=Position(paid=paid, earned=earned, liability=liability),
    )
    legs = (
        Posting(Role.CONTRACT_LIABILITY, liability, bundle=bundle.id, customer=bundle.customer),
        Posting(Role.CONTRACT_LIABILITY, -liability, bundle=to_bundle, customer=customer),
    )
    number = rec.entry("transfer.units", legs, bundle, branch=bundle.branch)
    rec.note(bundle, rec.event.date, -liability, number)
    _born(rec, part, number)
    rec.changes.bundles[to_bundle] = part
    position = position._replace(
        paid=position.paid - paid,
        earned=position.earned - earned,
        liability=position.liability - liability,
    )
    return bundle._replace(units=bundle.units - taken, price=kept, position=position)


def check_split(rec: Recording, fact: BundleTransferred) -> None:
    """`units` and `to_bundle` come together, and the new bundle's id is free."""
    if (fact.units is None) != (fact.to_bundle is None):
        raise Refused(
            f"bundle {fact.bundle}: a transfer of part of it needs both `units` and `to_bundle`",
            rule="events.md 4 bundle.transferred",
            field="units" if fact.units is None else "to_bundle",
        )
    if fact.to_bundle is not None:
        rec.unused(Kind.SALE, fact.to_bundle, "bundle", "to_bundle")


def judge_shared(rec: Recording, bundle: Bundle, _event: Event, fact: BundleShared) -> tuple[Bundle, int]:
    """With the household, when the policy shares."""
    policy = bundle.terms.policy
    clause = f"policy {policy.version} sharing = {policy.sharing}"
    if policy.sharing is Sharing.NONE:
        raise Refused(f"bundle {bundle.id} is personal: its policy allows no sharing", rule=clause, field="beneficiary")
    if not _one_household(rec, bundle.customer, fact.beneficiary):
        raise Refused(
            f"{fact.beneficiary} is not of the household of {bundle.customer}. Register both with one `household`",
            rule=clause,
            field="beneficiary",
        )
    if fact.beneficiary == bundle.customer or fact.beneficiary in bundle.beneficiaries:
        return bundle, 0
    return bundle._replace(beneficiaries=(*bundle.beneficiaries, fact.beneficiary)), 0


def judge_unshared(rec: Recording, bundle: Bundle, _event: Event, fact: BundleUnshared) -> tuple[Bundle, int]:
    """Only one with whom it is shared."""
    if fact.beneficiary not in bundle.beneficiaries:
        raise Refused(
            f"bundle {bundle.id} is not shared with {fact.beneficiary}",
            rule="events.md 4 bundle.unshared",
            field="beneficiary",
        )
    return bundle._replace(beneficiaries=tuple(b for b in bundle.beneficiaries if b != fact.beneficiary)), 0


def judge_provider(rec: Recording, bundle: Bundle, _event: Event, fact: BundleProviderChanged) -> tuple[Bundle, int]:
    """From now on this provider delivers."""
    return bundle._replace(provider=fact.provider), 0
