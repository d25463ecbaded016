"""What an audit needs: signed tree heads, the log of who saw whose details, and the sums that pages read."""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics

revision = "0004"
down_revision = "0003"

DERIVED = ("bundles", "movements", "customers", "visits", "holdings")  # `upgrade` fills them again


def _sums() -> None:
    """What pages read instead of entries."""
    op.create_table(
        "marks",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "name", name="pk_marks"),
        sa.CheckConstraint("entry >= 0", name="ck_marks_entry"),
        sqlite_with_rowid=False,
    )
    _sum("liability", ("month", 7), ("branch", 64), ("service", 64), ("policy", 80), ("flow", 32))
    _sum("bundle_liability", ("bundle", 64), ("month", 7), ("branch", 64), ("service", 64), ("policy", 80), ("flow", 32))
    _sum("results", ("month", 7), ("package", 64), ("provider", 64), ("branch", 64), ("service", 64), ("role", 32))


def _sum(name: str, *key: tuple[str, int]) -> None:
    """A table of amounts; `key` names its columns and their lengths."""
    op.create_table(
        name,
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        *(sa.Column(column, sa.String(length), nullable=False) for column, length in key),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", *(column for column, _ in key), name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """The new tables; the planner is told of the indexes. What is derived is emptied."""
    for table in DERIVED:
        op.execute(sa.delete(sa.table(table)))
    _sums()
    for statement in statistics.create(op.get_context().dialect.name):
        op.execute(statement)
