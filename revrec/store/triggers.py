"""Append-only by the database: facts refuse UPDATE and DELETE (and TRUNCATE where there is one)."""

from __future__ import annotations

from collections.abc import Iterable

from revrec.store.tables import BOOK_FACTS, FACTS

_FUNCTION = """\
CREATE FUNCTION revrec_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % of % refused', TG_OP, TG_TABLE_NAME;
END $$"""


def create(dialect: str, tables: Iterable[str] = BOOK_FACTS) -> list[str]:
    """The statements that make the first facts append-only on a dialect (row-level, as distributed PostgreSQL accepts)."""
    made = guard(dialect, tables)
    return made if dialect == "sqlite" else [_FUNCTION, *made]


def guard(dialect: str, tables: Iterable[str]) -> list[str]:
    """The statements that make more tables append-only, once there is the function that refuses."""
    if dialect == "sqlite":
        return [_sqlite(table, verb) for table in tables for verb in ("UPDATE", "DELETE")]
    return [_postgresql(table) for table in tables]


def drop(dialect: str) -> list[str]:
    """The statements that undo `create`; for tests of what `verify` finds."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER tr_{table}_{verb}" for table in FACTS for verb in ("update", "delete")]
    return [*(f"DROP TRIGGER tr_{table} ON {table}" for table in FACTS), "DROP FUNCTION revrec_append_only()"]


def _sqlite(table: str, verb: str) -> str:
    return (
        f"CREATE TRIGGER tr_{table}_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {verb} of {table} refused'); END"
    )


def _postgresql(table: str) -> str:
    return f"CREATE TRIGGER tr_{table} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION revrec_append_only()"
