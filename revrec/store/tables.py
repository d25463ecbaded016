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
GIVEN = text("type = 'session.completed'")
ESTIMATES = text("type = 'breakage.estimated'")
MILESTONES = text("type IN ('period.closed', 'period.reopened', 'currency.revalued')")
BLOCKED = text("length(wrapped) = 61")
REGISTRATIONS = text("type = 'customer.registered'")

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
# So are the days on which months were closed and opened again, and money of other currencies was valued.
Index("ix_events_milestones", events.c.taxpayer, events.c.seq, sqlite_where=MILESTONES, postgresql_where=MILESTONES)
# The registrations of one person, also after an erasure: for those to whom the law has blocked data shown.
Index(
    "ix_events_registrations",
    events.c.taxpayer,
    events.c.customer,
    events.c.seq,
    sqlite_where=REGISTRATIONS,
    postgresql_where=REGISTRATIONS,
)

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

# FACTS: the checklist of a month as it stood when the month was closed; appended by `close` with its `period.closed`, whose
# metadata hold the SHA-256 of `content`.
checklists = Table(
    "checklists",
    metadata,
    _taxpayer(),
    Column("seq", BigInteger, nullable=False),
    Column("period", MONTH, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "seq", "period", name="pk_checklists"),
    CheckConstraint("length(period) = 7", name="ck_checklists_period"),
    sqlite_with_rowid=False,
)

# The latest run of the checklist of each month, written by `close --check` and by a `close` that was refused: what a page
# shows of a month that is open. `seq` is the last event that it saw. Neither a fact nor to be made again.
checklist_runs = Table(
    "checklist_runs",
    metadata,
    _taxpayer(),
    Column("period", MONTH, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "period", name="pk_checklist_runs"),
    CheckConstraint("length(period) = 7", name="ck_checklist_runs_period"),
    sqlite_with_rowid=False,
)

# DERIVED: the state of each bundle; `due` is the day on which the clock must look at it, `policy` the id of the policy
# under which the event numbered `seq` made it. What follows is what lists select and add up: `used_on` the day of the last
# session (of the sale where there was none), `ends_on` the last day of use with grace, `live` 1 while something is left and
# neither a fact nor the clock ended it, `units_left` in quanta; in minor units its contract `liability`, what is `owed`, and
# what of the price is `unpaid` without being owed yet.
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
    Column("branch", ID, nullable=False),  # '' = none
    Column("used_on", DAY, nullable=False),
    Column("ends_on", DAY),
    Column("live", Integer, nullable=False),
    Column("units_left", BigInteger, nullable=False),
    Column("liability", BigInteger, nullable=False),
    Column("owed", BigInteger, nullable=False),
    Column("unpaid", BigInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "bundle", name="pk_bundles"),
    CheckConstraint("live IN (0, 1)", name="ck_bundles_live"),
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

# The key of each customer, wrapped by one that is not in the database; the only thing that erasing a person deletes. That of
# a blocked person is a byte longer: the calendar finds them by it.
keys = Table(
    "keys",
    metadata,
    _taxpayer(),
    Column("customer", ID, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "customer", name="pk_keys"),
    sqlite_with_rowid=False,
)
Index("ix_keys_blocked", keys.c.taxpayer, keys.c.customer, sqlite_where=BLOCKED, postgresql_where=BLOCKED)

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

# FACTS: the documents in order of issuing, their own chain: `digest` covers the one before and every column of this one.
# `content` is what it says, frozen, sealed with the key of `customer` ('' = the taxpayer's own); `parts` what it stands for
# in the accounts; `entry` the entry in whose transaction the number was born (0: issued later); `record` its place in the
# chain of the tax authority's records (0: none).
invoices = Table(
    "invoices",
    metadata,
    _taxpayer(),
    Column("n", BigInteger, nullable=False, autoincrement=False),
    Column("number", ID, nullable=False),
    Column("series", String(32), nullable=False),
    Column("place", BigInteger, nullable=False),  # its place in the series: gapless
    Column("kind", String(8), nullable=False),
    Column("issued_on", DAY, nullable=False),
    Column("operated_on", DAY, nullable=False),
    Column("at", String(20), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("account", String(80), nullable=False),
    Column("bundle", ID),
    Column("customer", ID, nullable=False),
    Column("corrects", ID),
    Column("gross", BigInteger, nullable=False),
    Column("vat", BigInteger, nullable=False),
    Column("record", BigInteger, nullable=False),
    Column("parts", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("taxpayer", "n", name="pk_invoices"),
    UniqueConstraint("taxpayer", "number", name="uq_invoices_number"),
    UniqueConstraint("taxpayer", "series", "place", name="uq_invoices_place"),
    CheckConstraint("n > 0 AND place > 0 AND seq >= 0 AND entry >= 0 AND record >= 0", name="ck_invoices_numbers"),
    CheckConstraint("length(issued_on) = 10 AND length(operated_on) = 10", name="ck_invoices_date"),
    CheckConstraint("length(digest) = 32", name="ck_invoices_digest"),
    sqlite_with_rowid=False,
)
Index("ix_invoices_entry", invoices.c.taxpayer, invoices.c.entry, invoices.c.issued_on)
Index("ix_invoices_seq", invoices.c.taxpayer, invoices.c.seq)
Index("ix_invoices_account", invoices.c.taxpayer, invoices.c.account, invoices.c.n)
Index("ix_invoices_customer", invoices.c.taxpayer, invoices.c.customer, invoices.c.n)
# All that a list of documents shows, without their texts; rows come in the order of `n`, so that the index only grows.
REGISTER = ("n", "number", "kind", "issued_on", "entry", "account", "bundle", "customer", "corrects", "gross", "vat", "record")
Index("ix_invoices_register", invoices.c.taxpayer, *invoices.c[REGISTER])

# FACTS: the records of the tax authority's chain (VERI*FACTU), registrations and cancellations together, in order of
# generation; `xml` is sealed with the key of `customer`; the other columns are what the next record and the huella need.
records = Table(
    "records",
    metadata,
    _taxpayer(),
    Column("place", BigInteger, nullable=False, autoincrement=False),
    Column("installation", ID, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amends", String(8), nullable=False),  # '' | S | SX | SS …: subsanación and rechazo previo
    Column("number", ID, nullable=False),
    Column("issued_on", DAY, nullable=False),
    Column("generated_at", String(32), nullable=False),
    Column("hashed", String, nullable=False),  # the very text that the huella covers
    Column("huella", String(64), nullable=False),
    Column("customer", ID, nullable=False),
    Column("xml", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "place", name="pk_records"),
    CheckConstraint("place > 0", name="ck_records_place"),
    CheckConstraint("length(huella) = 64", name="ck_records_huella"),
    sqlite_with_rowid=False,
)
Index("ix_records_number", records.c.taxpayer, records.c.number, records.c.place)

# FACTS: this installation of the invoicing system, by which the tax authority tells chains apart; one row a taxpayer.
installations = Table(
    "installations",
    metadata,
    _taxpayer(),
    Column("number", ID, nullable=False),
    Column("since", String(20), nullable=False),
    PrimaryKeyConstraint("taxpayer", "number", name="pk_installations"),
    sqlite_with_rowid=False,
)

# FACTS: documents made of a frozen content (signed XML, PDF), once, as the bytes that were verified; sealed like it.
documents = Table(
    "documents",
    metadata,
    _taxpayer(),
    Column("number", ID, nullable=False),
    Column("format", String(16), nullable=False),
    Column("at", String(20), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("customer", ID, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "number", "format", name="pk_documents"),
    sqlite_with_rowid=False,
)

# FACTS: what was sent to the tax authority, written before it is sent: records `first` to `last`.
messages = Table(
    "messages",
    metadata,
    _taxpayer(),
    Column("message", BigInteger, nullable=False, autoincrement=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("at", String(20), nullable=False),
    Column("incident", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    PrimaryKeyConstraint("taxpayer", "message", name="pk_messages"),
    CheckConstraint("message > 0 AND first > 0 AND last >= first", name="ck_messages_numbers"),
    CheckConstraint("incident IN (0, 1)", name="ck_messages_incident"),
    sqlite_with_rowid=False,
)

# FACTS: what came back for a message, as it came, sealed with the taxpayer's own key; `outcome` says how it was read.
answers = Table(
    "answers",
    metadata,
    _taxpayer(),
    Column("message", BigInteger, nullable=False, autoincrement=False),
    Column("at", String(20), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("wait", Integer, nullable=False),  # seconds that the authority asked to wait
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "message", name="pk_answers"),
    sqlite_with_rowid=False,
)

# DERIVED: what of each contract was billed, and the documents that cover it.
accounts = Table(
    "accounts",
    metadata,
    _taxpayer(),
    Column("account", String(80), nullable=False),
    Column("state", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "account", name="pk_accounts"),
    sqlite_with_rowid=False,
)

# DERIVED: documents that are due and cannot be issued yet, in order of the events that made them due.
waiting = Table(
    "waiting",
    metadata,
    _taxpayer(),
    Column("draft", ID, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("recipient", ID, nullable=False),
    Column("state", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "draft", name="pk_waiting"),
    sqlite_with_rowid=False,
)
Index("ix_waiting_recipient", waiting.c.taxpayer, waiting.c.recipient)

# DERIVED: where each record stands with the tax authority; without a row it was not answered yet.
states = Table(
    "states",
    metadata,
    _taxpayer(),
    Column("place", BigInteger, nullable=False, autoincrement=False),
    Column("state", String(24), nullable=False),
    Column("code", String(8), nullable=False),
    Column("text", String, nullable=False),
    Column("message", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "place", name="pk_states"),
    sqlite_with_rowid=False,
)

# FACTS: the head of the tree over events and entries (RFC 9162) at each closing, as the note that was signed; appended with its
# `period.closed`. `frontier` are the nodes from which the tree grows on: the next closing hashes only what came since; `tiles`
# the subtrees of 1,024 leaves completed since the head before: a proof reads them instead of every leaf.
tree_heads = Table(
    "tree_heads",
    metadata,
    _taxpayer(),
    Column("seq", BigInteger, nullable=False, autoincrement=False),
    Column("period", MONTH, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("tiles", LargeBinary, nullable=False),
    Column("note", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "seq", name="pk_tree_heads"),
    CheckConstraint("seq > 0 AND size >= seq", name="ck_tree_heads_numbers"),
    CheckConstraint("length(period) = 7", name="ck_tree_heads_period"),
    CheckConstraint("length(root) = 32", name="ck_tree_heads_root"),
    sqlite_with_rowid=False,
)

# FACTS: the signed statements that customers were given, numbered without gaps; they name the customer by id only. `seq` is
# the event up to which the books stood.
statements = Table(
    "statements",
    metadata,
    _taxpayer(),
    Column("n", BigInteger, nullable=False, autoincrement=False),
    Column("customer", ID, nullable=False),
    Column("as_of", DAY, nullable=False),
    Column("at", String(20), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("note", LargeBinary, nullable=False),
    PrimaryKeyConstraint("taxpayer", "n", name="pk_statements"),
    CheckConstraint("n > 0 AND seq >= 0", name="ck_statements_numbers"),
    CheckConstraint("length(as_of) = 10 AND length(sha256) = 64", name="ck_statements_lengths"),
    sqlite_with_rowid=False,
)
Index("ix_statements_customer", statements.c.taxpayer, statements.c.customer, statements.c.n)

# DERIVED: how far the sums below go: every entry up to that number is in them; caught up by `app/sums.py`, never by `record`.
marks = Table(
    "marks",
    metadata,
    _taxpayer(),
    Column("name", String(16), nullable=False),
    Column("entry", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "name", name="pk_marks"),
    CheckConstraint("entry >= 0", name="ck_marks_entry"),
    sqlite_with_rowid=False,
)

# DERIVED: movements of the contract liability by month and flow (`core/tally.py`), more owed positive; '' = none.
liability = Table(
    "liability",
    metadata,
    _taxpayer(),
    Column("month", MONTH, nullable=False),
    Column("branch", ID, nullable=False),
    Column("service", ID, nullable=False),
    Column("policy", String(80), nullable=False),
    Column("flow", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "month", "branch", "service", "policy", "flow", name="pk_liability"),
    sqlite_with_rowid=False,
)

# DERIVED: the same by bundle.
bundle_liability = Table(
    "bundle_liability",
    metadata,
    _taxpayer(),
    Column("bundle", ID, nullable=False),
    Column("month", MONTH, nullable=False),
    Column("branch", ID, nullable=False),
    Column("service", ID, nullable=False),
    Column("policy", String(80), nullable=False),
    Column("flow", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "bundle", "month", "branch", "service", "policy", "flow", name="pk_bundle_liability"),
    sqlite_with_rowid=False,
)

# DERIVED: income and expenses by month, debit positive; '' = none.
results = Table(
    "results",
    metadata,
    _taxpayer(),
    Column("month", MONTH, nullable=False),
    Column("package", ID, nullable=False),
    Column("provider", ID, nullable=False),
    Column("branch", ID, nullable=False),
    Column("service", ID, nullable=False),
    Column("role", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("taxpayer", "month", "package", "provider", "branch", "service", "role", name="pk_results"),
    sqlite_with_rowid=False,
)

# FACTS: the log of identities that were opened, handed over or destroyed, with a chain of its own. `role` is the office to
# which the law has blocked data shown ('' = nobody was blocked), `recipient` the SHA-256 of the certificate that a file was
# encrypted for, `whom` that of the persons in `disclosed`, `said` who did it and why, sealed with the taxpayer's own key.
disclosures = Table(
    "disclosures",
    metadata,
    _taxpayer(),
    Column("n", BigInteger, nullable=False, autoincrement=False),
    Column("at", String(20), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("role", String(32), nullable=False),
    Column("scope", String(128), nullable=False),
    Column("recipient", String(64), nullable=False),
    Column("persons", BigInteger, nullable=False),
    Column("documents", BigInteger, nullable=False),
    Column("whom", LargeBinary(32), nullable=False),
    Column("said", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("taxpayer", "n", name="pk_disclosures"),
    CheckConstraint("kind IN ('shown', 'handed over', 'destroyed')", name="ck_disclosures_kind"),
    CheckConstraint("n > 0 AND persons >= 0 AND documents >= 0", name="ck_disclosures_numbers"),
    CheckConstraint("length(whom) = 32 AND length(digest) = 32", name="ck_disclosures_digests"),
    sqlite_with_rowid=False,
)

# FACTS: the persons of each disclosure.
disclosed = Table(
    "disclosed",
    metadata,
    _taxpayer(),
    Column("n", BigInteger, nullable=False, autoincrement=False),
    Column("customer", ID, nullable=False),
    PrimaryKeyConstraint("taxpayer", "n", "customer", name="pk_disclosed"),
    sqlite_with_rowid=False,
)
Index("ix_disclosed_customer", disclosed.c.taxpayer, disclosed.c.customer, disclosed.c.n)

BOOK_FACTS = ("events", "entries", "pins", "periods")
DOCUMENT_FACTS = ("invoices", "records", "installations", "documents", "messages", "answers")
CHECK_FACTS = ("checklists",)
PROOF_FACTS = ("tree_heads", "statements")
PERSON_FACTS = ("disclosures", "disclosed")
FACTS = BOOK_FACTS + DOCUMENT_FACTS + PROOF_FACTS + CHECK_FACTS + PERSON_FACTS
