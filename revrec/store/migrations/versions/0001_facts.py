"""The first schema: facts, what is derived from them, and append-only triggers."""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics, triggers

revision = "0001"
down_revision = None


def _taxpayers() -> None:
    op.create_table(
        "taxpayers",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", name="pk_taxpayers"),
        sa.UniqueConstraint("id", name="uq_taxpayers_id"),
    )


def _heads() -> None:
    op.create_table(
        "heads",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("calendar", sa.String(10)),
        sa.Column("closed_through", sa.String(10)),
        sa.PrimaryKeyConstraint("taxpayer", name="pk_heads"),
        sa.CheckConstraint("seq >= 0 AND entries >= 0", name="ck_heads_counts"),
        sa.CheckConstraint("length(digest) = 32", name="ck_heads_digest"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("bundle", sa.String(64)),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("first_entry", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(32), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "seq", name="pk_events"),
        sa.UniqueConstraint("taxpayer", "id", "source", name="uq_events_id"),
        sa.CheckConstraint("length(date) = 10", name="ck_events_date"),
        sa.CheckConstraint("length(content) = 32 AND length(digest) = 32", name="ck_events_digests"),
        sa.CheckConstraint("seq > 0 AND first_entry > 0 AND entries >= 0", name="ck_events_numbers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_events_bundle", "events", ["taxpayer", "bundle", "seq"])


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("bundle", sa.String(64)),
        sa.Column("customer", sa.String(64)),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "number", name="pk_entries"),
        sa.CheckConstraint("length(date) = 10", name="ck_entries_date"),
        sa.CheckConstraint("number > 0 AND seq > 0", name="ck_entries_numbers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entries_bundle", "entries", ["taxpayer", "bundle", "number"])
    op.create_index("ix_entries_customer", "entries", ["taxpayer", "customer", "number"])
    op.create_index("ix_entries_date", "entries", ["taxpayer", "date", "number"])


def _pins() -> None:
    op.create_table(
        "pins",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("since", sa.String(10), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "kind", "id", "since", name="pk_pins"),
        sa.CheckConstraint("length(digest) = 32", name="ck_pins_digest"),
        sa.CheckConstraint("kind IN ('package', 'policy', 'tax', 'settings')", name="ck_pins_kind"),
        sqlite_with_rowid=False,
    )


def _movements() -> None:
    op.create_table(
        "movements",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("ref", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("bundle", sa.String(64)),
        sa.Column("customer", sa.String(64)),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("liability", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "ref", "kind", name="pk_movements"),
        sa.CheckConstraint("seq > 0 AND entry >= 0", name="ck_movements_numbers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_movements_bundle", "movements", ["taxpayer", "bundle", "seq"])


def _periods() -> None:
    op.create_table(
        "periods",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("head", sa.LargeBinary(32), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "seq", "period", name="pk_periods"),
        sa.CheckConstraint("length(head) = 32", name="ck_periods_head"),
        sa.CheckConstraint("length(period) = 7", name="ck_periods_period"),
        sqlite_with_rowid=False,
    )


def _bundles() -> None:
    op.create_table(
        "bundles",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("bundle", sa.String(64), nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("due", sa.String(10)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "bundle", name="pk_bundles"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bundles_customer", "bundles", ["taxpayer", "customer"])
    op.create_index("ix_bundles_due", "bundles", ["taxpayer", "due"])


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("household", sa.String(64)),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "customer", name="pk_customers"),
        sqlite_with_rowid=False,
    )


def _visits() -> None:
    op.create_table(
        "visits",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("branch", sa.String(64)),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "session", name="pk_visits"),
        sa.CheckConstraint("undone IN (0, 1)", name="ck_visits_undone"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_visits_customer", "visits", ["taxpayer", "customer"])


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "customer", name="pk_keys"),
        sqlite_with_rowid=False,
    )


def _balances() -> None:
    op.create_table(
        "balances",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("branch", sa.String(64), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "month", "role", "branch", "service", "method", name="pk_balances"),
        sqlite_with_rowid=False,
    )


def _days() -> None:
    op.create_table(
        "days",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(64)),
        sa.PrimaryKeyConstraint("taxpayer", "date", name="pk_days"),
        sa.CheckConstraint("entries >= 0", name="ck_days_entries"),
        sqlite_with_rowid=False,
    )


def _homonyms() -> None:
    op.create_table(
        "homonyms",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "id", "source", name="pk_homonyms"),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Every table, then the triggers and what the planner is told."""
    _taxpayers()
    _heads()
    _events()
    _entries()
    _pins()
    _movements()
    _periods()
    _bundles()
    _customers()
    _visits()
    _keys()
    _balances()
    _days()
    _homonyms()
    dialect = op.get_context().dialect.name
    for statement in (*triggers.create(dialect), *statistics.create(dialect)):
        op.execute(statement)
