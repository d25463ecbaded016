"""What an audit needs: signed tree heads, the log of who saw whose details, and the sums that pages read."""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics, triggers
from revrec.store.tables import AUDIT_FACTS, MILESTONES

revision = "0004"
down_revision = "0003"


def _checklists() -> None:
    op.create_index("ix_events_milestones", "events", ["taxpayer", "seq"], sqlite_where=MILESTONES, postgresql_where=MILESTONES)
    op.create_table(
        "checklists",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "seq", "period", name="pk_checklists"),
        sa.CheckConstraint("length(period) = 7", name="ck_checklists_period"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checklist_runs",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "period", name="pk_checklist_runs"),
        sa.CheckConstraint("length(period) = 7", name="ck_checklist_runs_period"),
        sqlite_with_rowid=False,
    )


DERIVED = ("bundles", "movements", "customers", "visits", "holdings")  # `upgrade` fills them again


def upgrade() -> None:
    """The new tables; the planner is told of the indexes. What is derived is emptied."""
    for table in DERIVED:
        op.execute(sa.delete(sa.table(table)))
    _checklists()
    dialect = op.get_context().dialect.name
    for statement in (*triggers.guard(dialect, AUDIT_FACTS), *statistics.create(dialect)):
        op.execute(statement)
