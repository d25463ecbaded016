"""The yardstick: how long bare `sqlite3.executemany` needs for the rows of a recorded database.

Run in a process of its own: `python -m tests.bench.insert DATABASE COPY` prints the seconds. The copy has the same
table definitions and indexes and gets every row of every table, with the same bytes, in one transaction, WAL and FULL.
Rows go in in the order in which they arose (an index of random ids is as random here). Reading them is not counted:
only `executemany`, the commit, and the close that brings the log into the file.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path

CHUNK = 20_000
# Rows without a number of their own: the order in which record first met them.
ORDER = {
    "movements": "seq, nth",
    "bundles": "(SELECT MIN(e.seq) FROM events e WHERE e.taxpayer = t.taxpayer AND e.bundle = t.bundle)",
    "keys": "(SELECT MIN(e.seq) FROM events e WHERE e.taxpayer = t.taxpayer AND e.customer = t.customer)",
}


def bare_insert(source: Path, target: Path) -> float:
    """Seconds to insert the rows of one database into another."""
    old = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    new = sqlite3.connect(target, isolation_level=None)
    page_size, cache = old.execute("PRAGMA page_size").fetchone()[0], 64 * 1024
    for pragma in (f"page_size={page_size}", "journal_mode=WAL", "synchronous=FULL", f"cache_size=-{cache}"):
        new.execute(f"PRAGMA {pragma}")
    tables = _schema(old, new)
    spent = _timed(lambda: new.execute("BEGIN"))
    for table in tables:
        spent += _copy(old, new, table)
    return spent + _timed(lambda: new.execute("COMMIT")) + _timed(new.close)


def _schema(old: sqlite3.Connection, new: sqlite3.Connection) -> list[str]:
    rows = old.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL "
        "AND name NOT LIKE 'sqlite_%' ORDER BY type DESC",
    ).fetchall()
    for _, _, sql in rows:
        new.execute(sql)
    return [name for kind, name, _ in rows if kind == "table"]


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> float:
    columns = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
    order = ORDER.get(table) or ("seq" if "seq" in columns else columns[0])
    cursor = old.execute(f"SELECT * FROM {table} t ORDER BY {order}")
    statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"
    spent = 0.0
    while rows := cursor.fetchmany(CHUNK):
        start = time.perf_counter()
        new.executemany(statement, rows)
        spent += time.perf_counter() - start
    return spent


def _timed(action) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(bare_insert(Path(sys.argv[1]), Path(sys.argv[2])))
