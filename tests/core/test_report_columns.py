"""Which columns of a report may be left out where they are empty, and what the columns that tell its rows apart are called."""

from __future__ import annotations

import pytest

from revrec.core.reports import (
    breakage,
    disaggregation,
    maturity,
    profitability,
    receivables,
    refund_liability,
    tax,
    third_parties,
    trace,
    uninvoiced,
    waterfall,
)
from revrec.core.reports.invoices import Paperwork
from tests.core.kept import Kept, asked

MONTHS = [f"used_by_month_{number}" for number in range(1, 13)]
ESTIMATES = ["estimate_before", "estimate", "revenue_before", "revenue", "catch_up", "approver", "back_test"]


def _uninvoiced(books, asked):
    return uninvoiced.report(books, asked, Paperwork())


@pytest.mark.parametrize(
    ("report", "by", "empty"),
    [
        (breakage.report, (), MONTHS + ESTIMATES),
        (disaggregation.report, ("service",), []),
        (maturity.report, (), ["not_due", "contract_asset"]),
        (profitability.report, ("package",), ["fees", "refunds", "bad_debt"]),
        (receivables.report, (), ["flag"]),
        (refund_liability.report, ("branch",), ["to_revenue", "other"]),
        (tax.report, ("quarter",), ["accrued", "reversed", "pending", "input", "payable"]),
        (tax.late, (), []),
        (third_parties.report, (), ["withheld", "cash"]),
        (trace.report, (), ["bundle", "used", "actor", "reason", "policy", "session", "branch", "corrects", "invoice"]),
        (_uninvoiced, (), []),
        (waterfall.report, ("month",), ["returned", "earlier"]),
    ],
)
def test_a_column_that_says_nothing_is_left_out_where_it_may_be(report, by, empty):
    made = report(Kept(), asked("01-01", "02-28", by))
    assert [column.key for column in made.columns if column.sparse] == empty


@pytest.mark.parametrize(
    ("report", "titles"),
    [
        (waterfall.report, ["Booked", "Package", "Branch"]),
        (breakage.report, ["Sold in", "Package", "Branch"]),
    ],
)
def test_the_month_is_that_of_the_sale(report, titles):
    made = report(Kept(), asked("01-01", "02-28", ("month", "package", "branch")))
    assert [column.title for column in made.columns][:3] == titles
