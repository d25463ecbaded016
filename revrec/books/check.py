"""Beancount's own verdict on a book, from a process of its own: `python -m revrec.books.check MAIN` is the one importer.

Beancount is GPL-2.0-only; everything else in revrec runs without it.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

from revrec.core.findings import Finding

_MISSING = 3  # exit code: Beancount is not installed
_HINT = "Open the file at that line; what stands under journal/ is made again by `revrec books build`"


def check(main: Path) -> tuple[Finding, ...]:
    """Every error that Beancount and the plugins find in a book, with file and line; none when it is clean."""
    command = [sys.executable, "-m", "revrec.books.check", main.name]
    # The cache would be a file beside the user's ledger.
    environ = {**os.environ, "BEANCOUNT_DISABLE_LOAD_CACHE": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, cwd=main.parent, env=environ, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603
    if done.returncode == _MISSING:
        hint = "Install it: pip install 'revrec[fava]'"
        return (Finding("books.no-beancount", main.name, "Beancount is not installed, so the book cannot be checked", hint),)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        hint = "Run `bean-check` on the file to see all of it"
        return (Finding("books.unreadable", main.name, f"Beancount stopped: {last}", hint),)
    return tuple(Finding("books.beancount", where, message, _HINT) for where, message in json.loads(done.stdout))


def errors(main: Path) -> list[tuple[str, str]]:
    """(file:line, message) of each error in a book, files named from its folder; loads Beancount."""
    from beancount import loader

    gc.disable()  # a load makes millions of objects that live until the end: collecting costs a third of the time
    _, found, _ = loader.load_file(str(main))
    return [(_where(error.source, main.resolve().parent), _said(error.message)) for error in found]


def _said(message: str) -> str:
    """A message on one line; of a Python traceback only what it ends with."""
    said, _, trace = message.partition("Traceback (most recent call last):")
    last = trace.strip().splitlines()[-1:]
    return " ".join(" ".join([said, *last]).split())


def _where(source: dict[str, object] | None, root: Path) -> str:
    """The place of an error as `journal/2026/2026-01-10.beancount:7`."""
    name = str((source or {}).get("filename") or "main.beancount")
    path = Path(name)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return f"{shown}:{(source or {}).get('lineno', 0)}"


def _main() -> int:
    """Print the errors of the book named on the command line as JSON."""
    try:
        found = errors(Path(sys.argv[1]))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "beancount":
            raise
        return _MISSING
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(_main())
