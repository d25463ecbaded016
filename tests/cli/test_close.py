"""`revrec close` with what others report, and the lists for programs."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.test_commands import practice, told  # noqa: F401  fixtures


def test_an_amount_that_is_none_is_wrong_usage(told):  # noqa: F811
    assert "is no amount" in told("close", "2026-01", "--approver", "ana", "--psp-balance", "1,5", code=2)
    assert "decimals" in told("close", "2026-01", "--approver", "ana", "--vat-book", "1.555", code=2)


def test_what_does_not_agree_refuses_the_closing_until_there_is_a_reason(told):  # noqa: F811
    close = ("close", "2026-01", "--approver", "ana", "--psp-balance", "99999.00")
    said = told(*close, code=1)
    assert "FAIL 2 payment services" in said
    assert "--reason" in said
    done = json.loads(told(*close, "--reason", "the statement is wrong", "--json"))
    assert done.keys() == {"period", "digest", "period_digest", "checks", "tree_head", "erasures"}
    assert done["tree_head"].keys() == {"size", "root", "note", "signed_by"}
    assert [check["number"] for check in done["checks"]] == list(range(1, 18))
    assert [check["number"] for check in done["checks"] if not check["passed"]] == [2]
    assert done["checks"][1]["outcome"] == "FAIL"


def test_the_checklist_as_a_report_fails_with_what_waits(told):  # noqa: F811
    said = told("report", "checklist", "--on", "2199-01-31", code=1)
    assert "4 expiries and grace ends: " in said


@pytest.mark.parametrize("name", ["receivables", "reconciliation", "opening", "uninvoiced", "aging"])
def test_a_list_of_a_day(told, name):  # noqa: F811
    assert "difference 0.00" in told("report", name, "--on", "2026-01-31")


def test_the_trace_is_a_table_for_a_spreadsheet(told):  # noqa: F811
    rows = list(csv.DictReader(io.StringIO(told("report", "trace", "--from", "2026-01-01", "--to", "2026-12-31", "--csv"))))
    assert rows
    assert sum(round(100 * float(row["amount"])) for row in rows) == 0


def test_the_feed_has_one_object_a_line_and_none_when_all_is_paid(told):  # noqa: F811
    lines = told("report", "due", "--json").splitlines()
    assert all({"payer", "bundle", "what", "since", "amount"} <= json.loads(line).keys() for line in lines)
    assert told("report", "due", "--on", "2025-12-31", "--json") == ""


def test_no_invoices_are_issued(told):  # noqa: F811
    assert "These books issue no invoices: `invoicing_from` is not set." in told("report", "invoices")
