"""R11: what was posted in another period than its own, and what people posted by hand; tied to the income of the period."""

from __future__ import annotations

import pytest

from revrec.core.events import Adjustment, AdjustmentPosted, Event
from revrec.core.reports.out_of_period import report
from tests.core.kept import Kept, asked, cells, day, leg, total


@pytest.fixture
def books():
    """A session late for January, one undone in February of January, one undone in its own month, an adjustment."""
    made = Kept()
    made.pay("01-05")
    made.use("01-10")
    made.use("02-01", effective=day("01-20"), late=True, recorded="02-07")
    undone = leg("contract-liability", -5000), leg("revenue-package", 5000)
    made.post("02-03", "session.reversed", *undone, corrects=2)
    made.use("02-04", 4000)
    made.post("02-05", "session.reversed", leg("contract-liability", -4000), leg("revenue-package", 4000), corrects=5)
    made.post("02-06", "adjustment", leg("contract-liability", 700), leg("revenue-package", -700), branch="mad")
    fact = AdjustmentPosted((Adjustment("contract-liability", 700),), "controller")
    made.facts["e-7"] = Event("e-7", "desk", "adjustment.posted", day("02-06"), fact, "mad", actor="ana")
    return made


def test_it_lists_late_entries_corrections_of_an_earlier_month_and_manual_ones(books):
    made = report(books, asked("02-01", "02-28"))
    assert cells(made, "entry", "effective_on", "why", "income", "liability", "corrects") == [
        ("E-3", day("01-20"), "late", 5000, -5000, None),
        ("E-4", day("02-03"), "corrects an earlier month", -5000, 5000, "E-2"),
        ("E-7", day("02-06"), "manual", 700, -700, None),
    ]
    assert (total(made, "income"), total(made, "liability")) == (700, -700)
    assert made.tied


def test_it_says_when_and_by_whom(books):
    made = report(books, asked("02-01", "02-28"))
    assert cells(made, "posted_on", "recorded_on", "actor", "approver", "event")[0::2] == [
        (day("02-01"), day("02-07"), None, None, "e-3"),
        (day("02-06"), day("02-06"), "ana", "controller", "e-7"),
    ]
    assert [column.key for column in made.columns if column.sparse] == ["bundle", "corrects", "actor", "approver", "reason"]


def test_a_branch_shows_its_own(books):
    made = report(books, asked("02-01", "02-28", branch="mad"))
    assert cells(made, "entry") == [("E-7",)]
    assert made.tied


def test_another_month_shows_none(books):
    made = report(books, asked("01-01", "01-31"))
    assert made.rows == ()
    assert made.tied
