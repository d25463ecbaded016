"""What an audit needs: signed tree heads, the log of who saw whose details, and the sums that pages read."""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics

revision = "0004"
down_revision = "0003"

DERIVED = ("bundles", "movements", "customers", "visits", "holdings")  # `upgrade` fills them again


def upgrade() -> None:
    """The new tables; the planner is told of the indexes. What is derived is emptied."""
    for table in DERIVED:
        op.execute(sa.delete(sa.table(table)))
    for statement in statistics.create(op.get_context().dialect.name):
        op.execute(statement)
