"""What an audit needs: signed tree heads, the log of who saw whose details, and the sums that pages read."""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics, triggers
from revrec.store.tables import BLOCKED, PERSON_FACTS, REGISTRATIONS

revision = "0004"
down_revision = "0003"

DERIVED = ("bundles", "movements", "customers", "visits", "holdings")  # `upgrade` fills them again


def _disclosures() -> None:
    op.create_table(
        "disclosures",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("n", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("scope", sa.String(128), nullable=False),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("whom", sa.LargeBinary(32), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "n", name="pk_disclosures"),
        sa.CheckConstraint("kind IN ('shown', 'handed over', 'destroyed')", name="ck_disclosures_kind"),
        sa.CheckConstraint("n > 0 AND persons >= 0 AND documents >= 0", name="ck_disclosures_numbers"),
        sa.CheckConstraint("length(whom) = 32 AND length(digest) = 32", name="ck_disclosures_digests"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "disclosed",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("n", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "n", "customer", name="pk_disclosed"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_disclosed_customer", "disclosed", ["taxpayer", "customer", "n"])


def _persons() -> None:
    """Where a blocked person's key and registrations are found."""
    columns = ["taxpayer", "customer", "seq"]
    op.create_index("ix_events_registrations", "events", columns, sqlite_where=REGISTRATIONS, postgresql_where=REGISTRATIONS)
    op.create_index("ix_keys_blocked", "keys", ["taxpayer", "customer"], sqlite_where=BLOCKED, postgresql_where=BLOCKED)


def upgrade() -> None:
    """The new tables; the planner is told of the indexes. What is derived is emptied."""
    for table in DERIVED:
        op.execute(sa.delete(sa.table(table)))
    _disclosures()
    _persons()
    dialect = op.get_context().dialect.name
    for statement in (*triggers.guard(dialect, PERSON_FACTS), *statistics.create(dialect)):
        op.execute(statement)
