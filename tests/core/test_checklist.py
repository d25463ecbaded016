"""The checklist of a month: each item passes, fails or says what it would need."""

from __future__ import annotations

from datetime import date

import pytest

from revrec.core import checklist as judge
from revrec.core.cash import limit_on
from revrec.core.checklist import Agenda, Estimate, Outcome
from revrec.core.report import Tie

LAST = date(2026, 3, 31)
PSP = {"number": 2, "name": "psp", "currency": "EUR", "option": "--psp-balance"}


def said(check):
    return f"{check.number} {check.outcome}: {check.evidence}"


@pytest.mark.parametrize(
    ("books", "outside", "moved", "line"),
    [
        (12_000, 12_000, True, "2 pass: books 120.00, reported 120.00, difference 0.00 EUR"),
        (12_000, 11_950, True, "2 FAIL: books 120.00, reported 119.50, difference 0.50 EUR"),
        (0, 5, False, "2 FAIL: books 0.00, reported 0.05, difference -0.05 EUR"),
        (12_000, None, True, "2 n/a: not applicable: no figure for books 120.00 EUR (--psp-balance AMOUNT)"),
        (0, None, False, "2 n/a: not applicable: nothing moved on this account"),
    ],
)
def test_an_amount_is_compared_where_somebody_reports_one(books, outside, moved, line):
    assert said(judge.against(books=books, outside=outside, moved=moved, **PSP)) == line


def test_the_agenda_and_the_events_know_the_same_sessions():
    assert said(judge.feed("no gap", sound=True, agenda=None)) == "1 pass: no gap; no agenda (--agenda FILE)"
    assert said(judge.feed("a gap", sound=False, agenda=None)) == "1 FAIL: a gap"
    assert (
        said(judge.feed("no gap", sound=True, agenda=Agenda(3, (), ())))
        == "1 pass: no gap; 3 sessions of the agenda are recorded"
    )
    wrong = Agenda(19, tuple(f"S-{number}" for number in range(1, 15)), ("S-99",))
    assert said(judge.feed("no gap", sound=True, agenda=wrong)) == (
        "1 FAIL: in the agenda and not recorded: S-1, S-2, S-3, S-4, S-5 and 9 more; recorded and not in the agenda: S-99"
    )


def test_what_the_calendar_owes_is_booked_to_the_last_day():
    assert (
        said(judge.run(4, "", [], 3, LAST, LAST)) == "4 pass: the calendar stands at 2026-03-31; 3 bundles concerned, none waits"
    )
    assert said(judge.run(4, "", ["B-1"], 3, LAST, LAST)) == "4 FAIL: not booked: B-1. Hint: `revrec advance --to 2026-03-31`"
    behind = date(2026, 3, 30)
    assert judge.run(4, "", [], 1, behind, LAST).outcome is Outcome.FAILED
    assert judge.run(4, "", [], 0, behind, LAST).outcome is Outcome.PASSED
    assert judge.run(4, "", [], 1, None, LAST).outcome is Outcome.FAILED


def test_an_estimate_is_a_year_old_at_most():
    kept = Estimate("p@2025-01-01", date(2025, 3, 31), "A. Perez")
    assert said(judge.estimates([kept], LAST)) == "5 pass: approved: p@2025-01-01 on 2025-03-31 by A. Perez"
    old = judge.estimates([kept._replace(reviewed_on=date(2025, 3, 30)), kept._replace(policy="q@2025-01-01")], LAST)
    assert said(old) == (
        "5 FAIL: over a year old: p@2025-01-01 on 2025-03-30 by A. Perez. "
        "Hint: record `breakage.estimated` with this year's evidence"
    )
    assert judge.estimates([], LAST).outcome is Outcome.NOT_APPLICABLE


def test_refunds_are_expected_of_open_windows_only():
    assert said(judge.refund_liability(500, [], "EUR", moved=True)) == "6 pass: 5.00 EUR held, all for open windows"
    assert said(judge.refund_liability(500, ["B-1"], "EUR", moved=True)) == "6 FAIL: 5.00 EUR held; the window is over for B-1"
    assert judge.refund_liability(-1, [], "EUR", moved=True).outcome is Outcome.FAILED
    assert judge.refund_liability(0, [], "EUR", moved=False).outcome is Outcome.NOT_APPLICABLE


def test_branches_add_up_to_nothing():
    assert judge.between_branches(0, "EUR", moved=True).passed
    assert said(judge.between_branches(-1, "EUR", moved=True)) == "7 FAIL: due from and due to branches add up to -0.01"
    assert judge.between_branches(0, "EUR", moved=False).outcome is Outcome.NOT_APPLICABLE


def test_the_contract_liability_is_never_revalued():
    assert judge.revaluation([], []).outcome is Outcome.NOT_APPLICABLE
    assert judge.revaluation(["E-1"], []).outcome is Outcome.PASSED
    assert said(judge.revaluation([], [], ["USD"])) == (
        "9 pass: USD held and not revalued this month: due at the end of the year"
    )
    assert said(judge.revaluation([], [], ["USD"], year_end=True)) == (
        "9 FAIL: USD held and not revalued this month: record `currency.revalued` with the rate of the day"
    )
    assert said(judge.revaluation(["E-1"], ["E-1"])) == "9 FAIL: a non-monetary balance was revalued: E-1"


def test_what_does_not_tie_fails_with_its_difference():
    assert said(judge.ties(100, 99, "EUR")) == "12 FAIL: books 1.00, bundles 0.99, difference 0.01 EUR"
    tied, open_ = Tie("receivable", 5, "sub-ledger", 5), Tie("contract-asset", 5, "sub-ledger", 7)
    assert said(judge.sub_ledger([tied], 1, "EUR")) == "13 pass: 1 account, difference 0, 1 manual entry explained"
    assert said(judge.sub_ledger([tied, open_], 0, "EUR")) == "13 FAIL: contract-asset 0.05, sub-ledger 0.07, difference -0.02"
    assert said(judge.negative(["B-1"], ["cash stands at -1.00 EUR"])) == "14 FAIL: bundle B-1, cash stands at -1.00 EUR"
    assert not judge.trial_balance(100, 99, "A", "ab", "EUR").passed
    assert said(judge.trial_balance(100, 100, None, "ab" * 32, "EUR")) == (
        f"16 pass: debit 1.00, credit 1.00; not signed; head {'ab' * 8}"
    )


def test_equal_amounts_tie_wherever_they_were_added_up():
    books, bundles = int("123456"), int("123456")
    assert said(judge.ties(books, bundles, "EUR")) == "12 pass: books 1234.56, bundles 1234.56, difference 0.00 EUR"
    assert said(judge.trial_balance(books, bundles, "A. Perez", "ab" * 32, "EUR")) == (
        f"16 pass: debit 1234.56, credit 1234.56; approved by A. Perez; head {'ab' * 8}"
    )
    assert said(judge.against(books=books, outside=bundles, moved=True, **PSP)) == (
        "2 pass: books 1234.56, reported 1234.56, difference 0.00 EUR"
    )
    assert not judge.ties(99, 100, "EUR").passed
    assert not judge.trial_balance(99, 100, "A", "ab", "EUR").passed


def test_the_calendar_may_stand_beyond_the_last_day():
    assert judge.run(4, "", [], 1, date.fromisoformat("2026-03-31"), LAST).passed
    assert judge.run(4, "", [], 1, date(2026, 4, 1), LAST).passed


def test_books_are_clean_when_the_files_stand_and_beancount_loads_them():
    assert said(judge.clean([], (), 1)) == "15 pass: 1 day file is as the store keeps them; Beancount finds no error"
    assert said(judge.clean([], (), 3)) == "15 pass: 3 day files are as the store keeps them; Beancount finds no error"
    assert judge.clean([], None, 3).evidence.endswith("not loaded by Beancount")
    assert not judge.clean(["2026-03-02.beancount"], (), 3).passed
    assert said(judge.clean([], ("main.beancount:1: no", "x"), 3)) == "15 FAIL: main.beancount:1: no, x"


def test_what_fails_is_a_finding_of_the_report():
    made = judge.table([judge.negative(["B-1"], []), judge.late_events([4, 5])], "2026-03", "EUR")
    assert made.findings == ("14 negative balances: bundle B-1",)
    assert [row[:2] for row in made.rows] == [("14", "FAIL"), (" 8", "pass")]
    assert made.rows[1][3] == "2 entries of earlier periods stand in it E-4, E-5"


def test_an_item_counts_one_and_many():
    assert "1 bundle concerned, none waits" in said(judge.run(4, "", [], 1, LAST, LAST))
    assert "1 account, difference 0" in said(judge.sub_ledger([Tie("bank", 0, "sub-ledger", 0)], 0, "EUR"))
    assert said(judge.late_events([7])) == "8 pass: 1 entry of earlier periods stands in it E-7"
    assert said(judge.late_events([7, 8])) == "8 pass: 2 entries of earlier periods stand in it E-7, E-8"


def test_cash_is_for_operations_below_the_limit():
    limit = limit_on(LAST)
    assert said(judge.cash(limit, 2, [], "EUR")) == (
        "17 pass: 2 cash payments, none for operations of 1000.00 EUR (Ley 7/2012 art. 7.Uno, as amended by Ley 11/2021) or more"
    )
    assert said(judge.cash(limit, 2, ["P-1"], "EUR")).startswith("17 FAIL: cash for operations of 1000.00 EUR (Ley 7/2012")
    assert said(judge.cash(limit, 2, ["P-1"], "EUR")).endswith("payment P-1")
    assert judge.cash(limit, 0, [], "EUR").outcome is judge.cash(None, 1, [], "EUR").outcome is Outcome.NOT_APPLICABLE
