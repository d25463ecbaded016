"""Sessions: units used, missed, cancelled late, undone; and visits outside any bundle."""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple

from revrec.core import units
from revrec.core.book import Kind, Movement, Visit
from revrec.core.breakage import fee_legs, fee_vat, returned
from revrec.core.bundle import Bundle, ClaimKind, Position, Status
from revrec.core.errors import Refused
from revrec.core.events import Event, SessionCancelled, SessionCompleted, SessionNoShow, SessionReversed, SessionWaived
from revrec.core.journal import Posting, Role
from revrec.core.losses import netted, reclaimed
from revrec.core.money import share
from revrec.core.payment import counted, other_legs, without_debit, without_start
from revrec.core.policy import Charge, ExpiryFrom, Overage, Owner, Policy, UnpaidUse, Voucher
from revrec.core.position import drop, itemised, owe, passed_on, performed, squared, unperformed
from revrec.core.recording import Recording
from revrec.core.refund import beyond
from revrec.core.tax import included, on_top, take
from revrec.core.units import UNIT, Unit

MINUTE = timedelta(minutes=1)


class Nature(IntEnum):
    """What a session movement was: the first of its `parts`."""

    COMPLETED = 0
    MISSED = 1  # a no-show or late cancellation that used a unit
    FEE = 2


def judge_completed(rec: Recording, bundle: Bundle, event: Event, fact: SessionCompleted) -> tuple[Bundle, int]:
    """Whether this session may use the bundle; the effect is the units drawn."""
    _check_where(bundle, event, fact)
    if fact.tax is not None and fact.bundle is not None and bundle.terms.tax.voucher is not Voucher.MULTI:
        raise Refused(
            f"session {fact.session} names tax {fact.tax}, but bundle {bundle.id} has its package's, {bundle.terms.tax.id}: "
            "leave `tax` out: only the sessions of a multi-purpose voucher have one of their own",
            rule="events.md 4 session.completed",
            field="tax",
        )
    who = fact.beneficiary or fact.customer
    if who and who != bundle.customer and who not in bundle.beneficiaries:
        raise Refused(
            f"{who} may not use bundle {bundle.id}: it is {bundle.customer}'s"
            + (f", shared with {', '.join(bundle.beneficiaries)}" if bundle.beneficiaries else "")
            + ". Record bundle.shared first",
            rule="policy sharing",
            field="beneficiary" if fact.beneficiary else "customer",
        )
    return _use(rec, bundle, event, fact.session, asked(bundle, fact))


def asked(bundle: Bundle, fact: SessionCompleted) -> int:
    """Quanta that the session asks for, time rounded up to the policy's step."""
    unit, step = bundle.terms.package.unit, bundle.terms.policy.rounding_minutes
    if fact.quantity is not None:
        return units.round_up(fact.quantity, unit, step)
    if fact.started_at is not None and fact.ended_at is not None and unit in (Unit.HOUR, Unit.MINUTE):
        return units.round_up(units.minutes(unit, -(-(fact.ended_at - fact.started_at) // MINUTE)), unit, step)
    return units.round_up(UNIT, unit, step)


def _check_where(bundle: Bundle, event: Event, fact: SessionCompleted) -> None:
    policy, package = bundle.terms.policy, bundle.terms.package
    branch = event.branch or bundle.branch
    if package.branches is not None and branch not in package.branches:
        raise Refused(
            f"bundle {bundle.id} may be used at {', '.join(package.branches)}, not at {branch or 'an unnamed branch'}",
            rule=f"package {package.id}@{package.since} branches",
            field="branch",
        )
    if fact.modality and fact.modality not in policy.modalities:
        raise Refused(
            f"bundle {bundle.id} may be used {', '.join(policy.modalities)}, not {fact.modality}",
            rule=f"policy {policy.version} modalities",
            field="modality",
        )
    if policy.owner is Owner.PROVIDER and fact.provider != bundle.provider:
        raise Refused(
            f"bundle {bundle.id} belongs to provider {bundle.provider}; "
            f"{fact.provider or 'a session without provider'} may not deliver it. Record bundle.provider_changed first",
            rule=f"policy {policy.version} owner = provider",
            field="provider",
        )


def _use(rec: Recording, bundle: Bundle, event: Event, session: str, quantity: int) -> tuple[Bundle, int]:
    """Draw units: alive, in date, enough of them or overage allowed, paid if the policy wants it."""
    _check_alive(bundle, event)
    policy = bundle.terms.policy
    drawn = min(quantity, bundle.left)
    if drawn < quantity and policy.overage is Overage.REJECT:
        raise Refused(
            f"bundle {bundle.id}: {units.text(quantity)} asked, {units.text(bundle.left)} left "
            f"({units.text(bundle.units)} sold, {units.text(bundle.used)} used). Top it up or record the visit as one-off",
            rule=f"policy {policy.version} overage = reject",
            field="quantity",
        )
    if policy.unpaid_use is UnpaidUse.REJECT and bundle.position.paid + bundle.position.lost < bundle.value(bundle.used + drawn):
        raise Refused(
            f"bundle {bundle.id}: {rec.money(bundle.position.paid)} paid, {rec.money(bundle.value(bundle.used + drawn))} needed "
            "to cover the units used with this one. Record the payment first",
            rule=f"policy {policy.version} unpaid_use = reject",
            field="bundle",
        )
    if policy.expiry_from is ExpiryFrom.FIRST_USE and drawn:
        bundle = _start(bundle, event, session)
    return bundle._replace(used=bundle.used + drawn), drawn


def _start(bundle: Bundle, event: Event, session: str) -> Bundle:
    first = not bundle.starts or (event.date, session) < min(bundle.starts)
    bundle = bundle._replace(starts=(*bundle.starts, (event.date, session)))
    if first and bundle.fixed_expiry is None:
        bundle = bundle._replace(expiry_event=event.id, expiry_source=event.source)
    return bundle


def _check_alive(bundle: Bundle, event: Event) -> None:
    policy = bundle.terms.policy
    if bundle.status is not Status.OPEN:
        raise Refused(
            f"bundle {bundle.id} was {bundle.status}; nothing can be used. Record the visit as one-off",
            rule="events.md 4",
            field="bundle",
        )
    if event.date < bundle.sold_on:
        raise Refused(
            f"bundle {bundle.id} was sold on {bundle.sold_on}, after {event.date}", rule="events.md 4a Validity", field="time"
        )
    if bundle.expired(event.date):
        raise Refused(
            f"bundle {bundle.id} expired on {bundle.valid_until}; {event.date} is later. "
            "Extend it (bundle.extended) or record a one-off visit",
            rule=f"policy {policy.version} expiry",
            field="bundle",
        )


class Used(NamedTuple):
    """What a session did, for undoing it: the `parts` of its movement, in minor units.

    `gross` of the price was performed and `earned` of it net; `billed` beyond what was billed before, with `vat` in it (of
    a multi-purpose voucher: the VAT of the redemption). `others` was charged beside, tax included: `others_vat` of it is
    tax, `passed` an agent's provider's, as is `theirs` of the units; `cost` is owed to the provider.
    """

    nature: int
    gross: int = 0
    earned: int = 0
    billed: int = 0
    vat: int = 0
    others: int = 0
    others_vat: int = 0
    passed: int = 0
    cost: int = 0
    theirs: int = 0


def book_completed(rec: Recording, bundle: Bundle, fact: SessionCompleted, drawn: int) -> Bundle:
    """The units drawn earn their share; units beyond are charged at list price or absorbed."""
    excess = asked(bundle, fact) - drawn
    bundle = _earn(rec, bundle, fact, drawn, excess, Nature.COMPLETED)
    if fact.cost:
        legs = (Posting(Role.SESSION_COST, fact.cost), Posting(Role.PROVIDER_PAYABLE, -fact.cost))
        number = rec.entry("session.cost", legs, bundle, session=fact.session, branch=rec.event.branch, provider=fact.provider)
        rec.noted(bundle, number)
    return bundle


def _earn(
    rec: Recording,
    bundle: Bundle,
    fact: SessionCompleted | SessionCancelled | SessionNoShow,
    drawn: int,
    excess: int,
    nature: Nature,
) -> Bundle:
    bundle = returned(rec, bundle) if drawn else bundle
    before = bundle.position
    tax = fact.tax if isinstance(fact, SessionCompleted) else None
    bundle = _performed(rec, bundle, fact.session, drawn, tax)
    charged = charges(rec, bundle, fact, excess)
    p = bundle.position
    pending = charged.vat if bundle.plan.cash and bundle.terms.policy.principal else 0
    if charged.gross or p.unpaid != before.unpaid:
        p = itemised(owe(p, charged.gross, fact.session, ClaimKind.SINGLE, pending), fact.session)
        bundle = bundle._replace(position=p)
    missed = nature is Nature.MISSED
    number = rec.shift(
        "session.no-show" if missed else "session.earned",
        bundle,
        tail=charged.legs,
        revenue=Role.REVENUE_NO_SHOW if missed and bundle.terms.policy.principal else Role.REVENUE_PACKAGE,
        delivered=True,
        session=fact.session,
        provider=fact.provider if isinstance(fact, SessionCompleted) else None,
    )
    used = Used(
        nature,
        p.delivered - before.delivered,
        p.earned - before.earned,
        p.billed - before.billed,
        p.vat - before.vat,
        charged.gross,
        charged.vat,
        charged.passed,
        fact.cost if isinstance(fact, SessionCompleted) else 0,
        p.passed - before.passed,
    )
    _note(rec, bundle, fact.session, drawn, number, used)
    return bundle


def _performed(rec: Recording, bundle: Bundle, session: str, drawn: int, tax: str | None) -> Bundle:
    """The units drawn are performed: at their recorded worth where the history is replayed."""
    if not drawn or bundle.plan.line_from is not None:
        return bundle
    recorded = rec.recorded(Kind.SESSION, session)
    if recorded is not None:
        gross, earned = recorded.parts[1:3]
    elif rec.forced is not None:
        gross, earned = rec.forced
    else:
        gross, earned = max(bundle.value(bundle.used) - bundle.position.delivered, 0), None
    if bundle.multi:
        percent = rec.rate(tax or bundle.terms.tax.id, rec.event.date)
        bundle = bundle._replace(position=bundle.position._replace(vat=bundle.position.vat + included(gross, percent)))
        return performed(bundle, gross, 0, None if recorded is None else earned)
    return performed(bundle, gross, rec.percent(bundle, rec.event.date), earned)


class Charged(NamedTuple):
    """What a session costs beside its units: amount, the VAT in it, an agent's provider's part, and the legs."""

    gross: int = 0
    vat: int = 0
    passed: int = 0
    legs: tuple[Posting, ...] = ()


_FREE = Charged()


def charges(rec: Recording, bundle: Bundle, fact: SessionCompleted | SessionCancelled | SessionNoShow, excess: int) -> Charged:
    """Units beyond the bundle at list price, and a surcharge: owed at once (events.md 4a, Overage)."""
    policy = bundle.terms.policy
    surcharge = fact.surcharge if isinstance(fact, SessionCompleted) else None
    over = share(bundle.list_price, excess, UNIT) if excess > 0 and policy.overage is Overage.CHARGE else 0
    if not over and surcharge is None:
        return _FREE
    day, extra = rec.event.date, surcharge.amount if surcharge else 0
    if not policy.principal:
        return _agents(rec, bundle, over + extra)
    tax = (fact.tax if isinstance(fact, SessionCompleted) else None) or bundle.terms.tax.id
    vat = included(over, rec.rate(tax, day)) if over and bundle.terms.tax.percent else 0
    vat += included(extra, rec.rate(surcharge.tax, day)) if surcharge else 0
    role = Role.VAT_OUTPUT_PENDING if bundle.plan.cash else Role.VAT_OUTPUT
    gross = over + extra
    legs = (Posting(Role.RECEIVABLE, gross), Posting(role, -vat), Posting(Role.REVENUE_SINGLE, vat - gross))
    return Charged(gross, vat, 0, legs)


def _agents(rec: Recording, bundle: Bundle, gross: int) -> Charged:
    """Of what an agent charges, only the commission is its own (RICAC 26.4)."""
    commission = bundle.commission(gross)
    vat = on_top(commission, rec.percent(bundle, rec.event.date))
    passed = gross - commission - vat
    legs = (
        Posting(Role.RECEIVABLE, gross),
        Posting(Role.VAT_OUTPUT, -vat),
        Posting(Role.PROVIDER_PAYABLE, -passed),
        Posting(Role.COMMISSION_INCOME, -commission),
    )
    return Charged(gross, vat, passed, legs)


def _note(rec: Recording, bundle: Bundle, session: str, drawn: int, entry: int, used: Used) -> None:
    rec.move(
        Movement(
            Kind.SESSION,
            session,
            rec.seq,
            rec.event.date,
            bundle.id,
            bundle.customer,
            units=drawn,
            entry=entry,
            parts=used,
        ),
    )


def cancelled_in_time(policy: Policy, fact: SessionCancelled) -> bool:
    """Late means less notice than `late_cancellation_hours`: 23.99 hours is late for 24, 24 is not."""
    return fact.notice_minutes >= policy.late_cancellation_minutes


def charge_of(policy: Policy, fact: SessionCancelled | SessionNoShow) -> tuple[Charge, int]:
    """What the policy charges for a late cancellation or a no-show: the kind and, for a fee, the amount."""
    if isinstance(fact, SessionNoShow):
        return policy.no_show, policy.no_show_fee
    if cancelled_in_time(policy, fact):
        return Charge.WAIVE, 0
    return policy.late_cancellation, policy.late_cancellation_fee


def judge_missed(rec: Recording, bundle: Bundle, event: Event, fact: SessionCancelled | SessionNoShow) -> tuple[Bundle, int]:
    """A late cancellation or no-show: uses a unit when the policy deducts."""
    charge, _ = charge_of(bundle.terms.policy, fact)
    return _use(rec, bundle, event, fact.session, UNIT) if charge is Charge.DEDUCT else (bundle, 0)


def book_missed(rec: Recording, bundle: Bundle, fact: SessionCancelled | SessionNoShow, drawn: int) -> Bundle:
    """Revenue of the unit, a fee, or nothing."""
    charge, fee = charge_of(bundle.terms.policy, fact)
    if charge is Charge.DEDUCT:
        return _earn(rec, bundle, fact, drawn, UNIT - drawn, Nature.MISSED)
    if charge is Charge.WAIVE or not fee:
        return bundle
    vat = fee_vat(rec, bundle, fee)
    number = rec.entry("session.fee", fee_legs(bundle, fee, vat), bundle, session=fact.session, branch=rec.event.branch)
    _note(rec, bundle, fact.session, 0, number, Used(Nature.FEE, others=fee, others_vat=vat))
    pending = vat if bundle.plan.cash else 0
    return bundle._replace(position=owe(bundle.position, fee, fact.session, ClaimKind.FEE, pending))


def original_of(rec: Recording, fact: SessionReversed | SessionWaived) -> Movement:
    """The session to be undone; Refused when unknown, or when it used and charged nothing."""
    movement = rec.movement(Kind.SESSION, fact.session) or rec.movement(Kind.VISIT, fact.session)
    if movement is None:
        raise Refused(
            f"session {fact.session} has used no unit and charged no fee; there is nothing to undo",
            rule="events.md 4 session.reversed, session.waived",
            field="session",
        )
    if isinstance(fact, SessionWaived) and (movement.kind is Kind.VISIT or movement.parts[0] == Nature.COMPLETED):
        raise Refused(
            f"session {fact.session} was completed; only a late cancellation or a no-show is waived. Use session.reversed",
            rule="events.md 4 session.waived",
            field="session",
        )
    rec.not_before(movement, "session")
    return movement


def judge_undone(rec: Recording, bundle: Bundle, _event: Event, fact: SessionReversed | SessionWaived) -> tuple[Bundle, int]:
    """The units come back; the validity that this use started moves on to the next one."""
    movement = original_of(rec, fact)
    return without_start(rec, bundle._replace(used=bundle.used - movement.units), fact.session), -movement.units


def book_undone(rec: Recording, bundle: Bundle, fact: SessionReversed | SessionWaived, _effect: int) -> Bundle:
    """Mirror of what the session posted; money already received for it stays the customer's."""
    movement = original_of(rec, fact)
    used = Used(*movement.parts)
    branch = rec.book.entry(movement.entry).branch if movement.entry else bundle.branch
    bundle, regained = reclaimed(bundle, fact.session, used.gross, branch)
    bundle, credit = _taken_back(rec, bundle, used, fact.session)
    bundle, legs, more = _charges_back(rec, bundle, used, fact.session)
    legs = netted((*regained, *legs)) if regained else legs
    bundle, lost = without_debit(bundle)
    number = rec.shift(
        "session.waived" if isinstance(fact, SessionWaived) else "session.reversed",
        bundle,
        tail=(*legs, Posting(Role.CUSTOMER_CREDIT, -credit - more), Posting(Role.REFUND_CONTRA, lost)),
        revenue=Role.REVENUE_NO_SHOW if used.nature == Nature.MISSED and bundle.terms.policy.principal else Role.REVENUE_PACKAGE,
        delivered=True,
        session=fact.session,
        provider=delivered_by(rec, movement) if used.cost or used.passed else None,
        branch=branch,
        corrects=movement.entry or None,
    )
    rec.credit(bundle.customer, credit + more)
    rec.move(
        Movement(
            Kind.SESSION_UNDONE,
            movement.ref,
            rec.seq,
            rec.event.date,
            bundle.id,
            bundle.customer,
            units=-movement.units,
            entry=number,
        ),
    )
    return bundle


def _taken_back(rec: Recording, bundle: Bundle, used: Used, session: str) -> tuple[Bundle, int]:
    """The units' revenue taken back; of a bundle that was paid back the money is the customer's: (bundle, credit)."""
    before = bundle.position
    percent = rec.percent(bundle, rec.event.date) if used.gross and not bundle.multi else 0
    if bundle.multi and used.vat:
        bundle = bundle._replace(position=before._replace(vat=before.vat - used.vat))
    bundle = unperformed(bundle, used.gross, used.earned, percent)
    p = bundle.position
    if before.billed - p.billed == used.billed and used.billed and not bundle.multi:
        bundle = passed_on(bundle._replace(position=p._replace(vat=before.vat - used.vat)))  # its own document goes, to the cent
    elif bundle.terms.policy.principal:
        bundle = squared(bundle)
    if not bundle.terms.policy.principal:
        bundle = bundle._replace(position=_agents_back(before, bundle.position, used))
    p = itemised(bundle.position, session)
    bundle = bundle._replace(position=p)
    credit = 0
    if bundle.status is Status.REFUNDED:
        held = p.paid + p.lost - max(p.delivered, p.due) - beyond(rec, bundle)
        credit = min(used.gross, max(held, 0))
        receipts, vat = take(p.receipts, credit)
        bundle = bundle._replace(
            position=bundle.position._replace(paid=p.paid - credit, receipts=receipts, vat=bundle.position.vat - vat)
        )
    return bundle, credit


def _agents_back(before: Position, after: Position, used: Used) -> Position:
    """What a session passed on to an agent's provider comes back; its VAT, where only a cent of rounding stands between."""
    vat = before.vat - used.vat
    vat = vat if abs(vat - after.vat) <= 1 else after.vat
    return after._replace(vat=vat, passed=max(before.passed - used.theirs, 0) if after.delivered else 0)


def _charges_back(rec: Recording, bundle: Bundle, used: Used, session: str) -> tuple[Bundle, tuple[Posting, ...], int]:
    """What was charged beside the units goes; what was paid for it settles other claims, the price, or is credit."""
    cost = _cost_back(rec, used.cost, session)
    if not used.others:
        return bundle, cost, 0
    before = bundle.position
    position, open_, waiting = drop(before, used.others, session)
    bundle, to, _ = counted(rec, bundle._replace(position=position), used.others - open_, session, bundle.customer)
    income = Role.FEE_INCOME if used.nature == Nature.FEE else Role.REVENUE_SINGLE
    income = income if bundle.terms.policy.principal or used.nature == Nature.FEE else Role.COMMISSION_INCOME
    legs = (
        Posting(income, used.others - used.others_vat - used.passed),
        Posting(Role.PROVIDER_PAYABLE, used.passed),
        Posting(Role.VAT_OUTPUT, used.others_vat - waiting),
        Posting(Role.VAT_OUTPUT_PENDING, waiting),
        Posting(Role.RECEIVABLE, -open_),
        *other_legs(rec, bundle, to)[:-1],
        *cost,
    )
    return bundle, legs, to.credit


def _cost_back(rec: Recording, cost: int, session: str) -> tuple[Posting, ...]:
    """What was owed to the provider is not, unless the invoice had come before: that one stands."""
    invoice, before = rec.book.movement(Kind.COST, session), rec.recorded(Kind.SESSION_UNDONE, session)
    if not cost or (invoice is not None and invoice.seq < (before.seq if before else rec.seq)):
        return ()
    return Posting(Role.PROVIDER_PAYABLE, cost), Posting(Role.SESSION_COST, -cost)


def delivered_by(rec: Recording, movement: Movement) -> str | None:
    """The provider that the session's own fact names; None where it names none, or outside any bundle."""
    for _, event in rec.book.history(movement.bundle) if movement.bundle else ():
        if isinstance(event.data, SessionCompleted) and event.data.session == movement.ref:
            return event.data.provider
    return None


def post_visit(rec: Recording, fact: SessionCompleted, customer: str, service: str, price: int) -> None:
    """A one-off visit: receivable against revenue and VAT, whatever the invoicing."""
    branch, tax = rec.event.branch, fact.tax or ""
    vat = included(price, rec.rate(tax, rec.event.date))
    cash = rec.book.regime.vat_cash
    postings = (
        Posting(Role.RECEIVABLE, price),
        Posting(Role.VAT_OUTPUT_PENDING if cash else Role.VAT_OUTPUT, -vat),
        Posting(Role.REVENUE_SINGLE, vat - price),
    )
    number = rec.entry("session.single", postings, session=fact.session, customer=customer, branch=branch, service=service)
    if fact.cost:
        legs = (Posting(Role.SESSION_COST, fact.cost), Posting(Role.PROVIDER_PAYABLE, -fact.cost))
        rec.entry(
            "session.cost",
            legs,
            session=fact.session,
            customer=customer,
            branch=branch,
            service=service,
            provider=fact.provider,
        )
    parts = Used(Nature.COMPLETED, others=price, others_vat=vat, cost=fact.cost)
    rec.move(Movement(Kind.VISIT, fact.session, rec.seq, rec.event.date, None, customer, units=UNIT, entry=number, parts=parts))
    rec.changes.customer = customer
    pending = vat if cash else 0
    rec.changes.visits[fact.session] = Visit(fact.session, customer, service, branch, price, 0, vat=vat, pending=pending, tax=tax)


def post_visit_undone(rec: Recording, movement: Movement, visit: Visit) -> None:
    """A one-off visit is taken back: its claim goes, what was paid for it is the customer's."""
    postings = (
        Posting(Role.REVENUE_SINGLE, visit.price - visit.vat),
        Posting(Role.VAT_OUTPUT, visit.vat - visit.pending),
        Posting(Role.VAT_OUTPUT_PENDING, visit.pending),
        *_cost_back(rec, Used(*movement.parts).cost, visit.session),
        Posting(Role.BAD_DEBT, -visit.lost),
        Posting(Role.RECEIVABLE, visit.paid + visit.lost - visit.price),
        Posting(Role.CUSTOMER_CREDIT, -visit.paid),
    )
    number = rec.entry(
        "session.reversed",
        postings,
        session=visit.session,
        customer=visit.customer,
        branch=visit.branch,
        service=visit.service,
        corrects=movement.entry or None,
    )
    rec.credit(visit.customer, visit.paid)
    rec.changes.customer = visit.customer
    rec.changes.visits[visit.session] = visit._replace(undone=True, paid=0, lost=0, pending=0)
    rec.move(
        Movement(Kind.SESSION_UNDONE, visit.session, rec.seq, rec.event.date, None, visit.customer, units=-UNIT, entry=number)
    )
