"""The page of bundles: what it shows of each, whom it chooses, and that its total is the ledger's balance."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("fava")

from revrec.app import books
from revrec.app.workspace import open_workspace
from tests.app.desk import Desk, paid, registered, sold, used
from tests.fava.books_of import SLUG, client, links, page, table, words

ON = "2026-03-20"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Bundles of every kind: paid and used, paid in part, delivered and not paid, refunded, expiring, used up."""
    desk = Desk(tmp_path_factory.mktemp("bundles") / "books")
    desk.say(
        registered("C-1", tax_id="12345678Z"),
        sold("B-1", "HEALTH", day="2026-01-10"),
        paid("P-1", "B-1", "500.00", "2026-01-10"),
        used("S-1", "B-1", "2026-02-01"),
        sold("B-2", "HEALTH", "C-2", day="2026-03-01"),
        paid("P-2", "B-2", "200.00", "2026-03-01"),
        sold("B-3", "HEALTH", "C-2", day="2026-03-02"),
        used("S-3", "B-3", "2026-03-05"),
        sold("B-4", "HEALTH", "C-3", day="2026-03-02"),
        paid("P-4", "B-4", "500.00", "2026-03-02"),
        ("2026-03-10", "refund.issued", {"refund": "R-4", "bundle": "B-4"}),
        sold("B-5", "HEALTH", "C-3", day="2026-03-02", expires_on="2026-04-10"),
        paid("P-5", "B-5", "500.00", "2026-03-02"),
        sold("B-6", "TAXED", "C-3", day="2026-03-02"),
        paid("P-6", "B-6", "100.00", "2026-03-02"),
        *(used(f"S-6{n}", "B-6", "2026-03-03") for n in range(10)),
    )
    return desk


@pytest.fixture(scope="module")
def fava(desk: Desk):
    return client(desk.root)


def rows(fava, **query):
    head, *found = table(page(fava, "RevrecBundles", **{"on": ON} | query), "revrec-bundles")
    return [dict(zip(head, row, strict=True)) for row in found]


def names(fava, **query):
    return [row["Bundle"].removesuffix(" journal") for row in rows(fava, **query)[:-1]]


def test_the_total_of_all_is_the_balance_of_the_open_ledger(fava):
    text = words(page(fava, "RevrecBundles", show="all", on=ON))
    assert "Ledger, contract liability 1,150.00 · store, 6 bundles 1,150.00 · difference 0.00 ✓ ties" in text
    total = rows(fava, show="all")[-1]
    assert (total["Bundle"], total["Deferred"], total["Owed"]) == ("6 bundles", "1,150.00", "50.00")


def test_books_whose_calendar_stopped_long_ago_count_from_there(fava):
    text = words(page(fava, "RevrecBundles", show="all"))
    assert "The calendar of these books stands at 2026-03-09: days are counted from there." in text
    assert "<code>revrec advance --to DATE</code>" in page(fava, "RevrecBundles", show="all")
    assert "calendar" not in words(page(fava, "RevrecBundles", show="all", on=ON))


@pytest.mark.parametrize(
    ("show", "wanted"),
    [
        ("open", ["B-5", "B-1", "B-2", "B-3"]),
        ("expiring", ["B-5"]),
        ("unpaid", ["B-3", "B-2"]),
        ("inactive", ["B-1"]),
        ("ended", ["B-4", "B-6"]),
        ("", ["B-5", "B-1", "B-2", "B-3"]),
        ("nonsense", ["B-5", "B-1", "B-2", "B-3"]),
    ],
)
def test_each_view_chooses_its_bundles(fava, show, wanted):
    assert names(fava, show=show) == wanted


def test_the_days_of_a_view_can_be_chosen(fava):
    assert names(fava, show="expiring", days="200") == ["B-5", "B-1", "B-2", "B-3"]
    assert names(fava, show="inactive", days="10") == ["B-5", "B-1", "B-2", "B-3"]
    assert names(fava, show="inactive", days="x") == ["B-1"]


def test_a_row_answers_what_is_left_until_when_and_where_the_money_stands(fava):
    found = {row["Bundle"].removesuffix(" journal"): row for row in rows(fava, show="all")}
    assert list(found["B-1"].values()) == [
        *("B-1 journal", "C-1", "HEALTH", "9 of 10", "2026-02-01", "2026-07-10", "112", "450.00", "450.00", "0.00"),
        *("paid", "open"),
    ]
    assert (found["B-2"]["Payment"], found["B-2"]["Deferred"]) == ("pending", "200.00")
    assert (found["B-3"]["Payment"], found["B-3"]["Owed"]) == ("overdue since 2026-03-05", "50.00")
    assert (found["B-4"]["Status"], found["B-4"]["Payment"], found["B-4"]["Left"]) == ("refunded", "nothing owed", "0 of 10")
    assert (found["B-5"]["Status"], found["B-5"]["Days"]) == ("expires soon", "21")
    assert found["B-6"]["Status"] == "used up"


def test_a_claim_of_today_is_due_and_not_overdue(fava):
    (row, _) = rows(fava, filter="^bundle-B-3", on="2026-03-05")
    assert row["Payment"] == "due today"


def test_what_expired_and_is_not_booked_stands_out(fava):
    found = page(fava, "RevrecBundles", show="expiring", on="2026-04-11")
    assert '<td class="bad">expired, not booked</td>' in found


def test_the_state_is_a_word_and_a_shape_not_only_a_colour(fava):
    sheet = fava.get(f"{SLUG}/extension/RevrecTrace/style").text
    for shape, mark in {"good": "✓", "warn": "◐", "bad": "▲", "calm": "○"}.items():
        assert f'.revrec .{shape}::before {{ content: "{mark} "; }}' in sheet


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        ("customer:C-3", ["B-5"]),
        ("^bundle-B-4", ["B-4"]),
        ("^bundle-B-1 customer:C-2", []),
        ("session:S-3", ["B-3"]),
        ("session:none", []),
        ("branch:bcn", ["B-5", "B-1", "B-2", "B-3"]),
        ("branch:mad", []),
    ],
)
def test_the_terms_of_the_filter_box_choose(fava, term, wanted):
    text = page(fava, "RevrecBundles", on=ON, filter=term)
    assert "Filter not applied" not in text
    if wanted:
        assert names(fava, filter=term) == wanted
    else:
        assert "revrec-bundles" not in text.partition("</nav>")[2].partition("<table")[2]


def test_an_invoice_leads_to_its_bundle(desk, fava):
    (number,) = (number for number, _, _ in desk.papers() if desk.issued(number).bundle == "B-1")
    assert names(fava, filter=f"^invoice-{number}") == ["B-1"]


def test_the_time_box_is_not_applied_and_says_so(fava):
    text = page(fava, "RevrecBundles", time="2026-01", on=ON)
    assert "Filter not applied to this page: 2026-01" in words(text)
    assert len(table(text, "revrec-bundles")) == 6


def test_a_part_is_explained_against_the_whole(fava):
    text = words(page(fava, "RevrecBundles", show="expiring", on=ON))
    assert "1 bundle chosen, 500.00 of 1,150.00; the other 5 for 650.00." in text


def test_every_amount_leads_to_the_entries_that_make_it(fava):
    ledger = fava.application.config["LEDGERS"][SLUG[1:]]
    text = page(fava, "RevrecBundles", show="all", on=ON)
    leads = [(link, amount) for link, amount in links(text) if "%5Ebundle" in link and amount != "journal"]
    assert len(leads) == 4
    for link, amount in leads:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(link).query).items()}
        names_ = urlsplit(link).path.partition("/account/")[2].strip("/") or asked["account"]
        entries = ledger.get_filtered(filter=asked["filter"]).entries
        legs = [p.units.number for e in entries if hasattr(e, "postings") for p in e.postings if re.search(names_, p.account)]
        assert f"{abs(sum(legs)):,.2f}" == amount


def test_a_bundle_leads_to_its_chain_and_its_journal(fava):
    found = {text: link for link, text in links(page(fava, "RevrecBundles", filter="^bundle-B-1", on=ON))}
    assert "RevrecTrace/?id=bundle:B-1" in found["B-1"].replace("%3A", ":")
    assert parse_qs(urlsplit(found["journal"]).query)["filter"] == ["^bundle-B-1"]


def test_an_entry_made_by_hand_is_named_in_the_tie(desk, tmp_path):
    root = Path(shutil.copytree(desk.root, tmp_path / "books"))
    book = next((root / "manual").glob("*.beancount"))
    book.write_text(
        book.read_text("utf-8") + '\n2026-03-19 * "Agreed with the auditor" #manual\n'
        '  bundle: "B-1"\n  Liabilities:ContractLiability  -3.00 EUR\n  Equity:Opening  3.00 EUR\n',
        "utf-8",
    )
    text = words(page(client(root), "RevrecBundles", show="all", on=ON))
    assert "1,153.00 · store, 6 bundles 1,150.00 and entries made by hand 3.00, together 1,153.00 · difference 0.00" in text


def test_books_that_lag_behind_the_store_do_not_tie_and_say_what_to_do(desk, tmp_path):
    root = Path(shutil.copytree(desk.root, tmp_path / "books"))
    day = root / "journal" / "2026" / "2026-03-02.beancount"
    index = root / "journal" / "index.beancount"
    index.write_text(index.read_text("utf-8").replace(f'include "2026/{day.name}"\n', ""), "utf-8")
    text = words(page(client(root), "RevrecBundles", on=ON))
    assert "✗ does not tie" in text
    assert "Run revrec books build to write the books again" in text


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books of two years."""
    desk = Desk(tmp_path_factory.mktemp("years") / "books")
    desk.say(
        sold("B-1", "NONE", day="2026-12-01"), paid("P-1", "B-1", "500.00", "2026-12-01"), at=datetime(2027, 1, 9, tzinfo=UTC)
    )
    desk.say(used("S-1", "B-1", "2027-01-08"), at=datetime(2027, 1, 9, tzinfo=UTC))
    return desk.root


@pytest.mark.parametrize(
    ("book", "said"),
    [
        ("main", "450.00 · store, 1 bundle 450.00 · difference 0.00"),
        ("fy2027", "450.00 · store, 1 bundle 450.00 · difference 0.00"),
        ("summary", "450.00 · store, 1 bundle 450.00 · difference 0.00"),
        ("fy2026", "500.00 · store at the end of 2026-12-31 500.00 · difference 0.00"),
    ],
)
def test_whichever_book_is_open_ties(years, book, said):
    assert f"Ledger, contract liability {said} ✓ ties" in words(page(client(years, book), "RevrecBundles", on="2027-01-09"))


def test_an_entry_made_by_hand_is_named_in_the_tie_of_a_book_that_ended(years, tmp_path):
    root = Path(shutil.copytree(years, tmp_path / "books"))
    hand = '2026-12-19 * "Agreed" #manual\n  Liabilities:ContractLiability  -3.00 EUR\n  Equity:Opening\n'
    (root / "manual" / "2026.beancount").write_text(hand, "utf-8")
    with open_workspace(root) as ws:
        books.build(ws)
    text = words(page(client(root, "fy2026"), "RevrecBundles", on="2027-01-09"))
    said = "store at the end of 2026-12-31 500.00 and entries made by hand 3.00, together 503.00"
    assert f"Ledger, contract liability 503.00 · {said} · difference 0.00 ✓ ties" in text


def test_in_the_roll_up_of_all_years_amounts_lead_to_the_chain(years):
    leads = {text: link for link, text in links(page(client(years, "summary"), "RevrecBundles", show="all"))}
    assert parse_qs(urlsplit(leads["journal"]).query)["id"] == ["bundle:B-1"]


@pytest.mark.parametrize("book", ["main", "fy2026", "fy2027", "summary"])
def test_documents_tie_whichever_book_is_open(years, book):
    text = words(page(client(years, book), "RevrecInvoices"))
    assert text.count("✓ ties") == 2


def test_a_long_list_is_paged(tmp_path):
    desk = Desk(tmp_path / "books")
    desk.say(*(sold(f"B-{n:03d}", "NONE", day="2026-03-02") for n in range(230)))
    fava = client(desk.root)
    first = page(fava, "RevrecBundles", on=ON)
    assert len(table(first, "revrec-bundles")) == 102
    assert "Page 1 of 3" in words(first)
    assert "Previous" not in words(first)
    last = page(fava, "RevrecBundles", on=ON, page="3")
    assert len(table(last, "revrec-bundles")) == 32
    assert table(last, "revrec-bundles")[-1][0] == "230 bundles"
    assert {text: link for link, text in links(last)}["← Previous"].endswith("page=2")


def test_books_without_bundles_say_so(tmp_path):
    fava = client(Desk(tmp_path / "books").root)
    assert "No bundle is open." in words(page(fava, "RevrecBundles"))
