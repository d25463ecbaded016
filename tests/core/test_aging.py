from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revrec.core.aging import (
    AGES,
    EXPIRED,
    EXPIRIES,
    GRACE,
    IDLENESS,
    NEVER,
    Right,
    age_band,
    expiry_band,
    idle_band,
    report,
    right,
    table,
)
from revrec.core.bundle import Bundle, Status
from revrec.core.policy import Breakage, Terms
from revrec.core.units import UNIT, Unit
from tests.core.kept import Kept, asked, cells, leg
from tests.core.practice import PACKAGE, STANDARD, TAX

ON = date(2026, 6, 30)
SOLD = date(2026, 1, 10)
BUNDLE = Bundle(
    id="B-1",
    terms=Terms(PACKAGE, replace(STANDARD, expiry_months=6), TAX),
    customer="C-1",
    branch="bcn",
    sold_on=SOLD,
    units=10 * UNIT,
    bonus_units=0,
    price=50_000,
    list_price=6_000,
    expiry_event="e-1",
    expiry_source="tests",
    last_date=SOLD,
    seq=1,
)


def held(**facts):
    usual = Right("B-1", Unit.SESSION, 3 * UNIT, 15_000, date(2026, 5, 1), date(2026, 11, 1), date(2026, 11, 1), date(2026, 6, 2))
    return usual._replace(**facts)


@pytest.mark.parametrize(
    ("sold", "band"),
    [
        (date(2026, 6, 30), "sold within 3 months"),
        (date(2026, 4, 1), "sold within 3 months"),
        (date(2026, 3, 31), "3 to 6 months ago"),
        (date(2026, 3, 30), "3 to 6 months ago"),
        (date(2026, 1, 1), "3 to 6 months ago"),
        (date(2025, 12, 31), "6 to 12 months ago"),
        (date(2025, 12, 30), "6 to 12 months ago"),
        (date(2025, 7, 1), "6 to 12 months ago"),
        (date(2025, 6, 30), "over 12 months ago"),
    ],
)
def test_age_is_counted_in_whole_months(sold, band):
    assert age_band(held(sold_on=sold), ON) == band


@pytest.mark.parametrize(
    ("expires", "until", "band"),
    [
        (None, None, NEVER),
        (date(2026, 6, 30), date(2026, 6, 30), "0 to 30 days left"),
        (date(2026, 7, 30), date(2026, 7, 30), "0 to 30 days left"),
        (date(2026, 7, 31), date(2026, 7, 31), "31 to 90 days"),
        (date(2026, 9, 28), date(2026, 9, 28), "31 to 90 days"),
        (date(2026, 9, 29), date(2026, 9, 29), "91 to 180 days"),
        (date(2026, 12, 27), date(2026, 12, 27), "91 to 180 days"),
        (date(2026, 12, 28), date(2026, 12, 28), "181 to 365 days"),
        (date(2026, 6, 29), date(2026, 7, 10), GRACE),
        (date(2026, 6, 29), date(2026, 6, 30), GRACE),
        (date(2026, 6, 20), date(2026, 6, 29), EXPIRED),
        (date(2027, 6, 30), date(2027, 6, 30), "181 to 365 days"),
        (date(2027, 7, 1), date(2027, 7, 1), "over 365 days"),
    ],
)
def test_the_last_day_of_use_still_counts_and_grace_stands_apart(expires, until, band):
    assert expiry_band(held(expires_on=expires, valid_until=until), ON) == band


def test_each_section_adds_up_to_the_ledger():
    rights = [
        held(),
        held(bundle="B-2", unit=Unit.MINUTE, left=45 * UNIT, value=2_550, expires_on=None, valid_until=None, last_use=None),
    ]
    made = table(rights, ON, "EUR", ledger=17_550)
    assert made.tied
    keys = [column.key for column in made.columns]
    for section in ("age", "expiry", "activity"):
        assert sum(row[keys.index("value")] for row in made.rows if row[0] == section) == 17_550
    assert len(made.rows) == len(AGES) + len(EXPIRIES) + len(IDLENESS)
    assert dict(zip(keys, made.total, strict=True)) == {
        "by": "",
        "band": "Total",
        "bundles": 2,
        "session_left": 3 * UNIT,
        "hour_left": 0,
        "minute_left": 45 * UNIT,
        "money_left": 0,
        "value": 17_550,
        "last_use": date(2026, 6, 2),
    }
    assert "Unused rights 175.50, ledger balance 175.50, difference 0.00" in list(made.lines())
    assert made.to_json()["rows"][0] | {"value": "175.50"} == {
        "by": "age",
        "band": "sold within 3 months",
        "bundles": 2,
        "session_left": "3",
        "hour_left": "0",
        "minute_left": "45",
        "money_left": "0",
        "value": "175.50",
        "last_use": "2026-06-02",
    }


def test_what_expired_and_was_not_released_is_said_with_the_remedy():
    made = table([held(expires_on=date(2026, 6, 1), valid_until=date(2026, 6, 1))], ON, "EUR", ledger=15_000)
    assert made.tied
    assert made.findings == ("150.00 has expired and is not released. Hint: `revrec advance --to 2026-06-30` releases it",)


def test_a_right_ends_with_its_units_its_expiry_or_its_bundle():
    assert right(BUNDLE, date(2026, 2, 1), 50_000, None)
    assert right(BUNDLE._replace(used=BUNDLE.units), date(2026, 2, 1), 0, None) is None
    assert right(BUNDLE._replace(lapsed_on=date(2026, 7, 10)), date(2026, 7, 11), 0, None) is None
    assert right(BUNDLE._replace(status=Status.REFUNDED), date(2026, 2, 1), 0, None) is None


def test_a_bundle_that_expired_stays_a_right_until_it_is_released():
    late = right(BUNDLE, date(2026, 7, 11), 50_000, None)
    assert late
    assert expiry_band(late, date(2026, 7, 11)) == EXPIRED


def test_an_unpaid_bundle_is_a_right_without_value():
    unpaid = right(BUNDLE, date(2026, 2, 1), 0, None)
    assert unpaid
    assert (unpaid.left, unpaid.value) == (10 * UNIT, 0)


@pytest.mark.parametrize(
    ("sold", "used", "band"),
    [
        (date(2026, 4, 1), None, "used within 3 months"),
        (date(2026, 3, 30), None, "idle 3 to 6 months"),
        (date(2026, 1, 1), None, "idle 3 to 6 months"),
        (date(2025, 12, 31), None, "idle 6 to 12 months"),
        (date(2025, 12, 30), None, "idle 6 to 12 months"),
        (date(2025, 3, 30), date(2026, 6, 1), "used within 3 months"),
        (date(2025, 3, 30), date(2025, 7, 1), "idle 6 to 12 months"),
        (date(2025, 3, 30), date(2025, 6, 30), "idle over 12 months"),
    ],
)
def test_a_right_is_idle_since_its_last_use_or_its_sale(sold, used, band):
    assert idle_band(held(sold_on=sold, last_use=used), ON) == band


def test_only_what_nothing_else_ends_is_a_candidate_for_remote_breakage():
    idle = {"sold_on": date(2025, 1, 1), "last_use": None, "value": 5_000}
    rights = [held(**idle), held(**idle, bundle="B-2", remote=True), held(bundle="B-3", remote=True)]
    made = table(rights, ON, "EUR", ledger=25_000, each=True)
    assert cells(made, "bundle", "remote") == [("B-1", ""), ("B-2", "candidate"), ("B-3", "")]
    (said,) = made.notes
    assert said.startswith("1 idle for over 12 months, worth 50.00: candidates for `breakage.deemed_remote`")


def test_every_unused_bundle_stands_with_its_holder_and_its_last_use_that_stands():
    books = Kept()
    books.sell(expiry_months=6, breakage=Breakage.REMOTE)
    books.pay("01-05")
    books.use("02-01")
    books.sell("B-2", "01-10", "C-2", "mad", expiry_months=0)
    books.pay("01-10", 9_000, bundle="B-2", customer="C-2", branch="mad")
    made = report(books, asked(last="03-31", by=("bundle",)))
    assert made.tied
    assert cells(made, "bundle", "holder", "value", "last_use", "expiry") == [
        ("B-1", "C-1", 45_000, date(2026, 2, 1), "91 to 180 days"),
        ("B-2", "C-2", 9_000, None, NEVER),
    ]
    assert made.total[:2] == ("Total", None)
    of_one = report(books, asked(last="03-31", by=("bundle",), branch="mad"))
    assert of_one.tied
    assert cells(of_one, "bundle", "value") == [("B-2", 9_000)]


def test_money_that_no_bundle_explains_does_not_tie():
    books = Kept()
    books.post("01-05", "adjustment", leg("bank", 100), leg("contract-liability", -100), bundle=None)
    assert not report(books, asked()).tied
