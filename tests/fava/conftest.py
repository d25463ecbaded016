"""What the tests in a real browser share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fava.browser import Browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One window for the tests of a module, with a profile of its own."""
    window = Browser(tmp_path_factory.mktemp("profile"))
    window.screen(1280, 900)
    yield window
    window.close()
