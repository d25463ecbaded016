"""Large journals and accounts are bounded, and say so; what is served is packed and escaped."""

from __future__ import annotations

import gzip
import json
import re
import threading
from pathlib import Path

import pytest

pytest.importorskip("fava")

from revrec.fava.bounds import ROWS
from revrec.fava.serve import application
from tests.fava.test_page import BOOKS

HEAD = """\
option "title" "Large"
option "operating_currency" "EUR"
1970-01-01 open Assets:Bank EUR
1970-01-01 open Income:Sessions EUR
"""
MANY = 2_500


def large(root: Path, rows: int = MANY, more: str = "") -> Path:
    """A ledger of that many transactions of a euro, a hundred a day."""
    legs = "  Assets:Bank  1.00 EUR\n  Income:Sessions\n"
    days = (f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}" for day in range(rows // 100) for _ in range(100))
    text = "".join(f'\n{day} * "Number {nth}"\n{legs}' for nth, day in enumerate(days))
    path = root / "large.beancount"
    path.write_text(HEAD + text + more, "utf-8")
    return path


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return application(large(tmp_path_factory.mktemp("large"))).test_client()


def asked(client, path):
    answer = client.get(f"/large/api/{path}")
    return answer.json["data"] if answer.status_code == 200 else answer.status_code


def rows(markup):
    return len(re.findall(r"<li class='transaction", markup))


def test_the_journal_ends_with_its_latest_two_thousand_rows_and_says_so(client):
    first, second = (asked(client, f"journal_page?page={page}&order=desc") for page in (1, 2))
    assert first["total_pages"] == 2
    assert rows(first["journal"]) + rows(second["journal"]) == ROWS
    assert f"Showing the latest 2,000 of {MANY + 2:,} rows. Set a Time filter to see the others." in first["journal"]
    assert "Number 2499" in first["journal"]
    assert asked(client, "journal_page?page=3&order=desc") == 404


def test_the_journal_from_the_beginning_says_which_rows_it_shows(client):
    first = asked(client, "journal_page?page=1&order=asc")
    assert "Showing the earliest 2,000 of" in first["journal"]
    assert "Number 0<" in re.sub(r"\s+", "", first["journal"]).replace("Number", "Number ")


def test_an_account_shows_its_latest_rows_with_complete_balances(client):
    markup = asked(client, "account_report?a=Assets:Bank&r=journal")["journal"]
    assert rows(markup) == ROWS
    assert f"Showing the latest 2,000 of {MANY + 1:,} rows. The balances are complete. Set a Time filter" in markup
    assert f"{MANY:.2f}" in markup


def test_with_a_time_filter_everything_is_shown_and_nothing_is_said(client):
    first = asked(client, "journal_page?page=1&order=desc&time=2026-01-02")
    assert rows(first["journal"]) == 102  # the day's, and the balances brought forward
    assert "Showing" not in first["journal"]
    assert "Showing" not in asked(client, "account_report?a=Assets:Bank&r=journal&time=2026-01-02")["journal"]


def test_a_small_journal_is_as_fava_shows_it():
    client = application(BOOKS).test_client()
    found = client.get("/centro-de-pruebas/api/journal_page?page=1&order=desc").json["data"]
    assert (found["total_pages"], "Showing" in found["journal"]) == (1, False)


def test_what_stands_in_the_books_is_escaped_in_rows(tmp_path):
    bad = """
2026-12-31 * "<b>payee</b>" "<img src=x onerror=alert(1)>" ^link
  customer: "<script>alert(2)</script>"
  Assets:Bank  1.00 EUR
    note: "</li><b>"
  Income:Sessions
2026-12-31 note Assets:Bank "<i>comment</i>"
"""
    client = application(large(tmp_path, 0, bad)).test_client()
    for path in ("journal_page?page=1&order=desc", "account_report?a=Assets:Bank&r=journal"):
        markup = asked(client, path)["journal"]
        for tag in ("<b>", "<img", "<script", "<i>"):
            assert tag not in markup
        assert "&lt;img src=x onerror=alert(1)&gt;" in markup
        assert "<a href='/large/account/Assets:Bank/'>Assets:Bank</a>" in markup.replace("&#39;", "'")
        assert "&lt;/span" not in markup


def test_answers_are_packed_for_who_takes_them(client):
    plain = client.get("/large/journal/")
    packed = client.get("/large/journal/", headers={"Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data)
    assert gzip.decompress(packed.data)[:15] == plain.data[:15] == b"<!doctype html>"


def test_styles_and_scripts_are_packed_too_and_small_answers_are_not(client):
    script = client.get("/static/app.js", headers={"Accept-Encoding": "gzip"})
    assert script.headers["Content-Encoding"] == "gzip"
    assert b"function" in gzip.decompress(script.data)
    assert "Content-Encoding" not in client.get("/large/api/errors", headers={"Accept-Encoding": "gzip"}).headers
    assert "Content-Encoding" not in client.get("/large/journal/", headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_another_ledger_is_loaded_when_the_first_page_was_seen(tmp_path):
    app = application(BOOKS, [large(tmp_path, 0)])
    client = app.test_client()
    assert list(dict(app.config["LEDGERS"].items())) == ["centro-de-pruebas"]
    client.get("/centro-de-pruebas/api/income_statement")
    done = threading.Event()
    for _ in range(200):
        if "large" in dict(app.config["LEDGERS"].items()):
            break
        done.wait(0.05)
    page = client.get("/centro-de-pruebas/income_statement/").text
    data = json.loads(re.search(r'id="ledger-data">(.*?)</script>', page)[1])
    assert data["other_ledgers"] == [["Large", "/large/"]]
    assert client.get("/large/api/errors").json["data"] == []
