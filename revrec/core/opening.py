"""Bundles sold before these books began: taken over with what is left of them, against the opening account (R14)."""

from __future__ import annotations

from revrec.core import units
from revrec.core.book import Kind
from revrec.core.bundle import NOTHING, Bundle, Position
from revrec.core.errors import Refused
from revrec.core.events import BundleOpened
from revrec.core.holder import born, estimate_on, plan_of, receipt_of
from revrec.core.journal import Posting, Role
from revrec.core.policy import ExpiryFrom, Recognition, Terms
from revrec.core.recording import Recording
from revrec.core.units import UNIT, Unit

RULE = "events.md 4 bundle.opened"


def post_opened(rec: Recording, fact: BundleOpened) -> Bundle:
    """Create the bundle, paid in full: its price is what was deferred, with the VAT of it.

    Only the deferred part is posted: money and VAT stand in the books of before. The validity runs from the day of sale
    (or, where a payment starts it, from there too); a straight line runs on from the day of the event.
    """
    rec.unused(Kind.SALE, fact.bundle, "bundle", "bundle")
    bundle = _made(rec, fact, _terms(rec, fact))
    _check(rec, bundle, fact)
    estimate = estimate_on(rec.book, bundle, rec.event.date)
    bundle = bundle._replace(plan=plan_of(bundle, rec.event, estimate, (), cash=rec.book.regime.vat_cash))
    rec.stands[bundle.id] = NOTHING._replace(vat_output=fact.tax_paid)
    born(rec, bundle, rec.shift("opening.bundle", bundle, lead=(Posting(Role.OPENING, fact.deferred),)))
    return bundle


def _terms(rec: Recording, fact: BundleOpened) -> Terms:
    """The terms of the day of sale, or those of today where the catalogue does not reach back so far."""
    try:
        return rec.book.catalogue.terms(fact.package, fact.sold_on)
    except Refused:
        return rec.book.catalogue.terms(fact.package, rec.event.date)


def _made(rec: Recording, fact: BundleOpened, terms: Terms) -> Bundle:
    event, price = rec.event, fact.deferred + fact.tax_paid
    bundle = Bundle(
        id=fact.bundle,
        terms=terms,
        customer=fact.customer,
        branch=event.branch,
        sold_on=fact.sold_on,
        units=fact.units_left,
        bonus_units=0,
        price=price,
        list_price=terms.package.list_price,
        expiry_event=event.id,
        expiry_source=event.source,
        last_date=event.date,
        seq=rec.seq,
        beneficiaries=(fact.beneficiary,) if fact.beneficiary and fact.beneficiary != fact.customer else (),
        fixed_expiry=fact.expires_on,
        starts=((fact.sold_on, fact.bundle),) if price and terms.policy.expiry_from is ExpiryFrom.PAYMENT else (),
    )
    return bundle._replace(position=Position(paid=price, vat=fact.tax_paid, receipts=receipt_of(bundle, price, fact.tax_paid)))


def _check(rec: Recording, bundle: Bundle, fact: BundleOpened) -> None:
    _check_units(bundle)
    _check_dates(rec, bundle)
    _check_money(rec, bundle, fact)


def _check_units(bundle: Bundle) -> None:
    if bundle.units <= 0:
        raise Refused(f"bundle {bundle.id} has no units left; there is nothing to take over", rule=RULE, field="units_left")
    if bundle.units % UNIT and bundle.terms.package.unit in (Unit.SESSION, Unit.MINUTE):
        raise Refused(
            f"bundle {bundle.id}: {units.text(bundle.units)} units left; "
            f"{bundle.terms.package.unit}s are whole, only hours and money come in parts",
            rule="events.md 4: units",
            field="units_left",
        )


def _check_dates(rec: Recording, bundle: Bundle) -> None:
    day = rec.event.date
    if bundle.sold_on > day:
        raise Refused(
            f"bundle {bundle.id} is taken over on {day}, before its sale on {bundle.sold_on}. Record bundle.sold instead",
            rule=RULE,
            field="sold_on",
        )
    if bundle.expired(day):
        raise Refused(
            f"bundle {bundle.id} expired on {bundle.valid_until}, before {day}; what was left of it belongs to the books of "
            "before. Give `expires_on` if it was extended",
            rule="events.md 4a Validity",
            field="expires_on",
        )
    if bundle.terms.policy.recognition is Recognition.STRAIGHT_LINE and bundle.expires_on is None:
        raise Refused(
            f"bundle {bundle.id}: a straight line needs a last day, and this bundle has none. Give `expires_on`",
            rule="events.md 4a Straight line",
            field="expires_on",
        )


def _check_money(rec: Recording, bundle: Bundle, fact: BundleOpened) -> None:
    policy = bundle.terms.policy
    if policy.recognition is Recognition.AT_PURCHASE and fact.deferred:
        raise Refused(
            f"bundle {bundle.id}: {rec.money(fact.deferred)} deferred, but policy {policy.version} recognises at purchase: "
            "its price was income when it was paid. Give deferred 0.00",
            rule=f"policy {policy.version} recognition = at_purchase",
            field="deferred",
        )
    if fact.tax_paid and bundle.multi:
        raise Refused(
            f"bundle {bundle.id}: tax {bundle.terms.tax.id} is that of a multi-purpose voucher, due at each use; "
            "no VAT was paid at sale. Give the deferred amount gross and leave tax_paid out",
            rule="events.md 4a VAT; Directive 2006/112/EC art. 30b(2)",
            field="tax_paid",
        )
    if fact.tax_paid and policy.principal and not bundle.terms.tax.percent:
        raise Refused(
            f"bundle {bundle.id}: {rec.money(fact.tax_paid)} of VAT was paid, but its tax {bundle.terms.tax.id} has the rate 0. "
            "Name a package with the tax of that sale",
            rule="accounting.md 4, invariant 17",
            field="tax_paid",
        )
