"""How the money of one bundle moves: collected, claimed, performed, billed; amounts in minor units, tax included.

Every function takes a `Position` or a `Bundle` and returns the new one; what it means for the books is the difference of
`Bundle.balances` before and after.
"""

from __future__ import annotations

from typing import NamedTuple

from revrec.core.bundle import Bundle, Claim, ClaimKind, Position
from revrec.core.journal import Role
from revrec.core.money import share
from revrec.core.policy import Recognition
from revrec.core.tax import Receipt, held, included, on_top


class Settled(NamedTuple):
    """Where money went: units billed before (`package`), other claims, the price not yet billed, the customer's credit.

    `pending` is the VAT of the other claims that accrues with it. Of money in another currency, `exchange` is the gain on
    claims and `repriced` what the price rose by (`core/currency.py`).
    """

    package: int
    others: int
    prepaid: int
    credit: int
    pending: int
    exchange: int = 0
    repriced: int = 0


def owe(position: Position, amount: int, ref: str, kind: ClaimKind, pending: int = 0) -> Position:
    """A fee or units beyond the bundle are owed from now on."""
    return position._replace(claims=(*position.claims, Claim(ref, kind, amount, pending))) if amount else position


def collect(bundle: Bundle, amount: int, room: int, bound: int = 0) -> Settled:
    """Money settles receivables (oldest first), contract assets, the price as far as `room` allows, then is credit.

    `bound` of it goes to the price before all else: a payer of a part of it owes no fee and no session beyond it.
    Source: events.md 4a, Money due.
    """
    assets = 0 if bundle.claim_role is Role.RECEIVABLE else bundle.balances.contract_asset if bundle.position.unpaid else 0
    owed = bundle.position.unpaid - assets
    first = min(amount, bound, max(room, bundle.position.unpaid))
    package, others, pending = min(first, owed), 0, 0
    left, ahead = amount - first, first - package
    for claim in bundle.position.claims:
        if claim.kind is ClaimKind.PACKAGE:
            paid = min(left, claim.amount, owed - package)
            package += paid
        else:
            paid = min(left, claim.amount)
            others += paid
            pending += share(claim.pending, paid, claim.amount)
        left -= paid
    left += ahead
    asset = min(left, assets)
    prepaid = min(left - asset, max(room - package - asset, 0))
    return Settled(package + asset, others, prepaid, left - asset - prepaid, pending)


def pay_others(position: Position, amount: int) -> Position:
    """Take an amount off the claims that are not for units of the package, oldest first."""
    claims = []
    for claim in position.claims:
        paid = 0 if claim.kind is ClaimKind.PACKAGE else min(amount, claim.amount)
        amount -= paid
        claims.append(claim._replace(amount=claim.amount - paid, pending=claim.pending - _part(claim, paid)) if paid else claim)
    return position._replace(claims=tuple(c for c in claims if c.amount))


def _part(claim: Claim, paid: int) -> int:
    return share(claim.pending, paid, claim.amount) if claim.pending else 0


def drop(position: Position, amount: int, ref: str) -> tuple[Position, int, int]:
    """Take up to `amount` out of the open claims of a reference other than units: (position, taken, pending VAT of it)."""
    left, waiting, claims = amount, 0, []
    for claim in position.claims:
        taken = min(left, claim.amount) if claim.ref == ref and claim.kind is not ClaimKind.PACKAGE else 0
        part = _part(claim, taken)
        left, waiting = left - taken, waiting + part
        claims.append(claim._replace(amount=claim.amount - taken, pending=claim.pending - part) if taken else claim)
    return position._replace(claims=tuple(c for c in claims if c.amount)), amount - left, waiting


def itemised(position: Position, ref: str) -> Position:
    """The claims for units of the package brought in line with what is unpaid: a new one of `ref`, or fewer.

    What is taken off comes from the claims of `ref` first, then from the oldest.
    """
    unpaid = position.unpaid
    listed = 0
    for claim in position.claims:
        if claim.kind is ClaimKind.PACKAGE:
            listed += claim.amount
    if listed == unpaid:
        return position
    if listed < unpaid:
        return owe(position, unpaid - listed, ref, ClaimKind.PACKAGE)
    left, claims = listed - unpaid, list(position.claims)
    for place in sorted(range(len(claims)), key=lambda i: (claims[i].ref != ref, i)):
        claim = claims[place]
        if claim.kind is ClaimKind.PACKAGE:
            taken = min(left, claim.amount)
            left -= taken
            claims[place] = claim._replace(amount=claim.amount - taken)
    return position._replace(claims=tuple(c for c in claims if c.amount))


def received(bundle: Bundle, ref: str, package: int, prepaid: int, percent: int) -> Bundle:
    """Money that counts towards the price: VAT only on the part that has none (events.md 4a, VAT)."""
    p = bundle.position
    if not (percent or p.vat) or bundle.multi or not bundle.terms.policy.principal:
        return rebilled(bundle._replace(position=p._replace(paid=p.paid + package + prepaid)), p, percent)
    settled = share(p.vat - held(p.receipts), package, p.billed - p.paid) if package else 0
    new = included(prepaid, percent)
    receipts = (*p.receipts, Receipt(ref, package + prepaid, settled + new)) if settled + new else p.receipts
    return bundle._replace(position=p._replace(paid=p.paid + package + prepaid, vat=p.vat + new, receipts=receipts))


def _commissioned(bundle: Bundle, before: Position, percent: int) -> Bundle:
    """The VAT on an agent's commission: on what is collected or earned, whichever is first (events.md 4a, Agent)."""
    p = bundle.position
    base = bundle.commission(max(before.paid + before.lost, before.delivered))
    more = bundle.commission(max(p.paid + p.lost, p.delivered)) - base
    vat = on_top(more, percent) if more > 0 else -share(p.vat, -more, base) if more < 0 else 0
    left = p.billed - bundle.commission(p.billed) - p.passed  # the provider never owes the tax of it
    return bundle._replace(position=p._replace(vat=min(p.vat + vat, max(left, 0))))


def rebilled(bundle: Bundle, before: Position, percent: int, back: int | None = None) -> Bundle:
    """VAT of what a change billed: a document for more; for less, its share of the unpaid part (or `back`)."""
    p = bundle.position
    if not (percent or p.vat) or bundle.multi:
        return bundle
    if not bundle.terms.policy.principal:
        return _commissioned(bundle, before, percent)
    more = p.billed - before.billed
    if more > 0:
        return bundle._replace(position=p._replace(vat=p.vat + included(more, percent)))
    if more < 0:
        unpaid = before.billed - max(before.paid, 0)
        if back is None:
            back = share(p.vat - held(p.receipts), min(-more, unpaid), unpaid) if unpaid > 0 else 0
        return bundle._replace(position=p._replace(vat=p.vat - back))
    return bundle


def paid_out(bundle: Bundle, before: Position, moved: Position, due: int, percent: int) -> Bundle:
    """Money has left with its VAT and `due` is what is due now: what else is billed no longer, or is now, moves VAT too."""
    billed = max(before.billed - before.paid + moved.paid, 0)
    since = moved._replace(due=min(moved.due, billed)) if bundle.terms.policy.principal else before
    return rebilled(bundle._replace(position=moved._replace(due=due)), since, percent)


def earned_by(bundle: Bundle) -> int:
    """The cumulative net revenue of what was delivered: its share of what is billed, rounded once (accounting.md 1.4)."""
    p = bundle.position
    if bundle.multi:
        return p.delivered - p.vat - p.other
    if not bundle.terms.policy.principal:
        return _share_of(bundle, bundle.commission(p.billed))
    return _share_of(bundle, p.billed - p.vat - p.other) if p.vat or p.other else p.delivered


def _share_of(bundle: Bundle, net: int) -> int:
    p = bundle.position
    if not p.billed or p.delivered == p.billed:
        return net
    amount, whole = (p.delivered, 1) if bundle.plan.line_from else bundle.worth(bundle.used)
    return min(net, share(net * amount, 1, whole * p.billed))


def performed(bundle: Bundle, gross: int, percent: int, earned: int | None = None) -> Bundle:
    """Performance worth `gross`: revenue of it, `earned` where it was recorded before; billed if beyond what was."""
    before = bundle.position
    policy = bundle.terms.policy
    if not (percent or before.vat or before.other) and policy.recognition is Recognition.PER_SESSION and policy.principal:
        delivered = before.delivered + gross
        more = max(delivered - before.earned, 0) if earned is None else earned
        return bundle._replace(position=before._replace(delivered=delivered, earned=before.earned + more))
    bundle = rebilled(bundle._replace(position=before._replace(delivered=before.delivered + gross)), before, percent)
    p = bundle.position
    if policy.recognition is Recognition.AT_PURCHASE and policy.principal:
        return bundle
    if earned is None:
        earned = max(earned_by(bundle) - p.earned, 0)
    elif p.vat:
        earned = min(earned, p.billed - p.vat - p.other - p.earned)
    return passed_on(bundle._replace(position=p._replace(earned=p.earned + earned)))


def passed_on(bundle: Bundle) -> Bundle:
    """An agent's provider earns the same share of the client money (RICAC 34.8)."""
    if bundle.terms.policy.principal:
        return bundle
    p = bundle.position
    client = p.billed - bundle.commission(p.billed) - p.vat
    passed = share(client, p.delivered, p.billed) if p.billed else 0
    return bundle._replace(position=p._replace(passed=passed))


def squared(bundle: Bundle) -> Bundle:
    """Where nothing is billed beyond what was delivered, nothing is owed: a cent of rounding belongs to the VAT."""
    p = bundle.position
    if not p.vat or p.delivered != p.billed or not bundle.terms.policy.principal or bundle.multi:
        return bundle
    if bundle.terms.policy.recognition is Recognition.AT_PURCHASE:
        return bundle
    return bundle._replace(position=p._replace(vat=p.billed - p.other - p.earned))


def unperformed(bundle: Bundle, gross: int, earned: int, percent: int) -> Bundle:
    """What was performed is taken back: its revenue as recorded, the VAT of what is no longer billed."""
    before = bundle.position
    bundle = rebilled(bundle._replace(position=before._replace(delivered=before.delivered - gross)), before, percent)
    if bundle.terms.policy.recognition is Recognition.AT_PURCHASE and bundle.terms.policy.principal:
        return bundle
    return passed_on(bundle._replace(position=bundle.position._replace(earned=bundle.position.earned - earned)))
