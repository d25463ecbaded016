"""Months closed and opened again, and manual adjustments."""

from __future__ import annotations

from collections.abc import Callable

from revrec.core.book import Kind, Movement
from revrec.core.bundle import Bundle, ClaimKind
from revrec.core.dates import DAY, month_end
from revrec.core.errors import Refused
from revrec.core.events import Adjustment, AdjustmentPosted, Event, PeriodClosed, PeriodReopened
from revrec.core.journal import Posting, Role
from revrec.core.money import share
from revrec.core.position import itemised, owe, passed_on, pay_others
from revrec.core.recording import Recording
from revrec.core.tax import held, take

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


def post_adjustment(rec: Recording, fact: AdjustmentPosted, apply: Callable[[Recording, Bundle], None]) -> None:
    """An approved manual entry; what it says of a bundle's money changes that bundle (`apply`)."""
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
        legs = [leg._replace(bundle=None) for leg in legs]
    number = rec.entry("adjustment", legs, only, branch=rec.event.branch or (only.branch if only else None))
    rec.changes.bundle = bundles[0] if bundles else None
    for name in bundles:
        _note(rec, rec.bundle(name), number, first=name == bundles[0])
        apply(rec, rec.bundle(name))


def _note(rec: Recording, bundle: Bundle, entry: int, *, first: bool) -> None:
    """Each bundle that an adjustment names knows its entry; a movement's id is used once, so the others' say whose it is."""
    if first:
        rec.noted(bundle, entry)
    elif entry:
        ref = f"E-{entry}.{bundle.id}"
        rec.move(Movement(Kind.LIABILITY, ref, rec.seq, rec.event.date, bundle.id, bundle.customer, entry=entry))


def judge_adjusted(_rec: Recording, bundle: Bundle, _event: Event, _fact: AdjustmentPosted) -> tuple[Bundle, int]:
    """An approved entry may always be posted; `book_adjusted` refuses what the bundle does not have."""
    return bundle, 0


def book_adjusted(rec: Recording, bundle: Bundle, fact: AdjustmentPosted, _effect: int) -> Bundle:
    """What an adjustment says of a bundle's money changes that bundle; its entry is posted once, by `post_adjustment`."""
    for leg in fact.postings:
        if leg.bundle == bundle.id:
            bundle = _adjusted(rec, bundle, leg)
    return bundle


def _adjusted(rec: Recording, bundle: Bundle, leg: Adjustment) -> Bundle:
    position, role = bundle.position, Role(leg.role)
    stands = rec.stands[bundle.id]
    if role is Role.CONTRACT_LIABILITY:
        if bundle.balances.contract_liability < leg.amount and not rec.known:
            raise Refused(
                f"bundle {bundle.id} has {rec.money(bundle.balances.contract_liability)} of contract liability; "
                f"{rec.money(leg.amount)} cannot leave it",
                rule="accounting.md 4, invariant 3",
                field="postings.amount",
            )
        bundle = _liability_adjusted(rec, bundle, leg.amount)
    elif role is Role.REFUND_LIABILITY:
        bundle = bundle._replace(position=position._replace(paid=position.paid - leg.amount, held=position.held - leg.amount))
        rec.stands[bundle.id] = stands._replace(refund_liability=stands.refund_liability - leg.amount)
    elif role in (Role.RECEIVABLE, Role.CONTRACT_ASSET):
        bundle = _claim_adjusted(rec, bundle, leg, role)
    bundle = passed_on(bundle)
    if rec.stands[bundle.id] != bundle.balances:
        rec.noted(bundle, rec.shift("contract.reclassified", bundle, branch=bundle.branch))
    return bundle._replace(position=itemised(bundle.position, rec.event.id))


def _liability_adjusted(rec: Recording, bundle: Bundle, amount: int) -> Bundle:
    """Prepaid money is less (or more) by hand: net of VAT, which an adjustment of the liability does not touch."""
    position, stands = bundle.position, rec.stands[bundle.id]
    left = sum(receipt.left for receipt in position.receipts)
    net = left - held(position.receipts)
    gross = share(amount, left, net) if amount > 0 and net > 0 else amount
    receipts, vat = take(position.receipts, gross) if amount > 0 else (position.receipts, 0)
    rec.stands[bundle.id] = stands._replace(
        contract_liability=stands.contract_liability - amount, vat_output=stands.vat_output - vat
    )
    moved = position._replace(
        paid=position.paid - gross, vat=position.vat - vat, receipts=receipts, other=position.other + amount - gross + vat
    )
    return bundle._replace(position=moved)


def _claim_adjusted(rec: Recording, bundle: Bundle, leg: Adjustment, role: Role) -> Bundle:
    """A claim raised by hand stands beside the package's; one that is lowered is what is open of that role."""
    position, stands = bundle.position, rec.stands[bundle.id]
    if leg.amount >= 0:
        return bundle._replace(position=owe(position, leg.amount, rec.event.id, ClaimKind.FEE))
    package = bundle.balances.receivable if role is Role.RECEIVABLE else bundle.balances.contract_asset
    of_package = min(-leg.amount, package)
    others = -leg.amount - of_package
    open_ = position.beside if role is Role.RECEIVABLE else 0
    if others > open_ and not rec.known:
        raise Refused(
            f"bundle {bundle.id} has not {rec.money(-leg.amount)} open on {role}",
            rule="accounting.md 4, invariant 3",
            field="postings.amount",
        )
    rec.stands[bundle.id] = (
        stands._replace(receivable=stands.receivable - of_package)
        if role is Role.RECEIVABLE
        else stands._replace(contract_asset=stands.contract_asset - of_package)
    )
    moved = pay_others(position, min(others, open_))
    return bundle._replace(position=moved._replace(paid=moved.paid + of_package))
