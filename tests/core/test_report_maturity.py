from __future__ import annotations

import pytest

from revrec.core.bundle import Status
from revrec.core.policy import Obligation
from revrec.core.reports.maturity import BANDS, NEVER, band_of, report
from tests.core.kept import Kept, asked, cells, day, leg, total


@pytest.mark.parametrize(
    ("end", "band"),
    [
        ("03-01", BANDS[0]),
        ("04-30", BANDS[0]),
        ("05-01", BANDS[1]),
        ("07-31", BANDS[1]),
        ("08-01", BANDS[2]),
        ("2027-01-31", BANDS[2]),
        ("2027-02-01", BANDS[3]),
    ],
)
def test_the_bands_end_three_six_and_twelve_months_after_the_day(end, band):
    assert band_of(day(end), day("01-31")) == band


def test_a_bundle_without_a_last_day_has_a_band_of_its_own():
    assert band_of(None, day("01-31")) == NEVER


def test_what_is_paid_and_not_used_stands_in_the_band_of_its_last_day():
    books = Kept()
    books.sell("B-1", "01-05", expiry_months=6)
    books.sell("B-2", "01-06", expiry_months=18)
    books.pay("01-05")
    books.pay("01-06", bundle="B-2")
    books.use("01-20")
    made = report(books, asked(last="01-31"))
    assert cells(made, "band", "bundles", "contract_liability", "unsatisfied", "expedient") == [
        (BANDS[0], 0, 0, 0, 0),
        (BANDS[1], 1, 45000, 45000, 45000),
        (BANDS[2], 0, 0, 0, 0),
        (BANDS[3], 1, 50000, 50000, 0),
        (NEVER, 0, 0, 0, 0),
    ]
    assert total(made, "unsatisfied") == 95000
    assert made.tied
    assert made.notes == ("Expedient of IFRS 15.121(a), original term of one year or less: 450.00 EUR may be omitted.",)


def test_the_undue_price_of_a_contract_that_binds_belongs_to_it_net_of_vat():
    """1,210.00 in all, 605.00 due and paid, one session of 100.00 earned: 900.00 remain, 500.00 of them not yet due."""
    books = Kept()
    books.sell(rate="21", price=121000, obligation=Obligation.NONCANCELLABLE, expiry_months=6)
    books.post("01-05", "instalment.due", leg("receivable", 60500), leg("contract-liability", -50000), leg("vat-output", -10500))
    books.use("01-20", 10000)
    made = report(books, asked(last="01-31"))
    assert cells(made, "contract_liability", "not_due", "contract_asset", "unsatisfied")[1] == (40000, 50000, 0, 90000)
    assert made.tied


def test_what_was_delivered_before_it_is_due_is_taken_off():
    """500.00, nothing due yet, two sessions delivered: 400.00 remain."""
    books = Kept()
    books.sell(obligation=Obligation.NONCANCELLABLE)
    books.post("01-20", "session.earned", leg("contract-asset", 10000), leg("revenue-package", -10000))
    made = report(books, asked(last="01-31"))
    assert cells(made, "contract_liability", "not_due", "contract_asset", "unsatisfied")[4] == (0, 50000, 10000, 40000)


def test_what_is_expected_to_be_refunded_is_no_obligation():
    books = Kept()
    books.sell(obligation=Obligation.NONCANCELLABLE)
    books.post("01-05", "payment.bundle", leg("bank", 50000), leg("contract-liability", -45000), leg("refund-liability", -5000))
    assert total(report(books, asked(last="01-31")), "unsatisfied") == 45000


@pytest.mark.parametrize("other", [{"status": Status.TERMINATED}, {"expiry_months": 1}, {"obligation": Obligation.CANCELLABLE}])
def test_nobody_owes_the_rest_of_a_contract_that_ended_or_may_be_left(other):
    books = Kept()
    books.sell(**{"obligation": Obligation.NONCANCELLABLE, **other})
    assert total(report(books, asked(last="02-28")), "unsatisfied") == 0


def test_an_adjustment_that_names_no_bundle_is_shown_so_that_the_ledger_ties():
    books = Kept()
    books.post("01-05", "adjustment", leg("bank", 700), leg("contract-liability", -700), bundle=None)
    made = report(books, asked())
    assert cells(made, "band", "unsatisfied")[-1] == ("without a bundle", 700)
    assert made.tied


def test_one_branch_shows_what_it_sold():
    books = Kept()
    books.sell("B-1", obligation=Obligation.NONCANCELLABLE)
    books.sell("B-2", branch="mad")
    books.pay("01-06", 20000, bundle="B-2", branch="mad")
    made = report(books, asked(branch="mad"))
    assert total(made, "unsatisfied") == 20000
    assert made.tied
