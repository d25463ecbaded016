"""The lists of a simulated practice: what is owed, reconciled, traced and collected ties at any day and branch."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from revrec.app import customers, report
from tests.app.test_report import FIRST, LAST, root, ws  # noqa: F401  fixtures

LISTS = ("aging", "receivables", "reconciliation", "trace", "out-of-period", "opening", "due", "uninvoiced")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("first", "last"), [(FIRST, LAST), (date(2025, 3, 5), date(2025, 6, 17))])
@pytest.mark.parametrize("branch", [None, "bcn", "mad"])
def test_every_list_ties_over_any_days_and_branch(ws, name, first, last, branch):  # noqa: F811
    made = report.run(ws, name, first, last, branch=branch)
    assert made.tied, [tie.sentence("EUR") for tie in made.ties]
    assert made.ties
    assert made.findings == ()


@pytest.mark.parametrize("name", [*LISTS, "checklist"])
def test_every_list_fits_a_screen_but_for_the_sentences_below_it(ws, name):  # noqa: F811
    made = report.run(ws, name, FIRST, LAST)
    sentences = {tie.sentence("EUR") for tie in made.ties} | set(made.notes)
    assert max(len(line) for line in made.lines() if line not in sentences) <= 120


def test_the_feed_owes_what_the_customers_owe(ws):  # noqa: F811
    made = report.run(ws, "due", LAST, LAST)
    owed = {}
    for payer, *_, amount in made.rows:
        owed[payer] = owed.get(payer, 0) + amount
    assert owed
    for customer, amount in owed.items():
        assert customers.balance(ws, customer, LAST).amount_due == amount
    receivables = report.run(ws, "receivables", LAST, LAST)
    assert sum(owed.values()) == receivables.ties[0].left


def test_the_trace_ends_where_the_bundles_stand(ws):  # noqa: F811
    after, used = {}, {}
    for row in csv.DictReader(io.StringIO(report.run(ws, "trace", FIRST, LAST).to_csv())):
        if row["bundle"]:
            after[row["bundle"]], used[row["bundle"]] = row["liability_after"], row["used"]
    aged = report.run(ws, "aging", LAST, LAST, "bundle").to_json()["rows"]
    assert len(aged) > 10
    for row in aged:
        if row["value"] != "0.00":
            assert after[row["bundle"]] == row["value"]


def test_an_entry_of_the_accountants_own_files_is_a_manual_one(root, ws):  # noqa: F811
    own = root / "manual/2025.beancount"
    assert not own.exists()
    claims, losses = ws.chart.account("receivable", "bcn"), ws.chart.account("bad-debt")
    own.write_text(f'2025-05-06 * "Round off" #manual\n  branch: "bcn"\n  {claims}  -5.00 EUR\n  {losses}\n', "utf-8")
    try:
        made = report.run(ws, "reconciliation", LAST, LAST)
        before = report.run(ws, "reconciliation", date(2025, 5, 5), date(2025, 5, 5))
    finally:
        own.unlink()
    assert made.tied
    [row] = [row for row in made.to_json()["rows"] if row["entry"]]
    assert (row["role"], row["branch"], row["entry"], row["explained"]) == (
        "receivable",
        "bcn",
        "manual/2025.beancount:1",
        "-5.00",
    )
    assert before.tied
    assert not any(row["entry"] for row in before.to_json()["rows"])


def test_the_checklist_of_a_simulated_month_passes(ws):  # noqa: F811
    made = report.run(ws, "checklist", LAST, LAST)
    assert made.findings == ()
    outcomes = [row[1] for row in made.rows if row[1] != "n/a"]
    assert set(outcomes) == {"pass"}
    assert len(outcomes) >= 10
