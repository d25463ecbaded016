"""The page about VERI*FACTU: its code runs and prints what stands under it."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[4] / "docs" / "verifactu.md"
_BLOCKS = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def test_the_code_of_the_page_prints_what_stands_under_it() -> None:
    names: dict[str, Any] = {}
    blocks = _BLOCKS.findall(PAGE.read_text("utf-8"))
    assert len(blocks) == 2
    for code, expected in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)
        assert printed.getvalue() == expected
