"""Making, upgrading and recognising the schema. Alembic runs only here, on `init` and `upgrade`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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

VERSION = "0004"  # the newest migration
_WAIT = 10  # seconds that a command waits for another one to commit
_GLANCE = 2000  # milliseconds that a page waits for it
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
    """WAL and FULL: a commit survives a power cut; readers never wait. What is moved or deleted is overwritten, from the start.

    Overwriting only what is being deleted is not enough: where a page was split before, a copy of one key in thirteen stayed.
    """
    safe = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON")
    for pragma in (*safe, f"cache_size=-{_CACHE}", "temp_store=MEMORY", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def only_read(connection: Connection) -> None:
    """Refuse writes on this connection, and wait only as long as somebody who looks at a page does."""
    for pragma in ("query_only=ON", f"busy_timeout={_GLANCE}"):
        connection.exec_driver_sql(f"PRAGMA {pragma}")


def create(url: str) -> None:
    """A new database with the newest schema; an existing one must have it, for `upgrade` alone derives what is derived."""
    path = Path(_where(url))
    if path.is_file() and path.stat().st_size:
        made = engine(url)
        with _connected(made, url) as connection:
            check(connection, _where(url))
        return
    made = engine(url, create=True)
    with made.connect() as connection:
        _migrate(connection)
        connection.commit()
    made.dispose()


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


class Upgraded(NamedTuple):
    """The version that a database had, the one that it has, and where it lies as it was (None: nothing was to be done)."""

    before: str
    after: str
    backup: Path | None = None


def upgrade(url: str, derive: Callable[[Connection], None]) -> Upgraded:
    """The schema brought to the newest version in one transaction, in which `derive` fills the derived tables.

    The file as it was stands beside it afterwards; when anything is raised, it is left as it is.
    """
    where = _where(url)
    made = engine(url)
    with _connected(made, url) as connection:
        before = _read_version(connection, where)
        connection.rollback()
        if before == VERSION:
            return Upgraded(before, VERSION)
        if _number(before) > _number(VERSION):
            raise DatabaseNewer(where, before, VERSION)
        if read_only(url):
            raise DatabaseReadOnly(where)
        path = Path(where)
        backup = path.with_name(f"{path.stem}-{before}{path.suffix}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # nobody writes while the copy is made and what is derived is
            _copy(path, backup)
            _migrate(connection)
            derive(connection)
            connection.commit()
        except BaseException as error:
            connection.rollback()
            backup.unlink(missing_ok=True)
            if isinstance(error, exc.DBAPIError):
                raise translated(str(error.orig), where) from error
            raise
    return Upgraded(before, VERSION, backup)


def _copy(path: Path, target: Path) -> None:
    """A copy of a database in one file, changes that stand beside it included."""
    import sqlite3

    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    shutil.copymode(path, target)


def check(connection: Connection, where: str) -> None:
    """Refuses a database of another version, by one cheap read."""
    found = _read_version(connection, where)
    if found == VERSION:
        return
    if _number(found) > _number(VERSION):
        raise DatabaseNewer(where, found, VERSION)
    raise DatabaseOlder(where, found, VERSION)


@contextmanager
def _connected(made: Engine, url: str) -> Iterator[Connection]:
    try:
        connection = made.connect()
    except exc.DBAPIError as error:
        raise translated(str(error.orig), _where(url)) from error
    with closing(connection):
        yield connection
    made.dispose()


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


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
