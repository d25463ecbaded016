"""What SQLite's planner is told of the tables: with one taxpayer a prefix of `taxpayer` selects nothing.

Without it the planner takes `taxpayer = ?` for selective and reads whole tables where an index is at hand.
PostgreSQL counts by itself.
"""

from __future__ import annotations

# (table, index, rows, then rows by each longer prefix of the index); a table's own name is its primary key.
_GUESSES = (
    ("events", "events", "1000000 1000000 1"),
    ("events", "sqlite_autoindex_events_2", "1000000 1000000 1 1"),
    ("events", "ix_events_bundle", "1000000 1000000 12 1"),
    ("events", "ix_events_estimates", "20 20 1"),
    ("events", "ix_events_milestones", "100 100 1"),
    ("events", "ix_events_registrations", "100000 100000 1 1"),
    ("entries", "entries", "1000000 1000000 1"),
    ("entries", "ix_entries_date", "1000000 1000000 2000 1"),
    ("entries", "ix_entries_bundle", "1000000 1000000 12 1"),
    ("entries", "ix_entries_customer", "1000000 1000000 24 1"),
    ("movements", "movements", "1000000 1000000 1 1"),
    ("movements", "ix_movements_bundle", "1000000 1000000 12 1"),
    ("checklists", "checklists", "100 100 1 1"),
    ("checklist_runs", "checklist_runs", "100 100 1"),
    ("bundles", "bundles", "100000 100000 1"),
    ("bundles", "ix_bundles_due", "100000 100000 250"),
    ("bundles", "ix_bundles_customer", "100000 100000 2"),
    ("bundles", "ix_bundles_policy", "100000 100000 20000 1"),
    ("invoices", "invoices", "100000 100000 1"),
    ("invoices", "sqlite_autoindex_invoices_2", "100000 100000 1"),
    ("invoices", "sqlite_autoindex_invoices_3", "100000 100000 10000 1"),
    ("invoices", "ix_invoices_entry", "100000 100000 1 1"),
    ("invoices", "ix_invoices_seq", "100000 100000 1"),
    ("invoices", "ix_invoices_account", "100000 100000 2 1"),
    ("invoices", "ix_invoices_customer", "100000 100000 4 1"),
    ("invoices", "ix_invoices_register", "100000 100000 1"),
    ("records", "records", "100000 100000 1"),
    ("records", "ix_records_number", "100000 100000 1 1"),
    ("documents", "documents", "100000 100000 2 1"),
    ("messages", "messages", "1000 1000 1"),
    ("answers", "answers", "1000 1000 1"),
    ("accounts", "accounts", "100000 100000 1"),
    ("waiting", "waiting", "1000 1000 1"),
    ("waiting", "ix_waiting_recipient", "1000 1000 4 1"),
    ("states", "states", "100000 100000 1"),
    ("tree_heads", "tree_heads", "100 100 1"),
    ("statements", "statements", "10000 10000 1"),
    ("statements", "ix_statements_customer", "10000 10000 4 1"),
    ("liability", "liability", "2000 2000 20 10 10 5 1"),
    ("bundle_liability", "bundle_liability", "500000 500000 5 2 2 2 2 1"),
    ("results", "results", "20000 20000 200 20 5 3 2 1"),
    ("keys", "keys", "100000 100000 1"),
    ("keys", "ix_keys_blocked", "20 20 1"),
    ("disclosures", "disclosures", "1000 1000 1"),
    ("disclosed", "disclosed", "10000 10000 10 1"),
    ("disclosed", "ix_disclosed_customer", "10000 10000 2 1"),
    ("visits", "visits", "100000 100000 1"),
    ("visits", "ix_visits_customer", "100000 100000 4"),
)


def create(dialect: str) -> list[str]:
    """The statements that make a new database's planner use the indexes; none where the planner counts by itself."""
    if dialect != "sqlite":
        return []
    insert = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES"
    rows = (f"{insert} ('{table}', '{index}', '{stat}')" for table, index, stat in _GUESSES)
    return ["ANALYZE", "DELETE FROM sqlite_stat1", *rows]
