"""What an audit needs: signed tree heads, the log of who saw whose details, and the sums that pages read."""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics, triggers
from revrec.store.tables import BLOCKED, CHECK_FACTS, MILESTONES, PERSON_FACTS, PROOF_FACTS, REGISTRATIONS

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


def _proofs() -> None:
    op.create_table(
        "tree_heads",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("tiles", sa.LargeBinary(), nullable=False),
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


def _bundles() -> None:
    """What lists of bundles select and add up, beside the state of each."""
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
        sa.Column("branch", sa.String(64), nullable=False),
        sa.Column("used_on", sa.String(10), nullable=False),
        sa.Column("ends_on", sa.String(10)),
        sa.Column("live", sa.Integer(), nullable=False),
        sa.Column("units_left", sa.BigInteger(), nullable=False),
        sa.Column("liability", sa.BigInteger(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("unpaid", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "bundle", name="pk_bundles"),
        sa.CheckConstraint("live IN (0, 1)", name="ck_bundles_live"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bundles_customer", "bundles", ["taxpayer", "customer"])
    op.create_index("ix_bundles_due", "bundles", ["taxpayer", "due"])
    op.create_index("ix_bundles_policy", "bundles", ["taxpayer", "policy", "seq"])


def _register() -> None:
    """All that a list of documents shows, without their texts."""
    listed = ["n", "number", "kind", "issued_on", "entry", "account", "bundle", "customer", "corrects", "gross", "vat", "record"]
    op.create_index("ix_invoices_register", "invoices", ["taxpayer", *listed])


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
    _sums()
    _bundles()
    _register()
    _proofs()
    _statements()
    _disclosures()
    _persons()
    _checklists()
    dialect = op.get_context().dialect.name
    for statement in (*triggers.guard(dialect, PROOF_FACTS + PERSON_FACTS + CHECK_FACTS), *statistics.create(dialect)):
        op.execute(statement)
