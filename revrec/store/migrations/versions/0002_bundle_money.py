"""Bundles with instalments, VAT and estimates: derived tables in their new form, empty until they are derived again.

Movements are derived from now on: a late event may change what undoing an earlier one needs.
"""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics
from revrec.store.tables import ESTIMATES

revision = "0002"
down_revision = "0001"


def _movements() -> None:
    op.drop_table("movements")  # with its append-only triggers
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
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "ref", "kind", name="pk_movements"),
        sa.CheckConstraint("seq > 0 AND entry >= 0", name="ck_movements_numbers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_movements_bundle", "movements", ["taxpayer", "bundle", "seq"])


def _bundles() -> None:
    op.drop_table("bundles")
    op.create_table(
        "bundles",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("bundle", sa.String(64), nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.String(10)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "bundle", name="pk_bundles"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bundles_customer", "bundles", ["taxpayer", "customer"])
    op.create_index("ix_bundles_due", "bundles", ["taxpayer", "due"])
    op.create_index("ix_bundles_policy", "bundles", ["taxpayer", "policy", "seq"])


def _visits() -> None:
    op.drop_table("visits")
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
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.String(64), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "session", name="pk_visits"),
        sa.CheckConstraint("undone IN (0, 1)", name="ck_visits_undone"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_visits_customer", "visits", ["taxpayer", "customer"])


def _holdings() -> None:
    op.create_table(
        "holdings",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "role", "currency", name="pk_holdings"),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """The derived tables anew, and the index of the estimates."""
    _movements()
    _bundles()
    _visits()
    _holdings()
    op.execute("DELETE FROM customers")
    op.create_index("ix_events_estimates", "events", ["taxpayer", "seq"], sqlite_where=ESTIMATES, postgresql_where=ESTIMATES)
    for statement in statistics.create(op.get_context().dialect.name):
        op.execute(statement)
