"""The workspace that lies beside the open ledger: opened for reading once a process, opened again when the books moved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from revrec.app.workspace import Workspace, open_workspace
from revrec.core.errors import RevrecError

T = TypeVar("T")
_FILES = ("revrec.toml", "policy.toml", "chart.beancount", "revrec.key")
_WORKSPACES = 16  # folders kept open: as many ledgers as one Fava shows


class Worked(NamedTuple):
    """What a long work came to, up to which event, and whether the books stand there still; nothing yet: `value` is None."""

    value: Any
    seq: int
    current: bool


class Beside:
    """One folder; requests take turns, each sees one state of the books."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._turn = threading.RLock()
        self._open = ExitStack()
        self._ws: Workspace | None = None
        self._mark: tuple[object, ...] = ()
        self._kept: dict[Hashable, object] = {}
        self._worked: dict[Hashable, tuple[object, int]] = {}
        self._working: set[Hashable] = set()
        self._failed: dict[Hashable, Exception] = {}

    @contextmanager
    def opened(self) -> Iterator[Workspace]:
        """The workspace as it stands now; raises RevrecError where there is none that this version can read."""
        with self._turn:
            ws = self._current()
            with ws.store.snapshot():
                yield ws

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` answers, kept until the books move; only inside `opened`."""
        if key not in self._kept:
            self._kept[key] = make()
        return cast("T", self._kept[key])

    def worked_out(self, key: Hashable, make: Callable[[Workspace], object]) -> Worked:
        """What `make` says of the books, worked out beside the requests; only inside `opened`.

        The answer is the latest that is ready; where the books have moved on since, a new one is begun. What `make` could not
        do is raised here, once.
        """
        assert self._ws is not None
        if key in self._failed:
            raise self._failed.pop(key)
        value, seq = self._worked.get(key, (None, 0))
        current = value is not None and seq == self._ws.store.head().seq
        if not current and key not in self._working:
            self._working.add(key)
            threading.Thread(target=self._work, args=(key, make), daemon=True).start()
        return Worked(value, seq, current)

    def _work(self, key: Hashable, make: Callable[[Workspace], object]) -> None:
        try:
            with open_workspace(self.root, reading=True) as ws, ws.store.snapshot():
                self._worked[key] = make(ws), ws.store.head().seq
        except (RevrecError, OSError) as error:
            self._worked.pop(key, None)
            self._failed[key] = error  # the page that asks next says it
        finally:
            self._working.discard(key)

    def _current(self) -> Workspace:
        if self._ws is None or self._mark != self._marked(self._ws):
            self._close()
            self._ws = self._open.enter_context(open_workspace(self.root, reading=True))
            self._mark = self._marked(self._ws)
        return self._ws

    def _close(self) -> None:
        self._ws = None
        self._kept = {}
        self._open.close()

    def _marked(self, ws: Workspace) -> tuple[object, ...]:
        """What changes when the workspace must be read again: its files, the database in its place, the head."""
        database = Path(ws.store.where)
        return (*map(_stamp, (*(self.root / name for name in _FILES), database)), ws.store.head())


def _stamp(path: Path) -> Any:
    """Which file lies there, and since when."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=_WORKSPACES)
def beside(ledger: Path) -> Beside:
    """The workspace in the folder of a ledger file."""
    return Beside(ledger.parent)
