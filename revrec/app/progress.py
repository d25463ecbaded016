"""How far long work has come: a bar on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    """What long work reports to; one label at a time, `total` is None when it is not known."""

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a stretch of work."""

    def step(self, n: int = 1) -> None:
        """`n` more pieces are done."""

    def done(self) -> None:
        """The stretch has ended."""


class Silent:
    """Reports nothing: for tests and short work."""

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a stretch of work."""

    def step(self, n: int = 1) -> None:
        """`n` more pieces are done."""

    def done(self) -> None:
        """The stretch has ended."""


class Lines:
    """Plain lines on a stream: none for work shorter than `pause` seconds, then one each `pause` and one at the end."""

    def __init__(self, stream: TextIO, pause: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._pause = pause
        self._clock = clock
        self._label = ""
        self._total: int | None = None
        self._count = 0
        self._next = 0.0
        self._spoke = False

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a stretch of work."""
        self._label, self._total, self._count, self._spoke = label, total, 0, False
        self._next = self._clock() + self._pause

    def step(self, n: int = 1) -> None:
        """`n` more pieces are done."""
        self._count += n
        now = self._clock()
        if now >= self._next:
            self._say("")
            self._spoke = True
            self._next = now + self._pause

    def done(self) -> None:
        """The stretch has ended."""
        if self._spoke:
            self._say(", done")
        self._spoke = False

    def _say(self, end: str) -> None:
        of = f" of {self._total:,} ({100 * self._count // self._total} %)" if self._total else ""
        print(f"{self._label}: {self._count:,}{of}{end}", file=self._stream, flush=True)


class Bar:
    """A bar on a terminal, drawn on standard error so that what is printed stays clean."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None

    def start(self, label: str, total: int | None = None) -> None:
        """Begin a stretch of work."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self.done()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = RichProgress(*columns, console=Console(file=self._stream), transient=True)
        self._task = self._bar.add_task(label, total=total)
        self._bar.start()

    def step(self, n: int = 1) -> None:
        """`n` more pieces are done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, n)

    def done(self) -> None:
        """The stretch has ended."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None


def for_stream(stream: TextIO) -> Progress:
    """A bar when the stream is a terminal, else lines."""
    return Bar(stream) if stream.isatty() else Lines(stream)
