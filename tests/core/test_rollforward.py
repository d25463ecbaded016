from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.report import Kind, Tie, on_screen
from revrec.core.rollforward import (
    ELSEWHERE,
    FLOWS,
    RULE_FLOWS,
    Flow,
    Line,
    UnknownRule,
    lines_of,
    rollforward,
    source_of,
    table,
)
from revrec.core.rules import RULES
from tests.core.practice import histories, packages, play, policies, practice

LIABILITY, BANK = Role.CONTRACT_LIABILITY, Role.BANK
FIRST, LAST = date(2026, 2, 1), date(2026, 3, 31)


def flow(row, *wanted):
    return sum(row.flows[FLOWS.index(each)] for each in wanted)


def entry(rule, *postings, bundle="B-1", branch="bcn"):
    return JournalEntry(
        7, date(2026, 2, 3), "ev-7", "agenda", rule, postings, bundle=bundle, branch=branch, service="psychology", policy="p@1"
    )


def split(rule, *postings):
    return [(line.flow, line.amount) for line in lines_of(source_of(entry(rule, *postings)))]


def test_every_rule_that_can_move_the_liability_has_a_column():
    assert set(RULES) <= set(RULE_FLOWS) | ELSEWHERE
    assert not set(RULE_FLOWS) & ELSEWHERE


def test_a_rule_without_a_column_is_refused_by_name():
    with pytest.raises(UnknownRule, match=r"entry E-7 of 2026-02-03: rule `magic` moves the contract liability"):
        split("magic", Posting(LIABILITY, 100), Posting(BANK, -100))


def test_an_entry_that_leaves_the_liability_alone_needs_no_column():
    assert split("magic", Posting(Role.RECEIVABLE, 100), Posting(Role.FEE_INCOME, -100)) == []


def test_a_payment_is_an_addition_for_what_reaches_the_liability():
    assert split("payment.bundle", Posting(BANK, 300), Posting(Role.RECEIVABLE, -60), Posting(LIABILITY, -240)) == [
        (Flow.ADDED, 240)
    ]


def test_a_refund_below_the_value_is_refunded_and_released():
    legs = (Posting(LIABILITY, 300), Posting(BANK, -240), Posting(Role.FEE_INCOME, -20), Posting(Role.BREAKAGE, -40))
    assert split("refund.issued", *legs) == [(Flow.REFUNDED, -240), (Flow.RELEASED, -60)]


def test_a_refund_above_the_liability_takes_only_what_is_there():
    legs = (Posting(LIABILITY, 50), Posting(Role.REFUND_CONTRA, 20), Posting(BANK, -70))
    assert split("refund.issued", *legs) == [(Flow.REFUNDED, -50)]


@pytest.mark.parametrize(
    ("rule", "leg", "flow"),
    [
        ("instalment.due", -100, Flow.ADDED),
        ("opening.bundle", -100, Flow.ADDED),
        ("accrual.straight-line", 100, Flow.REVENUE_ADDED),
        ("breakage.proportional", 100, Flow.BREAKAGE),
        ("breakage.estimated", -100, Flow.BREAKAGE_ESTIMATE),
        ("breakage.returned", -100, Flow.REINSTATED),
        ("modification.price-reduced", 100, Flow.MODIFIED),
        ("refund-window.released", -100, Flow.REFUND_LIABILITY),
        ("chargeback.lost", 100, Flow.CANCELLED),
        ("default.cancelled", 100, Flow.CANCELLED),
    ],
)
def test_what_else_moves_it_has_its_column(rule, leg, flow):
    assert split(rule, Posting(LIABILITY, leg), Posting(Role.RECEIVABLE, -leg)) == [(flow, -leg)]


def test_units_moved_to_another_bundle_add_up_to_nothing():
    legs = (Posting(LIABILITY, 150), Posting(LIABILITY, -150, bundle="B-2"))
    moved = list(lines_of(source_of(entry("transfer.units", *legs))))
    assert [(line.bundle, line.flow, line.amount) for line in moved] == [("B-1", Flow.MOVED, -150), ("B-2", Flow.MOVED, 150)]


def test_a_session_delivered_elsewhere_stays_with_the_branch_that_sold():
    legs = (Posting(LIABILITY, 50, branch="mad"), Posting(Role.REVENUE_PACKAGE, -50))
    assert next(iter(lines_of(source_of(entry("session.earned", *legs))))).branch == "mad"


def test_revenue_comes_from_the_opening_balance_of_its_bundle_until_that_is_used_up():
    """B-1 opens with 100 and earns 60 + 60; B-2 opens with 0, is sold for 90 and earns 30."""
    lines = [
        Line(date(2026, 1, 5), Flow.ADDED, 100, "B-1"),
        Line(date(2026, 2, 2), Flow.REVENUE_ADDED, -60, "B-1"),
        Line(date(2026, 2, 3), Flow.ADDED, 90, "B-2"),
        Line(date(2026, 3, 4), Flow.ADDED, 50, "B-1"),
        Line(date(2026, 3, 5), Flow.REVENUE_ADDED, -60, "B-1"),
        Line(date(2026, 3, 6), Flow.REVENUE_ADDED, -30, "B-2"),
    ]
    rolled = rollforward(lines, FIRST, LAST, ("bundle",))
    assert [
        (row.key, row.opening, flow(row, Flow.REVENUE_OPENING), flow(row, Flow.REVENUE_ADDED), row.closing) for row in rolled.rows
    ] == [
        (("B-1",), 100, -100, -20, 30),
        (("B-2",), 0, 0, -30, 60),
    ]
    by_month = rollforward(lines, FIRST, LAST, ("month",))
    assert [flow(row, Flow.REVENUE_OPENING) for row in by_month.rows] == [-60, -40]


def test_a_month_in_which_nothing_happened_stands_there():
    rolled = rollforward([Line(date(2026, 2, 3), Flow.ADDED, 90, "B")], date(2026, 1, 1), date(2026, 4, 30), ("month",))
    assert [(row.key[0], row.opening, row.closing) for row in rolled.rows] == [
        ("2026-01", 0, 0),
        ("2026-02", 0, 90),
        ("2026-03", 90, 90),
        ("2026-04", 90, 90),
    ]


def test_the_groupings_are_named_when_another_is_asked_for():
    with pytest.raises(ValueError, match="by month alone, or by any of branch, service, policy, bundle"):
        rollforward([], FIRST, LAST, ("month", "branch"))


def test_the_table_says_what_of_the_closing_lies_beyond_twelve_months():
    lines = [
        Line(FIRST, Flow.ADDED, 90, "B-1", "bcn"),
        Line(FIRST, Flow.ADDED, 50, "B-2", "bcn"),
        Line(FIRST, Flow.ADDED, 7, "B-3", "mad"),
    ]
    ends = {"B-1": date(2027, 4, 1), "B-2": date(2027, 3, 31), "B-3": None}
    made = table(
        rollforward(lines, FIRST, LAST, ("branch",)), "EUR", (Tie("Ledger balance", 147, "roll-forward closing", 147),), ends
    )
    assert [(row[0], *row[-3:]) for row in made.rows] == [("bcn", 140, 50, 90), ("mad", 7, 7, 0)]
    assert made.total
    assert made.total[0] == "Total"
    assert made.total[-1] == 90
    assert made.tied
    assert [column.title for column in on_screen(made).columns] == [
        "Branch",
        "Opening",
        "Additions",
        "Revenue from opening",
        "Revenue from additions",
        "Breakage",
        "Refunded",
        "Closing",
        "of which <=12 m",
        "of which >12 m",
    ]


def test_the_screen_ends_with_the_tie_out():
    rolled = rollforward([Line(FIRST, Flow.ADDED, 9000, "B-1", "bcn")], FIRST, LAST, ("branch",))
    made = table(rolled, "EUR", (Tie("Ledger balance", 9000, "roll-forward closing", rolled.total.closing),))
    assert list(made.lines())[-1] == "Ledger balance 90.00, roll-forward closing 90.00, difference 0.00"
    assert made.to_json()["rows"] == [
        {"branch": "bcn", "opening": "0.00", "closing": "90.00"} | {f.value: "0.00" for f in FLOWS} | {"additions": "90.00"}
    ]
    assert made.to_csv().splitlines()[1].startswith("bcn,0.00,90.00,")


_days = st.integers(0, 150).map(lambda n: date(2026, 1, 1) + timedelta(days=n))
_lines = st.lists(
    st.builds(
        Line,
        _days,
        st.sampled_from([f for f in FLOWS if f is not Flow.REVENUE_OPENING]),
        st.integers(-10_000, 10_000).filter(bool),
        st.sampled_from(["B-1", "B-2", "B-3", None]),
        st.sampled_from(["bcn", "mad", None]),
        st.sampled_from(["psychology", None]),
        st.just("p@1"),
    ),
    max_size=40,
).map(lambda lines: sorted(lines, key=lambda line: line.date))


@given(_lines, _days, st.integers(0, 90))
def test_it_foots_and_cross_foots_and_opens_where_the_day_before_closed(lines, first, days):
    last = first + timedelta(days=days)
    balance = sum(line.amount for line in lines if line.date <= last)
    made = [rollforward(lines, first, last, by) for by in ((), ("bundle",), ("branch", "service", "policy"), ("month",))]
    for rolled in made:
        assert rolled.total.closing == balance
        assert rolled.total == made[0].total._replace(key=rolled.total.key)
        assert all(row.opening + sum(row.flows) == row.closing for row in (*rolled.rows, rolled.total))
    for rolled in made[1:3]:
        assert sum(row.opening for row in rolled.rows) == rolled.total.opening
        assert sum(row.closing for row in rolled.rows) == balance
    months = made[3].rows
    assert [row.opening for row in months[1:]] == [row.closing for row in months[:-1]]
    after = rollforward(lines, last + timedelta(days=1), last + timedelta(days=30), ())
    assert after.total.opening == balance


@given(_lines)
def test_revenue_from_the_opening_never_exceeds_it(lines):
    for row in rollforward(lines, FIRST, LAST, ("bundle",)).rows:
        assert -flow(row, Flow.REVENUE_OPENING) <= max(row.opening, 0)


def test_kinds_of_columns_are_named_in_json():
    made = table(rollforward([], FIRST, LAST, ("month",)), "EUR", ())
    assert {column["kind"] for column in made.to_json()["columns"]} == {Kind.TEXT, Kind.AMOUNT}


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(policies, packages, histories)
def test_after_any_history_it_closes_with_what_each_bundle_says(policy, package, history):
    game = practice(policy, package)
    play(game, history)
    entries = sorted(game.entries, key=lambda entry: (entry.date, entry.number))
    lines = [line for entry in entries for line in lines_of(source_of(entry))]
    rolled = rollforward(lines, date(2026, 3, 1), date(2030, 12, 31), ("bundle",))
    for row in rolled.rows:
        assert row.closing == game.book.bundle(row.key[0]).balances.contract_liability
    whole = rollforward(lines, date(2025, 1, 1), date(2030, 12, 31), ()).total
    assert flow(whole, Flow.MOVED, Flow.EXCHANGE) == 0
    assert flow(whole, Flow.ADDED) >= 0 >= flow(whole, Flow.REVENUE_ADDED, Flow.REVENUE_OPENING)


def test_the_split_at_twelve_months_is_left_off_the_screen_where_all_lies_within():
    rolled = rollforward([Line(FIRST, Flow.ADDED, 90, "B-1", "bcn")], FIRST, LAST, ("branch",))
    made = table(rolled, "EUR", (), {"B-1": date(2026, 4, 1)})
    assert [column.key for column in made.columns][-2:] == ["within_12_months", "beyond_12_months"]
    assert on_screen(made).columns[-1].key == "closing"
