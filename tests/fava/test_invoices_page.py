"""The page of documents: where each stands at the tax office, what is stuck and why, what waits, and the tie to the ledger."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("fava")

import revrec.fava.invoices as module
from einvoice.regimes.verifactu import codes, states
from revrec.app import invoices, report, standing
from revrec.app.render import render
from revrec.app.workspace import open_workspace
from revrec.fava.beside import beside
from revrec.store import statements
from revrec.store.papers import Answer, Message, Papers, State
from tests.app.desk import COMPANY, NOW, Desk, paid, registered, sold, used
from tests.fava.books_of import SLUG, client, links, page, table, words


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Documents of every state: accepted, accepted with errors, rejected, refused as a whole, on their way, not sent, waiting."""
    desk = Desk(tmp_path_factory.mktemp("invoices") / "books")
    desk.say(
        registered("C-1", tax_id="12345678Z"),
        ("2026-03-20", "customer.registered", {"customer": "C-9", **{k: v for k, v in COMPANY.items() if k != "tax_id"}}),
        *(each for n in range(1, 8) for each in (sold(f"B-{n}", "TAXED"), paid(f"P-{n}", f"B-{n}", "100.00"))),
        sold("B-8", "HEALTH", "C-2"),
        paid("P-8", "B-8", "500.00"),
        sold("B-9", "HEALTH", "C-9", day="2026-03-10"),
        paid("P-9", "B-9", "500.00", "2026-03-10"),
        registered("C-8", tax_id="12345678A"),
        sold("B-11", "HEALTH", "C-8", day="2026-03-20"),
        paid("P-11", "B-11", "500.00"),
        sold("B-10", "NONE"),
        paid("P-10", "B-10", "500.00"),
        used("S-10", "B-10"),
    )
    said = [
        State(1, "accepted", message=1),
        State(2, "accepted-with-errors", "2004", "clock", 1),
        State(3, "accepted-with-errors", "2001", "number not in the census", 1),
        State(4, "rejected", "1118", "NIF: 12345678Z, NOMBRE_RAZON: GARCIA LOPEZ ANA", 1),
        State(5, "unknown", text="connection lost", message=1),
        State(6, "pending", "4102", "refused", 1),
    ]
    with open_workspace(desk.root) as ws, ws.store.transaction():
        papers = Papers(ws.store)
        papers.add_message(Message(1, 1, 6, "2026-03-20T12:00:00Z", False, "0" * 64))
        papers.put_states(said)
    return desk


@pytest.fixture(scope="module")
def fava(desk: Desk):
    return client(desk.root)


def rows(fava, **query):
    head, *found = table(page(fava, "RevrecInvoices", **query), "revrec-invoices")
    return [dict(zip(head, row, strict=True)) for row in found]


def numbers(fava, **query):
    return [int(row["Number"][-6:]) for row in rows(fava, **query)[:-1]]


def test_all_documents_tie_to_the_open_ledger_as_the_report_does(desk, fava):
    text = words(page(fava, "RevrecInvoices"))
    with open_workspace(desk.root) as ws:
        made = report.run(ws, "invoices", NOW.date(), NOW.date())
    assert [tie.difference for tie in made.ties] == [0, 0]
    assert made.ties[0].left == 270_000
    assert "Ledger, billed to customers 2,700.00 · documents and what stands between 2,700.00 · difference 0.00 ✓ ties" in text
    assert "Ledger, output VAT 121.52 · VAT of documents and what stands between 121.52 · difference 0.00 ✓ ties" in text
    lines = {row[0]: row[1] for row in table(page(fava, "RevrecInvoices"), "revrec-between")[1:]}
    assert lines == {
        "Documents, all of them": "700.00",
        "Documents that wait": "1,500.00",
        "Policies under which revrec issues no invoices": "500.00",
    }


@pytest.mark.parametrize(
    ("show", "wanted"),
    [
        ("", [7, 6, 5, 4, 3, 2, 1]),
        ("stuck", [6, 4, 3]),
        ("open", [7, 5]),
        ("accepted", [2, 1]),
        ("nonsense", [7, 6, 5, 4, 3, 2, 1]),
    ],
)
def test_each_view_lists_the_documents_of_a_state(fava, show, wanted):
    found = rows(fava, show=show)
    assert numbers(fava, show=show) == wanted
    total = found[-1]
    assert (total["Number"], total["Total"]) == (f"{len(wanted)} documents", f"{len(wanted)}00.00")


def test_the_tabs_count_what_they_lead_to(fava):
    text = words(page(fava, "RevrecInvoices"))
    assert "All 7 Stuck or rejected 3 On their way 2 Accepted 2 Not reported 0 Waiting for a number 3" in text


def test_what_is_stuck_says_why_and_what_to_do_in_a_word_and_a_shape(fava):
    text = page(fava, "RevrecInvoices", show="stuck")
    found = {row["Number"][-1]: row for row in rows(fava, show="stuck")[:-1]}
    error = codes.error("1118")
    assert found["4"]["Tax office"] == "rejected (1118)"
    assert found["4"]["Why, and what to do"] == ". ".join(part[0].upper() + part[1:] for part in (error.en, error.remedy))
    assert '<td class="bad">rejected (1118)</td>' in text
    assert "3 documents need somebody" in words(text)


def test_the_database_and_the_regime_agree_on_what_asks_for_an_amendment():
    errors = states.State.ACCEPTED_WITH_ERRORS
    done = {code for code in codes.errors() if states.step(errors, code) is states.Step.DONE}
    assert done == set(statements.HARMLESS)
    assert (states.State.REJECTED.value, errors.value) == (statements.REJECTED, statements.ERRONEOUS)


def test_the_page_and_the_command_find_the_same_stuck_documents(desk, fava):
    with open_workspace(desk.root) as ws:
        told = standing.status(ws, now=NOW)
    assert sorted(int(each.number[-6:]) for each in told.stuck) == sorted(numbers(fava, show="stuck"))


def test_recipients_are_ids_and_never_names(fava):
    for show in ("", "stuck", "waiting"):
        text = page(fava, "RevrecInvoices", show=show).lower()
        for name in ("ana<", "ana ", "garc", "12345678z", "aseguradora"):
            assert name not in text
    text = page(fava, "RevrecTrace", id="F2026-000004").lower()
    assert "1118: a corrective" in text
    assert "garc" not in text
    assert rows(fava)[0]["Recipient"] == "C-1"


def test_what_waits_says_the_field_the_remedy_and_the_legal_deadline(fava):
    text = page(fava, "RevrecInvoices", show="waiting", on="2026-03-21")
    head, *found = table(text, "revrec-waiting")
    assert head == ["Due", "For", "Recipient", "Operation", "Total", "Field", "What is missing", "What to do"]
    by = {row[1]: row for row in found}
    assert by["B-8"][0] == "overdue since 2026-03-20"
    assert by["B-9"][0] == "due 2026-04-15"
    assert all(row[5] and row[6] and row[7] for row in found)
    assert "3 documents wait for a number, 2 of those shown are overdue." in words(text)


def test_a_wrong_tax_number_is_a_persons_all_the_same(fava):
    for text in (page(fava, "RevrecInvoices", show="waiting"), page(fava, "RevrecTrace", id="B-11")):
        assert "is no well-formed Spanish NIF" in text
        assert "12345678A" not in text


def test_the_boxes_choose_by_time_customer_bundle_and_number(fava):
    assert numbers(fava, time="2026-03-20") == [7, 6, 5, 4, 3, 2, 1]
    assert numbers(fava, filter="^bundle-B-2") == [2]
    assert numbers(fava, filter="^invoice-F2026-000003") == [3]
    assert "No document was issued in that time." in words(page(fava, "RevrecInvoices", time="2026-02"))
    assert "No document was issued" in words(page(fava, "RevrecInvoices", filter="customer:C-2"))
    assert "Filter not applied to this page: branch:mad" in words(page(fava, "RevrecInvoices", filter="branch:mad"))


def test_a_total_leads_to_the_entry_of_the_document(fava):
    ledger = fava.application.config["LEDGERS"][SLUG[1:]]
    text = page(fava, "RevrecInvoices", filter="^invoice-F2026-000003")
    link = next(link for link, said in links(text) if said == "100.00")
    (entry,) = ledger.get_filtered(filter=parse_qs(urlsplit(link).query)["filter"][0]).entries
    assert entry.meta["bundle"] == "B-3"


def test_the_billed_amount_leads_to_all_entries_that_bill(fava):
    ledger = fava.application.config["LEDGERS"][SLUG[1:]]
    link = next(link for link, said in links(page(fava, "RevrecInvoices")) if said == "2,700.00")
    found = ledger.get_filtered(account=parse_qs(urlsplit(link).query)["account"][0]).entries
    assert {entry.meta["entry"] for entry in found if "entry" in entry.meta} == {f"E-{n}" for n in range(1, 13)}


def test_a_document_opens_where_its_file_was_made(desk, tmp_path):
    root = Path(shutil.copytree(desk.root, tmp_path / "books"))
    with open_workspace(root) as ws:
        render(ws, [row.issued for row in invoices.listing(ws).rows][:1], signer=None, now=NOW)
    fava = client(root)
    text = page(fava, "RevrecInvoices")
    (link,) = (link for link, said in links(text) if said == "PDF")
    assert fava.get(link).data.startswith(b"%PDF")
    assert words(text).count("not made") == 6


def test_an_outage_of_the_tax_office_is_said(desk, tmp_path):
    root = Path(shutil.copytree(desk.root, tmp_path / "books"))
    with open_workspace(root) as ws, ws.store.transaction():
        Papers(ws.store).add_answer(Answer(1, "2026-03-20T12:00:01Z", "unknown", 0, b""))
    assert "The tax office could not be reached" in words(page(client(root), "RevrecInvoices"))


def test_an_entry_made_by_hand_on_an_account_that_bills_is_named(desk, tmp_path):
    root = Path(shutil.copytree(desk.root, tmp_path / "books"))
    book = next((root / "manual").glob("*.beancount"))
    entry = '\n2026-03-19 * "Talk at a fair"\n  Income:Sessions:Package  -30.00 EUR\n  Assets:Bank  30.00 EUR\n'
    book.write_text(book.read_text("utf-8") + entry, "utf-8")
    text = words(page(client(root), "RevrecInvoices"))
    both = "documents and what stands between 2,700.00 and entries made by hand 30.00, together 2,730.00"
    assert f"Ledger, billed to customers 2,730.00 · {both} · difference 0.00" in text


def test_the_tie_of_long_books_is_worked_out_beside_the_request(desk, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 0)
    beside.cache_clear()
    fava = client(desk.root)
    assert "The documents are being tied to 12 entries" in words(page(fava, "RevrecInvoices"))
    until = time.monotonic() + 30
    while "✓ ties" not in (text := words(page(fava, "RevrecInvoices"))):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "Ledger, billed to customers 2,700.00" in text
    beside.cache_clear()


def test_books_that_issue_nothing_say_so(tmp_path):
    desk = Desk(tmp_path / "books")
    text = words(page(client(desk.root), "RevrecInvoices"))
    assert "No document was issued in that time." in text
    assert "No document waits for a number." in words(page(client(desk.root), "RevrecInvoices", show="waiting"))
