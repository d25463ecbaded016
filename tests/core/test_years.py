"""The books of some practices, kept as text in `years/`: a change of any entry, refusal, state or report shows as a line."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from tests.core.years import YEARS, file, year


@pytest.mark.parametrize(("theme", "seed"), YEARS)
def test_the_books_of_a_practice_are_those_that_were_read(theme, seed):
    kept = file(theme, seed).read_text("utf-8").splitlines()
    changed = list(unified_diff(kept, list(year(theme, seed)), "kept", "now", n=1, lineterm=""))
    assert not changed, "\n".join(["if it is meant, run python -m tests.core.years and read the difference", *changed])
