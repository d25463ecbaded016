from __future__ import annotations

from dataclasses import replace

from revrec.core.policy import Bonus, Recognition
from revrec.core.reports.frame import key_of, labels, legs_of
from revrec.core.reports.sums import Sums, total_cells
from tests.core.kept import Kept, leg
from tests.core.practice import STANDARD

EARLY = replace(STANDARD, id="early", recognition=Recognition.AT_PURCHASE)
LINE = replace(STANDARD, id="line", recognition=Recognition.STRAIGHT_LINE)
FREE = replace(STANDARD, id="free", bonus=Bonus.LAST)


def test_revenue_before_delivery_is_labelled_in_the_statutory_books_of_a_legal_person():
    assert list(labels([STANDARD, EARLY, LINE, replace(EARLY, id="also")], statutory=True)) == [
        "Revenue at purchase under also@2026-01-01, early@2026-01-01: not PGC NRV 14 / IFRS 15.",
        "Revenue in a straight line under line@2026-01-01: not PGC NRV 14 / IFRS 15.",
    ]


def test_it_is_the_right_answer_for_a_freelancer_and_for_a_management_view():
    assert list(labels([EARLY, LINE], statutory=False)) == []


def test_free_units_that_earn_nothing_are_labelled_in_every_book():
    assert list(labels([FREE], statutory=False)) == ["Free units earn nothing under free@2026-01-01: not IFRS 15."]


def test_policies_of_the_standard_need_no_label():
    assert list(labels([STANDARD], statutory=True)) == []


def test_a_leg_stands_at_its_own_branch_else_at_that_of_its_entry():
    entry = Kept().post("01-05", "session.earned", leg("contract-liability", 50, branch="mad"), leg("revenue-package", -50))
    assert [p.amount for p in legs_of(entry, "mad")] == [50]
    assert [p.amount for p in legs_of(entry, "bcn")] == [-50]
    assert [p.amount for p in legs_of(entry, None)] == [50, -50]
    keys = ("branch", "service", "policy", "bundle", "customer", "month")
    assert key_of(entry, entry.postings[0], keys) == ("mad", "physiotherapy", "standard@2026-01-01", "B-1", "C-1", "2026-01")


def test_what_an_entry_does_not_say_is_a_dash():
    entry = Kept().post("01-05", "adjustment", leg("bank", 50), leg("opening", -50), bundle=None, policy=None)
    assert key_of(entry, entry.postings[0], ("bundle", "policy")) == ("-", "-")


def test_a_grid_adds_up_by_row_and_column_and_leaves_out_rows_of_nothing():
    sums = Sums(("in", "out"))
    sums.add(("b",), "in", 5)
    sums.add(("a",), "in", 2)
    sums.add(("a",), "out", -2)
    sums.add(("c",), "in", 1)
    sums.add(("c",), "in", -1)
    assert sums.cells() == (("a", 2, -2), ("b", 5, 0))
    assert sums.total() == (7, -2)
    assert (sums.of(("a",), "out"), sums.of(("z",), "out"), sums.sum("in", "out")) == (-2, 0, 5)


def test_the_last_line_says_total_under_the_first_label():
    assert total_cells(3, (5, 6)) == ("Total", None, None, 5, 6)
    assert total_cells(0, (5, 6)) == (5, 6)
