"""The yardstick: how long bare `sqlite3.executemany` needs for the rows of a recorded database.

Run in a process of its own: `python -m tests.bench.insert DATABASE COPY` prints the seconds,
and those of the processor. The copy has the same
table definitions and indexes and gets every row of every table, with the same bytes, in one transaction, WAL and FULL.
Rows go in in the order in which they arose (an index of random ids is as random here). Reading them is not counted:
only `executemany`, the commit, and the close that brings the log into the file.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHUNK = 20_000
# Rows without a number of their own: the order in which record first met them.
ORDER = {
    "movements": "seq, nth",
    "bundles": "(SELECT MIN(e.seq) FROM events e WHERE e.taxpayer = t.taxpayer AND e.bundle = t.bundle)",
    "keys": "(SELECT c.seq FROM customers c WHERE c.taxpayer = t.taxpayer AND c.customer = t.customer)",
}


@dataclass(slots=True)
class Watch:
    """A stopwatch that runs only while something is inserted."""

    seconds: float = 0.0
    cpu: float = 0.0

    def time(self, action: Callable[..., object], *given: object) -> None:
        """Do it and count the time."""
        start, cpu = time.perf_counter(), time.process_time()
        action(*given)
        self.seconds += time.perf_counter() - start
        self.cpu += time.process_time() - cpu


def bare_insert(source: Path, target: Path) -> Watch:
    """The time to insert the rows of one database into another."""
    old = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    new = sqlite3.connect(target, isolation_level=None)
    page_size, cache = old.execute("PRAGMA page_size").fetchone()[0], 64 * 1024
    for pragma in (f"page_size={page_size}", "journal_mode=WAL", "synchronous=FULL", f"cache_size=-{cache}"):
        new.execute(f"PRAGMA {pragma}")
    tables, watch = _schema(old, new), Watch()
    watch.time(new.execute, "BEGIN")
    for table in tables:
        _copy(old, new, table, watch)
    watch.time(new.execute, "COMMIT")
    watch.time(new.close)
    return watch


def _schema(old: sqlite3.Connection, new: sqlite3.Connection) -> list[str]:
    rows = old.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL "
        "AND name NOT LIKE 'sqlite_%' ORDER BY type DESC",
    ).fetchall()
    for _, _, sql in rows:
        new.execute(sql)
    return [name for kind, name, _ in rows if kind == "table"]


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str, watch: Watch) -> None:
    columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
    order = ORDER.get(table) or ("seq" if "seq" in columns else columns[0])
    cursor = old.execute(f"SELECT * FROM {table} t ORDER BY {order}")
    statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"
    while rows := cursor.fetchmany(CHUNK):
        watch.time(new.executemany, statement, rows)


if __name__ == "__main__":
    spent = bare_insert(Path(sys.argv[1]), Path(sys.argv[2]))
    print(spent.seconds, spent.cpu)
