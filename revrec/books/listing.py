"""The lists among the generated files: the index of the days, and the MANIFEST of every file's digest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from revrec.books.render import HEAD

INDEX = "journal/index.beancount"
MANIFEST = "journal/MANIFEST"
_MAPPING = re.compile(r"^; Accounts: ([0-9a-f]{12}) ", re.MULTILINE)


def day_path(day: date) -> str:
    """The path of a day's file, from the workspace: `journal/2026/2026-01-10.beancount`."""
    return f"journal/{day.year:04d}/{day}.beancount"


def index(days: Iterable[date], mapping: str) -> str:
    """The explicit list of the days, in order (Fava does not notice a new file behind a glob).

    `mapping` names the roles' accounts that the days were rendered with: another chart asks for all days again.
    """
    head = f"{HEAD}; Accounts: {mapping} (changes when the chart gives a role another account)\n\n"
    return head + "".join(f'include "{day.year:04d}/{day}.beancount"\n' for day in days)


def mapping_of(text: str) -> str | None:
    """The mapping that an index was written with, or None."""
    found = _MAPPING.search(text)
    return found[1] if found else None


def manifest(digests: Mapping[str, str]) -> str:
    """SHA-256 and path of every generated file, by path: what `sha256sum --check` reads."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))
