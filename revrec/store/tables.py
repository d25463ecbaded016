"""The tables. `taxpayer` leads every key; facts are append-only, what is derived can be made again from them.

Dates are ISO 8601 text, amounts are bigint minor units, units are bigint quanta: what is stored is what is meant,
on every database. No numbers come from the database: the head row counts.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

ID = String(64)
EVENT_ID = String(255)
DAY = String(10)
MONTH = String(7)

ADJUSTMENTS = text("type = 'adjustment.posted'")
ESTIMATES = text("type = 'breakage.estimated'")

metadata = MetaData()


def _taxpayer() -> Column[int]:
    return Column("taxpayer", BigInteger, nullable=False, autoincrement=False)


# Reference table: which number stands for which taxpayer; written by `init`.
taxpayers = Table(
    "taxpayers",
    metadata,
    _taxpayer(),
    Column("id", ID, nullable=False),
    PrimaryKeyConstraint("taxpayer", name="pk_taxpayers"),
    UniqueConstraint("id", name="uq_taxpayers_id"),
)

# One row a taxpayer, locked first by every writer; numbers of events and entries come from here.
heads = Table(
    "heads",
    metadata,
    _taxpayer(),
    Column("seq", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("calendar", DAY),
    Column("closed_through", DAY),
    PrimaryKeyConstraint("taxpayer", name="pk_heads"),
    CheckConstraint("seq >= 0 AND entries >= 0", name="ck_heads_counts"),
    CheckConstraint("length(digest) = 32", name="ck_heads_digest"),
)

# FACTS: what happened, as the bytes that the chain covers; appended by `record`, `advance`, `close`.
events = Table(
    "events",
    metadata,
    _taxpayer(),
    Column("seq", BigInteger, nullable=False, autoincrement=False),
    Column("source", String(255), nullable=False),
    Column("id", EVENT_ID, nullable=False),
    Column("type", ID, nullable=False),
    Column("date", DAY, nullable=False),
    Column("bundle", ID),
    Column("customer", ID, nullable=False),  # whose key seals it; '' = the taxpayer's own
    Column("first_entry", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("content", LargeBinary(32), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("taxpayer", "seq", name="pk_events"),
    UniqueConstraint("taxpayer", "id", "source", name="uq_events_id"),
    CheckConstraint("seq > 0 AND first_entry > 0 AND entries >= 0", name="ck_events_numbers"),
    CheckConstraint("length(date) = 10", name="ck_events_date"),
    CheckConstraint("length(content) = 32 AND length(digest) = 32", name="ck_events_digests"),
    sqlite_with_rowid=False,
)
Index("ix_events_bundle", events.c.taxpayer, events.c.bundle, events.c.seq)
# Estimates are few and asked for by every run: an index that every other event leaves alone.
Index("ix_events_estimates", events.c.taxpayer, events.c.seq, sqlite_where=ESTIMATES, postgresql_where=ESTIMATES)

# FACTS: the journal, as the bytes whose digest stands in the chain.
entries = Table(
    "entries",
    metadata,
    _taxpayer(),
    Column("number", BigInteger, nullable=False, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("date", DAY, nullable=False),
    Column("bundle", ID),
    Column("customer", ID),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "number", name="pk_entries"),
    CheckConstraint("number > 0 AND seq > 0", name="ck_entries_numbers"),
    CheckConstraint("length(date) = 10", name="ck_entries_date"),
    sqlite_with_rowid=False,
)
Index("ix_entries_date", entries.c.taxpayer, entries.c.date, entries.c.number)
Index("ix_entries_bundle", entries.c.taxpayer, entries.c.bundle, entries.c.number)
Index("ix_entries_customer", entries.c.taxpayer, entries.c.customer, entries.c.number)

# FACTS: the versions of policies, packages and taxes that a sale relied on, and the settings that posting depends on;
# appended with the event that first pinned them.
pins = Table(
    "pins",
    metadata,
    _taxpayer(),
    Column("kind", String(16), nullable=False),
    Column("id", ID, nullable=False),
    Column("since", DAY, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "kind", "id", "since", name="pk_pins"),
    CheckConstraint("kind IN ('package', 'policy', 'tax', 'settings')", name="ck_pins_kind"),
    CheckConstraint("length(digest) = 32", name="ck_pins_digest"),
    sqlite_with_rowid=False,
)

# DERIVED: what each event did to a bundle, visit or customer; the key makes a session consumed once. A late event may
# change what undoing an earlier one needs (`parts`).
movements = Table(
    "movements",
    metadata,
    _taxpayer(),
    Column("ref", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("nth", Integer, nullable=False),  # its place among those of its event
    Column("date", DAY, nullable=False),
    Column("bundle", ID),
    Column("customer", ID),
    Column("units", BigInteger, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("parts", String, nullable=False),
    PrimaryKeyConstraint("taxpayer", "ref", "kind", name="pk_movements"),
    CheckConstraint("seq > 0 AND entry >= 0", name="ck_movements_numbers"),
    sqlite_with_rowid=False,
)
Index("ix_movements_bundle", movements.c.taxpayer, movements.c.bundle, movements.c.seq)

# FACTS: what stood in the books when a month was closed; appended with its `period.closed`.
periods = Table(
    "periods",
    metadata,
    _taxpayer(),
    Column("seq", BigInteger, nullable=False),
    Column("period", MONTH, nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("files", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "seq", "period", name="pk_periods"),
    CheckConstraint("length(period) = 7", name="ck_periods_period"),
    CheckConstraint("length(head) = 32", name="ck_periods_head"),
    sqlite_with_rowid=False,
)

# DERIVED: the state of each bundle; `due` is the day on which the clock must look at it, `policy` the id of the policy
# under which the event numbered `seq` made it.
bundles = Table(
    "bundles",
    metadata,
    _taxpayer(),
    Column("bundle", ID, nullable=False),
    Column("customer", ID, nullable=False),
    Column("policy", ID, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("due", DAY),
    Column("status", String(16), nullable=False),
    Column("state", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "bundle", name="pk_bundles"),
    sqlite_with_rowid=False,
)
Index("ix_bundles_due", bundles.c.taxpayer, bundles.c.due)
Index("ix_bundles_customer", bundles.c.taxpayer, bundles.c.customer)
Index("ix_bundles_policy", bundles.c.taxpayer, bundles.c.policy, bundles.c.seq)

# DERIVED: what rules need to know of a customer; `seq` is the latest registration or erasure (0: none).
customers = Table(
    "customers",
    metadata,
    _taxpayer(),
    Column("customer", ID, nullable=False),
    Column("household", ID),
    Column("credit", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "customer", name="pk_customers"),
    sqlite_with_rowid=False,
)

# DERIVED: one-off visits and what is paid of them.
visits = Table(
    "visits",
    metadata,
    _taxpayer(),
    Column("session", ID, nullable=False),
    Column("customer", ID, nullable=False),
    Column("service", ID, nullable=False),
    Column("branch", ID),
    Column("price", BigInteger, nullable=False),
    Column("paid", BigInteger, nullable=False),
    Column("undone", Integer, nullable=False),
    Column("vat", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False),
    Column("tax", ID, nullable=False),
    Column("lost", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "session", name="pk_visits"),
    CheckConstraint("undone IN (0, 1)", name="ck_visits_undone"),
    sqlite_with_rowid=False,
)
Index("ix_visits_customer", visits.c.taxpayer, visits.c.customer)

# DERIVED: money held in another currency on the accounts of a role, and what it stands for in the books.
holdings = Table(
    "holdings",
    metadata,
    _taxpayer(),
    Column("role", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("carried", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "role", "currency", name="pk_holdings"),
    sqlite_with_rowid=False,
)

# The key of each customer, wrapped by one that is not in the database; the only thing that erasing a person deletes.
keys = Table(
    "keys",
    metadata,
    _taxpayer(),
    Column("customer", ID, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "customer", name="pk_keys"),
    sqlite_with_rowid=False,
)

# DERIVED: movement of a month by role and analytic dimensions; '' = none.
balances = Table(
    "balances",
    metadata,
    _taxpayer(),
    Column("month", MONTH, nullable=False),
    Column("role", String(32), nullable=False),
    Column("branch", ID, nullable=False),
    Column("service", ID, nullable=False),
    Column("method", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "month", "role", "branch", "service", "method", name="pk_balances"),
    sqlite_with_rowid=False,
)

# DERIVED: the days with entries, and the SHA-256 of the file of each; NULL until it is written.
days = Table(
    "days",
    metadata,
    _taxpayer(),
    Column("date", DAY, nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("file", String(64)),
    PrimaryKeyConstraint("taxpayer", "date", name="pk_days"),
    CheckConstraint("entries >= 0", name="ck_days_entries"),
    sqlite_with_rowid=False,
)

# DERIVED: the events whose id another source had used before; the books name the source only there.
homonyms = Table(
    "homonyms",
    metadata,
    _taxpayer(),
    Column("id", EVENT_ID, nullable=False),
    Column("source", String(255), nullable=False),
    PrimaryKeyConstraint("taxpayer", "id", "source", name="pk_homonyms"),
    sqlite_with_rowid=False,
)

FACTS = ("events", "entries", "pins", "periods")
