"""Rights that lapse: the clock's releases, their corrections, extensions and terminations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from revrec.core.bundle import Bundle, ClaimKind, Lapse, Position, Status
from revrec.core.errors import Refused
from revrec.core.events import BundleExtended, Event, Fact
from revrec.core.journal import Posting, Role
from revrec.core.policy import OUTSIDE
from revrec.core.position import owe
from revrec.core.recording import Recording

ENDED = (Status.TERMINATED, Status.REFUNDED)  # what comes back to such a bundle is given up with the rest


def lapse(rec: Recording, bundle: Bundle) -> Bundle:
    """The last day of use has passed: what is left of the price becomes breakage on that day (IFRS 15.B46)."""
    day = bundle.valid_until
    if day is None:
        return bundle
    ended = bundle._replace(lapsed_on=day)
    return _release(rec, ended, day, bundle.position.liability, "breakage.expiry", None)


def settle(rec: Recording, bundle: Bundle) -> Bundle:
    """After a fact, let the clock's release follow the bundle's rights: revive it, or release what came back to it."""
    day, position = rec.event.date, bundle.position
    if bundle.lapsed_on is None:
        if bundle.status in ENDED:
            return _release(rec, bundle, day, position.liability, "breakage.correction", _last(position))
        if bundle.status is Status.OPEN and bundle.expired(day):
            bundle = bundle._replace(lapsed_on=bundle.valid_until)
            return _release(rec, bundle, day, position.liability, "breakage.expiry", None)
        return _release(rec, bundle, day, -position.lapsed, "breakage.reinstated", _last(position)) if position.lapses else bundle
    until, lapsed_on = bundle.valid_until, bundle.lapsed_on
    if until is not None and until < day:
        bundle = bundle._replace(lapsed_on=until)
        return _release(rec, bundle, day, bundle.position.liability, "breakage.correction", _last(bundle.position))
    if until is None or until > lapsed_on:
        bundle = bundle._replace(lapsed_on=None)
        return _release(rec, bundle, day, -bundle.position.lapsed, "breakage.reinstated", _last(bundle.position))
    return bundle


def _last(position: Position) -> int | None:
    return position.lapses[-1].entry or None if position.lapses else None


def _release(rec: Recording, bundle: Bundle, day: date, amount: int, rule: str, corrects: int | None) -> Bundle:
    """Move `amount` from contract liability to breakage (negative: back) as a movement of the clock."""
    if not amount:
        return bundle
    by_clock = rule == "breakage.expiry"
    postings = (Posting(Role.CONTRACT_LIABILITY, amount), Posting(Role.BREAKAGE, -amount))
    follows = (bundle.expiry_event, bundle.expiry_source) if by_clock else None
    number = rec.entry(rule, postings, bundle, day=day, branch=bundle.branch, corrects=corrects, follows=follows)
    position = bundle.position
    moved = position._replace(
        liability=position.liability - amount,
        lapses=(*position.lapses, Lapse(day, amount, number)),
    )
    return bundle._replace(position=moved)


def without_lapses(position: Position) -> Position:
    """The position as if the clock had never released anything: what a late fact is posted against."""
    return position._replace(liability=position.liability + position.lapsed, lapses=()) if position.lapses else position


def reconcile(rec: Recording, bundle: Bundle, booked: Iterable[Lapse], marks: Iterable[tuple[date, bool]]) -> Bundle:
    """Post the differences between what the clock released and what it would have released in order.

    `marks` are the days on which the bundle, its facts taken in order, stood lapsed or not; `booked` is what was
    released. The liability owed on a day is the sum of the facts up to it (events.md 4a, Late events).
    """
    booked = tuple(booked)
    deltas = [(m.date, m.liability) for m in (*rec.book.movements(bundle.id), *rec.changes.movements) if m.bundle == bundle.id]
    difference: dict[date, int] = defaultdict(int)
    standing = 0
    for day, lapsed in marks:
        owed = sum(amount for when, amount in deltas if when <= day) if lapsed else 0
        difference[day] += owed - standing
        standing = owed
    for release in booked:
        difference[release.date] -= release.amount
    position = bundle.position._replace(lapses=booked, liability=bundle.position.liability - sum(x.amount for x in booked))
    bundle = bundle._replace(position=position)
    for day in sorted(difference):
        corrected = next((x.entry for x in reversed(booked) if x.date == day and x.entry), None)
        rule = "breakage.correction" if corrected or difference[day] < 0 else "breakage.expiry"
        bundle = _release(rec, bundle, day, difference[day], rule, corrected)
    return bundle


def judge_expired(rec: Recording, bundle: Bundle, event: Event, _fact: Fact) -> tuple[Bundle, int]:
    """`bundle.expired` from outside: not before the last day of use."""
    until = bundle.valid_until
    if until is None or event.date < until:
        when = f"until {until} (grace included)" if until else "without end"
        raise Refused(
            f"bundle {bundle.id} is valid {when}; it cannot expire on {event.date}. Use bundle.terminated if it is given up",
            rule="events.md 4a Validity",
            field="bundle",
        )
    return bundle, 0


def book_expired(rec: Recording, bundle: Bundle, _fact: Fact, _effect: int) -> Bundle:
    """Release what is left, unless the clock did so before or a fact ended the bundle."""
    return lapse(rec, bundle) if bundle.due else bundle


def judge_extended(rec: Recording, bundle: Bundle, event: Event, fact: BundleExtended) -> tuple[Bundle, int]:
    """`bundle.extended`: a later last day, for a bundle that no fact has ended."""
    if bundle.status is not Status.OPEN:
        raise Refused(
            f"bundle {bundle.id} was {bundle.status}; it cannot be extended", rule="events.md 4 bundle.extended", field="bundle"
        )
    if bundle.expires_on is None and bundle.terms.policy.expiry_from == "sale":
        raise Refused(
            f"bundle {bundle.id} never expires; there is nothing to extend", rule="policy expiry_months", field="bundle"
        )
    if fact.expires_on < event.date or (bundle.expires_on is not None and fact.expires_on <= bundle.expires_on):
        raise Refused(
            f"bundle {bundle.id} expires on {bundle.expires_on}; {fact.expires_on} is no extension. "
            "Give a later day, not in the past",
            rule="events.md 4 bundle.extended",
            field="expires_on",
        )
    check_fee_tax(bundle, fact.fee)
    return bundle._replace(fixed_expiry=fact.expires_on, expiry_event=event.id, expiry_source=event.source), 0


def book_extended(rec: Recording, bundle: Bundle, fact: BundleExtended, _effect: int) -> Bundle:
    """The fee, if one is asked; what expired is reinstated by `settle`."""
    return charge_fee(rec, bundle, fact.fee, "fee.extension")


def check_fee_tax(bundle: Bundle, fee: int) -> None:
    """A transfer or extension fee needs a tax of its own, never `outside` (events.md 2, fee_tax)."""
    policy = bundle.terms.policy
    if fee and policy.fee_tax in (None, OUTSIDE):
        raise Refused(
            f"policy {policy.version} says no tax for a fee ({policy.fee_tax or 'fee_tax is missing'}); "
            "a transfer or extension fee is never outside VAT: set fee_tax to a tax id in a new version",
            rule="policy fee_tax",
            field="fee",
        )


def charge_fee(rec: Recording, bundle: Bundle, fee: int, rule: str) -> Bundle:
    """A fee is owed at once: receivable against fee income."""
    if not fee:
        return bundle
    legs = (Posting(Role.RECEIVABLE, fee), Posting(Role.FEE_INCOME, -fee))
    number = rec.entry(rule, legs, bundle, branch=rec.event.branch)
    rec.note(bundle, rec.event.date, 0, number)
    return bundle._replace(position=owe(bundle.position, fee, rec.event.id, ClaimKind.FEE))


def judge_terminated(rec: Recording, bundle: Bundle, event: Event, _fact: Fact) -> tuple[Bundle, int]:
    """`bundle.terminated`: the customer gives up what is left of a living bundle."""
    if bundle.status is not Status.OPEN or bundle.expired(event.date):
        ended = f"was {bundle.status}" if bundle.status is not Status.OPEN else f"expired on {bundle.valid_until}"
        raise Refused(
            f"bundle {bundle.id} {ended}; there is nothing to give up", rule="events.md 4 bundle.terminated", field="bundle"
        )
    return bundle._replace(status=Status.TERMINATED), bundle.left


def book_terminated(rec: Recording, bundle: Bundle, _fact: Fact, _effect: int) -> Bundle:
    """The rest of the contract liability is breakage on that day."""
    rest = bundle.position.liability
    postings = (Posting(Role.CONTRACT_LIABILITY, rest), Posting(Role.BREAKAGE, -rest))
    number = rec.entry("breakage.termination", postings, bundle, branch=bundle.branch)
    rec.note(bundle, rec.event.date, -rest, number)
    return bundle._replace(position=bundle.position._replace(liability=0))
