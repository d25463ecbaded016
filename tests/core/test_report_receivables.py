"""R7 and the reminder feed: what customers owe, since when, for which session; tied to the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.bundle import Claim, ClaimKind, Plan, Position, Status
from revrec.core.events import Instalment
from revrec.core.journal import Role
from revrec.core.payer import Bound
from revrec.core.policy import Obligation
from revrec.core.reports import due, receivables
from revrec.core.reports.open_items import Debt, open_items
from tests.core.kept import Kept, asked, cells, day, leg, total


def owe(books, on, amount, session, role="receivable", **of):
    """A session delivered beyond the money paid."""
    return books.post(on, "session.earned", leg(role, amount), leg("revenue-package", -amount), session=session, **of)


def settle(books, on, amount, role="receivable", **of):
    """Money for what is owed."""
    books.post(on, "payment.bundle", leg("bank", amount), leg(role, -amount), **of)


@pytest.fixture
def books():
    """B-1 of C-1 sold for 500.00: 30.00 paid, then four sessions delivered."""
    books = Kept()
    books.sell(position=Position(paid=3_000))
    owe(books, "01-10", 5_000, "S-1")
    settle(books, "01-12", 3_000)
    owe(books, "02-10", 5_000, "S-2")
    owe(books, "03-10", 5_000, "S-3")
    books.sold["B-1"] = books.sold["B-1"]._replace(used=books.sold["B-1"].units * 3 // 10)
    return books


def items(books, **key):
    found = open_items(books.entries(day("12-31")))
    return [(item.session, item.amount) for item in found.get(Debt("C-1", "B-1", Role.RECEIVABLE)._replace(**key), [])]


def test_money_settles_the_oldest_claim_first(books):
    assert items(books) == [("S-1", 2_000), ("S-2", 5_000), ("S-3", 5_000)]


def test_a_reversal_settles_what_it_corrects(books):
    legs = (leg("receivable", -5_000), leg("revenue-package", 5_000))
    books.post("03-12", "session.reversed", *legs, session="S-2", corrects=3)
    assert items(books) == [("S-1", 2_000), ("S-3", 5_000)]


def test_money_beyond_the_claims_waits_for_the_next_one(books):
    settle(books, "03-11", 13_000)
    assert items(books) == [(None, -1_000)]
    owe(books, "03-20", 5_000, "S-4")
    assert items(books) == [("S-4", 4_000)]


def test_each_payer_owes_a_part_of_its_own(books):
    legs = (leg("receivable", 700, customer="INSURER"), leg("receivable", 300), leg("revenue-package", -1_000))
    books.post("03-21", "session.earned", *legs, session="S-5")
    assert items(books, payer="INSURER") == [("S-5", 700)]
    assert items(books)[-1] == ("S-5", 300)


def test_what_is_owed_stands_by_age_beside_what_was_delivered_and_paid(books):
    made = receivables.report(books, asked(last="03-31"))
    assert made.tied
    (row,) = made.to_json()["rows"]
    assert row == {
        "bundle": "B-1",
        "payer": "C-1",
        "since": "2026-01-10",
        "flag": "not paid",
        "units_delivered": "3",
        "units_paid": "0.6",
        "receivable": "120.00",
        "contract_asset": "0.00",
        "days_0_30": "50.00",
        "days_31_60": "50.00",
        "days_61_90": "20.00",
        "over_90": "0.00",
    }
    assert total(receivables.report(books, asked(last="06-30")), "over_90") == 12_000


def test_due_and_not_delivered_is_no_flag(books):
    books.sold["B-1"] = books.sold["B-1"]._replace(used=0)
    assert cells(receivables.report(books, asked(last="03-31")), "flag") == [("",)]


def test_a_contract_asset_stands_apart_from_a_receivable(books):
    owe(books, "03-20", 2_000, "S-9", role="contract-asset")
    owe(books, "03-20", 6_000, "V-1", bundle=None)
    made = receivables.report(books, asked(last="03-31"))
    assert made.tied
    assert cells(made, "bundle", "receivable", "contract_asset") == [("visits", 6_000, 0), ("B-1", 12_000, 2_000)]


def test_a_branch_sees_its_own_claims(books):
    owe(books, "03-20", 2_000, "S-9", branch="mad")
    made = receivables.report(books, asked(last="03-31", branch="mad"))
    assert made.tied
    assert total(made, "receivable") == 2_000


def test_the_feed_names_who_owes_what_since_when(books):
    made = due.report(books, asked(last="03-31"))
    assert made.tied
    assert cells(made, "payer", "session", "since", "days", "amount") == [
        ("C-1", "S-1", date(2026, 1, 10), 80, 2_000),
        ("C-1", "S-2", date(2026, 2, 10), 49, 5_000),
        ("C-1", "S-3", date(2026, 3, 10), 21, 5_000),
    ]


def test_nobody_is_reminded_when_all_is_paid(books):
    settle(books, "03-31", 12_000)
    assert due.report(books, asked(last="03-31")).rows == ()


def instalments(books, *parts, payers=(), **position):
    plan = Plan(
        instalments=tuple(Instalment(day(on), amount) for on, amount in parts), payers=tuple(Bound(*payer) for payer in payers)
    )
    books.sold["B-1"] = books.sold["B-1"]._replace(plan=plan, used=0, position=Position(**position))


PARTS = (("01-05", 20_000), ("02-05", 15_000), ("03-05", 15_000))


def test_instalments_of_a_cancellable_bundle_are_reminders_until_money_covers_them():
    books = Kept()
    books.sell()
    instalments(books, *PARTS, paid=25_000)
    made = due.report(books, asked(last="02-28"))
    assert cells(made, "what", "since", "amount") == [("instalment", date(2026, 2, 5), 10_000)]
    assert made.tied
    assert "reminders" in made.notes[0]
    assert due.report(books, asked(last="02-04")).rows == ()
    instalments(books, *PARTS, paid=50_000)
    assert due.report(books, asked(last="12-31")).rows == ()


def test_a_reminder_goes_to_who_is_bound_to_pay():
    books = Kept()
    books.sell()
    instalments(books, *PARTS, payers=(("INSURER", 40_000), ("C-1", 10_000)))
    made = due.report(books, asked(last="01-31"))
    assert cells(made, "payer", "amount") == [("C-1", 4_000), ("INSURER", 16_000)]


@pytest.mark.parametrize("ended", [{"status": Status.REFUNDED}, {"fixed_expiry": date(2026, 1, 20)}])
def test_nobody_is_reminded_of_a_bundle_that_ended(ended):
    books = Kept()
    books.sell()
    instalments(books, *PARTS)
    books.sold["B-1"] = books.sold["B-1"]._replace(**ended)
    assert due.report(books, asked(last="01-31")).rows == ()


def test_an_unconditional_instalment_is_a_claim_not_a_reminder():
    books = Kept()
    books.sell()
    instalments(books, *PARTS)
    terms = books.sold["B-1"].terms
    bound = replace(terms, policy=replace(terms.policy, obligation=Obligation.NONCANCELLABLE))
    books.sold["B-1"] = books.sold["B-1"]._replace(terms=bound)
    assert due.report(books, asked(last="01-31")).rows == ()


@pytest.mark.parametrize(
    ("on", "column"),
    [
        ("02-09", "days_0_30"),
        ("02-10", "days_31_60"),
        ("03-11", "days_31_60"),
        ("03-12", "days_61_90"),
        ("04-10", "days_61_90"),
        ("04-11", "over_90"),
    ],
)
def test_a_claim_ages_by_thirty_days(on, column):
    books = Kept()
    books.sell()
    owe(books, "01-10", 5_000, "S-1")
    ages = ("days_0_30", "days_31_60", "days_61_90", "over_90")
    assert {age: total(receivables.report(books, asked(last=on)), age) for age in ages} == dict.fromkeys(ages, 0) | {
        column: 5_000
    }


def test_a_payer_who_paid_ahead_is_not_reminded_and_the_others_are():
    books = Kept()
    books.sell()
    instalments(books, *PARTS, payers=(("INSURER", 40_000, 40_000), ("C-1", 10_000)), paid=40_000)
    made = due.report(books, asked(last="02-28"))
    assert cells(made, "payer", "since", "amount") == [
        ("C-1", date(2026, 1, 5), 4_000),
        ("C-1", date(2026, 2, 5), 3_000),
    ]


def shared(*claims, payers=(("INSURER", 40_000), ("C-1", 10_000)), **position):
    """B-1 bound to be paid by an insurer for 400.00 and by C-1 for 100.00; its state as told, its ledger still empty."""
    books = Kept()
    books.sell(position=Position(claims=claims, **position), plan=Plan(payers=tuple(Bound(*each) for each in payers)))
    return books


def test_each_session_is_owed_by_every_payer_in_proportion():
    books = shared(Claim("S-1", ClaimKind.PACKAGE, 5_000), Claim("S-2", ClaimKind.PACKAGE, 5_000), delivered=10_000)
    owe(books, "01-10", 5_000, "S-1")
    owe(books, "02-10", 5_000, "S-2")
    made = due.report(books, asked(last="03-01"))
    assert made.tied
    assert cells(made, "payer", "session", "amount") == [
        ("C-1", "S-1", 1_000),
        ("C-1", "S-2", 1_000),
        ("INSURER", "S-1", 4_000),
        ("INSURER", "S-2", 4_000),
    ]
    made = receivables.report(books, asked(last="03-01"))
    assert made.tied
    assert cells(made, "bundle", "payer", "receivable", "days_0_30") == [
        ("B-1", "C-1", 2_000, 1_000),
        ("B-1", "INSURER", 8_000, 4_000),
    ]


def test_a_fee_is_owed_by_the_customer_alone():
    claims = Claim("S-1", ClaimKind.PACKAGE, 5_000), Claim("S-2", ClaimKind.FEE, 1_500)
    books = shared(*claims, delivered=5_000)
    owe(books, "01-10", 5_000, "S-1")
    owe(books, "02-10", 1_500, "S-2")
    made = due.report(books, asked(last="03-01"))
    assert made.tied
    assert cells(made, "payer", "session", "amount") == [
        ("C-1", "S-1", 1_000),
        ("C-1", "S-2", 1_500),
        ("INSURER", "S-1", 4_000),
    ]


def test_at_one_branch_stands_a_part_of_what_each_payer_owes():
    books = shared(Claim("S-1", ClaimKind.PACKAGE, 5_000), Claim("S-2", ClaimKind.PACKAGE, 5_000), delivered=10_000)
    owe(books, "01-10", 5_000, "S-1")
    owe(books, "02-10", 5_000, "S-2", branch="mad")
    made = receivables.report(books, asked(last="03-01", branch="mad"))
    assert made.tied
    assert cells(made, "payer", "receivable") == [("C-1", 1_000), ("INSURER", 4_000)]


def test_what_the_ledger_knows_beyond_the_state_is_the_customers():
    books = shared()
    owe(books, "01-10", 5_000, "S-1")
    made = receivables.report(books, asked(last="03-01"))
    assert made.tied
    assert cells(made, "payer", "receivable") == [("C-1", 5_000)]


@pytest.mark.parametrize(
    ("since", "ages"),
    [
        ("04-01", [1_000, 0, 0, 0]),
        ("03-02", [1_000, 0, 0, 0]),
        ("03-01", [0, 1_000, 0, 0]),
        ("01-31", [0, 1_000, 0, 0]),
        ("01-30", [0, 0, 1_000, 0]),
        ("01-01", [0, 0, 1_000, 0]),
        ("2025-12-31", [0, 0, 0, 1_000]),
        ("2020-12-31", [0, 0, 0, 1_000]),
    ],
)
def test_a_claim_ages_by_the_days_since_it_is_owed(since, ages):
    made = Kept()
    owe(made, since, 1_000, "S-1")
    row = cells(receivables.report(made, asked(last="04-01")), "days_0_30", "days_31_60", "days_61_90", "over_90")
    assert row == [tuple(ages)]
