"""Sessions: units used, missed, cancelled late, undone; and visits outside any bundle."""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum

from revrec.core import units
from revrec.core.book import Kind, Movement, Visit
from revrec.core.bundle import Bundle, ClaimKind, Position, Status
from revrec.core.errors import Refused
from revrec.core.events import Event, SessionCancelled, SessionCompleted, SessionNoShow, SessionReversed, SessionWaived
from revrec.core.journal import Posting, Role
from revrec.core.money import share
from revrec.core.payment import without_start
from revrec.core.policy import Charge, ExpiryFrom, Overage, Owner, Policy, Recognition, UnpaidUse
from revrec.core.position import collect, deliver, drop, owe
from revrec.core.recording import Recording
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
    if policy.unpaid_use is UnpaidUse.REJECT and bundle.position.paid < bundle.value(bundle.used + drawn):
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


def book_completed(rec: Recording, bundle: Bundle, fact: SessionCompleted, drawn: int) -> Bundle:
    """The units drawn earn their share; units beyond are charged at list price or absorbed."""
    excess = asked(bundle, fact) - drawn
    return _earn(rec, bundle, fact.session, drawn, excess, Role.REVENUE_PACKAGE, Nature.COMPLETED)


def _earn(rec: Recording, bundle: Bundle, session: str, drawn: int, excess: int, role: Role, nature: Nature) -> Bundle:
    policy, branch = bundle.terms.policy, rec.event.branch
    value = bundle.value(bundle.used)
    earned = max(value - bundle.position.earned, 0) if drawn else 0
    position, prepaid, claimed = deliver(bundle.position, earned, session)
    single = share(bundle.list_price, excess, UNIT) if policy.overage is Overage.CHARGE else 0
    position = owe(position, single, session, ClaimKind.SINGLE)
    away = branch if branch and bundle.branch and branch != bundle.branch else None
    seller = bundle.branch if away else None
    postings = [Posting(Role.CONTRACT_LIABILITY, prepaid, branch=seller)]
    if claimed:
        postings.append(Posting(bundle.claim_role, claimed, branch=seller))
    if away:
        postings += _between_branches(earned, seller, away)
    if single:
        postings.append(Posting(Role.RECEIVABLE, single))
    postings.append(Posting(role, -earned))
    if single:
        postings.append(Posting(Role.REVENUE_SINGLE, -single))
    rule = "session.earned" if nature is Nature.COMPLETED else "session.no-show"
    number = rec.entry(rule, postings, bundle, session=session, branch=branch)
    _note(rec, bundle, session, drawn, -prepaid, number, nature)
    return bundle._replace(position=position, last_date=max(bundle.last_date, rec.event.date))


def _between_branches(amount: int, seller: str | None, performer: str) -> tuple[Posting, ...]:
    """A session delivered elsewhere: the seller owes its value to the branch that delivered (accounting.md 1.2)."""
    return (
        Posting(Role.DUE_TO_BRANCH, -amount, branch=seller),
        Posting(Role.DUE_FROM_BRANCH, amount, branch=performer),
    )


def _note(rec: Recording, bundle: Bundle, session: str, drawn: int, liability: int, entry: int, nature: Nature) -> None:
    rec.move(
        Movement(
            Kind.SESSION,
            session,
            rec.seq,
            rec.event.date,
            bundle.id,
            bundle.customer,
            units=drawn,
            liability=liability,
            entry=entry,
            parts=(nature,),
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
        return _earn(rec, bundle, fact.session, drawn, UNIT - drawn, Role.REVENUE_NO_SHOW, Nature.MISSED)
    if charge is Charge.WAIVE or not fee:
        return bundle
    postings = (Posting(Role.RECEIVABLE, fee), Posting(Role.FEE_INCOME, -fee))
    number = rec.entry("session.fee", postings, bundle, session=fact.session, branch=rec.event.branch)
    _note(rec, bundle, fact.session, 0, 0, number, Nature.FEE)
    return bundle._replace(position=owe(bundle.position, fee, fact.session, ClaimKind.FEE))


def original_of(rec: Recording, fact: SessionReversed | SessionWaived) -> Movement:
    """The session to be undone; Refused when unknown, or when it used and charged nothing."""
    movement = rec.book.movement(Kind.SESSION, fact.session) or rec.book.movement(Kind.VISIT, fact.session)
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
    entry = rec.book.entry(movement.entry) if movement.entry else None
    legs = entry.postings if entry else ()
    position, package, owed, returned = _take_back(bundle, legs, fact.session)
    if not legs and not package:
        _undone(rec, bundle, movement, 0, 0)
        return bundle
    others = -_amount(legs, Role.REVENUE_SINGLE, Role.FEE_INCOME)
    position, unpaid = drop(position, others, fact.session, package=False)
    room = max(bundle.price - position.paid, 0) if bundle.status is Status.OPEN else position.claimed_package
    position, to = collect(position, others - unpaid, bundle.claim_role, room)
    at_purchase = bundle.terms.policy.recognition is Recognition.AT_PURCHASE
    liability, credit = (returned, to.credit) if bundle.status is not Status.REFUNDED else (0, to.credit + returned)
    prepaid = liability + (0 if at_purchase else to.prepaid)
    position = position._replace(
        liability=position.liability + prepaid,
        earned=position.earned + (to.prepaid if at_purchase else 0),
    )
    seller = bundle.branch if any(leg.role is Role.DUE_TO_BRANCH for leg in legs) else None
    postings = (
        *_mirror(legs, package),
        Posting(Role.CONTRACT_LIABILITY, -prepaid, branch=seller),
        Posting(bundle.claim_role, -owed, branch=seller),
        Posting(Role.RECEIVABLE, -unpaid - to.receivable),
        Posting(Role.CONTRACT_ASSET, -to.contract_asset),
        Posting(Role.REVENUE_PACKAGE, -to.prepaid if at_purchase else 0),
        Posting(Role.CUSTOMER_CREDIT, -credit),
    )
    branch = entry.branch if entry else bundle.branch
    rule = "session.waived" if isinstance(fact, SessionWaived) else "session.reversed"
    number = rec.entry(rule, postings, bundle, session=fact.session, branch=branch, corrects=movement.entry or None)
    rec.credit(bundle.customer, credit)
    _undone(rec, bundle, movement, prepaid, number)
    return bundle._replace(position=position)


def _take_back(bundle: Bundle, legs: tuple[Posting, ...], session: str) -> tuple[Position, int, int, int]:
    """Package revenue taken back: (position, revenue reversed, of it off the claims, of it money to give back)."""
    position = bundle.position
    if bundle.terms.policy.recognition is Recognition.AT_PURCHASE:  # money kept is revenue, used or not
        over = position.earned - max(position.paid, bundle.value(bundle.used))
        position, owed = drop(position, max(over, 0), session, package=True)
        return position._replace(earned=position.earned - owed), owed, owed, 0
    package = -_amount(legs, Role.REVENUE_PACKAGE, Role.REVENUE_NO_SHOW)
    position, owed = drop(position, package, session, package=True)
    return position._replace(earned=position.earned - package), package, owed, package - owed


def _mirror(legs: tuple[Posting, ...], package: int) -> tuple[Posting, ...]:
    """Income and inter-branch legs the other way round; of package revenue only `package`."""
    mirrored = []
    for leg in legs:
        if leg.role in (Role.REVENUE_SINGLE, Role.FEE_INCOME):
            mirrored.append(leg._replace(amount=-leg.amount))
        elif leg.role in (Role.DUE_TO_BRANCH, Role.DUE_FROM_BRANCH):
            mirrored.append(leg._replace(amount=package if leg.amount < 0 else -package))
    role = next((leg.role for leg in legs if leg.role is Role.REVENUE_NO_SHOW), Role.REVENUE_PACKAGE)
    return (*mirrored, Posting(role, package))


def _amount(legs: tuple[Posting, ...], *roles: Role) -> int:
    return sum(leg.amount for leg in legs if leg.role in roles)


def _undone(rec: Recording, bundle: Bundle, movement: Movement, liability: int, entry: int) -> None:
    rec.move(
        Movement(
            Kind.SESSION_UNDONE,
            movement.ref,
            rec.seq,
            rec.event.date,
            bundle.id,
            bundle.customer,
            units=-movement.units,
            liability=liability,
            entry=entry,
        ),
    )


def post_visit(rec: Recording, fact: SessionCompleted, customer: str, service: str, price: int) -> None:
    """A one-off visit: receivable against revenue, whatever the invoicing."""
    branch = rec.event.branch
    postings = (Posting(Role.RECEIVABLE, price), Posting(Role.REVENUE_SINGLE, -price))
    number = rec.entry("session.single", postings, session=fact.session, customer=customer, branch=branch, service=service)
    rec.move(Movement(Kind.VISIT, fact.session, rec.seq, rec.event.date, None, customer, units=UNIT, entry=number))
    rec.changes.customer = customer
    rec.changes.visits[fact.session] = Visit(fact.session, customer, service, branch, price, 0)


def post_visit_undone(rec: Recording, movement: Movement, visit: Visit) -> None:
    """A one-off visit is taken back: its claim goes, what was paid for it is the customer's."""
    postings = (
        Posting(Role.REVENUE_SINGLE, visit.price),
        Posting(Role.RECEIVABLE, visit.paid - visit.price),
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
    rec.changes.visits[visit.session] = visit._replace(undone=True, paid=0)
    rec.move(
        Movement(Kind.SESSION_UNDONE, visit.session, rec.seq, rec.event.date, None, visit.customer, units=-UNIT, entry=number)
    )
