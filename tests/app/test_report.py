"""The reports of a simulated practice: from the store, from the ledger in Fava, and at any day, the same numbers."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

import pytest

from revrec.app import advance, demo, record, report
from revrec.app.init import Answers, init
from revrec.app.progress import Silent
from revrec.app.records import StoreRecords
from revrec.app.workspace import open_workspace
from revrec.cli.reports import DOORS
from revrec.core.reports.frame import Identity
from tests.app.shelf import POLICY, book, event, lines

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST, LAST = date(2025, 1, 1), date(2025, 9, 30)
MINE = (
    "rollforward",
    "refund-liability",
    "maturity",
    "disaggregation",
    "breakage",
    "waterfall",
    "profitability",
    "tax",
    "vat-late",
    "third-parties",
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Sixty bundles in nine months, expiries and all, recorded and written."""
    root = tmp_path_factory.mktemp("books") / "practice"
    demo.prepare(root, now=NOW)
    demo.write_events(root / "events.jsonl", 5, 60, 9)
    with open_workspace(root, environ=os.environ) as ws:
        record.record(ws, record.sources(ws, [str(root / "events.jsonl")], mapping=None), now=NOW, progress=Silent())
        advance.advance(ws, LAST, now=NOW, progress=Silent())
    return root


@pytest.fixture
def ws(root):
    with open_workspace(root, environ=os.environ) as opened:
        yield opened


def column(table, key, row=None):
    at = [each.key for each in table.columns].index(key)
    return table.total[at] if row is None else row[at]


@pytest.mark.parametrize("by", [None, "bundle", "month", "branch", "service,policy"])
@pytest.mark.parametrize("last", [LAST, date(2025, 5, 31), date(2025, 6, 17)])
def test_the_roll_forward_ties_at_any_day_and_by_anything(ws, by, last):
    made = report.rollforward(ws, date(2025, 3, 5), last, by)
    assert made.tied
    assert column(made, "closing") == report.ledger(ws, last) > 0
    assert len(made.ties) == (2 if last == LAST else 1)


def test_it_opens_with_what_it_closed_with_the_day_before(ws):
    before = report.rollforward(ws, FIRST, date(2025, 4, 30))
    after = report.rollforward(ws, date(2025, 5, 1), LAST)
    assert column(before, "closing") == column(after, "opening")


def test_the_notes_name_the_facts_and_the_policies(ws):
    note = report.rollforward(ws, FIRST, LAST).notes[0]
    assert note.startswith(
        f"{ws.store.event_count} events, chain head {ws.store.head().digest.hex()}; policies own-therapist@2025-01-01, "
    )


def test_another_grouping_is_refused_with_those_there_are(ws):
    with pytest.raises(report.UnknownGrouping, match="--by colour: give `month`, or any of branch, service, policy, bundle"):
        report.rollforward(ws, FIRST, LAST, "colour")


@pytest.mark.parametrize("on", [LAST, date(2025, 6, 17), date(2025, 2, 3)])
def test_the_unused_rights_tie_at_any_day(ws, on):
    made = report.aging(ws, on)
    assert made.tied, made.ties
    assert column(made, "value") == report.ledger(ws, on)
    assert column(made, "bundles") > 0


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize(("first", "last"), [(FIRST, LAST), (date(2025, 3, 5), date(2025, 6, 17))])
@pytest.mark.parametrize("branch", [None, "bcn", "mad"])
def test_every_report_ties_over_any_days_and_branch(ws, name, first, last, branch):
    made = report.run(ws, name, first, last, branch=branch)
    assert made.tied, [tie.sentence("EUR") for tie in made.ties]
    assert made.ties
    assert made.findings == ()
    assert (f"Branch {branch} only." in made.notes) is (branch is not None)


@pytest.mark.parametrize("name", MINE)
def test_branches_together_are_the_whole(ws, name):
    def first_tie(branch):
        return report.run(ws, name, FIRST, LAST, branch=branch).ties[0].left

    assert first_tie(None) == first_tie("bcn") + first_tie("mad")


@pytest.mark.parametrize("name", [name for name in MINE if report.REPORTS[name].by])
def test_every_report_ties_by_each_of_its_keys(ws, name):
    for key in report.REPORTS[name].by:
        assert report.run(ws, name, date(2025, 3, 5), LAST, key).tied, key


@pytest.mark.parametrize("name", MINE)
def test_every_report_fits_a_screen_but_for_the_sentences_below_it(ws, name):
    made = report.run(ws, name, FIRST, LAST)
    sentences = {tie.sentence("EUR") for tie in made.ties} | set(made.notes)
    assert max(len(line) for line in made.lines() if line not in sentences) <= 120


def test_what_was_booked_is_what_the_other_reports_say(ws):
    """Revenue of bundles, breakage and the liability are one number in every report."""
    waterfall = report.run(ws, "waterfall", FIRST, LAST)
    sources = {row[0]: row[1] for row in report.run(ws, "disaggregation", FIRST, LAST, "source").rows}
    profit = report.run(ws, "profitability", FIRST, LAST)
    maturity = report.run(ws, "maturity", LAST, LAST)
    assert sources["breakage"] == column(profit, "breakage") == column(report.run(ws, "breakage", FIRST, LAST), "breakage")
    assert column(waterfall, "remaining") == report.ledger(ws, LAST)
    assert column(maturity, "contract_liability") == report.ledger(ws, LAST)
    assert maturity.tied
    assert sum(sources.values()) == sum(column(profit, key) for key in ("revenue", "fees", "refunds", "breakage"))


def test_every_report_has_its_command_and_every_command_its_report():
    assert {door.name for door in DOORS} - {"checklist"} == set(report.REPORTS) - {"checklist"}


def test_a_report_of_rows_that_are_what_they_are_takes_no_grouping(ws):
    with pytest.raises(report.NoGrouping, match="--by: the rows of `maturity` cannot be grouped otherwise"):
        report.run(ws, "maturity", LAST, LAST, "branch")


def test_a_branch_without_entries_is_refused_with_those_there_are(ws):
    with pytest.raises(report.UnknownBranch, match="--branch bnc: no entry stands at this branch; those with entries: bcn, mad"):
        report.run(ws, "tax", FIRST, LAST, branch="bnc")


def test_before_the_first_sale_nothing_is_unused(ws):
    made = report.aging(ws, date(2024, 12, 31))
    assert made.tied
    assert column(made, "bundles") == 0


@pytest.mark.parametrize(("view", "by"), [("groups", "branch,service,policy"), ("bundles", "bundle"), ("months", "month")])
@pytest.mark.parametrize("time", [("2025-05", date(2025, 5, 1), date(2025, 5, 31)), ("2025", FIRST, LAST)])
def test_fava_shows_the_numbers_of_the_store(ws, root, view, by, time):
    pytest.importorskip("fava")
    from tests.fava.books_of import served
    from tests.fava.test_page import table, tie

    client = served(root / "main.beancount")
    slug = client.get("/").headers["Location"].split("/")[1]
    assert client.get(f"/{slug}/api/errors").json["data"] == []
    answer = client.get(f"/{slug}/extension/RevrecRollforward/?view={view}&time={time[0]}").text
    assert "difference 0.00" in tie(answer)
    made = report.rollforward(ws, time[1], time[2], by)
    head, *rows, total = table(answer)
    titles = {each.title: each.key for each in made.columns}
    mine = [made.to_json()["total"], *made.to_json()["rows"]]
    theirs = [total, *rows]
    assert len(mine) == len(theirs)
    for ours, shown in zip(mine, theirs, strict=True):
        for title, text in zip(head, shown, strict=True):
            if ours[titles[title]] not in (None, "Total"):
                assert ours[titles[title]] == text.replace(",", ""), (title, shown)


@pytest.mark.parametrize("name", ["disaggregation", "tax", "aging"])
def test_revenue_at_purchase_in_statutory_books_is_labelled_in_every_report(tmp_path, name):
    root = tmp_path / "books"
    init(root, Answers("ES-B64717838", "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common"), now=NOW)
    (root / "policy.toml").write_text(POLICY.replace('"per_session"', '"at_purchase"'), "utf-8")
    book(root, lines([event("s1", "2026-02-02", "bundle.sold", bundle="B-1", package="PSY-3", customer="C-1")]))
    with open_workspace(root) as ws:
        made = report.run(ws, name, date(2026, 1, 1), date(2026, 12, 31))
    assert made.notes[-1] == "Revenue at purchase under standard@2026-01-01: not PGC NRV 14 / IFRS 15."
    assert made.notes[-2].endswith("policies standard@2026-01-01.")


def test_who_must_be_declared_comes_out_of_the_sealed_details(tmp_path):
    """3,100.00 paid by a customer whose tax id is sealed with the key of the workspace."""
    root = tmp_path / "books"
    init(root, Answers("ES-B64717838", "Centro de Pruebas SL", "generic", "Europe/Madrid", "EUR", "common"), now=NOW)
    (root / "policy.toml").write_text(POLICY.replace('"150.00"', '"3100.00"'), "utf-8")
    ana = {"customer": "C-1", "name": "Ana", "first_surname": "Vila", "tax_id": "12345678Z", "person": "natural", "country": "ES"}
    book(
        root,
        lines(
            [
                event("c1", "2026-02-01", "customer.registered", **ana),
                event("s1", "2026-02-02", "bundle.sold", bundle="B-1", package="PSY-3", customer="C-1"),
                event("p1", "2026-05-02", "payment.received", payment="P-1", bundle="B-1", amount="3100.00", method="cash"),
            ]
        ),
    )
    with open_workspace(root) as ws:
        made = report.run(ws, "third-parties", date(2026, 1, 1), date(2026, 12, 31))
        records = StoreRecords(ws)
        assert records.recorded([1]) == {1: NOW.date()}
        assert records.identity("C-1") == Identity("Ana Vila", "12345678Z", "ES")
        (paid,) = ws.store.entries_of(event_id="p1")
        fact = records.fact(paid)
    assert made.to_json()["rows"][0] == {
        "year": "2026", "tax_id": "12345678Z", "name": "Ana Vila", "customers": "C-1", "q1": "0.00", "q2": "3100.00",
        "q3": "0.00", "q4": "0.00", "operations": "3100.00", "withheld": "0.00", "cash": "3100.00", "declare": "operations",
    }  # fmt: skip
    assert made.tied
    assert made.findings == ()
    assert fact is not None
    assert fact.data.payment == "P-1"
    (root / "revrec.key").unlink()
    with open_workspace(root) as ws:
        closed = report.run(ws, "third-parties", date(2026, 1, 1), date(2026, 12, 31))
    assert closed.to_json()["rows"][0]["tax_id"] is None
    assert "Without the key of this workspace customers stand under their ids." in closed.notes
    assert closed.findings == ()
