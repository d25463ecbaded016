"""Puts the plugin beside `main.beancount`: the books load with it where revrec is not installed."""

from __future__ import annotations

from pathlib import Path

from revrec.books.files import put

NAME = "revrec_check.py"


def install(root: Path) -> bool:
    """Write `revrec_check.py` into a workspace unless it is there already, and say whether it did; raises `Unwritten`."""
    return put(root, NAME, _text())


def is_current(root: Path) -> bool:
    """Whether the plugin of a workspace is the one of this version."""
    file = root / NAME
    return file.is_file() and file.read_bytes() == _text()


def _text() -> bytes:
    return Path(__file__).with_name(NAME).read_bytes()
