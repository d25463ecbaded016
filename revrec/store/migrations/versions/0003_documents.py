"""Documents: invoices, the tax authority's records, what was sent and answered; the derived tables beside them.

Bundles with several payers have another state since: the derived tables are made again.
"""

import sqlalchemy as sa
from alembic import op

from revrec.store import statistics, triggers
from revrec.store.tables import DOCUMENT_FACTS

revision = "0003"
down_revision = "0002"


def _invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("n", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("series", sa.String(32), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("issued_on", sa.String(10), nullable=False),
        sa.Column("operated_on", sa.String(10), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("bundle", sa.String(64)),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("corrects", sa.String(64)),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "n", name="pk_invoices"),
        sa.UniqueConstraint("taxpayer", "number", name="uq_invoices_number"),
        sa.UniqueConstraint("taxpayer", "series", "place", name="uq_invoices_place"),
        sa.CheckConstraint("n > 0 AND place > 0 AND seq >= 0 AND entry >= 0 AND record >= 0", name="ck_invoices_numbers"),
        sa.CheckConstraint("length(issued_on) = 10 AND length(operated_on) = 10", name="ck_invoices_date"),
        sa.CheckConstraint("length(digest) = 32", name="ck_invoices_digest"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_invoices_entry", "invoices", ["taxpayer", "entry", "issued_on"])
    op.create_index("ix_invoices_seq", "invoices", ["taxpayer", "seq"])
    op.create_index("ix_invoices_account", "invoices", ["taxpayer", "account", "n"])
    op.create_index("ix_invoices_customer", "invoices", ["taxpayer", "customer", "n"])


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("place", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("installation", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amends", sa.String(8), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("issued_on", sa.String(10), nullable=False),
        sa.Column("generated_at", sa.String(32), nullable=False),
        sa.Column("hashed", sa.String(), nullable=False),
        sa.Column("huella", sa.String(64), nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "place", name="pk_records"),
        sa.CheckConstraint("place > 0", name="ck_records_place"),
        sa.CheckConstraint("length(huella) = 64", name="ck_records_huella"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_records_number", "records", ["taxpayer", "number", "place"])


def _installations() -> None:
    op.create_table(
        "installations",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("since", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "number", name="pk_installations"),
        sqlite_with_rowid=False,
    )


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("customer", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "number", "format", name="pk_documents"),
        sqlite_with_rowid=False,
    )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("message", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "message", name="pk_messages"),
        sa.CheckConstraint("message > 0 AND first > 0 AND last >= first", name="ck_messages_numbers"),
        sa.CheckConstraint("incident IN (0, 1)", name="ck_messages_incident"),
        sqlite_with_rowid=False,
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("message", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "message", name="pk_answers"),
        sqlite_with_rowid=False,
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "account", name="pk_accounts"),
        sqlite_with_rowid=False,
    )


def _waiting() -> None:
    op.create_table(
        "waiting",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("draft", sa.String(64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "draft", name="pk_waiting"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_waiting_recipient", "waiting", ["taxpayer", "recipient"])


def _states() -> None:
    op.create_table(
        "states",
        sa.Column("taxpayer", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("place", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("taxpayer", "place", name="pk_states"),
        sqlite_with_rowid=False,
    )


DERIVED = ("bundles", "movements", "customers", "visits", "holdings")  # `upgrade` fills them again


def upgrade() -> None:
    """The new tables; facts are append-only, and the planner is told of the indexes. What is derived is emptied."""
    for table in DERIVED:
        op.execute(sa.delete(sa.table(table)))
    _invoices()
    _records()
    _installations()
    _documents()
    _messages()
    _answers()
    _accounts()
    _waiting()
    _states()
    dialect = op.get_context().dialect.name
    for statement in (*triggers.guard(dialect, DOCUMENT_FACTS), *statistics.create(dialect)):
        op.execute(statement)
