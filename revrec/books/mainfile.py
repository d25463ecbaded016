"""What the yearly and the summary book take over from `main.beancount`: its options, and whether it uses the plugin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

NAME = "main.beancount"
_OPTION = re.compile(r'option\s+"([^"]*)"\s+"((?:[^"\\]|\\.)*)"')
_PLUGIN = re.compile(r'plugin\s+"revrec_check"')
_TAKEN = ("operating_currency", "insert_pythonpath", "documents")


class Main(NamedTuple):
    """`options` in the order of the file, values as written between their quotes; `plugin`: revrec_check is switched on."""

    options: tuple[tuple[str, str], ...]
    plugin: bool

    def option(self, name: str, default: str) -> str:
        """The last value of an option, or the default."""
        return next((value for key, value in reversed(self.options) if key == name), default)

    def head(self, title: str, part: str = "") -> str:
        """The options as another book states them; `part` goes to the plugin: the book holds part of the entries."""
        own = self.option("title", "")
        lines = [f'option "title" "{f"{own} {title}".strip()}"']
        taken = (pair for pair in self.options if pair[0] in _TAKEN or pair[0].startswith("account_"))
        lines += [f'option "{key}" "{value}"' for key, value in taken]
        if self.plugin and part:
            lines.append(f'plugin "revrec_check" "{part}"')
        return "\n".join(lines) + "\n"


def read(root: Path) -> Main:
    """The options of a workspace's main file; none when it is missing."""
    try:
        lines = (root / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return Main((), plugin=False)
    found = (_OPTION.match(line) for line in lines)
    return Main(tuple((m[1], m[2]) for m in found if m), plugin=any(_PLUGIN.match(line) for line in lines))
