"""The pages of bundles, traces and documents in a real browser: drawn, walked by keyboard, on a phone and in the dark.

Screenshots go to build/screenshots.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

pytest.importorskip("fava")

from revrec.app import invoices
from revrec.app.render import render
from revrec.app.serve import serving
from revrec.app.workspace import open_workspace
from revrec.store.papers import Message, Papers, State
from tests.app.desk import NOW, Desk, paid, registered, sold, used
from tests.fava.browser import CHROMIUM, DRIVER, ENTER

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")

NAMES = {"RevrecBundles": "bundles", "RevrecTrace": "trace", "RevrecInvoices": "invoices"}
ASKED = {"RevrecBundles": "show=all&on=2026-03-20", "RevrecTrace": "id=S-1", "RevrecInvoices": ""}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A practice with bundles and documents of every state, served."""
    desk = Desk(tmp_path_factory.mktemp("pages") / "books")
    day = NOW.date()
    desk.say(registered("C-1", tax_id="12345678Z"))
    for n in range(1, 13):
        start = str(day - timedelta(days=6 * n))
        desk.say(
            sold(f"B-{n}", ("HEALTH", "TAXED")[n % 2], "C-1" if n % 5 else "C-2", day=start),
            *([paid(f"P-{n}", f"B-{n}", ("500.00", "100.00")[n % 2] if n % 3 else "60.00", start)] if n % 4 else []),
            *([used(f"S-{n}", f"B-{n}", str(day - timedelta(days=n)))]),
        )
    with open_workspace(desk.root) as ws:
        papers = Papers(ws.store)
        render(ws, [row.issued for row in invoices.listing(ws).rows][:3], signer=None, now=NOW)
        with ws.store.transaction():
            papers.add_message(Message(1, 1, 4, "2026-03-20T12:00:00Z", False, "0" * 64))
            papers.put_states(
                [
                    State(1, "accepted", message=1),
                    State(2, "rejected", "1118", "", 1),
                    State(3, "accepted-with-errors", "2001", "", 1),
                    State(4, "accepted", message=1),
                ]
            )
    with serving(desk.root / "main.beancount") as (url, _):
        yield url


@pytest.mark.parametrize("name", NAMES)
def test_each_page_is_drawn_light_dark_and_on_a_phone(opened, name):
    opened(name, ASKED[name]).pictures(NAMES[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_link_and_field_of_a_page_has_a_name(opened, name):
    assert opened(name, ASKED[name]).nameless() == 0


def test_the_bundles_tie_and_states_differ_in_shape(opened):
    page = opened("RevrecBundles", ASKED["RevrecBundles"])
    assert "✓ ties" in page.run("return document.querySelector('.revrec .tie').innerText")
    marks = page.run(
        "return [...document.querySelectorAll('#revrec-bundles td:is(.good, .warn, .bad)')]"
        ".map(cell => getComputedStyle(cell, '::before').content + cell.className)"
    )
    assert len(set(marks)) == 3
    assert len({mark[:3] for mark in marks}) == 3


def test_from_a_bundle_to_its_entries_and_back(opened):
    page = opened("RevrecBundles", "filter=" + quote("^bundle-B-1"))
    page.run("[...document.querySelectorAll('#revrec-bundles td.num a')][0].click()")
    page.wait("return location.pathname.includes('/account/Liabilities:ContractLiability/')")
    page.wait("return document.querySelectorAll('article .journal .transaction').length > 0")
    page.run("history.back()")
    page.wait("return document.querySelector('#revrec-bundles') !== null")


def test_a_view_of_bundles_is_chosen_without_a_mouse(opened):
    page = opened("RevrecBundles", "show=expiring&on=2026-03-20")
    page.run("document.querySelector('.revrec input[name=days]').select()")
    for key in (*"200", ENTER):
        page.press(key)
    page.wait("return new URLSearchParams(location.search).get('days') === '200'")
    page.wait("return document.querySelectorAll('#revrec-bundles tbody tr').length > 0")


def test_an_id_is_typed_and_the_chain_is_walked_by_links(opened):
    page = opened("RevrecTrace")
    page.wait("return document.activeElement.id === 'revrec-id'")
    for key in (*"S-1", ENTER):
        page.press(key)
    page.wait("return document.querySelector('#sessions') !== null")
    assert "1 of 10 units used" in page.run("return document.querySelector('#entries').innerText")
    page.run("[...document.querySelectorAll('.revrec a')].find(a => a.innerText === 'B-1').click()")
    page.wait("return new URLSearchParams(location.search).get('id') === 'bundle:B-1'")
    page.wait("return document.querySelector('.revrec .top').innerText.includes('bundle B-1')")
    page.run("[...document.querySelectorAll('#entries header a')].find(a => a.innerText === 'in the journal').click()")
    page.wait("return document.querySelectorAll('article .journal .transaction').length === 1")


def test_the_parts_of_a_chain_are_jumped_to(opened):
    page = opened("RevrecTrace", "id=B-1")
    page.run("[...document.querySelectorAll('nav.strip a')].find(a => a.innerText.endsWith('entries')).click()")
    page.wait("return document.querySelector('#entries').getBoundingClientRect().top < 300")
    assert page.run("return document.querySelector('#entries') !== null")


def test_what_is_stuck_is_seen_and_explained(opened):
    page = opened("RevrecInvoices", "show=stuck")
    assert page.run("return document.querySelectorAll('#revrec-invoices td.bad').length") == 2
    assert "What to do" not in page.run("return document.querySelector('#revrec-invoices tbody').innerText")
    assert page.run("return document.querySelectorAll('#revrec-invoices td.long').length") == 2


def test_a_document_opens_from_the_list(opened, address):
    page = opened("RevrecInvoices")
    address = page.run("return [...document.querySelectorAll('#revrec-invoices a')].find(a => a.innerText === 'PDF').href")
    kind = page.run(
        "const done = arguments; const r = new XMLHttpRequest(); r.open('GET', done[0], false); r.send();"
        "return r.getResponseHeader('Content-Type')",
        address,
    )
    assert kind == "application/pdf"


def test_what_stands_between_ledger_and_documents_unfolds_by_key(opened):
    page = opened("RevrecInvoices")
    page.run("document.querySelector('.revrec summary').focus()")
    page.press(ENTER)
    page.wait("return document.querySelector('#revrec-between').getBoundingClientRect().height > 0")


def test_the_sidebar_leads_to_each_page_and_back_to_all_of_the_books(opened):
    page = opened("RevrecBundles", "show=all&time=2026-03&filter=" + quote("customer:C-2"))
    page.run("[...document.querySelectorAll('aside a')].find(a => a.innerText.trim() === 'No filter').click()")
    page.wait("return !new URLSearchParams(location.search).get('filter') && location.pathname.endsWith('/RevrecBundles/')")
    assert page.run("return new URLSearchParams(location.search).get('show')") == "all"
    page.wait("return document.querySelector('aside') !== null")
    for title in ("Invoices", "Session trace", "Bundles"):
        page.run(f"[...document.querySelectorAll('aside a')].find(a => a.innerText.trim() === '{title}').click()")
        page.wait(f"return document.querySelector('.revrec nav.pages a[aria-current]')?.innerText === '{title}'")


def test_the_filter_box_of_fava_moves_the_page(opened):
    page = opened("RevrecBundles", "show=all&filter=" + quote("customer:C-2"))
    names = "return [...document.querySelectorAll('#revrec-bundles tbody td:nth-child(2)')].map(cell => cell.innerText)"
    assert set(page.run(names)) == {"C-2"}
