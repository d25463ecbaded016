"""The page in a real browser: it draws, ties, is walked by keyboard, fits a phone, and nothing complains.

Screenshots go to build/screenshots; REVREC_SCREENSHOT=ledgers/demo/main.beancount renews the one of the README.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("fava")

from revrec.app.serve import NotServed, serving
from tests.fava.browser import CHROMIUM, DRIVER, ENTER, SHOTS, TAB

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")

ROOT = Path(__file__).parents[2]
BOOKS = Path(__file__).parent / "books" / "main.beancount"
TIE = "return document.querySelector('.revrec p.tie').innerText"


@pytest.fixture(scope="module")
def address():
    with serving(BOOKS) as (url, _):
        yield url


@pytest.fixture
def page(browser, address):
    """The first page of the books, freshly loaded on a large screen."""
    browser.screen(1280, 900)
    browser.errors()
    browser.open(address)
    yield browser
    assert browser.errors() == []


def test_the_first_page_ties_and_is_drawn(page):
    assert page.run(TIE).split() == "Ledger balance 537.00 · roll-forward closing 537.00 · difference 0.00 ✓ ties".split()
    assert page.run("return document.title").startswith("Contract liability")
    heights = page.run(
        "return [...document.querySelectorAll('svg.wide rect.additions')].map(bar => bar.getBoundingClientRect().height)"
    )
    assert len(heights) == 4
    assert heights[0] == max(heights)
    assert page.run("return getComputedStyle(document.querySelector('svg.narrow')).display") == "none"
    page.screenshot(SHOTS / "rollforward.png")


def test_the_error_page_of_fava_is_empty(page, address):
    page.run("location.href = document.querySelector('aside a[href*=options]').href.replace('options', 'errors')")
    page.wait("return document.querySelector('article').innerText.includes('No errors')")


def test_a_click_on_a_number_shows_its_entries_and_back_returns(page):
    page.run("document.querySelector('#revrec-table tbody tr:nth-child(2) td:nth-of-type(2) a').click()")
    page.wait("return location.pathname.endsWith('/account/Liabilities:ContractLiability/')")
    page.wait("return document.querySelectorAll('article .journal .transaction').length > 0")
    assert page.run("return new URLSearchParams(location.search).get('time')") == "2026-02"
    page.run("history.back()")
    page.wait("return document.querySelector('.revrec p.tie') !== null")


def test_a_month_of_the_chart_leads_to_its_entries(page):
    page.run(
        "document.querySelectorAll('svg.wide a')[2].dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    )
    page.wait("return new URLSearchParams(location.search).get('time') === '2026-03'")
    page.wait("return document.querySelectorAll('article .journal .transaction').length > 0")


def test_from_a_group_to_its_bundles_to_their_sessions(page):
    page.run("[...document.querySelectorAll('.revrec nav a')].find(a => a.innerText.startsWith('By branch')).click()")
    page.wait("return document.querySelector('#revrec-table th').innerText === 'Branch'")
    page.run("[...document.querySelectorAll('#revrec-table th a')].find(a => a.innerText === 'bcn').click()")
    page.wait("return document.querySelector('#revrec-table th').innerText === 'Bundle'")
    page.run("[...document.querySelectorAll('#revrec-table th a')].find(a => a.innerText === 'B-1').click()")
    page.wait("return location.pathname.endsWith('/journal/') && document.body.innerText.includes('Session S-101 of bundle B-1')")


def test_the_time_box_of_fava_moves_the_page(page):
    page.run("document.querySelector('#revrec-table tbody tr:nth-child(3) th a').click()")
    page.wait("return document.querySelector('#revrec-table th').innerText === 'Bundle'")
    assert page.run("return document.querySelector('header input').value") == "2026-03"
    assert page.run(TIE).split()[2] == "1040.00"


def test_the_keyboard_reaches_chart_tabs_and_numbers(page):
    for _ in range(90):
        page.press(TAB)
        if page.run("return document.activeElement.matches('#revrec-table td a')"):
            break
    else:
        pytest.fail("no number was reached")
    page.press(ENTER)
    page.wait("return location.pathname.includes('/account/')")


def test_every_link_of_the_page_has_a_name(page):
    named = "(a.getAttribute('aria-label') || a.textContent).trim()"
    script = f"return [...document.querySelectorAll('.revrec a')].filter(a => !{named}).length"
    assert page.run(script) == 0


def test_it_fits_a_phone(page):
    page.screen(390, 844)
    page.wait("return getComputedStyle(document.querySelector('svg.narrow')).display === 'block'")
    page.wait("return document.documentElement.scrollWidth <= 390")  # Fava folds its sidebar away in a transition
    sizes = page.run("return [...document.querySelectorAll('svg.narrow text')].map(t => t.getBoundingClientRect().height)")
    assert min(sizes) >= 9
    page.screenshot(SHOTS / "rollforward-phone.png")


def test_it_reads_in_the_dark(page):
    page.screen(1280, 900, dark=True)
    text = page.run("return getComputedStyle(document.querySelector('.revrec')).color")
    ground = page.run("return getComputedStyle(document.body).backgroundColor")
    assert _light(text) - _light(ground) > 100
    page.screenshot(SHOTS / "rollforward-dark.png")


def _light(colour):
    return sum(float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]) / 3


def test_nothing_is_asked_of_another_machine(page, address):
    loaded = page.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert loaded
    assert [name for name in loaded if name and not name.startswith((address, "data:"))] == []


def test_a_ledger_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotServed, match=r"none\.beancount does not exist"), serving(tmp_path / "none.beancount"):
        pass


def test_a_port_that_is_taken_is_named():
    with serving(BOOKS) as (url, _):
        port = int(url.rstrip("/").rpartition(":")[2])
        with pytest.raises(NotServed, match=f"port {port}: "), serving(BOOKS, port):
            pass


def test_only_this_machine_reads_and_nobody_writes(address):
    import urllib.error
    import urllib.request

    assert address.startswith("http://127.0.0.1:")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address) as answer:
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    request = urllib.request.Request(f"{address}centro-de-pruebas/api/source", b"{}", method="PUT")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        opener.open(request)


def test_the_picture_of_the_readme(browser):
    """Of the books that REVREC_SCREENSHOT names (`make demo SERVE=0` makes some); only then it replaces the one in docs/."""
    books = os.environ.get("REVREC_SCREENSHOT")
    browser.screen(1440, 1080)
    with serving(ROOT / books if books else BOOKS) as (url, _):
        browser.open(url)
        assert browser.run(TIE).split()[-4:] == ["difference", "0.00", "✓", "ties"]
        browser.run("return document.fonts.ready.then(() => true)")
        browser.screenshot(SHOTS / "readme.png")
    if books:
        shutil.copy(SHOTS / "readme.png", ROOT / "docs" / "rollforward.png")
