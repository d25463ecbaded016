"""Making, upgrading and recognising the schema. Alembic runs only here, on `init` and `upgrade`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc
from sqlalchemy.pool import NullPool

from revrec.store import statistics
from revrec.store.errors import (
    DatabaseForeign,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseOlder,
    DatabaseReadOnly,
    DatabaseUnsettled,
    DatabaseUnsupported,
    translated,
)
from revrec.store.tables import metadata

if TYPE_CHECKING:
    import sqlite3

VERSION = "0001"  # the newest migration
_WAIT = 10  # seconds that a command waits for another one to commit
_CACHE = 64 * 1024  # KiB of pages in memory


def engine(url: str, *, create: bool = False) -> Engine:
    """An engine for an SQLite URL with an absolute path; the file must be there unless `create`."""
    if not url.startswith("sqlite:///"):
        raise DatabaseUnsupported(url)
    path = Path(url.removeprefix("sqlite:///"))
    if not create:
        _check_file(path)
        if read_only(url):
            return _reading(path)
    made = create_engine(
        URL.create("sqlite", database=str(path)),  # a folder may be called `a?b`
        poolclass=NullPool,
        # Autocommit: the store says BEGIN IMMEDIATE itself, and single reads hold no lock.
        connect_args={"isolation_level": None, "timeout": _WAIT, "check_same_thread": False, "cached_statements": 256},
    )
    event.listen(made, "connect", _prepare)
    return made


def read_only(url: str) -> bool:
    """Whether this user may only read the database: the file, or the folder in which SQLite keeps files beside it."""
    path = Path(_where(url))
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _check_file(path: Path) -> None:
    """Refuses what cannot be a database, before SQLite makes one of it."""
    if path.is_dir():
        raise DatabaseForeign(str(path), "a folder stands in its place")
    if not path.is_file():
        raise DatabaseMissing(str(path))
    if not path.stat().st_size:
        raise DatabaseForeign(str(path), "the file is empty")


def _reading(path: Path) -> Engine:
    """An engine that only reads and leaves no file behind.

    Without files beside the database nobody has it open and all of it is in the one file: SQLite may take it as it is.
    """
    wal, shm = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    waiting = wal.is_file() and wal.stat().st_size > 0
    if waiting and not shm.is_file() and not os.access(path.parent, os.W_OK):
        raise DatabaseUnsettled(str(path))
    how = "mode=ro" if waiting or (wal.is_file() and shm.is_file()) else "mode=ro&immutable=1"
    uri = f"{path.absolute().as_uri()}?{how}"

    def connect() -> sqlite3.Connection:
        import sqlite3

        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_WAIT, check_same_thread=False, cached_statements=256)

    made = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    event.listen(made, "connect", _prepare_reading)
    return made


def _prepare_reading(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (f"cache_size=-{_CACHE}", "temp_store=MEMORY", "query_only=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """WAL and FULL: a commit survives a power cut; readers never wait."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"cache_size=-{_CACHE}", "temp_store=MEMORY", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def create(url: str) -> None:
    """A new database with the newest schema; an existing one is upgraded."""
    _migrate(engine(url, create=True))


def blank(url: str) -> Connection:
    """A connection to a new database with the tables and no triggers, whose content nobody will miss."""
    connection = engine(url, create=True).connect()
    metadata.create_all(connection)
    for statement in statistics.create(connection.dialect.name):
        connection.exec_driver_sql(statement)
    connection.commit()
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE"):
        connection.exec_driver_sql(f"PRAGMA {pragma}")
    connection.exec_driver_sql("BEGIN")
    return connection


def upgrade(url: str) -> tuple[str, str]:
    """The schema brought to the newest version; (version before, version after)."""
    made = engine(url)
    before = _version(made, url)
    if _number(before) > _number(VERSION):
        raise DatabaseNewer(_where(url), before, VERSION)
    if before != VERSION:
        if read_only(url):
            raise DatabaseReadOnly(_where(url))
        _migrate(made)
    return before, VERSION


def check(connection: Connection, where: str) -> None:
    """Refuses a database of another version, by one cheap read."""
    found = _read_version(connection, where)
    if found == VERSION:
        return
    if _number(found) > _number(VERSION):
        raise DatabaseNewer(where, found, VERSION)
    raise DatabaseOlder(where, found, VERSION)


def _version(made: Engine, url: str) -> str:
    try:
        with made.connect() as connection:
            return _read_version(connection, _where(url))
    except exc.DBAPIError as error:
        raise translated(str(error.orig), _where(url)) from error


def _read_version(connection: Connection, where: str) -> str:
    try:
        rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version").fetchall()
    except exc.DBAPIError as error:
        raise translated(str(error.orig), where) from error
    if len(rows) != 1:
        raise DatabaseForeign(where, "it names no version")
    return str(rows[0][0])


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 1_000_000


def _where(url: str) -> str:
    return url.removeprefix("sqlite:///")


def _migrate(made: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with made.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    made.dispose()
