"""What the tests in a real browser share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.fava.browser import Browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One window for the tests of a module, with a profile of its own."""
    window = Browser(tmp_path_factory.mktemp("profile"))
    window.screen(1280, 900)
    yield window
    window.close()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Callable[..., Browser]]:
    """Opens a page of the books at an `address` on a large screen; nothing may complain by the end of the test."""
    browser.screen(1280, 860)
    browser.errors()

    def open_(name: str = "RevrecRollforward", query: str = "") -> Browser:
        browser.open(address)
        browser.wait("return location.pathname.includes('/extension/')")
        books = browser.run("return location.href.split('/extension/')[0]")
        browser.open(f"{books}/extension/{name}/?{query}")
        browser.drawn()
        return browser

    yield open_
    assert browser.errors() == []
