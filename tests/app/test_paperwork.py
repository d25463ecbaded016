"""The documents of a practice in its reports: listed, tied to the ledger, named where they wait."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from revrec.app import report
from tests.app.desk import Desk, paid, registered, sold, used

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
NIF = "12345678Z"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "books")


def busy(desk: Desk) -> None:
    """Invoices, a correction, a visit, a voucher, a policy without invoices and one that waits."""
    desk.say(
        registered("C-1", tax_id=NIF),
        sold("B-1", "TAXED", day="2026-02-01"),
        paid("P-1", "B-1", "100.00", "2026-02-01"),
        used("S-1", "B-1", "2026-02-03"),
        sold("B-2", "EACH"),
        paid("P-2", "B-2", "121.00"),
        used("S-2", "B-2"),
        sold("B-3", "NONE"),
        paid("P-3", "B-3", "500.00"),
        sold("B-4", "HEALTH", "C-9"),
        paid("P-4", "B-4", "500.00"),
    )
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))


def test_the_documents_of_a_period_are_listed_and_tie_to_the_ledger(desk: Desk) -> None:
    busy(desk)
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert made.tied, [tie.sentence("EUR") for tie in made.ties]
    listed = [(row["number"], str(row["operated_on"]), row["corrects"], row["total"]) for row in made.to_json()["rows"]]
    assert listed == [
        ("F2026-000001", "2026-02-01", None, "100.00"),
        ("F2026-000002", "2026-03-20", None, "12.10"),
        ("R2026-000001", "2026-03-20", "F2026-000001", "-90.00"),
    ]
    assert made.to_json()["total"]["total"] == "22.10"
    assert "  Documents that wait: 500.00" in made.notes
    assert "  Policies under which revrec issues no invoices: 500.00" in made.notes
    assert desk.asked(report.run, "invoices", FIRST, date(2026, 3, 19)).rows == ()


def test_the_ledger_of_the_report_is_the_entries_and_not_the_accounts(desk: Desk) -> None:
    busy(desk)
    with_less = "DELETE FROM accounts WHERE account = 'bundle:B-1'"
    from tests.app.shelf import tamper

    tamper(desk.root, with_less)
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert made.tied  # all that B-1 was billed of is on documents: nothing had to be explained
    tamper(desk.root, "UPDATE invoices SET gross = gross + 1 WHERE n = 1", "DELETE FROM invoices WHERE n = 2")
    made = desk.asked(report.run, "invoices", FIRST, LAST)
    assert not made.tied


def test_what_is_collected_and_not_invoiced_is_named_with_its_reason(desk: Desk) -> None:
    busy(desk)
    made = desk.asked(report.run, "uninvoiced", FIRST, LAST)
    assert made.tied
    rows = {row["bundle"]: (row["collected"], row["invoiced"], row["uninvoiced"]) for row in made.to_json()["rows"]}
    assert rows == {
        "B-1": ("10.00", "10.00", "0.00"),
        "B-2": ("121.00", "12.10", "108.90"),
        "B-3": ("500.00", "0.00", "500.00"),
        "B-4": ("500.00", "0.00", "500.00"),
    }
    (waits,) = [note for note in made.notes if note.startswith("Waits: ")]
    assert waits.startswith("Waits: 500.00 EUR for bundle:B-4, event e11 of 2026-03-20: buyer: ")


def test_the_list_of_postings_names_the_document_of_an_entry(desk: Desk) -> None:
    busy(desk)
    desk.say(registered("C-9", tax_id="00000000T"))
    made = desk.asked(report.run, "trace", FIRST, LAST)
    named = {row["event"]: row["invoice"] for row in made.to_json()["rows"] if row["invoice"]}
    assert named == {"e3": "F2026-000001", "e7": "F2026-000002", "e12": "R2026-000001", "e11": "F2026-000003"}
