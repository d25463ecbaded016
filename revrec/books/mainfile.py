"""What other books take over from `main.beancount`: its options, whether it uses the plugin, what it tells Fava."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

NAME = "main.beancount"
_OPTION = re.compile(r'option\s+"([^"]*)"\s+"((?:[^"\\]|\\.)*)"')
_PLUGIN = re.compile(r'plugin\s+"revrec_check"')
_SHOWN = re.compile(
    r'^\d{4}-\d\d-\d\d\s+(?:custom\s+"fava-(?:extension|option"\s+"(?!default-file)|sidebar-link).*|query\s+"[^"]*"\s+"(?:[^"\\]|\\.)*")$',
    re.MULTILINE,
)
_TAKEN = ("operating_currency", "insert_pythonpath", "documents", "render_commas")


class Main(NamedTuple):
    """`options` in the order of the file, values as written between their quotes; `plugin`: revrec_check is switched on.

    `shown` are the lines that tell Fava what to show: its options, extensions, links of the sidebar and saved queries.
    """

    options: tuple[tuple[str, str], ...]
    plugin: bool
    shown: tuple[str, ...] = ()

    @property
    def fava(self) -> str:
        """What the main file tells Fava, for another book; there is no default file where nothing is edited."""
        return "".join(["\n", *(f"{line}\n" for line in self.shown)]) if self.shown else ""

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
    """What a workspace's main file says; nothing when it is missing."""
    try:
        text = (root / NAME).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return Main((), plugin=False)
    lines = text.splitlines()
    options = tuple((m[1], m[2]) for line in lines if (m := _OPTION.match(line)))
    return Main(options, any(_PLUGIN.match(line) for line in lines), tuple(_SHOWN.findall(text)))
