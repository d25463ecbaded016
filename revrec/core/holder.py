"""Who holds, uses and delivers a bundle: sale, void, transfer, sharing, change of provider."""

from __future__ import annotations

from datetime import date

from revrec.core import units
from revrec.core.book import Book, Kind, Movement
from revrec.core.breakage import charge_fee, check_fee_tax
from revrec.core.bundle import PLAIN, Bundle, ClaimKind, Plan, Position, Status
from revrec.core.clock import respread, undue
from revrec.core.errors import Refused
from revrec.core.events import (
    BreakageEstimated,
    BundleOpened,
    BundleProviderChanged,
    BundleShared,
    BundleSold,
    BundleTransferred,
    BundleUnshared,
    BundleVoided,
    Event,
    Fact,
    Instalment,
)
from revrec.core.journal import INCOME_ROLES, Posting, Role
from revrec.core.layers import cut
from revrec.core.money import share
from revrec.core.payer import Bound
from revrec.core.policy import Bonus, Breakage, Obligation, Owner, Recognition, Sharing, Terms, Transfer, Voucher
from revrec.core.position import itemised, paid_out, squared
from revrec.core.recording import Recording
from revrec.core.refund import portion, unused
from revrec.core.tax import Receipt, Receipts, take
from revrec.core.units import UNIT, Unit


def post_sale(rec: Recording, fact: BundleSold) -> Bundle:
    """Create the bundle under the terms of the day; a sale posts nothing before money, use or a due date (IFRS 15.105-108)."""
    event = rec.event
    rec.unused(Kind.SALE, fact.bundle, "bundle", "bundle")
    bundle = _made(event, fact, rec.book.catalogue.terms(fact.package, event.date), rec.seq)
    _check_sale(rec, bundle, fact)
    if fact.instalments or fact.payers:
        _check_parts(rec, bundle, fact)
    estimate = estimate_on(rec.book, bundle, event.date)
    bundle = bundle._replace(plan=_plan(bundle, event, fact, estimate, cash=rec.book.regime.vat_cash))
    born(rec, bundle)
    return bundle


def _made(event: Event, fact: BundleSold, terms: Terms, seq: int) -> Bundle:
    """The bundle as its sale says, what is left open from the catalogue."""
    package = terms.package
    bonus = package.bonus_units if fact.bonus_units is None else fact.bonus_units
    count = (package.units if fact.units is None else fact.units) + bonus
    price = (package.price if fact.price is None else fact.price) - (fact.discount.amount if fact.discount else 0)
    return Bundle(
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
        seq=seq,
        beneficiaries=(fact.beneficiary,) if fact.beneficiary and fact.beneficiary != fact.customer else (),
        provider=fact.provider,
        fixed_expiry=fact.expires_on,
        layers=((count - bonus, price), (bonus, 0)) if bonus and terms.policy.bonus is Bonus.LAST else (),
    )


def _plan(bundle: Bundle, event: Event, fact: BundleSold, estimate: int, *, cash: bool) -> Plan:
    """Instalments, payers and a foreign price, where the sale has any."""
    instalments = tuple(Instalment(max(i.due_on, event.date), i.amount) for i in fact.instalments)
    plan = plan_of(bundle, event, estimate, instalments or firm(bundle, event.date), cash=cash)
    if fact.payers or fact.foreign:
        bounds = tuple(Bound(payer.customer, payer.amount) for payer in fact.payers)
        plan = plan._replace(payers=bounds, foreign=fact.foreign, event=event.id, source=event.source)
    return plan


def firm(bundle: Bundle, day: date) -> tuple[Instalment, ...]:
    """A price that the customer may not walk away from is due on the day of sale (events.md 4a, Money due)."""
    owed = bundle.terms.policy.obligation is Obligation.NONCANCELLABLE and bundle.price > 0
    return (Instalment(day, bundle.price),) if owed else ()


def plan_of(bundle: Bundle, event: Event, estimate: int, instalments: tuple[Instalment, ...], *, cash: bool) -> Plan:
    """What falls due, accrues or waits for the clock of a bundle that is born, and the scheme of its VAT."""
    policy = bundle.terms.policy
    cash = cash and bool(bundle.terms.tax.percent)
    straight = policy.recognition is Recognition.STRAIGHT_LINE
    if not (straight or cash or estimate or instalments or policy.refund_expected):
        return PLAIN
    line = event.date if straight else None
    return Plan(instalments, line_from=line, expected_used=estimate, cash=cash, event=event.id, source=event.source)


def estimate_on(book: Book, bundle: Bundle, day: date) -> int:
    """The estimate of the portfolio in force when a bundle is born, in millionths; 0: the policy's own."""
    policy = bundle.terms.policy
    if policy.breakage is not Breakage.PROPORTIONAL:
        return 0
    known = [e for seq, e in book.estimates(policy.id) if e.date <= day and seq < bundle.seq]
    latest = max(reversed(known), key=lambda e: e.date, default=None)
    return latest.data.expected_used if latest is not None and isinstance(latest.data, BreakageEstimated) else 0


def _check_parts(rec: Recording, bundle: Bundle, fact: BundleSold) -> None:
    """Instalments and payers' parts add up to the price."""
    for name, amounts in (("instalments", [i.amount for i in fact.instalments]), ("payers", [p.amount for p in fact.payers])):
        if amounts and sum(amounts) != bundle.price:
            raise Refused(
                f"bundle {bundle.id}: the {name} add up to {rec.money(sum(amounts))}, the price is {rec.money(bundle.price)}",
                rule="events.md 4 bundle.sold",
                field=name,
            )


def _check_sale(rec: Recording, bundle: Bundle, fact: BundleSold) -> None:
    terms, count, day = bundle.terms, bundle.units, bundle.sold_on
    if bundle.price < 0 and fact.discount is not None:
        raise Refused(
            f"discount {fact.discount.code} of {rec.money(fact.discount.amount)} is above the price of "
            f"{rec.money(bundle.price + fact.discount.amount)}",
            rule="events.md 4 bundle.sold",
            field="discount.amount",
        )
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
    if terms.policy.recognition is Recognition.STRAIGHT_LINE and bundle.expires_on is None:
        raise Refused(
            f"bundle {fact.bundle}: a straight line needs a last day, and this bundle has none. "
            "Give `expires_on`, or expiry_months with expiry_from = sale in the policy",
            rule="events.md 4a Straight line",
            field="expires_on",
        )
    if terms.policy.recognition is Recognition.STRAIGHT_LINE and terms.tax.voucher is Voucher.MULTI:
        raise Refused(
            f"bundle {fact.bundle}: tax {terms.tax.id} is due at redemption (voucher = multi), and a straight line has none: "
            "sell it under a policy with recognition = per_session, or under a tax with voucher = single",
            rule="events.md 4a VAT; Directive 2006/112, art. 30b(2)",
            field="package",
        )


def born(rec: Recording, bundle: Bundle, entry: int = 0) -> None:
    """The birth of a bundle, with what replaying its history needs."""
    position = bundle.position
    parts = (
        bundle.units,
        bundle.bonus_units,
        bundle.price,
        bundle.list_price,
        position.paid,
        position.vat,
        position.held,
        bundle.fixed_expiry.toordinal() if bundle.fixed_expiry else 0,
        *(number for i in bundle.plan.instalments for number in (i.due_on.toordinal(), i.amount)),
    )
    rec.move(Movement(Kind.SALE, bundle.id, rec.seq, rec.event.date, bundle.id, bundle.customer, entry=entry, parts=parts))


def receipt_of(bundle: Bundle, paid: int, vat: int) -> Receipts:
    """The money that a bundle is born with, as one payment; an agent's VAT is not in its customers' money."""
    return (Receipt(bundle.id, paid, vat),) if vat and bundle.terms.policy.principal else ()


def reborn(book: Book, bundle: Bundle, birth: Movement, event: Event) -> Bundle:
    """The bundle as it was born, for replaying its history."""
    fact = event.data
    if isinstance(fact, BundleSold) and fact.bundle == bundle.id:
        fresh = _made(event, fact, bundle.terms, birth.seq)
        return fresh._replace(plan=_plan(fresh, event, fact, estimate_on(book, fresh, event.date), cash=bundle.plan.cash))
    count, bonus, price, list_price, paid, vat, held, expiry, *parts = birth.parts
    due = tuple(Instalment(date.fromordinal(day), amount) for day, amount in zip(parts[::2], parts[1::2], strict=True))
    estimate = estimate_on(book, bundle, birth.date)
    plan = plan_of(bundle, event, estimate, due, cash=bundle.plan.cash)
    return bundle._replace(
        customer=birth.customer or bundle.customer,
        units=count,
        bonus_units=bonus,
        price=price,
        list_price=list_price,
        used=0,
        status=Status.OPEN,
        beneficiaries=(fact.beneficiary,)
        if isinstance(fact, BundleOpened) and fact.beneficiary and fact.beneficiary != fact.customer
        else (),
        provider=None if isinstance(fact, BundleOpened) else bundle.provider,
        fixed_expiry=date.fromordinal(expiry) if expiry else None,
        starts=tuple(start for start in bundle.starts if start[1] == bundle.id),
        lapsed_on=None,
        expiry_event=event.id,
        expiry_source=event.source,
        last_date=birth.date,
        position=Position(paid=paid, vat=vat, held=held, receipts=receipt_of(bundle, paid, vat)),
        layers=(),
        clock=None,
        remote=False,
        plan=plan,
    )


def judge_voided(rec: Recording, bundle: Bundle, _event: Event, fact: BundleVoided) -> tuple[Bundle, int]:
    """Only unused and with no money on it."""
    others = any(claim.kind is not ClaimKind.PACKAGE for claim in bundle.position.claims)
    if bundle.status is not Status.OPEN or bundle.used or bundle.position.paid or others:
        used = f"{units.text(bundle.used)} used, {rec.money(bundle.position.paid)} paid"
        raise Refused(
            f"bundle {bundle.id} ({bundle.status}, {used}) is not untouched; refund or terminate it instead",
            rule="events.md 4 bundle.voided",
            field="bundle",
        )
    return bundle, bundle.left


def book_voided(rec: Recording, bundle: Bundle, _fact: BundleVoided, _effect: int) -> Bundle:
    """The sale never was: what had fallen due is not owed."""
    bundle = undue(rec, bundle._replace(status=Status.VOIDED))
    rec.noted(bundle, rec.shift("sale.voided", bundle, branch=bundle.branch))
    return bundle


def nothing(rec: Recording, bundle: Bundle, _fact: Fact, _effect: int) -> Bundle:
    """A change of rights that posts nothing."""
    return bundle


def judge_transferred(rec: Recording, bundle: Bundle, event: Event, fact: BundleTransferred) -> tuple[Bundle, int]:
    """To whom the policy allows; the effect is the units that move."""
    _check_transfer(rec, bundle, event, fact)
    check_fee_tax(bundle, fact.fee)
    if fact.units is None:
        return bundle, bundle.left
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
    if rec.known:
        return True
    household = rec.book.customer(one).household
    return one == other or (household is not None and household == rec.book.customer(other).household)


def book_transferred(rec: Recording, bundle: Bundle, fact: BundleTransferred, effect: int) -> Bundle:
    """The liability follows the holder or the units; nothing is earned (accounting.md 4, invariant 15)."""
    if fact.units is not None and fact.to_bundle is not None:
        bundle = _split(rec, bundle, fact.to_customer, fact.to_bundle, effect)
    else:
        giver = bundle.customer
        bundle = bundle._replace(customer=fact.to_customer, beneficiaries=())
        legs = [leg for role, amount in _standing(bundle) for leg in _hand_over(role, amount, giver, fact.to_customer)]
        rec.noted(bundle, rec.entry("transfer.holder", legs, bundle, branch=bundle.branch))
    return charge_fee(rec, bundle, fact.fee, "fee.transfer")


def _standing(bundle: Bundle) -> tuple[tuple[Role, int], ...]:
    """What is owed to and by the holder, debit positive."""
    b = bundle.balances
    others = sum(claim.amount for claim in bundle.position.claims if claim.kind is not ClaimKind.PACKAGE)
    return (
        (Role.CONTRACT_LIABILITY, -b.contract_liability),
        (Role.REFUND_LIABILITY, -b.refund_liability),
        (Role.CLIENT_MONEY, -b.client_money),
        (Role.CONTRACT_ASSET, b.contract_asset),
        (Role.RECEIVABLE, b.receivable + others),
    )


def _hand_over(role: Role, balance: int, giver: str, taker: str) -> tuple[Posting, Posting]:
    return Posting(role, -balance, customer=giver), Posting(role, balance, customer=taker)


def _split(rec: Recording, bundle: Bundle, customer: str, to_bundle: str, taken: int) -> Bundle:
    """Part of the units becomes a bundle of its own, with its share of price, money and validity."""
    bundle = respread(rec, bundle)
    recorded = rec.recorded(Kind.SALE, to_bundle)
    price = recorded.parts[2] if recorded else bundle.price - bundle.value(bundle.units - taken)
    of = portion(bundle, taken)
    paid = recorded.parts[4] if recorded else share(unused(bundle), *of)
    held = recorded.parts[6] if recorded else share(bundle.position.held, *of)
    percent = rec.percent(bundle, rec.event.date)
    rest, vat = given_away(cut(bundle, taken, price), paid, held, percent)
    rest = rest._replace(position=itemised(rest.position, rec.event.id))
    vat = recorded.parts[5] if recorded else vat
    rest, due = _parted(rest, rec.event.date)
    part = _part(rec, bundle, customer, to_bundle, taken, price, due)
    part = part._replace(position=Position(paid=paid, vat=vat, held=held, receipts=receipt_of(part, paid, vat)))
    legs = [*rec.legs(rest), *rec.legs(part)]
    moves = any(leg.role not in INCOME_ROLES for leg in legs)  # at purchase the revenue stays where it was earned
    number = rec.entry("transfer.units", legs, bundle, branch=bundle.branch) if moves else 0
    rec.noted(rest, number)
    born(rec, part, number)
    rec.changes.bundles[to_bundle] = part
    return rest


def _parted(bundle: Bundle, day: date) -> tuple[Bundle, tuple[Instalment, ...]]:
    """Instalments within the price that is left, and those that go with the units that are not: the last ones."""
    kept, gone, left = [], [], bundle.price
    for i in bundle.plan.instalments:
        amount = min(i.amount, left)
        left -= amount
        kept.append(Instalment(i.due_on, amount))
        gone.append(Instalment(max(i.due_on, day), i.amount - amount))
    if not kept:
        return bundle, ()
    plan = bundle.plan._replace(instalments=tuple(i for i in kept if i.amount))
    return bundle._replace(plan=plan), tuple(i for i in gone if i.amount)


def given_away(bundle: Bundle, paid: int, held: int, percent: int) -> tuple[Bundle, int]:
    """Money that goes with units to another bundle, newest payment first: (bundle, the VAT that goes with it)."""
    before = bundle.position
    receipts, vat = take(before.receipts, paid)
    moved = before._replace(paid=before.paid - paid, held=before.held - held, receipts=receipts, vat=before.vat - vat)
    owed = bundle.price if bundle.status is Status.OPEN else moved.delivered
    rest = paid_out(bundle, before, moved, min(moved.due, max(owed, moved.paid + moved.lost)), percent)
    bundle = squared(rest)
    if not bundle.terms.policy.principal:
        return bundle, before.vat - bundle.position.vat
    return bundle, vat + rest.position.vat - bundle.position.vat


def _part(
    rec: Recording, bundle: Bundle, customer: str, to_bundle: str, taken: int, price: int, due: tuple[Instalment, ...]
) -> Bundle:
    day = rec.event.date
    part = bundle._replace(
        id=to_bundle,
        customer=customer,
        units=taken,
        bonus_units=0,
        price=price,
        layers=(),
        used=0,
        beneficiaries=(),
        starts=((day, to_bundle),) if bundle.starts else (),  # what had begun has begun for the part too
        lapsed_on=None,
        clock=None,
        remote=False,
        fixed_expiry=bundle.expires_on if bundle.starts or bundle.fixed_expiry else None,
        seq=rec.seq,
        last_date=day,
    )
    estimate = estimate_on(rec.book, part, day)
    return part._replace(plan=plan_of(part, rec.event, estimate, due, cash=bundle.plan.cash))


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
