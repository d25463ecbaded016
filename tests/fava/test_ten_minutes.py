"""The accountant's first ten minutes in a real browser, step by step as docs/first-ten-minutes.md tells them.

The pictures go to build/screenshots; REVREC_SCREENSHOT=1 replaces those of docs/ by them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

pytest.importorskip("fava")

from revrec.app import sums
from revrec.app.close import close
from revrec.app.serve import serving
from revrec.app.workspace import open_workspace
from tests.fava.browser import CHROMIUM, DRIVER, ENTER, SHOTS

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)  # a day after the practice was recorded
LARGEST = 200_000  # bytes of a picture in docs/
PAGES = {"RevrecClose": "close", "RevrecBreakage": "breakage", "RevrecMargin": "margin"}


@pytest.fixture(scope="module")
def root(practice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An invented practice of nine months, the last one open."""
    made = Path(shutil.copytree(practice, tmp_path_factory.mktemp("minutes") / "books"))
    with open_workspace(made) as ws:
        sums.catch_up(ws)
    return made


@pytest.fixture(scope="module")
def address(root):
    with serving(root / "main.beancount") as (url, _):
        yield url


def picture(browser, name):
    """A picture of the page; it becomes one of docs/ where that is asked for."""
    browser.run("return document.fonts.ready.then(() => true)")
    path = SHOTS / f"minutes-{name}.png"
    browser.screenshot(path)
    assert path.stat().st_size < LARGEST
    if os.environ.get("REVREC_SCREENSHOT"):
        shutil.copy(path, ROOT / "docs" / "pictures" / f"{name}.png")


def test_the_first_page_ties_and_a_number_leads_to_its_entries(opened):
    page = opened()
    assert "✓ ties" in page.run("return document.querySelector('.revrec .tie').innerText")
    picture(page, "open")
    page.run("document.querySelector('#revrec-table tbody tr:nth-child(3) td.num:not(.nil) + td a').click()")
    page.wait("return location.pathname.includes('/account/')")
    page.wait("return document.querySelectorAll('article .journal .transaction').length > 0")
    picture(page, "entries")


def test_a_session_is_searched_and_its_whole_chain_is_there(opened):
    page = opened("RevrecTrace")
    page.wait("return document.activeElement.id === 'revrec-id'")
    for key in (*"S-00006", ENTER):
        page.press(key)
    page.wait("return document.querySelector('#entries') !== null")
    assert "session.earned" in page.run("return document.querySelector('#entries').innerText")
    picture(page, "trace")


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_drawn_light_dark_and_on_a_phone(opened, name):
    page = opened(name)
    assert "✓ ties" in page.run("return document.querySelector('.revrec .tie').innerText")
    page.pictures(PAGES[name])


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_a_page_has_a_name(opened, name):
    assert opened(name).nameless() == 0


def test_a_curve_is_reached_by_key_and_leads_to_its_entries(opened):
    page = opened("RevrecBreakage")
    picture(page, "breakage")
    page.run("document.querySelector('svg.curves.wide a').focus()")
    page.press(ENTER)
    page.wait("return document.querySelector('#revrec-behind') !== null || document.querySelector('.revrec .empty') !== null")


def test_on_a_phone_the_narrow_curves_are_drawn(opened):
    page = opened("RevrecBreakage")
    page.screen(390, 844)
    page.wait("return getComputedStyle(document.querySelector('svg.curves.narrow')).display === 'block'")
    sizes = page.run("return [...document.querySelectorAll('svg.curves.narrow text')].map(t => t.getBoundingClientRect().height)")
    assert min(sizes) >= 9


def test_a_margin_leads_to_its_entries_and_an_entry_to_its_chain(opened):
    page = opened("RevrecMargin", "by=provider")
    picture(page, "margin")
    page.run("document.querySelector('#revrec-margin tbody td.num a').click()")
    page.wait("return document.querySelector('#revrec-behind') !== null")
    page.run("[...document.querySelectorAll('#revrec-behind a')].find(a => a.innerText === 'chain').click()")
    page.wait("return document.querySelector('#entries') !== null && location.pathname.includes('RevrecTrace')")


def test_a_month_is_looked_at_closed_and_stays_as_it_was_closed(opened, root):
    page = opened("RevrecClose")
    assert "revrec close 2025-09" in page.run("return document.querySelector('.revrec').innerText")
    picture(page, "close")
    shut(root)
    page = opened("RevrecClose", "period=2025-09")
    page.wait("return document.querySelector('.revrec').innerText.includes('kept for good')")
    said = page.run("return document.querySelector('.revrec').innerText")
    assert "closed by A. Perez: Two providers still owe an invoice" in said
    assert "Signed root of all events and entries" in said
    picture(page, "closed")


def shut(root):
    """Close the month that is open."""
    with open_workspace(root) as ws:
        close(ws, "2025-09", approver="A. Perez", reason="Two providers still owe an invoice", now=NOW)


@pytest.fixture(scope="module")
def pack(practice, tmp_path_factory):
    """The pack of a month that was closed, and a folder with what is in it."""
    made = tmp_path_factory.mktemp("elsewhere") / "september.zip"
    root = shutil.copytree(practice, made.parent / "books")
    shut(root)
    command = [sys.executable, "-m", "revrec", "-C", str(root), "audit-pack", "2025-09", "-o", str(made)]
    subprocess.run(command, capture_output=True, check=True)
    with ZipFile(made) as archive:
        archive.extractall(made.parent / "out")
    return made, made.parent / "out"


def test_the_pack_of_the_month_is_verified_elsewhere_by_its_own_program(pack):
    made, out = pack
    (verifier,) = out.rglob("verify.py")
    command = [sys.executable, str(verifier), str(made)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=out)
    assert "VERIFIED: nothing was changed" in said.stdout, said.stdout + said.stderr


def test_the_pack_of_the_month_is_verified_in_a_browser_too(pack, browser):
    made, out = pack
    (page,) = out.rglob("VERIFY.html")
    browser.screen(1280, 860)
    browser.errors()
    browser._send("POST", "/url", {"url": page.as_uri()})
    (element,) = browser._send("POST", "/element", {"using": "css selector", "value": "#file"}).values()
    browser._send("POST", f"/element/{element}/value", {"text": str(made)})
    browser.wait("return ['verified', 'wrong'].includes(document.body.dataset.state)", 60)
    assert browser.run("return document.body.dataset.state") == "verified"
    picture(browser, "verified")
    assert browser.errors() == []
