from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from revrec.core.bundle import Status
from revrec.core.events import (
    BundleTerminated,
    CustomerRegistered,
    Method,
    PaymentReceived,
    RefundIssued,
    SessionCancelled,
    SessionCompleted,
    SessionNoShow,
    SessionReversed,
    SessionWaived,
    Surcharge,
)
from revrec.core.policy import Charge, ExpiryFrom, Invoicing, Overage, Owner, Recognition, UnpaidUse
from revrec.core.units import UNIT, Unit, quanta
from tests.core.practice import PACKAGE
from tests.core.telling import books, house, on, paid, refused, sold, tell, used, uses

BEGUN = (sold(), paid())
THIRDS = replace(PACKAGE, units=3 * UNIT, price=10000)


def test_a_session_earns_its_share_of_the_price():
    assert books(sold(), paid(), used("S-1", "01-20")) == [
        "2026-01-05 payment.bundle  psp-clearing 500.00  contract-liability -500.00",
        "2026-01-20 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_shares_are_cumulative_and_no_cent_remains():
    assert books(*uses(3), after=(sold(), paid(10000)), package=THIRDS) == [
        "2026-01-10 session.earned  contract-liability 33.33  revenue-package -33.33",
        "2026-01-10 session.earned  contract-liability 33.34  revenue-package -33.34",
        "2026-01-10 session.earned  contract-liability 33.33  revenue-package -33.33",
    ]


def test_free_units_share_the_price():
    buy_3_get_1 = replace(THIRDS, bonus_units=UNIT)
    assert (
        books(*uses(4), after=(sold(), paid(10000)), package=buy_3_get_1)
        == [
            "2026-01-10 session.earned  contract-liability 25.00  revenue-package -25.00",
        ]
        * 4
    )


def test_a_bundle_given_away_earns_nothing_and_posts_nothing():
    assert books(sold(price=0), *uses(10)) == []


def test_a_yen_has_no_decimals():
    assert books(sold(), paid(10000), used("S-1", "01-20"), package=THIRDS, currency="JPY") == [
        "2026-01-05 payment.bundle  psp-clearing 10000  contract-liability -10000",
        "2026-01-20 session.earned  contract-liability 3333  revenue-package -3333",
    ]


@pytest.mark.parametrize(
    ("invoicing", "role"),
    [
        (Invoicing.AT_PURCHASE, "receivable"),
        (Invoicing.PER_SESSION, "receivable"),
        (Invoicing.PER_PAYMENT, "contract-asset"),
        (Invoicing.NONE, "contract-asset"),
    ],
)
def test_use_beyond_the_money_paid_is_claimed(invoicing, role):
    assert books(*uses(2), after=(sold(), paid(8000)), invoicing=invoicing) == [
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        f"2026-01-10 session.earned  contract-liability 30.00  {role} 20.00  revenue-package -50.00",
    ]


def test_at_purchase_a_session_only_counts_unless_nothing_was_booked():
    assert books(sold(), paid(8000), *uses(2), recognition=Recognition.AT_PURCHASE) == [
        "2026-01-05 payment.at-purchase  psp-clearing 80.00  revenue-package -80.00",
        "2026-01-10 session.earned  contract-asset 20.00  revenue-package -20.00",
    ]


def test_elsewhere_the_seller_owes_the_branch_that_delivered():
    assert books(used("S-1", "01-20", branch="mad"), after=BEGUN) == [
        (
            "2026-01-20 session.earned  contract-liability(bcn) 50.00  due-from-branch(mad) 50.00"
            "  revenue-package -50.00  due-to-branch(bcn) -50.00"
        ),
    ]


def test_the_reversal_of_a_session_elsewhere_mirrors_both_branches():
    assert books(on("01-21", SessionReversed("S-1"), "mad"), after=(*BEGUN, used("S-1", "01-20", branch="mad"))) == [
        (
            "2026-01-21 session.reversed  revenue-package 50.00  due-to-branch(bcn) 50.00"
            "  contract-liability(bcn) -50.00  due-from-branch(mad) -50.00  corrects E-2"
        ),
    ]


# Units


def test_halves_of_a_session_earn_halves():
    assert books(used("S-1", "01-20", quantity=UNIT // 2), after=BEGUN) == [
        "2026-01-20 session.earned  contract-liability 25.00  revenue-package -25.00",
    ]


def test_hours_come_from_the_clock_and_are_rounded_up_to_the_step():
    hours = replace(PACKAGE, unit=Unit.HOUR)
    start, end = datetime(2026, 1, 20, 9, 0, tzinfo=UTC), datetime(2026, 1, 20, 9, 50, tzinfo=UTC)
    assert books(used("S-1", "01-20", started_at=start, ended_at=end), after=BEGUN, package=hours) == [
        "2026-01-20 session.earned  contract-liability 41.67  revenue-package -41.67",
    ]
    assert books(used("S-1", "01-20", started_at=start, ended_at=end), after=BEGUN, package=hours, rounding_minutes=15) == [
        "2026-01-20 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_bundle_of_money_is_drawn_by_the_amount():
    money = replace(PACKAGE, unit=Unit.MONEY, units=quanta(600))
    assert books(used("S-1", "01-20", quantity=quanta("60.00")), after=BEGUN, package=money) == [
        "2026-01-20 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


# Missed


@pytest.mark.parametrize("missed", [SessionNoShow("S-1", "B-1"), SessionCancelled("S-1", "B-1", 23 * 60 + 59)])
def test_missed_and_deducted_is_revenue_of_no_shows(missed):
    assert books(on("01-20", missed), after=BEGUN) == [
        "2026-01-20 session.no-show  contract-liability 50.00  revenue-no-show -50.00",
    ]


@pytest.mark.parametrize("missed", [SessionNoShow("S-1", "B-1"), SessionCancelled("S-1", "B-1", 0)])
def test_missed_and_waived_costs_nothing_and_leaves_the_id_free(missed):
    waive = {"no_show": Charge.WAIVE, "late_cancellation": Charge.WAIVE}
    assert books(on("01-20", missed), used("S-1", "01-21"), after=BEGUN, **waive) == [
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_missed_and_charged_leaves_the_unit_and_is_owed_at_once():
    fee = {"no_show": Charge.FEE, "no_show_fee": 2500, "late_cancellation": Charge.FEE, "late_cancellation_fee": 1500}
    late = on("01-19", SessionCancelled("S-1", "B-1", 60))
    assert books(late, on("01-20", SessionNoShow("S-2", "B-1")), *uses(0), used("S-3", "01-21"), after=BEGUN, **fee) == [
        "2026-01-19 session.fee  receivable 15.00  fee-income -15.00",
        "2026-01-20 session.fee  receivable 25.00  fee-income -25.00",
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_a_fee_of_nothing_posts_nothing():
    assert books(on("01-20", SessionNoShow("S-1", "B-1")), after=BEGUN, no_show=Charge.FEE) == []


def test_a_cancellation_in_time_posts_nothing_and_leaves_the_id_free():
    in_time = on("01-20", SessionCancelled("S-1", "B-1", 24 * 60))
    assert books(in_time, used("S-1", "01-21"), after=BEGUN) == [
        "2026-01-21 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_at_purchase_a_no_show_uses_the_unit_and_posts_nothing():
    game = house(recognition=Recognition.AT_PURCHASE)
    assert tell(game, *BEGUN, on("01-20", SessionNoShow("S-1", "B-1")))[1:] == []
    assert game.book.bundle("B-1").used == UNIT


# Undone


def test_a_reversal_mirrors_the_session_and_the_unit_is_there_again():
    game = house()
    assert tell(game, *BEGUN, *uses(1), on("01-11", SessionReversed("S-1")))[1:] == [
        "2026-01-10 session.earned  contract-liability 50.00  revenue-package -50.00",
        "2026-01-11 session.reversed  revenue-package 50.00  contract-liability -50.00  corrects E-2",
    ]
    assert game.book.bundle("B-1").left == 10 * UNIT


def test_a_reversal_of_unpaid_use_closes_its_claim():
    assert books(on("01-11", SessionReversed("S-1")), after=(sold(), paid(2000), *uses(1))) == [
        "2026-01-11 session.reversed  revenue-package 50.00  contract-asset -30.00  contract-liability -20.00  corrects E-2",
    ]


def test_a_waived_no_show_mirrors_it():
    assert books(on("01-22", SessionWaived("S-1", "manager")), after=(*BEGUN, on("01-20", SessionNoShow("S-1", "B-1")))) == [
        "2026-01-22 session.waived  revenue-no-show 50.00  contract-liability -50.00  corrects E-2",
    ]


def test_a_waived_fee_is_owed_no_more():
    missed = on("01-20", SessionNoShow("S-1", "B-1"))
    assert books(on("01-22", SessionWaived("S-1", "manager")), after=(*BEGUN, missed), no_show=Charge.FEE, no_show_fee=1500) == [
        "2026-01-22 session.waived  fee-income 15.00  receivable -15.00  corrects E-2",
    ]


def test_a_waived_fee_that_was_paid_counts_towards_the_price_or_stays_the_customers():
    fee = {"no_show": Charge.FEE, "no_show_fee": 1500}
    missed = on("01-20", SessionNoShow("S-1", "B-1"))
    waived = on("01-22", SessionWaived("S-1", "manager"))
    assert books(waived, after=(sold(), missed, paid(1500, "01-21")), **fee) == [
        "2026-01-22 session.waived  fee-income 15.00  contract-liability -15.00  corrects E-1",
    ]
    assert books(waived, after=(*BEGUN, missed, paid(1500, "01-21", payment="P-2")), **fee) == [
        "2026-01-22 session.waived  fee-income 15.00  customer-credit -15.00  corrects E-2",
    ]


# Beyond the bundle

FULL = (*BEGUN, *uses(9))


def test_beyond_the_bundle_the_excess_is_charged_at_list_price():
    assert books(used("S-10", "01-20", quantity=2 * UNIT), after=FULL, overage=Overage.CHARGE) == [
        "2026-01-20 session.earned  contract-liability 50.00  receivable 60.00  revenue-package -50.00  revenue-single -60.00",
    ]


def test_a_charged_excess_is_reversed_with_its_session():
    after = (*FULL, used("S-10", "01-20", quantity=2 * UNIT))
    assert books(on("01-21", SessionReversed("S-10")), after=after, overage=Overage.CHARGE) == [
        (
            "2026-01-21 session.reversed"
            "  revenue-package 50.00  revenue-single 60.00  receivable -60.00  contract-liability -50.00"
            "  corrects E-11"
        ),
    ]


def test_beyond_the_bundle_the_excess_is_absorbed():
    assert books(used("S-10", "01-20", quantity=2 * UNIT), used("S-11", "01-21"), after=FULL, overage=Overage.ABSORB) == [
        "2026-01-20 session.earned  contract-liability 50.00  revenue-package -50.00",
    ]


def test_beyond_the_bundle_the_excess_is_refused():
    assert refused(*FULL, used("S-10", "01-20", quantity=2 * UNIT)) == (
        "bundle B-1: 2 asked, 1 left (10 sold, 9 used). Top it up or record the visit as one-off"
        " [policy standard@2026-01-01 overage = reject] quantity"
    )


def test_unpaid_use_is_refused_when_the_policy_says_so():
    reject = {"unpaid_use": UnpaidUse.REJECT}
    assert len(books(sold(), paid(10000), *uses(2), **reject)) == 3
    assert refused(sold(), paid(10000), *uses(3), **reject) == (
        "bundle B-1: 100.00 EUR paid, 150.00 EUR needed to cover the units used with this one. Record the payment first"
        " [policy standard@2026-01-01 unpaid_use = reject] bundle"
    )


# Who, where, how, when


def test_a_provider_bundle_is_delivered_by_its_provider_only():
    owner = {"owner": Owner.PROVIDER}
    begun = (sold(provider="PR-1"), paid())
    assert len(books(*begun, used("S-1", "01-20", provider="PR-1"), **owner)) == 2
    for provider, said in (("PR-2", "PR-2"), (None, "a session without provider")):
        assert refused(*begun, used("S-1", "01-20", provider=provider), **owner) == (
            f"bundle B-1 belongs to provider PR-1; {said} may not deliver it. Record bundle.provider_changed first"
            " [policy standard@2026-01-01 owner = provider] provider"
        )


def test_a_foreign_modality_is_refused():
    assert len(books(*BEGUN, used("S-1", "01-20", modality="online"))) == 2
    assert refused(*BEGUN, used("S-1", "01-20", modality="home")) == (
        "bundle B-1 may be used in_person, online, not home [policy standard@2026-01-01 modalities] modality"
    )


@pytest.mark.parametrize(("branch", "said"), [("mad", "mad"), (None, "an unnamed branch")])
def test_a_foreign_branch_is_refused(branch, said):
    here = replace(PACKAGE, branches=("bcn", "vic"))
    begun = (sold()._replace(branch=None), paid())
    assert len(books(*begun, used("S-1", "01-20", branch="vic"), package=here)) == 2
    assert refused(*begun, used("S-1", "01-20", branch=branch), package=here) == (
        f"bundle B-1 may be used at bcn, vic, not at {said} [package P10@2026-01-01 branches] branch"
    )


@pytest.mark.parametrize("who", [{"beneficiary": "C-2"}, {"customer": "C-2"}])
def test_a_stranger_may_not_use_it(who):
    assert refused(*BEGUN, used("S-1", "01-20", **who)) == (
        f"C-2 may not use bundle B-1: it is C-1's. Record bundle.shared first [policy sharing] {next(iter(who))}"
    )
    assert "it is C-1's, shared with C-3. Record" in refused(sold(beneficiary="C-3"), used("S-1", "01-20", **who))


def test_an_unknown_bundle_is_refused():
    assert refused(used("S-1", "01-20")) == (
        "bundle B-1 is not known; record its bundle.sold first or mend the id [events.md 4 bundle] bundle"
    )


def test_use_before_the_sale_is_refused():
    assert refused(sold(), used("S-1", "01-04")) == (
        "bundle B-1 was born on 2026-01-05; session.completed cannot be dated 2026-01-04 [events.md 4a Late events] time"
    )


def test_the_last_day_of_use_still_counts_and_the_next_is_refused():
    six = {"expiry_months": 6}
    assert len(books(*BEGUN, used("S-1", "07-05"), **six)) == 2
    assert refused(*BEGUN, used("S-1", "07-06"), **six) == (
        "bundle B-1 expired on 2026-07-05; 2026-07-06 is later. Extend it (bundle.extended) or record a one-off visit"
        " [policy standard@2026-01-01 expiry] bundle"
    )


@pytest.mark.parametrize(
    ("end", "said"),
    [(RefundIssued("R-1", "B-1"), Status.REFUNDED), (BundleTerminated("B-1"), Status.TERMINATED)],
)
def test_an_ended_bundle_is_used_no_more(end, said):
    assert refused(*BEGUN, on("01-10", end), used("S-1", "01-20")) == (
        f"bundle B-1 was {said}; nothing can be used. Record the visit as one-off [events.md 4] bundle"
    )


def test_a_session_is_used_once_even_when_undone():
    again = " was recorded before; an id is used once, even when what it did was undone: give this one a new id"
    assert refused(*BEGUN, *uses(1), used("S-1", "01-20")).startswith(f"session S-1{again}")
    assert refused(*BEGUN, *uses(1), on("01-11", SessionReversed("S-1")), used("S-1", "01-20")).startswith(f"session S-1{again}")
    assert refused(*BEGUN, *uses(1), on("01-20", SessionNoShow("S-1", "B-1"))).startswith(f"session S-1{again}")


def test_what_is_not_known_or_was_undone_is_not_undone():
    assert refused(*BEGUN, on("01-20", SessionReversed("S-1"))) == (
        "session S-1 has used no unit and charged no fee; there is nothing to undo"
        " [events.md 4 session.reversed, session.waived] session"
    )
    assert refused(*BEGUN, *uses(1), on("01-11", SessionReversed("S-1")), on("01-12", SessionReversed("S-1"))).startswith(
        "the reversal of session S-1 was recorded before"
    )


def test_only_what_was_missed_is_waived():
    assert refused(*BEGUN, *uses(1), on("01-20", SessionWaived("S-1", "manager"))) == (
        "session S-1 was completed; only a late cancellation or a no-show is waived. Use session.reversed"
        " [events.md 4 session.waived] session"
    )


def test_nothing_is_undone_before_it_was_done():
    assert refused(*BEGUN, *uses(1), on("01-09", SessionReversed("S-1"))) == (
        "session S-1 is of 2026-01-10; it cannot be undone or settled on 2026-01-09, before it happened"
        " [events.md 4a Late events] time"
    )


# Validity from the first use


def test_validity_starts_with_the_first_use_and_moves_on_when_that_is_undone():
    game = house(expiry_months=1, expiry_from=ExpiryFrom.FIRST_USE)
    tell(game, *BEGUN)
    assert game.book.bundle("B-1").expires_on is None
    tell(game, used("S-1", "01-10"), used("S-2", "01-20"))
    assert str(game.book.bundle("B-1").expires_on) == "2026-02-10"
    tell(game, on("01-21", SessionReversed("S-1")))
    assert str(game.book.bundle("B-1").expires_on) == "2026-02-20"
    assert game.book.bundle("B-1").expiry_event == "session-S-2"
    tell(game, on("01-22", SessionReversed("S-2")))
    assert game.book.bundle("B-1").expires_on is None
    assert game.book.bundle("B-1").expiry_event == "sale-B-1"


# Drawn from what the customer holds


def drawn(*sales, **facts):
    game = house()
    tell(game, *sales)
    tell(game, used("S-1", "01-20", bundle=None, customer="C-1", **facts))
    return game.book.movement("session", "S-1").bundle


def test_the_bundle_that_expires_first_is_drawn():
    sooner = sold("01-06", "B-2", expires_on=on("02-28", None).day)
    assert drawn(sold(expires_on=on("03-31", None).day), sooner) == "B-2"
    assert drawn(sold(), sooner) == "B-2"  # one without end comes last


def test_among_equals_the_one_sold_first_then_the_one_recorded_first():
    assert drawn(sold("01-06", "B-2"), sold("01-05", "B-9")) == "B-9"
    assert drawn(sold("01-05", "B-9"), sold("01-05", "B-2")) == "B-9"


def test_one_with_enough_units_comes_before_one_with_a_rest():
    assert drawn(sold(units=UNIT, expires_on=on("02-01", None).day), sold("01-06", "B-2"), quantity=2 * UNIT) == "B-2"


def test_only_bundles_of_the_service_that_is_asked_are_drawn():
    assert drawn(sold(), service="physiotherapy") == "B-1"
    assert refused(*BEGUN, used("S-1", "01-20", bundle=None, customer="C-1", service="psychology")) == (
        "customer C-1 has no bundle that this session may use on 2026-01-20."
        " Sell one, or record a one-off visit with service, price and tax [events.md 4 session.completed] customer"
    )


def test_why_no_bundle_is_drawn():
    why = refused(sold(expires_on=on("01-19", None).day), used("S-1", "01-20", bundle=None, customer="C-1"))
    assert why.startswith("customer C-1 has no bundle that this session may use on 2026-01-20 (bundle B-1 expired on 2026-01-19;")


# One-off visits

VISIT = on("01-20", SessionCompleted("V-1", customer="C-1", service="physiotherapy", price=4500, tax="es-health"))


def test_a_one_off_visit_is_owed_when_delivered():
    assert books(VISIT) == ["2026-01-20 session.single  receivable 45.00  revenue-single -45.00"]


def test_a_free_visit_posts_nothing():
    free = on("01-20", SessionCompleted("V-1", customer="C-1", service="physiotherapy", price=0, tax="es-health"))
    assert books(free, on("01-21", SessionReversed("V-1"))) == []


def test_a_visit_taken_back_frees_its_claim_and_keeps_the_money_for_the_customer():
    half = on("01-20", PaymentReceived("P-1", 2000, Method.CASH, session="V-1"))
    assert books(on("01-21", SessionReversed("V-1")), after=(VISIT, half)) == [
        "2026-01-21 session.reversed  revenue-single 45.00  receivable -25.00  customer-credit -20.00  corrects E-1",
    ]


def test_a_visit_is_not_waived_and_its_id_is_used_up():
    assert "only a late cancellation or a no-show is waived" in refused(VISIT, on("01-21", SessionWaived("V-1", "manager")))
    assert refused(*BEGUN, VISIT, used("V-1", "01-21")).startswith("session V-1 was recorded before")
    assert "cannot be undone or settled on 2026-01-19" in refused(VISIT, on("01-19", SessionReversed("V-1")))


def test_a_household_is_not_needed_to_register():
    assert books(on("01-05", CustomerRegistered("C-1", "ES", "natural"))) == []


# Units left, units beyond


def test_a_no_show_is_charged_beyond_the_bundle_only():
    missed = on("01-10", SessionNoShow("N-1", "B-1"))
    assert books(missed, after=BEGUN, overage=Overage.CHARGE) == [
        "2026-01-10 session.no-show  contract-liability 50.00  revenue-no-show -50.00",
    ]
    most = used("S-1", "01-09", quantity=9 * UNIT + UNIT // 2)
    assert books(missed, after=(*BEGUN, most), overage=Overage.CHARGE, package=replace(PACKAGE, unit=Unit.HOUR)) == [
        "2026-01-10 session.no-show  contract-liability 25.00  receivable 30.00  revenue-no-show -25.00  revenue-single -30.00",
    ]


def test_what_an_undone_session_gives_back_is_the_customers_to_spend():
    game = house(overage=Overage.CHARGE)
    extra = used("S-1", "01-10", surcharge=Surcharge(700, "es-health"))
    tell(game, *BEGUN, extra, paid(700, "01-11", payment="P-2"), on("01-12", RefundIssued("R-1", "B-1", method=Method.CASH)))
    assert tell(game, on("01-13", SessionReversed("S-1"))) == [
        "2026-01-13 session.reversed  revenue-package 50.00  revenue-single 7.00  customer-credit -57.00  corrects E-2",
    ]
    assert game.book.customer("C-1").credit == 5700


def test_an_agents_surcharge_and_units_beyond_are_one_charge():
    agent = {"principal": False, "commission_rate": 300_000, "commission_tax": "es-21", "overage": Overage.CHARGE}
    extra = used("S-1", "01-10", quantity=11 * UNIT, surcharge=Surcharge(700, "es-21"))
    assert books(extra, after=BEGUN, **agent) == [
        (
            "2026-01-10 session.earned  contract-liability 150.00  client-money 318.50  receivable 67.00"
            "  provider-payable -318.50  commission-income -150.00  vat-output -4.22  provider-payable -42.68"
            "  commission-income -20.10"
        ),
    ]


def test_one_with_a_rest_is_not_charged_beyond_it_while_another_has_enough():
    game = house(overage=Overage.CHARGE)
    tell(game, sold(units=UNIT, expires_on=on("02-01", None).day), sold("01-06", "B-2"))
    tell(game, used("S-1", "01-20", bundle=None, customer="C-1", quantity=2 * UNIT))
    assert game.book.movement("session", "S-1").bundle == "B-2"
