"""The page about invoices, played against a local tax office on a day of its own."""  # noqa: INP001  docs is no package

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from einvoice.sandbox.aeat import PATH, Office, Register
from einvoice.sandbox.server import Server
from revrec.app import sandbox
from revrec.app.signer import PASSWORD

NAME = "invoices.md"
SERVED = "revrec -C books sandbox aeat --wait 5"
PORT = 8443  # what the page says; the office that answers has any free one
_SAID = f"https://127.0.0.1:{PORT}"


class Clock:
    """The day of the page; whoever waits moves it on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Player:
    """Says what stands under each command of the page; the office opens where the page opens it."""

    def __init__(self, run: Callable[[str, Path], str], clock: Clock, stack: ExitStack) -> None:
        self._run = run
        self._clock = clock
        self._stack = stack
        self._address = _SAID

    def output(self, command: str, folder: Path) -> str:
        """What a command prints; before each ten seconds go by."""
        self._clock.sleep(10)
        if command == SERVED:
            return "".join(f"{line}\n" for line in self._open(folder / "books"))
        path = folder / "books" / "revrec.toml"
        if path.exists():
            path.write_text(path.read_text("utf-8").replace(_SAID, self._address), "utf-8")
        return self._run(command, folder)

    def _open(self, root: Path) -> list[str]:
        """What the sandbox says when it starts, and an office that answers from now on."""
        said: list[str] = []
        stand = sandbox.Stand(root / "sandbox", root, sandbox.taxpayer(root, None, None, os.environ), PORT)
        folder = self._stack.enter_context(sandbox._folder(stand, os.environ, self._clock(), said.append))  # noqa: SLF001  its own words
        said += [*sandbox._settings(stand, folder, "endpoint", _SAID + PATH)]  # noqa: SLF001  the same
        register = Register(folder.register("aeat"))
        office = Office(register, self._clock, wait=5)
        server = Server(office, folder.server(self._clock()), folder.trust.read_bytes())
        self._stack.callback(register.close)
        self._address = self._stack.enter_context(server).address
        return [line.replace(str(root), "books") for line in said]


@contextmanager
def player(run: Callable[[str, Path], str]) -> Iterator[Player]:
    """A player whose clock is that of the commands; `run` says what any other command prints."""
    clock = Clock()
    with ExitStack() as stack:
        stack.enter_context(mock.patch("revrec.cli.options.now", clock))
        stack.enter_context(mock.patch("time.sleep", clock.sleep))
        stack.enter_context(mock.patch.dict(os.environ, {PASSWORD: "a password of your own"}))
        yield Player(run, clock, stack)
