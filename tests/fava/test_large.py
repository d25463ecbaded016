"""A large book in a real browser: the journal and an account stay small, and what is missing is said where it is seen."""

from __future__ import annotations

import pytest

pytest.importorskip("fava")

from revrec.app.serve import serving
from revrec.fava.bounds import ROWS
from tests.fava.browser import CHROMIUM, DRIVER, SHOTS
from tests.fava.test_bounds import MANY, large

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")
NOTICE = "article .revrec-notice strong"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with serving(large(tmp_path_factory.mktemp("large"))) as (url, _):
        yield f"{url}large/"


@pytest.mark.parametrize(("page", "total"), [("journal/", MANY + 2), ("account/Assets:Bank/", MANY + 1)])
def test_the_notice_stands_above_the_rows_on_the_screen(browser, address, page, total):
    browser.open(address + page)
    browser.wait(f"return document.querySelectorAll('article .journal li.transaction').length === {ROWS}")
    assert f"2,000 of {total:,} rows" in browser.run(f"return document.querySelector('{NOTICE}').innerText")
    notice, row = browser.run(
        f"return ['{NOTICE}', 'article .journal li.transaction'].map(s => document.querySelector(s).getBoundingClientRect().top)"
    )
    assert 0 < notice < row < 900
    browser.screenshot(SHOTS / f"{page.partition('/')[0]}-bounded.png")


def test_a_time_filter_shows_all_rows_and_no_notice(browser, address):
    browser.open(address + "journal/?time=2026-01-02")
    browser.wait("return document.querySelectorAll('article .journal li.transaction').length > 100")
    assert browser.run(f"return document.querySelector('{NOTICE}') === null")


def test_sorting_leaves_the_notice_in_place(browser, address):
    browser.open(address + "account/Assets:Bank/")
    browser.wait(f"return document.querySelector('{NOTICE}') !== null")
    browser.run("document.querySelector('article .journal .head [data-sort=num], article .journal .head .datecell').click()")
    browser.wait(f"return document.querySelectorAll('article .journal li.transaction').length === {ROWS}")
    assert browser.run(f"return document.querySelector('{NOTICE}') !== null")
    assert browser.errors() == []
