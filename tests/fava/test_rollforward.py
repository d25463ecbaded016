"""The page of the contract liability out of the store: the numbers of the report, tied to whichever ledger is open."""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

pytest.importorskip("fava")

from revrec.app import report, serve
from revrec.app.workspace import open_workspace
from revrec.books import fiscal
from revrec.core.journal import Role
from revrec.core.money import decimal
from revrec.core.report import Kind
from revrec.fava.books import balance
from revrec.store.papers import Papers
from tests.app.shelf import copied
from tests.fava.books_of import served, words
from tests.fava.test_page import numbers, table, tie

BOOKS = ("main", "fy2025", "summary")
TIMES = {
    "": (date(2025, 1, 1), date(2025, 12, 31)),
    "2025-03": (date(2025, 3, 1), date(2025, 3, 31)),
    "2025-02 - 2025-05": (date(2025, 2, 1), date(2025, 5, 31)),
    "2025-03-10 - 2025-04-20": (date(2025, 3, 10), date(2025, 4, 20)),
}


@pytest.fixture(scope="module")
def root(practice, tmp_path_factory):
    """The practice's books, up to date, as `serve` opens them."""
    root = copied(practice, tmp_path_factory.mktemp("served") / "books")
    with open_workspace(root) as ws:
        serve.prepare(ws)
    return root


@pytest.fixture(scope="module")
def client(root):
    return served(*(root / f"{name}.beancount" for name in BOOKS))


def ledgers(client):
    return client.application.config["LEDGERS"].items()


def page(client, book="main", **query):
    slug = next(slug for slug, ledger in ledgers(client) if ledger.beancount_file_path.endswith(f"{book}.beancount"))
    answer = client.get(f"/{slug}/extension/RevrecRollforward/?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return answer.text


def reported(root, first, last, by):
    """The rows of `revrec report rollforward` as the page writes them, and its total."""
    with open_workspace(root) as ws:
        made = report.run(ws, "rollforward", first, last, by)
    keep = [place for place, column in enumerate(made.columns) if "12_months" not in column.key]
    shown = [(made.columns[place], [row[place] for row in (*made.rows, made.total)]) for place in keep]
    return {column.title: [_text(cell, column.kind) for cell in cells] for column, cells in shown}


def _text(cell, kind):
    return cell or "" if kind is Kind.TEXT else f"{decimal(cell or 0, 'EUR'):.2f}"


def columns(markup):
    """The columns of the page by their titles."""
    head, *rows = table(markup)
    return {title: [row[place].replace(",", "") for row in rows] for place, title in enumerate(head)}


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize(("view", "by"), [("months", "month"), ("groups", "branch,service,policy"), ("bundles", "bundle")])
def test_the_numbers_are_those_of_the_report(client, root, time, view, by):
    first, last = TIMES[time]
    mine, theirs = columns(page(client, time=time, view=view)), reported(root, first, min(last, date(2025, 9, 30)), by)
    if view == "bundles":  # the page begins with those that owe most
        mine, theirs = ({title: sorted(cells) for title, cells in each.items()} for each in (mine, theirs))
    for title, cells in theirs.items():
        if title in mine:
            assert mine[title] == cells, title
        else:
            assert set(cells) <= {"0.00"}, title
    assert set(mine) <= set(theirs)


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("time", ["", "2025-03", "2025-02 - 2025-05", "2025"])
def test_it_ties_to_whichever_ledger_is_open(client, book, time):
    said = tie(page(client, book, time=time))
    found = re.fullmatch(r"Ledger balance (\S+) · roll-forward closing (\S+) · difference 0\.00 ✓ ties", said)
    assert found, said
    assert found[1] == found[2] != "0.00"


@pytest.mark.parametrize(
    ("book", "said"),
    [("main", "open."), ("fy2025", "open, which holds 2025 only."), ("summary", "open, which holds all years by month: ")],
)
def test_it_says_what_the_open_ledger_holds(client, book, said):
    assert f"Read from the store, tied to the ledger that is {said}" in words(page(client, book))


def test_in_the_summary_a_day_within_a_month_does_not_tie_and_that_is_said(client):
    text = words(page(client, "summary", time="2025-03-10"))
    assert "The open ledger holds whole months: within one it does not tie." in text
    assert "✗ does not tie" in text


def test_a_year_ties_from_a_time_before_it_on(client):
    markup = page(client, "fy2025", time="2024-06 - 2025-02")
    assert tie(markup).endswith("✓ ties")  # nothing was booked before
    assert "2024-06-01 to 2025-02-28" in words(markup)


def test_a_year_by_itself_begins_with_its_first_day(client):
    assert "2025-01-01 to 2025-09-30" in words(page(client, "fy2025"))


def test_of_many_bundles_those_that_owe_most_come_first_and_the_others_are_counted(client, monkeypatch):
    every = columns(page(client, view="bundles", time="2025-06"))
    monkeypatch.setattr("revrec.fava.page.MOST", 5)
    markup = page(client, view="bundles", time="2025-06")
    shown = columns(markup)
    *amounts, total = (Decimal(cell) for cell in shown["Closing"])
    assert amounts == sorted((Decimal(cell) for cell in every["Closing"][:-1]), reverse=True)[:5]
    assert total == Decimal(every["Closing"][-1])
    assert f"The 5 bundles that owe most; {len(every['Closing']) - 6} more are in the total." in words(markup)


def test_words_of_the_filter_box_narrow_it_and_the_tie_stays_that_of_all(client, root):
    whole = tie(page(client))
    with open_workspace(root) as ws:
        bundle = next(ws.store.bundles()).id
        entry = next(entry for entry in ws.store.entries() if entry.session and entry.bundle and entry.rule == "session.earned")
        issued = next(each for each in Papers(ws.store).invoices() if each.entry and each.bundle)
    for word, closing in (
        (f"^bundle-{bundle}", None),
        (f'customer:"^{entry.customer}$"', None),
        (f"session:{entry.session}", f"-{decimal(entry.postings[0].amount, 'EUR'):.2f}"),
        (f"^invoice-{issued.number}", None),
        ("branch:mad", None),
    ):
        markup = page(client, filter=word)
        shown = columns(markup)
        assert "not applied" not in words(markup)
        assert tie(markup) == whole
        assert shown["Closing"][-1] != columns(page(client))["Closing"][-1]
        assert closing is None or shown["Closing"][-1] == closing
        assert len(columns(page(client, filter=word, view="bundles"))["Bundle"]) >= 2


def test_what_is_no_word_of_the_books_is_not_applied_and_said(client):
    markup = page(client, filter='any(account:"Bank")', account="Assets:Bank")
    assert 'Filter not applied to this page: any(account:"Bank")' in words(markup)
    assert "Filter not applied to this page: Assets:Bank" in words(markup)
    assert columns(markup) == columns(page(client))


def test_the_account_box_is_applied_where_it_means_the_contract_liability(client):
    markup = page(client, account="Liabilities")
    assert "not applied" not in words(markup)
    assert columns(markup) == columns(page(client))


@pytest.mark.parametrize("view", ["months", "groups", "bundles"])
def test_a_number_of_the_main_book_leads_to_its_entries(client, view):
    ledger = next(ledger for _, ledger in ledgers(client))
    found = 0
    for column, link, text in numbers(page(client, time="2025-03", view=view)):
        asked = {key: values[0] for key, values in parse_qs(urlsplit(link).query).items()}
        if column in {"Additions", "Breakage", "Charged back"}:
            filtered = ledger.get_filtered(filter=asked.get("filter"), time=asked.get("time"))
            legs = [p for e in filtered.entries if getattr(e, "flag", "S") != "S" for p in getattr(e, "postings", ())]
            moved = -sum((p.units.number for p in legs if p.account.startswith(urlsplit(link).path.split("/")[3])), Decimal(0))
            assert f"{moved:.2f}" == text.replace(",", "")
            found += 1
    assert found


@pytest.fixture(scope="module")
def split(practice, tmp_path_factory):
    """Books in which somebody keeps the contract liability on two accounts, one below the other."""
    root = copied(practice, tmp_path_factory.mktemp("split") / "books")
    with open_workspace(root) as ws:
        liability, bank = (ws.chart.need(role) for role in (Role.CONTRACT_LIABILITY, Role.BANK))
        bundle = next(ws.store.bundles()).id
    manual = next((root / "manual").glob("*.beancount"))
    text = f'\n2025-03-31 * "By hand" #manual\n  bundle: "{bundle}"\n  {liability}:Old  -3.00 EUR\n  {bank}\n'
    manual.write_text(manual.read_text() + f"\n1970-01-01 open {liability}:Old\n" + text)
    return root, liability


def test_with_several_accounts_a_number_leads_to_the_entries_of_all_of_them(split):
    root, liability = split
    client = served(root / "main.beancount")
    markup = page(client, time="2025-03")
    assert f"Each entry of {liability}, {liability}:Old carries" in words(markup)
    for _, link, _ in numbers(markup):
        where, asked = urlsplit(link), parse_qs(urlsplit(link).query)
        assert where.path.endswith("/journal/")
        assert asked["account"] == [f"^({re.escape(liability)}|{re.escape(liability)}:Old)$"]
    closing = next(link for column, link, _ in numbers(markup) if column == "Closing")
    shown = client.get(closing.replace("/journal/", "/api/journal_page") + "&page=1&order=desc").json["data"]["journal"]
    assert "By hand" in shown


def test_the_account_box_chooses_whose_entries_a_number_leads_to(split):
    root, liability = split
    for _, link, _ in numbers(page(served(root / "main.beancount"), time="2025-03", account=f"^{liability}$")):
        assert urlsplit(link).path.endswith(f"/account/{liability}/")


def test_what_is_not_applied_narrows_no_link(client):
    for _, link, _ in numbers(page(client, time="2025-03", filter='any(account:"Bank")', account="Assets:Bank")):
        asked = parse_qs(urlsplit(link).query)
        assert "Bank" not in asked.get("filter", [""])[0]
        assert "account" not in asked


def test_books_alone_carry_both_boxes_in_their_links(root, tmp_path):
    alone = copied(root, tmp_path / "books")
    with open_workspace(alone) as ws:
        bank = ws.chart.need(Role.BANK)
    (alone / "revrec.toml").unlink()
    client = served(alone / "main.beancount")
    ((_, ledger),) = ledgers(client)
    additions = [each[1:] for each in numbers(page(client, filter="branch:mad", account=bank)) if each[0] == "Additions"]
    assert additions
    for link, text in additions:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(link).query).items()}
        assert asked["filter"].startswith(f'((branch:mad) any(account:"{bank}"))')
        entries = ledger.get_filtered(filter=asked["filter"], time=asked.get("time")).entries
        legs = [p for e in entries if getattr(e, "flag", "S") != "S" for p in getattr(e, "postings", ())]
        moved = -sum((p.units.number for p in legs if p.account == urlsplit(link).path.split("/")[3]), Decimal(0))
        assert f"{moved:.2f}" == text.replace(",", "")


def test_a_number_of_the_summary_leads_to_its_month_and_a_bundle_to_its_chain(client):
    for _, link, _ in numbers(page(client, "summary")):
        assert set(parse_qs(urlsplit(link).query)) <= {"time"}
    bundle = re.search(r'<th scope="row"><a href="([^"]*)">B-', page(client, "summary", view="bundles"))
    assert "/extension/RevrecTrace/?id=bundle:B-" in html.unescape(bundle[1])


@pytest.mark.parametrize("day", ["2025-01-31", "2025-12-31"])  # within the days of the store, and after the last of them
def test_entries_made_by_hand_are_named_beside_the_store(practice, tmp_path, day):
    root = copied(practice, tmp_path / "books")
    with open_workspace(root) as ws:
        liability, bank = (ws.chart.need(role) for role in (Role.CONTRACT_LIABILITY, Role.BANK))
        bundle = next(ws.store.bundles()).id
    manual = next((root / "manual").glob("*.beancount"))
    text = f'\n{day} * "By hand" #manual\n  bundle: "{bundle}"\n  {liability}  -3.00 EUR\n  {bank}\n'
    manual.write_text(manual.read_text() + text)
    client = served(root / "main.beancount")
    said = tie(page(client))
    assert re.search(r"closing \S+ and entries made by hand 3\.00, together \S+ · difference 0\.00 ✓ ties", said), said


def test_books_without_their_workspace_are_added_up_from_their_entries(root, tmp_path):
    alone = copied(root, tmp_path / "books")
    (alone / "revrec.toml").unlink()
    client = served(alone / "main.beancount")
    markup = page(client)
    assert "No workspace lies beside this ledger" in words(markup)
    beside = served(root / "main.beancount")
    assert columns(markup)["Closing"][-1] == columns(page(beside))["Closing"][-1]


def test_a_part_of_a_year_ties_within_itself_and_says_what_lies_outside(practice, tmp_path, monkeypatch):
    monkeypatch.setattr(fiscal, "LARGE", 400)
    root = copied(practice, tmp_path / "books")
    with open_workspace(root) as ws:
        serve.prepare(ws)
    client = served(root / "fy2025-q2.beancount")
    markup = page(client, "fy2025-q2")
    assert "2025-04-01 to 2025-06-30" in words(markup)
    assert tie(markup).endswith("difference 0.00 ✓ ties")
    assert "tied to the ledger that is open, which holds 2025 Q2 only, a part of a large year." in words(markup)
    outside = words(page(client, "fy2025-q2", time="2025-08"))
    assert "The open ledger holds 2025 Q2 only: what lies outside ties in main.beancount or summary.beancount." in outside


@pytest.mark.parametrize("time", ["", "2025-03", "2025-02-10 - 2025-05-03", "2024", "2026"])
@pytest.mark.parametrize("book", BOOKS)
def test_the_balances_of_the_open_ledger_are_those_of_favas_own_trees(client, book, time):
    ledger = next(each for _, each in ledgers(client) if each.beancount_file_path.endswith(f"{book}.beancount"))
    extension = ledger.extensions.get_extension("RevrecRollforward")
    tree = ledger.get_filtered(account="", filter="", time=time).root_tree
    for role in Role:
        accounts = extension.accounts(role)
        assert extension.balance(role, time=time) == balance(tree, accounts, "EUR"), role
