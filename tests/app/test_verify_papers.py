"""Whatever is changed of documents, records and accounts behind revrec's back is found and named."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from revrec.app import correct, invoices
from revrec.app.verify import verify
from revrec.app.workspace import open_workspace
from revrec.store.papers import GENESIS, Papers, chained
from tests.app.desk import COMPANY, NOW, Desk, paid, registered, sold, used
from tests.app.shelf import checked, copied, tamper
from tests.app.test_paperwork import NIF, busy


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = Desk(tmp_path_factory.mktemp("shelf") / "books")
    busy(desk)
    return desk.root


@pytest.fixture
def root(shelf: Path, tmp_path: Path) -> Path:
    return copied(shelf, tmp_path / "books")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "books")


def test_untouched_documents_are_clean(root: Path) -> None:
    assert checked(root) == ()


def test_documents_are_clean_without_the_key(root: Path) -> None:
    (root / "revrec.key").unlink()
    assert checked(root) == ()


# (what is done to the database, the finding's code, where it points)
TAMPERED = {
    "an amount": ("UPDATE invoices SET gross = gross + 1 WHERE n = 1", "invoice.chain", "invoice F2026-000001"),
    "a customer": ("UPDATE invoices SET customer = 'C-7' WHERE n = 1", "invoice.chain", "invoice F2026-000001"),
    "a content": ("UPDATE invoices SET content = x'00' WHERE n = 2", "invoice.chain", "invoice F2026-000002"),
    "a digest": ("UPDATE invoices SET digest = zeroblob(32) WHERE n = 2", "invoice.chain", "invoice F2026-000002"),
    "a document": ("DELETE FROM invoices WHERE n = 2", "invoice.missing", "invoice number 2"),
    "the last document": ("DELETE FROM invoices WHERE n = 3", "invoice.missing", "draft:12-1"),
    "a place": ("UPDATE invoices SET place = 7 WHERE n = 2", "invoice.gap", "invoice F2026-000002"),
    "a number": (
        "UPDATE invoices SET number = 'F2026-000009' WHERE n = 2",
        "invoice.number",
        "invoice F2026-000009",
    ),
    "a day": ("UPDATE invoices SET issued_on = '2026-03-01' WHERE n = 2", "invoice.date", "invoice F2026-000002"),
    "what a document corrects": (
        "UPDATE invoices SET corrects = 'F2026-000044' WHERE n = 3",
        "invoice.corrects",
        "invoice R2026-000001",
    ),
    "the event of a document": ("UPDATE invoices SET seq = 4 WHERE n = 2", "invoice.derived", "invoice F2026-000002"),
    "the parts of a document": (
        "UPDATE invoices SET parts = CAST(replace(CAST(parts AS TEXT), '1210', '1211') AS BLOB) WHERE n = 2",
        "invoice.content",
        "invoice F2026-000002",
    ),
    "the record of a document": ("UPDATE invoices SET record = 9 WHERE n = 2", "invoice.record", "invoice F2026-000002"),
    "the text of a record": (
        "UPDATE records SET hashed = replace(hashed, 'F1', 'F2') WHERE place = 1",
        "record.huella",
        "record 1",
    ),
    "a huella": ("UPDATE records SET huella = replace(huella, 'A', 'B') WHERE place = 1", "record.huella", "record 1"),
    "the link of a record": (
        "UPDATE records SET hashed = replace(hashed, '&Huella=', '&Huella=00') WHERE place = 2",
        "record.chain",
        "record 2",
    ),
    "a record": ("DELETE FROM records WHERE place = 2", "record.missing", "record 3"),
    "the last record": ("DELETE FROM records WHERE place = 3", "invoice.record", "invoice R2026-000001"),
    "the number of a record": ("UPDATE records SET number = 'F2026-000005' WHERE place = 2", "record.row", "record 2"),
    "the XML of a record": ("UPDATE records SET xml = CAST('AAAA' AS BLOB) WHERE place = 2", "record.xml", "record 2"),
    "an account": ("DELETE FROM accounts WHERE account = 'bundle:B-1'", "derived.account", "account bundle:B-1"),
    "the amount of an account": (
        "UPDATE accounts SET state = CAST(replace(CAST(state AS TEXT), '1000', '1001') AS BLOB) WHERE account = 'bundle:B-1'",
        "derived.account",
        "account bundle:B-1",
    ),
    "the document of an account": (
        "UPDATE accounts SET state = CAST(replace(CAST(state AS TEXT), 'F2026-000001', 'F2026-000077') AS BLOB)",
        "account.document",
        "account bundle:B-1",
    ),
    "what waits": ("DELETE FROM waiting", "invoice.missing", "draft:11-1"),
    "the amount of what waits": (
        "UPDATE waiting SET state = CAST(replace(CAST(state AS TEXT), '50000', '50001') AS BLOB)",
        "derived.waiting",
        "draft:11-1",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_every_change_is_found_and_points_to_its_place(root: Path, what: str) -> None:
    statement, code, where = TAMPERED[what]
    tamper(root, statement)
    found = checked(root)
    assert (code, where) in {(finding.code, finding.where) for finding in found}, found


def test_a_row_that_was_forged_with_its_digest_breaks_the_next_link(root: Path) -> None:
    with open_workspace(root) as ws:
        first = invoices.find(ws, "F2026-000001")
    forged = chained(GENESIS, first._replace(gross=first.gross + 1), "ES-B64717838")
    tamper(root, "UPDATE invoices SET gross = gross + 1, digest = ? WHERE n = 1", values=(forged,))
    found = {(finding.code, finding.where) for finding in checked(root)}
    assert ("invoice.chain", "invoice F2026-000002") in found
    assert ("invoice.content", "invoice F2026-000001") in found


# what is right, however it came about


def test_what_waited_and_was_taken_back_in_part_before_it_was_issued(desk: Desk) -> None:
    desk.say(sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"))
    desk.say(("2026-03-20", "bundle.price_reduced", {"bundle": "B-1", "amount": "50.00", "reason": "goodwill"}))
    assert checked(desk.root) == ()
    desk.say(registered("C-1", tax_id=NIF))
    assert desk.papers() == [("F2026-000001", "F1", 45000)]
    assert checked(desk.root) == ()
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    assert checked(desk.root) == ()


def test_what_waited_and_was_issued_between_events(desk: Desk) -> None:
    desk.say(sold("B-1", "HEALTH"), paid("P-1", "B-1", "500.00"))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    assert desk.papers() == []
    assert checked(desk.root) == ()


def test_a_replacement_takes_the_place_of_the_document_it_names(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "100.00"))
    desk.asked(correct.correct, "F2026-000001", correct.Change("the name was wrong"), now=NOW)
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-1", "method": "card"}))
    assert desk.issued("R2026-000002").corrects == "R2026-000001"
    assert checked(desk.root) == ()


def test_value_that_moved_and_several_payers(desk: Desk) -> None:
    desk.say(("2026-01-02", "customer.registered", {"customer": "I-1", **COMPANY}), registered("C-1", tax_id=NIF))
    payers = [{"customer": "I-1", "amount": "400.00"}, {"customer": "C-1", "amount": "100.00"}]
    desk.say(sold("B-1", "HEALTH", payers=payers), paid("P-1", "B-1", "400.00", payer="I-1"), paid("P-2", "B-1", "100.00"))
    desk.say(sold("B-2", "TAXED"), paid("P-3", "B-2", "100.00"), used("S-1", "B-2"))
    gift = {"bundle": "B-2", "to_customer": "C-2", "units": 4, "to_bundle": "B-3"}
    desk.say(("2026-03-20", "bundle.transferred", gift))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-1", "bundle": "B-3", "method": "card"}))
    desk.say(("2026-03-20", "refund.issued", {"refund": "R-2", "bundle": "B-1", "method": "card"}))
    assert checked(desk.root) == ()


def test_invoicing_that_began_later_than_the_books(desk: Desk) -> None:
    path = desk.root / "revrec.toml"
    text = path.read_text()
    path.write_text(text.replace("invoicing_from = 2026-01-01\n", ""))
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED", day="2026-02-01"), paid("P-1", "B-1", "100.00", "2026-02-01"))
    desk.say(sold("B-2", "EACH", day="2026-02-01"), paid("P-2", "B-2", "121.00", "2026-02-01"))
    assert checked(desk.root) == ()
    path.write_text(text.replace("2026-01-01", "2026-03-01"))
    desk.say(sold("B-3", "TAXED"), paid("P-3", "B-3", "100.00"), used("S-1", "B-1"), used("S-2", "B-2"))
    assert [gross for _, _, gross in desk.papers()] == [10000, 1210]
    assert checked(desk.root) == ()
    refund = {
        "refund": "R-1",
        "bundle": "B-1",
        "method": "card",
        "original_invoice": {"number": "A-1", "issued_on": "2026-02-01"},
    }
    desk.say(("2026-03-20", "refund.issued", refund))
    assert desk.papers()[-1][2] == -9000
    assert checked(desk.root) == ()


def test_a_year_later_and_issued_by_hand(desk: Desk) -> None:
    desk.say(registered("C-1", tax_id=NIF), sold("B-1", "TAXED"), paid("P-1", "B-1", "50.00"))
    desk.say(sold("B-2", "TAXED", day="2026-03-19"), paid("P-2", "B-2", "50.00", "2026-03-19"), at=NOW - timedelta(days=1))
    assert desk.asked(lambda ws: len(Papers(ws.store).waiting())) == 1
    desk.asked(invoices.issue, now=NOW)
    desk.say(paid("P-3", "B-2", "50.00"), at=NOW + timedelta(days=300))
    assert len(desk.papers()) == 3
    assert desk.asked(verify) == ()


def test_the_chain_of_documents_can_be_hashed_again_with_the_page_of_formats_alone(root: Path) -> None:
    with sqlite3.connect(root / "revrec.db") as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("SELECT * FROM invoices ORDER BY n")]
    connection.close()
    digest = bytes(32)
    for row in rows:
        stored = row.pop("digest")
        body = row | {"taxpayer": "ES-B64717838", "v": "A", "parts": json.loads(row["parts"])}
        body["content"] = hashlib.sha256(row["content"]).hexdigest()
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(digest + text.encode()).digest()
        assert digest == stored
    assert len(rows) == 3
