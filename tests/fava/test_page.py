"""The page through Fava's own WSGI application: what it says equals what the ledger says."""

from __future__ import annotations

import html
import re
import shutil
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytest.importorskip("fava")

from fava.beans.abc import Transaction

from revrec.core.rollforward import FLOWS, Row
from revrec.fava.chart import chart, short
from tests.fava.books_of import served, words

BOOKS = Path(__file__).parent / "books" / "main.beancount"
PAGE = "/centro-de-pruebas/extension/RevrecRollforward/"


@pytest.fixture(scope="module")
def client():
    return served(BOOKS)


def opened(tmp_path, change):
    """A client for the books with their text changed."""
    path = tmp_path / "main.beancount"
    path.write_text(change(BOOKS.read_text("utf-8")), "utf-8")
    return served(path)


def page(client, **query):
    answer = client.get(f"{PAGE}?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return answer.text


def part(markup, start, end):
    begin = markup.index(start)
    return markup[begin : markup.index(end, begin)]


def tie(markup):
    return words(part(markup, '<p class="tie', "</p>"))


def table(markup):
    """Heading row and body rows, total last, as lists of text."""
    rows = re.findall(r"<tr>(.*?)</tr>", part(markup, '<table id="revrec-table"', "</table>"), re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def numbers(markup):
    """Every number of the body and the total that is not 0: (column, link, text)."""
    head, *_ = table(markup)
    rows = re.findall(r"<tr>(.*?)</tr>", part(markup, '<table id="revrec-table"', "</table>"), re.DOTALL)[1:]
    for row in rows:
        cells = re.findall(r'<td class="num[^"]*">(.*?)</td>', row, re.DOTALL)
        for column, cell in zip(head[-len(cells) :], cells, strict=True):
            link = re.match(r'<a href="([^"]*)"', cell)
            assert bool(link) == (words(cell) != "0.00")
            if link:
                yield column, html.unescape(link[1]), words(cell)


def test_it_is_the_first_page_of_the_books(client):
    answer = client.get("/", follow_redirects=True)
    assert answer.request.path == PAGE
    assert "<title>Contract liability - Centro de Pruebas</title>" in answer.text


def test_the_books_have_no_errors(client):
    assert client.get("/centro-de-pruebas/api/errors").json["data"] == []


@pytest.mark.parametrize("view", ["months", "groups", "bundles"])
@pytest.mark.parametrize(
    "query", [{}, {"time": "2026-02"}, {"time": "2026-02-10 - 2026-03-20"}, {"time": "2026"}, {"filter": 'branch:"^mad$"'}]
)
def test_it_ties_to_the_ledger_whatever_is_asked_for(client, view, query):
    said = tie(page(client, view=view, **query))
    found = re.fullmatch(r"Ledger balance (\S+) · roll-forward closing (\S+) · difference 0\.00 ✓ ties", said)
    assert found, said
    assert found[1] == found[2]


def test_the_ledger_balance_is_the_one_of_the_balance_sheet(client):
    tree = client.get("/centro-de-pruebas/api/balance_sheet").json["data"]["trees"]
    nodes = [node for top in tree for node in _nodes(top) if node["account"] == "Liabilities:ContractLiability"]
    assert [-Decimal(str(node["balance"]["EUR"])) for node in nodes] == [Decimal("537.00")]
    assert tie(page(client)).startswith("Ledger balance 537.00 ")


def _nodes(node):
    yield node
    for child in node["children"]:
        yield from _nodes(child)


def test_by_month_each_row_opens_where_the_one_before_closed(client):
    head, *rows, total = table(page(client))
    assert head == [
        *("Month", "Opening", "Additions", "Reinstated", "Revenue from additions", "Breakage", "Refunded", "Released"),
        *("Charged back", "Adjusted", "Closing"),
    ]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("2026-01", "0.00", "860.00"),
        ("2026-02", "860.00", "750.00"),
        ("2026-03", "750.00", "1040.00"),
        ("2026-04", "1040.00", "537.00"),
    ]
    assert total == [
        "Total",
        "0.00",
        "1740.00",
        "250.00",
        "-378.00",
        "-160.00",
        "-240.00",
        "-210.00",
        "-450.00",
        "-15.00",
        "537.00",
    ]


def test_the_time_box_moves_the_opening_and_splits_revenue(client):
    head, *rows, total = table(page(client, view="bundles", time="2026-02"))
    assert head[:6] == ["Bundle", "Opening", "Additions", "Reinstated", "Revenue from opening", "Revenue from additions"]
    assert rows[0][:6] == ["B-1", "400.00", "0.00", "0.00", "-50.00", "0.00"]
    assert (total[1], total[-1]) == ("860.00", "750.00")


def test_a_group_leads_to_its_bundles(client):
    markup = page(client, view="groups")
    link = html.unescape(re.search(r'<th scope="row"><a href="([^"]*)">bcn</a>', markup)[1])
    assert parse_qs(urlsplit(link).query) == {
        "view": ["bundles"],
        "branch": ["bcn"],
        "service": ["psychology"],
        "policy": ["standard@2026-01-01"],
    }
    answer = client.get(link).text
    assert [row[0] for row in table(answer)] == ["Bundle", "B-1", "B-5", "B-6", "Total"]
    assert "bcn · psychology · standard@2026-01-01 · Sessions sold and not yet delivered" in words(answer)


def test_a_bundle_leads_to_its_sessions(client):
    link = html.unescape(re.search(r'<a href="([^"]*)">B-2</a>', page(client, view="bundles"))[1])
    assert link.startswith("/centro-de-pruebas/journal/?")
    wanted = parse_qs(urlsplit(link).query)["filter"]
    assert wanted == ["^bundle-B-2"]


# A refund stands on one entry for two columns, and revenue from opening and from additions on the same entries.
EXACT = {"Additions", "Reinstated", "Breakage", "Charged back", "Adjusted"}


@pytest.mark.parametrize("time", ["", "2026-03", "2026-04"])
@pytest.mark.parametrize("view", ["months", "groups", "bundles"])
def test_every_number_leads_to_the_entries_that_it_is_made_of(client, view, time):
    ledger = client.application.config["LEDGERS"]["centro-de-pruebas"]
    columns = set()
    for column, link, text in numbers(page(client, view=view, time=time)):
        where = urlsplit(link)
        assert where.path == "/centro-de-pruebas/account/Liabilities:ContractLiability/"
        asked = {key: values[0] for key, values in parse_qs(where.query).items()}
        filtered = ledger.get_filtered(filter=asked.get("filter"), time=asked.get("time"))
        if column in EXACT:
            legs = [p for e in filtered.entries if isinstance(e, Transaction) and e.flag != "S" for p in e.postings]
            moved = -sum((p.units.number for p in legs if p.account == "Liabilities:ContractLiability"), Decimal(0))
            assert f"{moved:.2f}" == text, (column, link)
            columns.add(column)
    assert columns


def test_ids_are_escaped(tmp_path):
    books = opened(tmp_path, lambda text: text.replace('"B-1"', '"<img src=x>"').replace('"bcn"', '"b\'<b>&"'))
    for view in ("groups", "bundles"):
        markup = page(books, view=view)
        assert "<img src=x>" not in markup
        assert "b'<b>" not in part(markup, '<div class="revrec"', "</details>")
        assert "difference 0.00" in tie(markup)


def test_what_stands_in_the_address_is_escaped(client):
    markup = page(client, view='"><script>alert(1)</script>', branch="<script>alert(2)</script>", filter="^bundle-B-1")
    assert "<script>alert" not in markup


def test_a_rule_of_another_version_is_named_instead_of_being_left_out(tmp_path):
    books = opened(tmp_path, lambda text: text.replace('rule: "breakage.expiry"', 'rule: "breakage.new"'))
    assert "entry E-17 of 2026-03-31: rule `breakage.new` moves the contract liability" in words(page(books))


def test_books_without_entries_say_so(tmp_path):
    books = opened(tmp_path, lambda text: text.partition("\n2026-")[0])
    assert "the books have no entry yet" in words(page(books))


def test_books_without_the_role_say_what_to_do(tmp_path):
    books = opened(tmp_path, lambda text: text.replace('revrec-role: "contract-liability"', 'revrec-role: "other"'))
    assert 'put revrec-role: "contract-liability" under an open line' in words(page(books))


def test_without_revrec_the_books_open_and_fava_says_what_is_missing(tmp_path):
    books = opened(tmp_path, lambda text: text.replace('"revrec.fava"', '"revrec_is_not_here"'))
    assert books.get("/centro-de-pruebas/income_statement/").status_code == 200
    (error,) = books.get("/centro-de-pruebas/api/errors").json["data"]
    assert "revrec_is_not_here" in error["message"]


def test_an_edit_is_seen_after_the_reload(tmp_path):
    path = tmp_path / "main.beancount"
    shutil.copy(BOOKS, path)
    books = served(path)
    assert "537.00" in tie(page(books))
    more = '\n2026-04-30 * "By hand"\n  Liabilities:ContractLiability  -3.00 EUR\n  Assets:Bank  3.00 EUR\n'
    path.write_text(path.read_text("utf-8") + more, "utf-8")
    books.application.config["LEDGERS"]["centro-de-pruebas"].load_file()
    assert "540.00" in tie(page(books))


def test_in_incognito_no_number_is_left():
    books = served(BOOKS, incognito=True)
    tied = words(part(page(books), '<p class="tie', "</p>"))
    body = tied + words(part(page(books), '<dl class="figures">', "</details>"))
    assert "XXX.XX" in body
    assert "537" not in body


def test_a_filter_that_fava_cannot_read_is_favas_to_answer(client):
    assert client.get(f"{PAGE}?filter=((").status_code == 500


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0"), (50_000, "500"), (150_000, "1.5k"), (-1_000_000, "-10k"), (250_000_000, "2.5M")]
)
def test_the_axis_reads_short(amount, text):
    assert short(amount, "EUR") == text


def row(month, closing, **flows):
    return Row((month,), 0, tuple(flows.get(flow.name.lower(), 0) for flow in FLOWS), closing)


def test_the_bars_of_a_month_are_stacked_from_zero_and_inside_the_drawing():
    drawn = chart([row("2026-01", 300, added=1000, revenue_added=-500, breakage=-200), row("2026-02", 0)], 400, 300)
    first, second = drawn.months
    up, revenue, breakage = first.bars
    assert up.y + up.height == pytest.approx(drawn.zero, abs=0.11)
    assert revenue.y == drawn.zero
    assert breakage.y == pytest.approx(revenue.y + revenue.height, abs=0.11)
    assert second.bars == ()
    assert all(bar.y >= 0 and bar.y + bar.height <= drawn.floor + 0.11 for bar in first.bars)
    assert [bar.series for bar in first.bars] == ["additions", "revenue", "breakage"]


@pytest.mark.parametrize("months", [1, 12, 36, 240])
def test_labels_of_months_never_run_into_each_other(months):
    rows = [row(f"{2000 + i // 12}-{i % 12 + 1:02d}", 100) for i in range(months)]
    drawn = chart(rows, 400, 300)
    at = [month.middle for month in drawn.months if month.label]
    assert at
    assert all(b - a >= 44 for a, b in pairwise(at))
