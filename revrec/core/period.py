"""Months closed and opened again, and manual adjustments."""

from __future__ import annotations

from revrec.core import breakage
from revrec.core.bundle import Bundle, Claim, ClaimKind
from revrec.core.dates import DAY, month_end
from revrec.core.errors import Refused
from revrec.core.events import Adjustment, AdjustmentPosted, PeriodClosed, PeriodReopened
from revrec.core.handlers import HANDLERS
from revrec.core.history import is_late, marks_of
from revrec.core.journal import Posting, Role
from revrec.core.recording import Recording
from revrec.core.timing import reclassify

# Balances that are the sum of bundles: an adjustment of them names its bundle (events.md 6).
_OF_BUNDLES = frozenset({Role.CONTRACT_LIABILITY, Role.CONTRACT_ASSET, Role.REFUND_LIABILITY})


def post_closed(rec: Recording, fact: PeriodClosed) -> None:
    """A month is closed after its last day, and after every earlier month with entries."""
    last, closed = month_end(fact.period), rec.book.closed_through
    name = f"{fact.period:%Y-%m}"
    if rec.event.date <= last:
        raise Refused(
            f"period {name} ends on {last}; it cannot be closed on {rec.event.date}. Close it on {last + DAY} or later",
            rule="events.md 4 period.closed",
            field="period",
        )
    if closed is not None and closed >= last:
        raise Refused(f"period {name} is closed already, through {closed}", rule="events.md 4 period.closed", field="period")
    months = rec.book.months_to_close(rec.event.date - DAY)
    earlier = sorted(m for m in months if m < fact.period and (closed is None or m > closed))
    if earlier:
        raise Refused(
            f"period {name} cannot be closed while {earlier[0]:%Y-%m} with entries is open. Close that one first",
            rule="events.md 4 period.closed",
            field="period",
        )
    rec.changes.closed_through = last


def post_reopened(rec: Recording, fact: PeriodReopened) -> None:
    """A closed month and every later one are open again; the days before it stay as they were: closed with it, or before it."""
    closed = rec.book.closed_through
    if closed is None or closed < fact.period:
        raise Refused(f"period {fact.period:%Y-%m} is not closed", rule="events.md 4 period.reopened", field="period")
    rec.changes.closed_through = fact.period - DAY
    rec.changes.reopened = True


def post_adjustment(rec: Recording, fact: AdjustmentPosted) -> None:
    """An approved manual entry; what it says of a bundle's money changes that bundle."""
    legs = []
    for leg in fact.postings:
        role = Role(leg.role)
        if role in _OF_BUNDLES and leg.bundle is None:
            raise Refused(
                f"an adjustment of {role} names the bundle that it is for",
                rule="events.md 4 adjustment.posted, 6",
                field="postings.bundle",
            )
        legs.append(Posting(role, leg.amount, bundle=leg.bundle, branch=leg.branch))
    bundles = list(dict.fromkeys(leg.bundle for leg in fact.postings if leg.bundle))
    only = rec.bundle(bundles[0]) if len(bundles) == 1 else None
    if only is not None:
        legs = [leg._replace(bundle=None) if leg.role in _OF_BUNDLES or leg.bundle else leg for leg in legs]
    number = rec.entry("adjustment", legs, only, branch=rec.event.branch or (only.branch if only else None))
    if bundles:
        rec.changes.bundle = bundles[0]
    for bundle_id in bundles:
        _adjust_bundle(rec, rec.bundle(bundle_id), [leg for leg in fact.postings if leg.bundle == bundle_id], number)


def _adjust_bundle(rec: Recording, bundle: Bundle, legs: list[Adjustment], number: int) -> None:
    """Change the money of one bundle; what the clock released gives way, as for any late fact."""
    day = rec.event.date
    if bundle.due is not None and bundle.due < day:
        bundle = breakage.lapse(rec, bundle)
    behind = bundle.lapsed_on is not None and day <= bundle.lapsed_on
    position = breakage.without_lapses(bundle.position) if behind else bundle.position
    adjusted = bundle._replace(position=position)
    for leg in legs:
        adjusted = _adjusted(rec, adjusted, leg, number)
    if behind:
        done = breakage.reconcile(rec, adjusted, bundle.position.lapses, marks_of(rec.book, bundle, HANDLERS))
    else:
        done = breakage.settle(rec, adjusted)
    if is_late(bundle, day):
        reclassify(rec, done)
    rec.put(done)


def _adjusted(rec: Recording, bundle: Bundle, leg: Adjustment, number: int) -> Bundle:
    position, role = bundle.position, Role(leg.role)
    if role is Role.CONTRACT_LIABILITY:
        if position.liability < leg.amount:
            raise Refused(
                f"bundle {bundle.id} has {rec.money(position.liability)} of contract liability; "
                f"{rec.money(leg.amount)} cannot leave it",
                rule="accounting.md 4, invariant 3",
                field="postings.amount",
            )
        rec.note(bundle, rec.event.date, -leg.amount, number)
        return bundle._replace(position=position._replace(liability=position.liability - leg.amount))
    if role in (Role.RECEIVABLE, Role.CONTRACT_ASSET):
        rec.note(bundle, rec.event.date, 0, number)
        return _claim_adjusted(rec, bundle, leg, role)
    return bundle


def _claim_adjusted(rec: Recording, bundle: Bundle, leg: Adjustment, role: Role) -> Bundle:
    position = bundle.position
    kind = ClaimKind.PACKAGE if role is bundle.claim_role else ClaimKind.FEE
    if leg.amount >= 0:
        claims = (*position.claims, Claim(rec.event.id, kind, leg.amount))
        return bundle._replace(position=position._replace(claims=claims))
    left, kept = -leg.amount, []
    for claim in position.claims:
        taken = min(left, claim.amount) if (claim.kind is ClaimKind.PACKAGE) is (kind is ClaimKind.PACKAGE) else 0
        left -= taken
        kept.append(claim._replace(amount=claim.amount - taken))
    if left:
        raise Refused(
            f"bundle {bundle.id} has not {rec.money(-leg.amount)} open on {role}",
            rule="accounting.md 4, invariant 3",
            field="postings.amount",
        )
    return bundle._replace(position=position._replace(claims=tuple(c for c in kept if c.amount)))
