"""Tables, migrations, triggers and statements: the same on SQLite and PostgreSQL, the same by migration and by tables."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from revrec.store import schema, statements, statistics, store, tables, triggers
from revrec.store.errors import DatabaseForeign, DatabaseMissing, DatabaseNewer, DatabaseUnsupported, TaxpayerUnknown
from revrec.store.keys import Master

FREE = {"taxpayers", "heads"}  # small: a scan reads a row or two


@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path}/revrec.db"
    store.create(made, "ES-B64717838")
    return made


def opened(url: str, taxpayer: str = "ES-B64717838") -> store.Store:
    return store.Store.open(url, taxpayer, Master(Path("revrec.key")), lambda *_: None)


def test_the_migration_makes_the_tables(url: str) -> None:
    with schema.engine(url).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        made = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    for name, table in tables.metadata.tables.items():
        wanted = str(CreateTable(table).compile(dialect=statements.dialect("sqlite")))
        assert _parts(made[name]) == _parts(wanted), name


def _parts(sql: str) -> list[str]:
    """Columns and constraints, whose order does not matter."""
    inner, _, options = " ".join(sql.split()).rpartition(" )")
    return [*sorted(part.strip() for part in re.split(r",\s+|\(\s+", inner)), options.strip()]


@pytest.mark.parametrize("table", tables.metadata.tables.values(), ids=str)
def test_the_taxpayer_leads_every_key(table: tables.Table) -> None:
    assert next(column.name for column in table.primary_key) == "taxpayer"
    for index in table.indexes:
        assert next(column.name for column in index.columns) == "taxpayer"
    for constraint in table.constraints:
        assert constraint.name
        if not isinstance(constraint, CheckConstraint | ForeignKeyConstraint) and table.name != "taxpayers":
            assert next(column.name for column in constraint.columns) == "taxpayer"


def test_tables_and_indexes_are_made_on_postgresql_too() -> None:
    dialect = postgresql.dialect()
    for table in tables.metadata.tables.values():
        made = str(CreateTable(table).compile(dialect=dialect))
        assert "ROWID" not in made
        assert "SERIAL" not in made
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))
    made = triggers.create("postgresql", tables.FACTS)
    assert len(made) == 1 + len(tables.FACTS)
    assert all("FOR EACH ROW" in statement for statement in made[1:])
    assert statistics.create("postgresql") == []


@pytest.mark.parametrize("name", statements.STATEMENTS)
def test_every_statement_names_the_taxpayer_and_compiles_on_both(name: str) -> None:
    lite, post = statements.compiled("sqlite", name), statements.compiled("postgresql", name)
    assert lite.count("?") == post.count("%s")
    assert statements.columns("sqlite", name) == statements.columns("postgresql", name)
    if name not in {"taxpayer", "taxpayers", "last_taxpayer"}:
        assert "taxpayer" in lite
    for word in ("OR REPLACE", "OR IGNORE", "rowid", "AUTOINCREMENT", "PRAGMA", "RETURNING"):
        assert word not in lite


def test_every_read_uses_an_index(url: str) -> None:
    whole = {"pins", "customers", "visits", "days", "homonyms", "periods", "holdings"}  # read whole by nature
    whole |= {"estimates", "milestones", "blocked", "blocked_before"}  # all that an index of their own holds
    whole |= {"checklists", "undone_sessions"}  # one row a closing; over keys alone
    whole |= {"installation", "messages", "answers", "states", "waiting", "latest_records"}  # few rows, read whole
    whole |= {"tree_heads", "last_tree_head", "last_statement"}  # one row a closing; from the end of a key
    whole |= {"last_invoice", "last_record", "last_message", "last_answer", "last_wait", "last_sent"}  # from the end of a key
    whole |= {"clear_marks", "clear_liability", "clear_bundle_liability", "clear_results"}
    whole |= {"open_at", "owing"}  # the balance of every bundle, in the order of the key
    whole |= {"chosen_bundles", "chosen_sums", "register", "register_sums"}  # lists: all that there is is looked through
    whole |= {"waiting_page", "waiting_of_list", "count_waiting"}  # few rows, again
    whole |= {"first_event_between", "closings"}  # once a pack, up to the first row that fits; one row a closing
    whole |= {"last_disclosure", "last_message_of"}
    whole |= {"first_unanswered", "count_open"}  # over rows that hold no texts of records
    with schema.engine(url).connect() as connection:
        for name in statements.STATEMENTS:
            sql = statements.compiled("sqlite", name)
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple("x" * sql.count("?"))).fetchall()
            for *_, step in plan:
                table = re.match(r"(?:SEARCH|SCAN) (\w+)", step)
                if table and table[1] not in FREE and name not in whole:
                    assert " AND " in step, f"{name}: {step}"


@pytest.mark.parametrize(
    ("name", "index"),
    [("estimates", "ix_events_estimates"), ("milestones", "ix_events_milestones"), ("blocked", "ix_keys_blocked")],
)
def test_what_is_rare_is_read_from_an_index_that_holds_nothing_else(url: str, name: str, index: str) -> None:
    sql = statements.compiled("sqlite", name)
    with schema.engine(url).connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1,)).fetchall()
    assert [index in step for *_, step in plan] == [True]


def test_what_is_deleted_is_overwritten_on_every_connection(url: str) -> None:
    with schema.engine(url).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1


def test_facts_are_append_only_and_the_triggers_can_be_dropped(url: str) -> None:
    with schema.engine(url).connect() as connection:
        connection.exec_driver_sql("INSERT INTO pins VALUES (1, 'tax', 'T', '2026-01-01', 1, zeroblob(32), x'7b7d')")
        for statement in ("UPDATE pins SET seq = 2", "DELETE FROM pins"):
            with pytest.raises(Exception, match="append-only"):
                connection.exec_driver_sql(statement)
        for statement in triggers.drop("sqlite"):
            connection.exec_driver_sql(statement)
        assert connection.exec_driver_sql("DELETE FROM pins").rowcount == 1


@pytest.mark.parametrize(
    "row",
    [
        "events VALUES (1, 0, 's', 'i', 't', '2026-01-01', NULL, '', 1, 0, zeroblob(32), x'7b7d', zeroblob(32))",
        "events VALUES (1, 1, 's', 'i', 't', '2026-1-1', NULL, '', 1, 0, zeroblob(32), x'7b7d', zeroblob(32))",
        "events VALUES (1, 1, 's', 'i', 't', '2026-01-01', NULL, '', 1, 0, zeroblob(31), x'7b7d', zeroblob(32))",
        "entries VALUES (1, 0, 1, '2026-01-01', NULL, NULL, x'7b7d')",
        "pins VALUES (1, 'price', 'T', '2026-01-01', 1, zeroblob(32), x'7b7d')",
        "days VALUES (1, '2026-01-01', -1, NULL)",
        "heads VALUES (2, -1, 0, zeroblob(32), NULL, NULL)",
    ],
)
def test_checks_say_the_invariants(url: str, row: str) -> None:
    with schema.engine(url).connect() as connection, pytest.raises(Exception, match="CHECK constraint failed: ck_"):
        connection.exec_driver_sql(f"INSERT INTO {row}")


def test_a_database_survives_a_power_cut(url: str) -> None:
    with schema.engine(url).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_upgrading_the_newest_changes_nothing(url: str) -> None:
    def derive(_: object) -> None:
        pytest.fail("nothing is to be derived again")

    assert schema.upgrade(url, derive) == (schema.VERSION, schema.VERSION, None)


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    versions = Path(schema.__file__).parent / "migrations" / "versions"
    assert max(path.name[:4] for path in versions.glob("[0-9]*.py")) == schema.VERSION


def test_an_upgrade_of_a_newer_database_is_refused(url: str) -> None:
    with schema.engine(url).connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0042'")
    with pytest.raises(DatabaseNewer, match="0042"):
        schema.upgrade(url, print)


def test_what_is_no_database_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnsupported, match="PostgreSQL comes"):
        schema.engine("postgresql://localhost/books")
    with pytest.raises(DatabaseMissing):
        schema.upgrade(f"sqlite:///{tmp_path}/none.db", print)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(DatabaseForeign):
        opened(f"sqlite:///{other}")


def test_two_taxpayers_share_a_database_and_see_only_their_own(url: str) -> None:
    store.create(url, "ES-A58818501")
    first, second = opened(url), opened(url, "ES-A58818501")
    assert (first.taxpayer, second.taxpayer) == (1, 2)
    with first.transaction():
        first.write("add_days", [(1, "2026-01-01", 1, None)])
    assert len(first.days()) == 1
    assert second.days() == []
    with pytest.raises(TaxpayerUnknown, match=r"ES-X.*ES-A58818501, ES-B64717838"):
        opened(url, "ES-X")


def test_a_transaction_is_all_or_nothing(url: str) -> None:
    books = opened(url)

    def fail() -> None:
        with books.transaction():
            books.write("add_days", [(1, "2026-01-01", 1, None)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert books.days() == []
