"""The pages of closings, breakage and margins: they say what the store says, tie to the open ledger, and lead to the entries."""

from __future__ import annotations

import html
import os
import re
import shutil
import time
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("fava")

from beancount.core.data import Transaction

from revrec.app import report, sums
from revrec.app.close import close
from revrec.app.record import record
from revrec.app.workspace import open_workspace
from revrec.core.tally import RESULT
from revrec.wire.files import source
from tests.app.shelf import event, lines
from tests.fava.books_of import links, page, served, table, words

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PAGES = ("RevrecClose", "RevrecBreakage", "RevrecMargin")
GROUPS = ("package", "provider", "branch", "service")


@pytest.fixture(scope="module")
def root(practice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The invented practice: every month but the last was closed, and August opened again and closed with a reason."""
    made = Path(shutil.copytree(practice, tmp_path_factory.mktemp("cockpit") / "books"))
    again = event("again", "2026-01-10", "period.reopened", period="2025-08", approver="A. Perez", reason="a forgotten invoice")
    path = made / "again.jsonl"
    path.write_bytes(lines([again]))
    with open_workspace(made, environ=os.environ) as ws:
        record(ws, [source(str(path))], now=NOW)
        close(ws, "2025-08", approver="A. Perez", reason="looked at with the owner", now=NOW)
        sums.catch_up(ws)
    return made


class Pages:
    """Fava in this process on a ledger of a workspace."""

    def __init__(self, ledger: Path) -> None:
        self.client = served(ledger)
        (self.slug,) = self.client.application.config["LEDGERS"].ledgers_by_slug
        self.ledger = self.client.application.config["LEDGERS"][self.slug]

    def __call__(self, name: str, **query: str) -> str:
        """The markup of a page."""
        return page(self.client, name, **query)

    def follow(self, link: str) -> str:
        """The markup behind a link."""
        return self(
            urlsplit(link).path.split("/")[3],
            **{key: values[0] for key, values in parse_qs(urlsplit(link).query, keep_blank_values=True).items()},
        )


@pytest.fixture(scope="module")
def pages(root: Path) -> Pages:
    return Pages(root / "main.beancount")


def cents(text: str) -> int:
    return round(100 * float(text.replace(",", "")))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("time", ["", "2025-03", "2025-02-10 - 2025-05-20", "2025"])
def test_a_page_ties_to_the_open_ledger_whatever_the_time(pages, name, time):
    text = words(pages(name, time=time))
    assert "difference 0.00 ✓ ties" in text
    assert "✗" not in text
    assert "Filter not applied" not in text


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_does_not_understand_is_said(pages, name):
    assert "Filter not applied to this page: #manual" in words(pages(name, filter="#manual"))


@pytest.mark.parametrize("name", PAGES)
def test_books_without_entries_say_so(new_workspace, name):
    text = words(Pages(new_workspace() / "main.beancount")(name))
    assert any(said in text for said in ("The books have no entry", "No bundle was sold yet", "No income and no cost"))


@pytest.mark.parametrize("name", ["RevrecBreakage", "RevrecMargin"])
def test_the_book_of_a_year_shows_that_year(pages, root, name):
    year = next(root.glob("fy2025.beancount"))
    text = words(Pages(year)(name))
    assert "2025-01-01 to 2025-12-31" in text
    assert "✓ ties" in text


@pytest.mark.parametrize("name", ["RevrecBreakage", "RevrecMargin"])
def test_entries_made_by_hand_are_named_in_the_tie(root, tmp_path, name):
    books = Path(shutil.copytree(root, tmp_path / "books"))
    pages = Pages(books / "main.beancount")
    names = {role: account for account, role in _roles(pages).items()}
    hand = f'2025-03-19 * "By hand" #manual\n  {names["breakage"]}  -3.00 EUR\n  {names["bank"]}  3.00 EUR\n'
    (books / "manual" / "2025.beancount").write_text(hand, "utf-8")
    main = books / "main.beancount"
    if "manual/2025.beancount" not in main.read_text("utf-8"):
        main.write_text(main.read_text("utf-8") + '\ninclude "manual/2025.beancount"\n', "utf-8")
    text = words(Pages(main)(name))
    assert "and entries made by hand 3.00, together" in text
    assert "✓ ties" in text


def _roles(pages):
    from revrec.fava.books import roles

    return roles(pages.ledger.all_entries_by_type.Open)


def test_the_months_say_who_closed_them_and_why(pages):
    heads = ("state", "entries", "by", "on", "reason")
    months = {row[0]: dict(zip(heads, row[1:], strict=False)) for row in table(pages("RevrecClose"), "revrec-months")[1:]}
    assert [months["2025-09 ◂"][key] for key in ("state", "by")] == ["open", ""]
    assert [months["2025-08"][key] for key in ("state", "by", "reason")] == ["closed", "A. Perez", "looked at with the owner"]
    earlier = {(row["state"], row["by"]) for month, row in months.items() if month < "2025-08"}
    assert earlier == {("closed", "controller")}


def test_a_month_tells_its_story_and_one_closed_from_outside_has_no_checklist(pages):
    text = words(pages("RevrecClose", period="2025-08"))
    story = re.findall(r"closed by controller|opened again, by A. Perez: a forgotten invoice|closed by A. Perez: looked at", text)
    assert story == ["closed by controller", "opened again, by A. Perez: a forgotten invoice", "closed by A. Perez: looked at"]
    assert "Its checklist was not kept" in words(pages("RevrecClose", period="2025-07"))


def test_a_closed_month_shows_its_checklist_for_good_and_its_signed_root(pages):
    markup = pages("RevrecClose", period="2025-08")
    text = words(markup)
    assert "As it was when the month was closed, kept for good" in text
    assert re.search(r"Signed root of all events and entries [0-9a-f]{64} over [0-9,]+ leaves", text)
    assert re.search("Signed by key [0-9a-f]{64}", text)
    rows = table(markup, "revrec-checklist")[1:]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 18)]
    assert {row[4] for row in rows} == {"at the closing"}


def test_the_month_that_may_be_closed_next_is_shown_as_it_stands(root, pages):
    markup = pages("RevrecClose")
    rows = table(markup, "revrec-checklist")[1:]
    assert {row[4] for row in rows} == {"now"}
    assert "revrec close 20" in words(markup)
    with open_workspace(root, environ=os.environ) as ws:
        shown = re.search(r"<h3>(\d{4}-\d\d)", markup)[1]
        day = date.fromisoformat(f"{shown}-28")
        said = report.run(ws, "checklist", day, day)
    assert [row[3] for row in rows][1:14] == [str(row[3]) for row in said.rows][1:14]


def test_every_item_leads_to_its_evidence(pages):
    markup = pages("RevrecClose")
    found = {html.unescape(link) for link in re.findall(r'<td><a href="([^"]*)" aria-label="the evidence', markup)}
    assert len(found) >= 15
    for link in found:
        assert pages.client.get(link).status_code == 200, link


def test_a_book_that_does_not_hold_the_month_says_so(root):
    pages = Pages(root / "fy2025.beancount")
    assert "✓ ties" in words(pages("RevrecClose", period="2025-03"))
    other = Path(root / "fy2025.beancount").read_text("utf-8")
    (root / "fy2024.beancount").write_text(other, "utf-8")
    text = words(Pages(root / "fy2024.beancount")("RevrecClose", period="2025-03"))
    assert "The open ledger holds another time" in text
    assert "difference" not in text.partition("Checklist")[0].partition("No. Outcome")[0]


def test_the_time_box_chooses_the_months(pages):
    rows = table(pages("RevrecClose", time="2025-03"), "revrec-months")
    assert [row[0] for row in rows[1:]] == ["2025-03 ◂"]


@pytest.mark.parametrize("by", GROUPS)
def test_the_groups_add_up_to_the_total_and_the_total_to_the_ledger(pages, by):
    head, *rows, total = table(pages("RevrecMargin", by=by), "revrec-margin")
    result = head.index("Result")
    assert sum(cents(row[result]) for row in rows) == cents(total[result])
    accounts = {account for account, role in _roles(pages).items() if role in RESULT}
    legs = [p for e in pages.ledger.all_entries if isinstance(e, Transaction) for p in e.postings if p.account in accounts]
    assert cents(total[result]) == -sum(round(leg.units.number * 100) for leg in legs)
    sessions = [row[1].replace(",", "") for row in (*rows, total)]
    assert sum(map(int, sessions[:-1])) == int(sessions[-1]) > 0


def test_margins_are_those_of_the_report_but_for_fees_that_name_no_bundle(root, pages):
    with open_workspace(root, environ=os.environ) as ws:
        last = max(day.date for day in ws.store.days())
        made = report.run(ws, "profitability", date(2025, 1, 1), last, "package")
    revenue = [column.key for column in made.columns].index("revenue")
    wanted = {row[0].replace("-", ""): row[revenue] for row in made.rows if row[revenue]}
    head, *rows, _ = table(pages("RevrecMargin"), "revrec-margin")
    found = {row[0].replace("no package", "").replace("-", ""): cents(row[head.index("Revenue")]) for row in rows}
    assert {name: amount for name, amount in found.items() if amount} == wanted


@pytest.mark.parametrize("by", GROUPS)
def test_every_number_leads_to_the_entries_that_it_is_made_of(pages, by):
    markup = pages("RevrecMargin", by=by, time="2025-04")
    numbers = [(link, text) for link, text in links(markup) if "part=" in link and re.fullmatch(r"-?[\d,]+\.\d\d", text)]
    assert len(numbers) > 8
    for link, text in numbers:
        rows = table(pages.follow(link), "revrec-behind")[1:]
        assert rows[-1][4] == text, link
        assert sum(cents(row[4]) for row in rows[:-1]) == cents(text)


def test_a_branch_in_the_filter_box_is_a_part_of_the_whole(pages):
    head, *_, total = table(pages("RevrecMargin", by="branch"), "revrec-margin")
    parts = [table(pages("RevrecMargin", by="branch", filter=f"branch:{name}"), "revrec-margin")[-1] for name in _branches(pages)]
    markup = words(pages("RevrecMargin", filter=f"branch:{_branches(pages)[0]}"))
    result = head.index("Result")
    others = [row for row in table(pages("RevrecMargin", by="branch"), "revrec-margin")[1:-1] if row[0] == "no branch"]
    assert sum(cents(row[-1]) for row in parts) + sum(cents(row[result]) for row in others) == cents(total[result])
    assert "✓ ties" in markup
    assert "; other branches " in markup


def _branches(pages):
    return [row[0] for row in table(pages("RevrecMargin", by="branch"), "revrec-margin")[1:-1] if row[0] != "no branch"]


@pytest.mark.parametrize("by", ["quarter", "month", "package"])
def test_cohorts_are_those_of_the_report(root, pages, by):
    with open_workspace(root, environ=os.environ) as ws:
        last = max(day.date for day in ws.store.days())
        made = report.run(ws, "breakage", date(2025, 1, 1), last, by)
    at = {column.key: place for place, column in enumerate(made.columns)}
    wanted = {row[0]: (row[at["bundles"]], row[at["breakage"]]) for row in made.rows if row[0] != "-"}
    rows = table(pages("RevrecBreakage", by=by), "revrec-breakage")[1:-1]
    assert {row[0]: (int(row[1]), cents(row[11])) for row in rows if row[0] != "no bundle"} == wanted


def test_the_breakage_of_a_cohort_leads_to_its_entries(pages):
    markup = pages("RevrecBreakage", by="month")
    numbers = [(link, text) for link, text in links(markup) if "cohort=" in link and re.fullmatch(r"-?[\d,]+\.\d\d", text)]
    assert numbers
    for link, text in numbers:
        rows = table(pages.follow(link), "revrec-behind")[1:]
        assert rows[-1][4] == text
        assert sum(cents(row[4]) for row in rows[:-1]) == cents(text)


def test_each_curve_leads_to_its_cohort_and_says_what_it_is(pages):
    markup = pages("RevrecBreakage", by="quarter")
    drawn = markup[markup.index('<svg class="curves wide"') : markup.index("</svg>")]
    names = re.findall(r'<a href="[^"]*cohort=([^"&]+)" aria-label="([^"]+)"', drawn)
    assert names
    assert all(said.startswith(f"{name}: ") and said.endswith("% used") for name, said in names)
    assert drawn.count("<polyline") == 2 * len(names)


def test_what_ended_is_compared_with_what_was_expected(pages):
    text = words(pages("RevrecBreakage", by="month"))
    ended = r"Cohorts that have ended \(\d+ bundles?\): expected [\d.]+ %, used [\d.]+ %, difference [+-][\d.]+ points"
    assert re.search(f"{ended}|No cohort under an estimate", text)


def test_in_large_books_cohorts_and_sessions_are_worked_out_beside_the_requests(root, monkeypatch):
    from revrec.app import closings

    monkeypatch.setattr(closings, "FEW", 0)
    pages = Pages(root / "main.beancount")
    assert "The cohorts are being worked out" in words(pages("RevrecBreakage"))
    assert "The sessions are being counted" in words(pages("RevrecMargin"))
    beside = pages.ledger.extensions.get_extension("RevrecMargin").beside
    for _ in range(200):
        if not beside._working:
            break
        time.sleep(0.05)
    assert "✓ ties" in words(pages("RevrecBreakage"))
    assert "being" not in words(pages("RevrecMargin"))


@pytest.mark.parametrize("name", PAGES)
def test_what_stands_in_the_address_is_escaped(pages, name):
    evil = '"><script>alert(1)</script>'
    query = dict.fromkeys(("by", "group", "part", "cohort", "period", "after", "look"), evil)
    assert "<script>alert" not in pages(name, **query)
