"""What an audit needs: signed tree heads, the log of who saw whose details, and the sums that pages read."""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics, triggers
from revrec.store.tables import PROOF_FACTS

revision = "0004"
down_revision = "0003"

DERIVED = ("bundles", "movements", "customers", "visits", "holdings")  # `upgrade` fills them again


def _proofs() -> None:
    op.create_table(
        "tree_heads",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "seq", name="pk_tree_heads"),
        sa.CheckConstraint("seq > 0 AND size >= seq", name="ck_tree_heads_numbers"),
        sa.CheckConstraint("length(period) = 7", name="ck_tree_heads_period"),
        sa.CheckConstraint("length(root) = 32", name="ck_tree_heads_root"),
        sqlite_with_rowid=False,
    )


def _statements() -> None:
    op.create_table(
        "statements",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("n", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("as_of", sa.String(10), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "n", name="pk_statements"),
        sa.CheckConstraint("n > 0 AND seq >= 0", name="ck_statements_numbers"),
        sa.CheckConstraint("length(as_of) = 10 AND length(sha256) = 64", name="ck_statements_lengths"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_statements_customer", "statements", ["taxpayer", "customer", "n"])


def upgrade() -> None:
    """The new tables; the planner is told of the indexes. What is derived is emptied."""
    for table in DERIVED:
        op.execute(sa.delete(sa.table(table)))
    _proofs()
    _statements()
    dialect = op.get_context().dialect.name
    for statement in (*triggers.guard(dialect, PROOF_FACTS), *statistics.create(dialect)):
        op.execute(statement)
