"""The page of a trace: any id, the whole chain in both directions, every id a link, every amount with its formula."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("fava")

from revrec.app.workspace import open_workspace
from revrec.store.papers import Answer, Message, Papers, State
from tests.app.desk import Desk, paid, registered, sold, used
from tests.fava.books_of import SLUG, client, links, page, table, words


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A sale with an accepted invoice, two sessions, one of them taken back; one that waits for its buyer's number."""
    desk = Desk(tmp_path_factory.mktemp("trace") / "books")
    desk.say(
        registered("C-1", tax_id="12345678Z"),
        sold("B-1", "HEALTH"),
        paid("P-1", "B-1", "500.00"),
        used("S-1", "B-1"),
        used("S-2", "B-1"),
        ("2026-03-20", "session.reversed", {"session": "S-2", "reason": "another customer"}),
        sold("B-2", "HEALTH", "C-2"),
        paid("X-1", "B-2", "500.00"),
        used("X-1", "B-2"),
    )
    with open_workspace(desk.root) as ws, ws.store.transaction():
        papers = Papers(ws.store)
        papers.add_message(Message(1, 1, 1, "2026-03-20T12:00:00Z", False, "0" * 64))
        papers.add_answer(Answer(1, "2026-03-20T12:00:01Z", "answered", 60, b""))
        papers.put_states([State(1, "accepted", message=1)])
    return desk


@pytest.fixture(scope="module")
def fava(desk: Desk):
    return client(desk.root)


def chain(fava, ref):
    return page(fava, "RevrecTrace", id=ref)


def test_a_session_leads_to_sale_payment_entry_formula_invoice_record_and_answer(fava):
    text = chain(fava, "S-1")
    assert table(text, "contracts")[1][:3] == ["B-1", "2026-03-20", "C-1"]
    assert table(text, "money")[1][:3] == ["payment P-1", "2026-03-20", "500.00 EUR"]
    assert table(text, "sessions")[1][-1] == "revenue 50.00 EUR on E-2, exactly one posting"
    said = words(text[text.index('id="entries"') :])
    assert "E-2 2026-03-20 session.earned" in said
    assert "A session delivered earns its share of the price" in said
    assert "IFRS 15.31" in said
    assert "debit contract-liability 50.00" in said
    assert "share of the price, 1 of 10 units used: round(500.00 price x 1 / 10) - 0.00 earned before = 50.00" in said
    assert "journal/2026/2026-03-20.beancount:" in said


def test_an_invoice_leads_back_and_shows_what_was_sent_and_answered(fava):
    text = chain(fava, "F2026-000001")
    assert table(text, "documents")[1][0] == "F2026-000001"
    record = table(text, "records")[1]
    assert (record[0], record[5], record[6], record[7]) == ("1", "1", "2026-03-20T12:00:00Z", "accepted")
    assert [row[0] for row in table(text, "sessions")[1:]] == ["S-1", "S-2"]


@pytest.mark.parametrize("ref", ["S-1", "B-1", "e3", "E-1", "P-1", "F2026-000001", "C-1", "entry:E-2", "customer:C-1"])
def test_every_kind_of_id_has_a_chain_and_each_id_in_it_leads_on(fava, ref):
    text = chain(fava, ref)
    assert table(text, "contracts")[1][0] == "B-1"
    leads = {parse_qs(urlsplit(link).query)["id"][0] for link, _ in links(text) if "/RevrecTrace/?" in link and "id=" in link}
    assert "bundle:B-1" in leads
    for each in leads:
        assert "nothing of that id is recorded" not in chain(fava, each)


def test_an_entry_leads_to_favas_journal_and_there_stands_that_entry_alone(fava):
    ledger = fava.application.config["LEDGERS"][SLUG[1:]]
    text = chain(fava, "E-2")
    (link,) = (link for link, said in links(text) if said == "in the journal" and "filter=entry:" in link)
    found = ledger.get_filtered(filter=parse_qs(urlsplit(link).query)["filter"][0]).entries
    assert [entry.meta["entry"] for entry in found] == ["E-2"]


def test_a_reversal_is_linked_both_ways(fava):
    text = words(chain(fava, "S-2"))
    assert "corrected by E-4" in text
    assert "corrects E-3" in text
    assert "no revenue: undone by event e6" in text


def test_a_document_that_waits_is_part_of_the_chain(fava):
    row = table(chain(fava, "B-2"), "waiting")[1]
    assert row[1:3] == ["bundle:B-2", "500.00 EUR"]


def test_an_id_of_two_things_offers_both(fava):
    text = chain(fava, "X-1")
    assert "names more than one thing" in words(text)
    assert [said for _, said in links(text) if said.endswith(":X-1")] == ["session:X-1", "payment:X-1"]
    assert "payment X-1" in words(chain(fava, "payment:X-1"))


@pytest.mark.parametrize("ref", ["nothing", "session:nothing", "E-99", "<b>"])
def test_what_is_not_there_is_said_with_help(fava, ref):
    text = words(chain(fava, ref))
    assert "nothing of that id is recorded" in text
    assert "Ids are written as in the files of the practice" in text


def test_without_an_id_the_page_says_what_it_is_for(fava):
    assert "Type the id of anything that was recorded" in words(page(fava, "RevrecTrace"))


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("^bundle-B-1", "bundle B-1"),
        ("session:S-1", "session S-1"),
        ("^invoice-F2026-000001", "invoice F2026-000001"),
        ("customer:C-1 session:S-1", "session S-1"),
    ],
)
def test_the_filter_box_asks_as_well(fava, term, said):
    assert f"Session trace {said}" in words(page(fava, "RevrecTrace", filter=term))


def test_the_form_keeps_the_boxes_of_fava(fava):
    text = page(fava, "RevrecTrace", id="S-1", time="2026-03")
    assert '<input type="hidden" name="time" value="2026-03">' in text


def test_details_of_a_person_are_never_shown(fava):
    for ref in ("C-1", "F2026-000001", "e1"):
        assert "Ana" not in chain(fava, ref)
        assert "12345678Z" not in chain(fava, ref)


def test_a_long_chain_explains_the_first_entries_and_says_what_it_leaves_out(tmp_path, monkeypatch):
    desk = Desk(tmp_path / "books")
    desk.say(sold("B-1", "NONE"), paid("P-1", "B-1", "500.00"), *(used(f"S-{n:02d}", "B-1") for n in range(10)))
    desk.say(sold("B-2", "NONE"), paid("P-2", "B-2", "500.00"), *(used(f"T-{n:02d}", "B-2") for n in range(10)))
    fava = client(desk.root)
    text = chain(fava, "customer:C-1")
    assert text.count("how it came about") == 2 * (22 - 12)
    assert text.count('<article class="entry">') == 22
    assert "are shown" not in words(text)
    monkeypatch.setattr("revrec.fava.chain.MOST", 1)
    left_out = "contracts", "payments and refunds", "sessions", "events", "entries"
    text = words(chain(fava, "customer:C-1"))
    assert [many for many in left_out if re.search(rf"The first 1 of \d+ {many} are shown", text)] == [*left_out]


def test_what_waits_is_reached_from_above(fava):
    text = chain(fava, "B-2")
    assert ("#waiting", "1 document that waits") in links(text)
    assert 'id="waiting"' in text
