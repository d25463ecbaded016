"""Rights that lapse, are given up, or are not expected to be used; extensions that bring them back."""

from __future__ import annotations

from revrec.core.bundle import Bundle, ClaimKind, Status
from revrec.core.clock import lapsed, respread
from revrec.core.errors import Refused
from revrec.core.events import BreakageDeemedRemote, BreakageEstimated, BundleExtended, Event, Fact
from revrec.core.journal import Posting, Role
from revrec.core.policy import OUTSIDE, WHOLE, Breakage
from revrec.core.position import owe
from revrec.core.recording import Recording
from revrec.core.tax import included


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
    until = bundle.valid_until
    return bundle if bundle.ended or until is None else lapsed(rec, bundle, until, until)


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
    return bundle, 0


def book_extended(rec: Recording, bundle: Bundle, fact: BundleExtended, _effect: int) -> Bundle:
    """The new last day, and the fee if one is asked; what expired is reinstated by `settled`."""
    bundle = respread(rec, bundle)
    bundle = bundle._replace(fixed_expiry=fact.expires_on, expiry_event=rec.event.id, expiry_source=rec.event.source)
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


def fee_vat(rec: Recording, bundle: Bundle, fee: int) -> int:
    """The VAT in a fee, by the policy's `fee_tax` at its tax point."""
    tax = bundle.terms.policy.fee_tax
    return 0 if tax in (None, OUTSIDE) else included(fee, rec.rate(tax, rec.event.date))


def fee_legs(bundle: Bundle, fee: int, vat: int) -> tuple[Posting, ...]:
    """A fee is owed at once: receivable against fee income and VAT (pending in the cash scheme)."""
    role = Role.VAT_OUTPUT_PENDING if bundle.plan.cash else Role.VAT_OUTPUT
    return Posting(Role.RECEIVABLE, fee), Posting(role, -vat), Posting(Role.FEE_INCOME, vat - fee)


def charge_fee(rec: Recording, bundle: Bundle, fee: int, rule: str) -> Bundle:
    """Charge a fee of the policy with its VAT."""
    if not fee:
        return bundle
    vat = fee_vat(rec, bundle, fee)
    rec.noted(bundle, rec.entry(rule, fee_legs(bundle, fee, vat), bundle, branch=rec.event.branch))
    pending = vat if bundle.plan.cash else 0
    return bundle._replace(position=owe(bundle.position, fee, rec.event.id, ClaimKind.FEE, pending))


def judge_terminated(rec: Recording, bundle: Bundle, event: Event, _fact: Fact) -> tuple[Bundle, int]:
    """`bundle.terminated`: the customer gives up what is left of a living bundle."""
    if bundle.status is not Status.OPEN or bundle.expired(event.date):
        ended = f"was {bundle.status}" if bundle.status is not Status.OPEN else f"expired on {bundle.valid_until}"
        raise Refused(
            f"bundle {bundle.id} {ended}; there is nothing to give up", rule="events.md 4 bundle.terminated", field="bundle"
        )
    return bundle, bundle.left


def book_terminated(rec: Recording, bundle: Bundle, _fact: Fact, _effect: int) -> Bundle:
    """The rest of the contract liability is breakage on that day; a straight line accrues through the day before."""
    bundle = respread(rec, bundle)._replace(status=Status.TERMINATED)
    rec.noted(bundle, rec.shift("breakage.termination", bundle, branch=bundle.branch))
    return bundle


def judge_remote(rec: Recording, bundle: Bundle, event: Event, _fact: BreakageDeemedRemote) -> tuple[Bundle, int]:
    """`breakage.deemed_remote`: only where the policy says so, and for a living bundle."""
    policy = bundle.terms.policy
    if policy.breakage is not Breakage.REMOTE or bundle.ended or bundle.expired(event.date):
        why = (
            f"policy {policy.version} has breakage = {policy.breakage}"
            if policy.breakage is not Breakage.REMOTE
            else "it has ended"
        )
        raise Refused(
            f"bundle {bundle.id}: its use cannot be deemed remote: {why}",
            rule="IFRS 15.B46; policy breakage",
            field="bundle",
        )
    return bundle, 0


def book_remote(rec: Recording, bundle: Bundle, _fact: BreakageDeemedRemote, _effect: int) -> Bundle:
    """What is left of the price is breakage until the customer returns."""
    bundle = bundle._replace(remote=True)
    rec.noted(bundle, rec.shift("breakage.remote", bundle, branch=bundle.branch))
    return bundle


def returned(rec: Recording, bundle: Bundle) -> Bundle:
    """The customer returns: what was deemed remote is owed again, a change in estimate (IAS 8.36)."""
    if not bundle.remote:
        return bundle
    bundle = bundle._replace(remote=False)
    rec.noted(bundle, rec.shift("breakage.returned", bundle, branch=bundle.branch))
    return bundle


def judge_estimated(rec: Recording, bundle: Bundle, _event: Event, fact: BreakageEstimated) -> tuple[Bundle, int]:
    """The portfolio's new estimate holds for every bundle under the policy."""
    return bundle._replace(plan=bundle.plan._replace(expected_used=fact.expected_used)), 0


def book_estimated(rec: Recording, bundle: Bundle, _fact: BreakageEstimated, _effect: int) -> Bundle:
    """Cumulative catch-up on the day of the estimate (IFRS 15.B46; accounting.md 1.3)."""
    if bundle.terms.policy.breakage is Breakage.PROPORTIONAL:
        rec.noted(bundle, rec.shift("breakage.estimated", bundle, branch=bundle.branch))
    return bundle


def check_estimate(rec: Recording, fact: BreakageEstimated) -> None:
    """An estimate above 0, for a policy that earns breakage in proportion."""
    if not 0 < fact.expected_used <= WHOLE:
        raise Refused(
            f"policy {fact.policy}: the share of rights that will be used lies above 0 and not above 1",
            rule="accounting.md 1.3",
            field="expected_used",
        )
    sold = [rec.bundle(bundle) for bundle in rec.book.sold_under(fact.policy)]
    if not any(b.terms.policy.breakage is Breakage.PROPORTIONAL for b in sold):
        raise Refused(
            f"no bundle was sold under policy {fact.policy} with breakage = proportional; there is nothing to estimate",
            rule="policy breakage",
            field="policy",
        )
