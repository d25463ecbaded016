"""The page on Facturae says what the program does."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "facturae.md"
BLOCKS = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)


def test_the_examples_of_the_page_print_what_stands_under_them(official, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCKS.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 3
    for code, expected in blocks:
        said = io.StringIO()
        with redirect_stdout(said):
            exec(code, names)
        assert said.getvalue() == expected
