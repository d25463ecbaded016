"""Bundles sold before these books began, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from revrec.core.book import Book
from revrec.core.bundle import Status
from revrec.core.errors import Refused
from revrec.core.events import (
    BundleOpened,
    BundleTransferred,
    CustomerErased,
    CustomerRegistered,
    Method,
    RefundIssued,
    SessionCompleted,
    SessionReversed,
)
from revrec.core.policy import Breakage, ExpiryFrom, Obligation, Policy, Recognition, Refund
from revrec.core.reports.opening import report
from revrec.core.units import UNIT
from tests.core.kept import asked, cells, kept
from tests.core.practice import PACKAGE, STANDARD, START, Practice, Shelf
from tests.core.telling import books, clock, house, on, paid, refused, sold, tell, used, uses

TAXED = replace(PACKAGE, tax="es-21", price=60500)
MULTI = replace(PACKAGE, tax="es-21m", price=60500)
AGENT = {"principal": False, "commission_rate": 300_000, "commission_tax": "es-21"}
ENTERED = "2026-01-01 opening.bundle  opening 200.00  contract-liability -200.00"


def opened(deferred=20000, day="01-01", units=4 * UNIT, sold_on=date(2025, 11, 3), **facts):
    return on(day, BundleOpened("B-1", "P10", "C-1", units, deferred, sold_on, **facts), id="opened")


def test_what_was_deferred_comes_in_and_is_earned_with_what_is_left():
    assert books(opened(), *uses(4), clock("02-01")) == [
        ENTERED,
        *["2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00"] * 4,
    ]


def test_the_fifth_of_four_is_refused():
    assert "bundle B-1: 1 asked, 0 left (4 sold, 4 used)" in refused(opened(), *uses(5))


def test_vat_declared_before_is_not_declared_again_and_goes_back_with_a_refund():
    back = on("01-12", RefundIssued("R-1", "B-1", method=Method.CASH))
    assert books(opened(tax_paid=4200), *uses(1), back, package=TAXED) == [
        ENTERED,
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-12 refund.issued  contract-liability 150.00  vat-output 31.50  cash -181.50",
    ]


def test_a_multi_purpose_voucher_comes_in_gross_and_is_taxed_at_use():
    assert books(opened(), *uses(1), package=MULTI) == [
        ENTERED,
        "2026-01-10 session.earned  contract-liability 50.00  vat-output -8.68  revenue-package -41.32",
    ]


def test_an_agent_takes_over_the_commission_and_the_money_of_the_provider():
    assert books(opened(tax_paid=1260), *uses(1), **AGENT) == [
        "2026-01-01 opening.bundle  opening 200.00  contract-liability -63.78  client-money -136.22",
        (
            "2026-01-10 session.earned  contract-liability 15.95  client-money 34.06  provider-payable -34.06"
            "  commission-income -15.95"
        ),
    ]


def test_a_straight_line_runs_on_from_the_day_it_is_taken_over():
    line = {"recognition": Recognition.STRAIGHT_LINE}
    assert books(opened(expires_on=date(2026, 2, 19)), clock("02-28"), **line) == [
        ENTERED,
        "2026-01-31 accrual.straight-line  contract-liability 124.00  revenue-package -124.00",
        "2026-02-19 accrual.straight-line  contract-liability 76.00  revenue-package -76.00",
    ]


def test_breakage_in_proportion_begins_with_the_first_use_in_these_books():
    remote = {"breakage": Breakage.PROPORTIONAL, "expected_used": 800_000, "refund": Refund.NONE}
    assert books(opened(), *uses(1), **remote) == [
        ENTERED,
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-10 breakage.proportional  contract-liability 12.50  breakage -12.50",
    ]


def test_nothing_falls_due_of_what_was_paid_before():
    assert books(opened(), clock("03-01"), obligation=Obligation.NONCANCELLABLE) == [ENTERED]


@pytest.mark.parametrize("starts", [ExpiryFrom.SALE, ExpiryFrom.PAYMENT])
def test_the_validity_runs_from_the_sale_of_before(starts):
    assert books(opened(), clock("03-01"), expiry_months=3, expiry_from=starts) == [
        ENTERED,
        "2026-02-03 breakage.expiry  contract-liability 200.00  breakage -200.00",
    ]


def test_a_last_day_of_its_own_goes_before():
    assert books(opened(expires_on=date(2026, 1, 20)), clock("03-01"), expiry_months=3) == [
        ENTERED,
        "2026-01-20 breakage.expiry  contract-liability 200.00  breakage -200.00",
    ]


def test_taken_over_late_its_end_is_where_it_was():
    game = house(expiry_months=3)
    tell(game, clock("02-28"))
    assert tell(game, opened()) == [
        ENTERED,
        "2026-02-03 breakage.expiry  contract-liability 200.00  breakage -200.00",
    ]


def test_units_without_money_are_taken_over_without_an_entry():
    game = house()
    assert tell(game, opened(0)) == []
    assert (game.book.bundle("B-1").left, game.book.bundle("B-1").status) == (4 * UNIT, Status.OPEN)


def test_money_that_comes_later_is_credit_for_it_is_paid():
    assert books(paid(1000), after=(opened(),)) == ["2026-01-05 payment.bundle  psp-clearing 10.00  customer-credit -10.00"]


def test_a_late_session_is_replayed_on_what_was_taken_over():
    begun = (opened(tax_paid=4200, beneficiary="C-2"), *uses(2), on("01-20", SessionReversed("S-1")))
    game = house(TAXED)
    tell(game, *begun)
    late = on("01-05", SessionCompleted("S-0", bundle="B-1", beneficiary="C-2"))
    assert tell(game, late) == ["2026-01-05 session.earned  contract-liability 50.00  revenue-package -50.00"]
    assert game.book.bundle("B-1").used == 2 * UNIT


@dataclass(frozen=True)
class Young(Shelf):
    """A catalogue that begins in 2026, or, of the package's policy, with another version for 2025."""

    old: Policy | None = None

    def terms(self, package, day):
        if day < START and self.old is None:
            raise Refused(f"package {package} begins on {START}", rule="events.md 2, since", field="package")
        return replace(super().terms(package, day), policy=self.old if day < START else self.policy)


def test_the_terms_are_those_of_the_sale_or_where_the_catalogue_is_younger_those_of_the_day():
    old = replace(STANDARD, since=date(2025, 1, 1), expiry_months=3)
    for shelf, version in ((Young(), "standard@2026-01-01"), (Young(old=old), "standard@2025-01-01")):
        game = Practice(Book(shelf))
        tell(game, opened())
        assert [entry.policy for entry in game.entries] == [version]


def test_part_of_it_may_be_transferred():
    assert books(on("01-08", BundleTransferred("B-1", "C-2", units=UNIT, to_bundle="B-2")), after=(opened(),)) == [
        "2026-01-08 transfer.units  contract-liability(B-1 C-1) 50.00  contract-liability(B-2 C-2) -50.00",
    ]


@pytest.mark.parametrize(("package", "policy", "tax"), [(TAXED, {}, 4200), (MULTI, {}, 0), (PACKAGE, AGENT, 1260)])
def test_the_migration_ties_to_the_ledger(package, policy, tax):
    game = house(package, **policy)
    tell(game, opened(tax_paid=tax), *uses(1))
    made = report(kept(game), asked())
    assert cells(made, "bundle", "units_left", "deferred", "tax_paid", "entry") == [("B-1", 4 * UNIT, 20000, tax, "E-1")]
    assert made.tied


# Refused


@pytest.mark.parametrize(
    ("fact", "policy", "why"),
    [
        (opened(units=0), {}, "bundle B-1 has no units left"),
        (opened(units=UNIT // 2), {}, "bundle B-1: 0.5 units left; sessions are whole"),
        (opened(sold_on=date(2026, 1, 2)), {}, "bundle B-1 is taken over on 2026-01-01, before its sale on 2026-01-02"),
        (opened(), {"expiry_months": 1}, "bundle B-1 expired on 2025-12-03, before 2026-01-01"),
        (opened(), {"recognition": Recognition.STRAIGHT_LINE}, "bundle B-1: a straight line needs a last day"),
        (opened(), {"recognition": Recognition.AT_PURCHASE}, "bundle B-1: 200.00 EUR deferred, but policy standard@2026-01-01"),
        (opened(tax_paid=4200), {}, "bundle B-1: 42.00 EUR of VAT was paid, but its tax es-health has the rate 0"),
    ],
)
def test_what_cannot_be_taken_over(fact, policy, why):
    assert refused(fact, **policy).startswith(why)


def test_a_multi_purpose_voucher_had_no_vat_at_sale():
    assert "tax es-21m is that of a multi-purpose voucher" in refused(opened(tax_paid=100), package=MULTI)


def test_the_id_is_used_once():
    assert "bundle B-1 was recorded before" in refused(sold("01-01"), opened())
    assert "bundle B-1 was recorded before" in refused(opened(), sold())


# A person is erased


def test_erasing_a_person_posts_nothing_whatever_is_open():
    game = house()
    begun = (on("01-01", CustomerRegistered("C-3", "ES", "natural")), sold(), paid(), used("S-1", "01-06"))
    tell(game, *begun)
    assert tell(game, on("02-01", CustomerErased("C-1")), on("02-01", CustomerErased("C-3"))) == []
    assert tell(game, used("S-2", "02-02")) == [
        "2026-02-02 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_whom_nobody_knows_nobody_erases():
    assert refused(sold(), on("02-01", CustomerErased("C-7"))) == (
        "customer C-7 is not known; there is nothing to erase [events.md 4 customer.erased] customer"
    )
