"""Books with their store for the tests of pages, and pages as words."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fava.application import create_app

SLUG = "/centro-de-pruebas-sl"


def served(*ledgers: Path, **options: bool) -> Any:
    """Fava, in this process, on some ledgers; it looks for changes when it is asked, without threads that wait for them."""
    return create_app(ledgers, load=True, read_only=True, poll_watcher=True, **options).test_client()


def client(root: Path, book: str = "main") -> Any:
    """Fava, in this process, on a book of a workspace."""
    return served(root / f"{book}.beancount")


def page(fava: Any, name: str, **query: str) -> str:
    """The markup of an extension page."""
    slug = fava.application.config["LEDGERS"].first_slug()
    answer = fava.get(f"/{slug}/extension/{name}/?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text[text.index('<div class="revrec"') : text.index('<script type="application/json" id="page-title"')]


def words(markup: str) -> str:
    """What a reader sees."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", markup))).strip()


def table(markup: str, name: str) -> list[list[str]]:
    """The rows of a table as text, the head first, the total last."""
    found = re.search(rf'<table id="{name}".*?</table>', markup, re.DOTALL)
    assert found, f"no table {name}"
    rows = re.findall(r"<tr>(.*?)</tr>", found[0], re.DOTALL)
    return [[words(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def links(markup: str) -> list[tuple[str, str]]:
    """Every link: its address and its text."""
    found = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', markup, re.DOTALL)
    return [(html.unescape(address), words(text)) for address, text in found]
