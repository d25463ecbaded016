"""Claims that are not paid: written off, recovered, their VAT taken back; contracts cancelled for default.

What was delivered is a credit loss, gross; what was due and not delivered is not owed any more, with its VAT (IFRS 9 5.5;
IFRS 15.108; accounting.md 1.6; events.md 4a, Taxed claims that are lost).
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from revrec.core.book import Kind, Movement, Visit
from revrec.core.breakage import returned
from revrec.core.bundle import Bundle, Claim, ClaimKind, Status, Written
from revrec.core.clock import respread, undue
from revrec.core.dates import add_months
from revrec.core.errors import Refused
from revrec.core.events import (
    BundleCancelledForDefault,
    Event,
    Instalment,
    ReceivableRecovered,
    ReceivableVatRecovered,
    ReceivableWrittenOff,
)
from revrec.core.journal import Posting, Role
from revrec.core.layers import blended, relaid
from revrec.core.losses import oldest, restored, vat_role
from revrec.core.money import share
from revrec.core.payment import without_debit
from revrec.core.policy import Recognition
from revrec.core.position import itemised, rebilled, squared
from revrec.core.recording import Recording
from revrec.core.refund import quote, unused
from revrec.core.sessions import Used
from revrec.core.tax import held, included, take

# Months from the tax point before the VAT of an unpaid claim may be taken back, by the first day on which they hold.
WAITS = ((date(2010, 4, 14), 6, "LIVA 80.Cuatro.A.1ª, RD-ley 6/2010 (six months up to 6,010,121.04 of turnover, else a year)"),)


class Lost(NamedTuple):
    """What an event did to claims: the `parts` of its movement, in minor units, tax included.

    `package` (units of the bundle) and `others` are bad debt, back from it where negative; `undue` was not delivered;
    `vat` was taken back; `credit` is the customer's.
    """

    package: int = 0
    others: int = 0
    undue: int = 0
    vat: int = 0
    credit: int = 0


def contra(bundle: Bundle) -> Role:
    """Where revenue goes that is not owed any more: at purchase it was earned before (accounting.md 1.2, column (b))."""
    at_purchase = bundle.terms.policy.recognition is Recognition.AT_PURCHASE and bundle.terms.policy.principal
    return Role.REFUND_CONTRA if at_purchase else Role.REVENUE_PACKAGE


def waited(since: date, day: date) -> bool:
    """Whether the statutory wait from a tax point is over on a day; before the first rule there is no way back."""
    months = [months for first, months, _ in WAITS if first <= day]
    return bool(months) and add_months(since, months[-1]) <= day


def judge_claim(_rec: Recording, bundle: Bundle, _event: Event, _fact: object) -> tuple[Bundle, int]:
    """What is open depends on what accrued by then: the booking itself refuses."""
    return bundle, 0


def book_written_off(rec: Recording, bundle: Bundle, fact: ReceivableWrittenOff, _effect: int) -> Bundle:
    """Delivered claims are bad debt, oldest first; what is due beyond them is a lower price."""
    bundle = respread(rec, bundle)
    open_ = bundle.claimed
    if fact.amount > open_ and not rec.known:
        raise _too_much(rec, f"bundle {bundle.id}", fact.amount, open_, "open")
    amount = min(fact.amount, open_)
    bundle, package, others = written(rec, bundle, amount)
    undelivered = amount - package - others
    bundle = _cheaper(rec, bundle, undelivered) if undelivered else bundle
    did = Lost(package, others, undelivered)
    number = rec.shift("receivable.written-off", bundle, tail=_lost(did), revenue=contra(bundle), branch=bundle.branch)
    return _done(rec, bundle, number, did)


def _too_much(rec: Recording, what: str, amount: int, most: int, of: str) -> Refused:
    return Refused(
        f"{what}: {rec.money(amount)} is more than the {rec.money(most)} {of}; give at most that",
        rule="events.md 4 receivable.written_off, receivable.recovered",
        field="amount",
    )


def _lost(did: Lost) -> tuple[Posting, ...]:
    return Posting(Role.BAD_DEBT, did.package + did.others), Posting(Role.RECEIVABLE, -did.others)


def _done(rec: Recording, bundle: Bundle, entry: int, did: Lost) -> Bundle:
    event = rec.event
    rec.move(Movement(Kind.WRITE_OFF, event.id, rec.seq, event.date, bundle.id, bundle.customer, entry=entry, parts=did))
    return bundle


def written(rec: Recording, bundle: Bundle, amount: int) -> tuple[Bundle, int, int]:
    """Delivered claims up to an amount, oldest first, are lost: (bundle, of its units, of other claims)."""
    p = bundle.position
    delivered = max(min(p.unpaid, p.delivered - p.paid - p.lost), 0)
    package, others = 0, 0
    left, losses = [], []
    for claim in p.claims:
        of_units = claim.kind is ClaimKind.PACKAGE
        taken = min(amount - package - others, claim.amount, delivered - package if of_units else claim.amount)
        pending = share(claim.pending, taken, claim.amount) if taken else 0
        left.append(claim._replace(amount=claim.amount - taken, pending=claim.pending - pending))
        if taken:
            vat = _vat_of_units(bundle, package, taken) if of_units else _vat_of(rec, bundle, claim, taken)
            losses.append(Written(claim.ref, claim.kind, taken, vat, pending, _tax_point(rec, bundle, claim).toordinal()))
        package, others = package + (taken if of_units else 0), others + (0 if of_units else taken)
    moved = p._replace(lost=p.lost + package, claims=tuple(c for c in left if c.amount), written=(*p.written, *losses))
    return bundle._replace(position=moved), package, others


def _vat_of_units(bundle: Bundle, before: int, amount: int) -> int:
    """The VAT in delivered and unpaid units, cumulative; `before` was counted already."""
    p = bundle.position
    if bundle.multi or not bundle.terms.policy.principal:
        vat, whole = p.vat, max(p.paid + p.lost, p.delivered)
    else:
        vat, whole = p.vat - held(p.receipts), p.billed - p.paid
    return max(share(vat, before + amount, whole) - share(vat, before, whole), 0) if whole > 0 and vat > 0 else 0


def _vat_of(rec: Recording, bundle: Bundle, claim: Claim, amount: int) -> int:
    """The VAT in a fee or a charge beside the units: what waits, as its session charged it, else by the tax of fees."""
    if claim.pending:
        return share(claim.pending, amount, claim.amount)
    session = rec.movement(Kind.SESSION, claim.ref)
    if session is not None:
        used = Used(*session.parts)
        return share(used.others_vat, amount, used.others) if used.others else 0
    tax = bundle.terms.policy.fee_tax
    if claim.kind is not ClaimKind.FEE or tax in (None, "outside"):
        return 0
    return included(amount, rec.rate(tax, rec.event.date))


def _tax_point(rec: Recording, bundle: Bundle, claim: Claim) -> date:
    """The day on which the VAT of a claim accrued: its session's, the latest one's of a claim by instalment, else today."""
    if bundle.plan.line_from is not None and claim.kind is ClaimKind.PACKAGE:
        return rec.event.date
    known = rec.movement(Kind.SESSION, claim.ref)
    if known is not None:
        return known.date
    so_far = rec.memory.values() if rec.replays else rec.book.movements(bundle.id)
    uses = [m.date for m in so_far if m.kind is Kind.SESSION and m.units]
    return max(uses) if uses and claim.kind is ClaimKind.PACKAGE else rec.event.date


def _cheaper(rec: Recording, bundle: Bundle, amount: int) -> Bundle:
    """What was due and not delivered is not owed any more: a lower price for what is left (IFRS 15.105; LIVA 80.Dos)."""
    before = bundle.position
    instalments = _fewer(bundle.plan.instalments, amount, rec.event.date)
    bundle = bundle._replace(
        plan=bundle.plan._replace(instalments=instalments), position=before._replace(due=before.due - amount)
    )
    if bundle.left and not bundle.ended:
        lower = bundle.price - amount
        whole = bundle.plan.line_from is not None or not bundle.used
        bundle = relaid(bundle, ((bundle.units, lower),)) if whole else blended(bundle, 0, -amount)
    bundle = squared(rebilled(bundle, before, rec.percent(bundle, rec.event.date)))
    return bundle._replace(position=itemised(bundle.position, rec.event.id))


def _fewer(instalments: tuple[Instalment, ...], amount: int, day: date) -> tuple[Instalment, ...]:
    """Instalments less an amount: the latest that fell due first."""
    kept = list(instalments)
    for place in sorted(range(len(kept)), key=lambda i: (kept[i].due_on > day, -i)):
        less = min(amount, kept[place].amount)
        amount -= less
        kept[place] = Instalment(kept[place].due_on, kept[place].amount - less)
    return tuple(i for i in kept if i.amount)


def book_recovered(rec: Recording, bundle: Bundle, fact: ReceivableRecovered, _effect: int) -> Bundle:
    """The claim comes back, with the VAT taken back on it; the money follows as a payment (LIVA 80.Cuatro.C)."""
    most = sum(loss.amount for loss in bundle.position.written)
    if fact.amount > most and not rec.known:
        raise _too_much(rec, f"bundle {bundle.id}", fact.amount, most, "written off as bad debt and not recovered")
    before = bundle.position
    bundle, legs = restored(bundle, oldest(bundle, min(fact.amount, most)))
    number = rec.shift("receivable.recovered", bundle, tail=legs, branch=bundle.branch)
    package = bundle.position.lost - before.lost
    others = before.beside - bundle.position.beside
    return _done(rec, bundle, number, Lost(package, others))


def book_vat_recovered(rec: Recording, bundle: Bundle, fact: ReceivableVatRecovered, _effect: int) -> Bundle:
    """The VAT of lost claims is taken back, oldest first, once the law allows it (LIVA 80.Cuatro)."""
    p, day = bundle.position, rec.event.date
    matured = [rec.known or waited(date.fromordinal(loss.since), day) for loss in p.written]
    most = sum(loss.vat - loss.back for loss, ripe in zip(p.written, matured, strict=True) if ripe)
    if not rec.known:
        _check_vat(rec, f"bundle {bundle.id}", fact, most, sum(loss.vat - loss.back for loss in p.written))
    amount = left = min(fact.amount, most)
    losses = []
    for loss, ripe in zip(p.written, matured, strict=True):
        back = min(left, loss.vat - loss.back) if ripe else 0
        left -= back
        losses.append(loss._replace(back=loss.back + back))
    legs = (Posting(vat_role(bundle), amount), Posting(Role.BAD_DEBT, -amount))
    number = rec.entry("receivable.vat-recovered", legs, bundle, branch=bundle.branch)
    return _done(rec, bundle._replace(position=p._replace(written=tuple(losses))), number, Lost(vat=amount))


def _check_vat(rec: Recording, what: str, fact: ReceivableVatRecovered, most: int, in_all: int) -> None:
    """Refuse VAT that was never written off, that the law does not give back yet, or that nobody was notified of."""
    day = rec.event.date
    if fact.notified_on > day:
        raise Refused(
            f"{what}: the corrective invoice is notified on {fact.notified_on}, after {day}; record it on that day",
            rule="LIVA 80.Cuatro.B; RIVA 24",
            field="notified_on",
        )
    if fact.amount > in_all:
        raise Refused(
            f"{what}: {rec.money(fact.amount)} is more than the {rec.money(in_all)} of VAT in what was written off and not "
            "recovered; write the claim off first, or give at most that",
            rule="LIVA 80.Cuatro",
            field="amount",
        )
    if fact.amount > most:
        raise Refused(
            f"{what}: {rec.money(in_all - most)} of the VAT written off accrued less than {WAITS[-1][1]} months before {day}; "
            f"take back at most {rec.money(most)} now",
            rule=WAITS[-1][2],
            field="amount",
        )


def judge_defaulted(rec: Recording, bundle: Bundle, event: Event, _fact: BundleCancelledForDefault) -> tuple[Bundle, int]:
    """A living bundle that is not paid in full; the effect is the units that go."""
    if bundle.status is not Status.OPEN or bundle.expired(event.date):
        ended = f"was {bundle.status}" if bundle.status is not Status.OPEN else f"expired on {bundle.valid_until}"
        raise Refused(
            f"bundle {bundle.id} {ended}; write off what is owed on it instead (receivable.written_off)",
            rule="events.md 4 bundle.cancelled_for_default",
            field="bundle",
        )
    p = bundle.position
    if not bundle.claimed and p.paid + p.lost >= bundle.price and not rec.known:
        raise Refused(
            f"bundle {bundle.id} is paid; there is no default. Use bundle.terminated or refund.issued",
            rule="events.md 4 bundle.cancelled_for_default",
            field="bundle",
        )
    return bundle, bundle.left


def book_defaulted(rec: Recording, bundle: Bundle, _fact: BundleCancelledForDefault, _effect: int) -> Bundle:
    """What is undelivered is not owed, what was delivered and not paid is bad debt; of money beyond it the quote is credit."""
    bundle = returned(rec, respread(rec, bundle))
    before = rec.recorded(Kind.WRITE_OFF, rec.event.id)
    offered = quote(bundle, rec.event.date, rec.book.currency).amount
    credit = Lost(*before.parts).credit if before else min(offered, unused(bundle))
    bundle = _given_back(rec, undue(rec, bundle), credit)._replace(status=Status.DEFAULTED)
    bundle, package, others = written(rec, bundle, bundle.claimed)
    bundle, lower = without_debit(bundle)
    did = Lost(package, others, credit=credit)
    tail = (*_lost(did), Posting(Role.REFUND_CONTRA, lower), Posting(Role.CUSTOMER_CREDIT, -credit))
    number = rec.shift("default.cancelled", bundle, tail=tail, revenue=contra(bundle), branch=bundle.branch)
    rec.credit(bundle.customer, credit)
    return _done(rec, bundle, number, did)


def _given_back(rec: Recording, bundle: Bundle, amount: int) -> Bundle:
    """Money held for sessions becomes the customer's, newest payment first, each with its document's VAT (LIVA 80.Dos)."""
    before = bundle.position
    receipts, vat = take(before.receipts, amount)
    moved = before._replace(paid=before.paid - amount, vat=before.vat - vat, receipts=receipts, held=0)
    moved = moved._replace(due=min(moved.due, max(moved.paid + moved.lost, moved.delivered)))
    return rebased(rec, bundle._replace(position=moved), bundle)


def rebased(rec: Recording, bundle: Bundle, before: Bundle) -> Bundle:
    """A bundle out of which money went: the VAT of an agent's commission follows it, claims are those of what is unpaid."""
    if not bundle.terms.policy.principal:
        bundle = rebilled(bundle, before.position, rec.percent(bundle, rec.event.date))
        p = bundle.position  # a session undone late may leave a cent earned beyond the commission on what is billed
        bundle = bundle._replace(position=p._replace(earned=min(p.earned, bundle.commission(p.billed) - p.other)))
    bundle = squared(bundle)
    return bundle._replace(position=itemised(bundle.position, rec.event.id))


# One-off visits


def post_visits_written(rec: Recording, customer: str, fact: ReceivableWrittenOff) -> None:
    """The unpaid visits of a customer are bad debt, oldest first."""
    visits = _visits(rec, customer)
    _check_visits(rec, customer, fact.amount, sum(_open(v) for v in visits), "open on one-off visits")
    left = fact.amount
    for visit in visits:
        amount = min(left, _open(visit))
        left -= amount
        legs = (Posting(Role.BAD_DEBT, amount), Posting(Role.RECEIVABLE, -amount))
        _post_visit(rec, "receivable.written-off", visit._replace(lost=visit.lost + amount), legs)
    _note(rec, customer, Lost(others=fact.amount))


def post_visits_recovered(rec: Recording, customer: str, fact: ReceivableRecovered) -> None:
    """The claims come back, oldest first, with the VAT that was taken back on them."""
    visits = _visits(rec, customer)
    most = sum(v.lost + _back(rec, v) for v in visits)
    _check_visits(rec, customer, fact.amount, most, "written off on one-off visits and not recovered")
    left = fact.amount
    for visit in visits:
        back = _back(rec, visit)
        amount = min(left, visit.lost + back)
        left -= amount
        vat = share(back, amount, visit.lost + back) if amount else 0
        legs = (Posting(Role.RECEIVABLE, amount), Posting(Role.BAD_DEBT, vat - amount), Posting(_visit_role(rec), -vat))
        _post_visit(rec, "receivable.recovered", _less_back(rec, visit, -vat, vat - amount), legs)
    _note(rec, customer, Lost(others=-fact.amount))


def post_visits_vat(rec: Recording, customer: str, fact: ReceivableVatRecovered) -> None:
    """The VAT of visits written off is taken back, oldest first: what stays lost is their price without it."""
    visits = _visits(rec, customer)
    open_ = {v.session: _lost_vat(rec, v) for v in visits}
    ripe = [v for v in visits if waited(_delivered(rec, v), rec.event.date)]
    _check_vat(rec, f"customer {customer}", fact, sum(open_[v.session] for v in ripe), sum(open_.values()))
    left = fact.amount
    for visit in ripe:
        vat = min(left, open_[visit.session])
        left -= vat
        legs = (Posting(_visit_role(rec), vat), Posting(Role.BAD_DEBT, -vat))
        _post_visit(rec, "receivable.vat-recovered", _less_back(rec, visit, vat, -vat), legs)
    _note(rec, customer, Lost(vat=fact.amount))


def _visits(rec: Recording, customer: str) -> list[Visit]:
    """The visits of a customer up to the day of the event that stand, oldest first."""
    dated = [(_delivered(rec, v), v.session, v) for v in rec.book.visits(customer) if not v.undone]
    return [visit for day, _, visit in sorted(dated) if day <= rec.event.date]


def _delivered(rec: Recording, visit: Visit) -> date:
    movement = rec.movement(Kind.VISIT, visit.session)
    return movement.date if movement else rec.event.date


def _open(visit: Visit) -> int:
    return visit.price - visit.paid - visit.lost


def _back(rec: Recording, visit: Visit) -> int:
    """The VAT of a visit that was taken back: its price and its loss are without it since then."""
    movement = rec.movement(Kind.VISIT, visit.session)
    return Used(*movement.parts).others_vat - visit.vat if movement else 0


def _lost_vat(rec: Recording, visit: Visit) -> int:
    """The VAT in what was written off of a visit and not taken back."""
    back = _back(rec, visit)
    price = visit.price + back
    return share(visit.vat + back, visit.lost + back, price) - back if price else 0


def _less_back(rec: Recording, visit: Visit, vat: int, lost: int) -> Visit:
    """A visit without VAT that was taken back (negative: due again), its loss changed."""
    pending = vat if _visit_role(rec) is Role.VAT_OUTPUT_PENDING else 0
    return visit._replace(price=visit.price - vat, vat=visit.vat - vat, pending=visit.pending - pending, lost=visit.lost + lost)


def _visit_role(rec: Recording) -> Role:
    return Role.VAT_OUTPUT_PENDING if rec.book.regime.vat_cash else Role.VAT_OUTPUT


def _check_visits(rec: Recording, customer: str, amount: int, most: int, of: str) -> None:
    if amount > most:
        raise _too_much(rec, f"customer {customer}", amount, most, of)


def _post_visit(rec: Recording, rule: str, visit: Visit, legs: tuple[Posting, ...]) -> None:
    number = rec.entry(rule, legs, session=visit.session, customer=visit.customer, branch=visit.branch, service=visit.service)
    if number:
        rec.changes.visits[visit.session] = visit


def _note(rec: Recording, customer: str, did: Lost) -> None:
    event, entries = rec.event, rec.changes.entries
    rec.changes.customer = customer
    entry = entries[-1].number if entries else 0
    rec.move(Movement(Kind.WRITE_OFF, event.id, rec.seq, event.date, None, customer, entry=entry, parts=did))
