"""Nothing that came from outside runs as markup: a real browser opens hostile books, names of files and addresses."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

pytest.importorskip("fava")

from revrec.app.serve import serving
from tests.fava.browser import CHROMIUM, DRIVER

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")

# Each way to run a script that a page might leave open; `ran` is what they set.
IMAGE = "<img src=x onerror='window.ran=1'>"
SCRIPT = "<script>window.ran=1</script>"
BREAKOUT = "'><svg onload=window.ran=1><a title='"
HOSTILE = f"""\
option "title" "Hostile"
option "operating_currency" "EUR"
option "documents" "documents"
1970-01-01 custom "fava-extension" "revrec.fava"
1970-01-01 open Assets:Bank EUR
  note: "{IMAGE}"
1970-01-01 open Liabilities:ContractLiability EUR
  revrec-role: "contract-liability"

2026-01-05 * "{SCRIPT}" "{IMAGE}"
  bundle: "{BREAKOUT}"
  customer: "{IMAGE}"
  branch: "{SCRIPT}"
  service: "{BREAKOUT}"
  policy: "</script>{SCRIPT}"
  rule: "payment.bundle"
  document: "{BREAKOUT}"
  Assets:Bank  500.00 EUR
    note: "{BREAKOUT}"
  Liabilities:ContractLiability
2026-01-06 note Assets:Bank "{IMAGE}"
2026-01-07 event "place" "{IMAGE}"
2026-01-08 balance Assets:Bank  1.00 EUR
2026-01-09 query "{IMAGE}" "SELECT '{IMAGE}'"
1970-01-01 custom "fava-sidebar-link" "{IMAGE}" "/jump?time=month"
1970-01-01 custom "fava-option" "{IMAGE}" "{SCRIPT}"
"""
ROWS = "return document.querySelectorAll('article .journal .transaction').length > 0"
PAGES = (
    "extension/RevrecRollforward/",
    "extension/RevrecRollforward/?view=groups",
    "extension/RevrecRollforward/?view=bundles",
    "journal/",
    "account/Assets:Bank/",
    "account/Liabilities:ContractLiability/",
    "income_statement/",
    "balance_sheet/",
    "documents/",
    "events/",
    "errors/",
    "editor/",
    "options/",
    "statistics/",
    "query/?" + urlencode({"query_string": "SELECT narration, any_meta('customer')"}),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    folder = root / "documents" / "Assets" / "Bank"
    folder.mkdir(parents=True)
    (folder / "2026-01-06.<img src=x onerror='window.ran=1'>.pdf").write_bytes(b"%PDF")
    (root / "main.beancount").write_text(HOSTILE, "utf-8")
    with serving(root / "main.beancount") as (url, _):
        yield f"{url}hostile/"


def untouched(browser):
    """Whether no script ran, and nothing of the attacks became an element."""
    browser.wait("return document.readyState === 'complete'")
    return browser.run(
        "return [window.ran === undefined, document.querySelectorAll('img[src=x], svg[onload], [onerror], [onload]').length]"
    ) == [True, 0]


@pytest.mark.parametrize("page", PAGES)
def test_what_stands_in_the_books_stays_text(browser, address, page):
    browser.open(address + page)
    browser.wait("return document.querySelector('article').innerText.length > 0")
    if page.startswith(("journal", "account")):
        browser.wait(ROWS)
    assert untouched(browser)


def test_the_hostile_words_are_shown_as_they_are(browser, address):
    """So that the tests above look at pages which hold them."""
    browser.open(address + "journal/")
    browser.wait(ROWS)
    assert IMAGE in browser.run("return document.querySelector('article').textContent")
    browser.open(address + "documents/")
    browser.wait("return document.querySelector('article').textContent.includes('onerror')")


@pytest.mark.parametrize("page", PAGES[:5])
@pytest.mark.parametrize("name", ["filter", "account", "time", "view", "branch"])
@pytest.mark.parametrize("value", [IMAGE, '"><script>window.ran=1</script>', "javascript:window.ran=1"])
def test_what_stands_in_the_address_stays_text(browser, address, page, name, value):
    where = page.partition("?")[0]
    browser.open(f"{address}{where}?{urlencode({name: value})}")
    assert untouched(browser)


def test_a_script_in_a_row_would_not_run_even_if_it_became_one(browser, address):
    """The second wall: the content security policy of every answer."""
    browser.open(address + "journal/")
    browser.run("const row = document.createElement('div'); row.innerHTML = arguments[0]; document.body.append(row)", IMAGE)
    browser.wait("return document.querySelector('img[src=x]').complete")
    assert browser.run("return window.ran === undefined")
    browser.errors()


def test_the_context_of_an_entry_stays_text(browser, address):
    browser.open(address + "journal/")
    browser.wait(ROWS)
    browser.run("document.querySelector('article .journal .transaction .datecell a').click()")
    browser.wait("return location.hash.startsWith('#context-')")
    browser.wait("return document.body.textContent.includes('payment.bundle')")
    assert untouched(browser)
