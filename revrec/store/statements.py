"""Every statement that the store runs, as SQLAlchemy constructs: compiled once for the dialect at hand.

Parameters are given by position, in the order in which they are written here; `taxpayer` is always among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Dialect,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from revrec.store import tables as t

PAGE = 2000  # rows of one page of a long read
LIST = 256  # values of one IN list; a shorter list repeats its last value

EVENT = (
    t.events.c.seq,
    t.events.c.id,
    t.events.c.source,
    t.events.c.type,
    t.events.c.date,
    t.events.c.bundle,
    t.events.c.customer,
    t.events.c.first_entry,
    t.events.c.entries,
    t.events.c.content,
    t.events.c.record,
    t.events.c.digest,
)
MOVEMENT = (
    t.movements.c.kind,
    t.movements.c.ref,
    t.movements.c.seq,
    t.movements.c.date,
    t.movements.c.bundle,
    t.movements.c.customer,
    t.movements.c.units,
    t.movements.c.entry,
    t.movements.c.parts,
)
VISIT = (
    t.visits.c.session,
    t.visits.c.customer,
    t.visits.c.service,
    t.visits.c.branch,
    t.visits.c.price,
    t.visits.c.paid,
    t.visits.c.undone,
    t.visits.c.vat,
    t.visits.c.pending,
    t.visits.c.tax,
    t.visits.c.lost,
)
BUNDLE = (t.bundles.c.bundle, t.bundles.c.state)
GLANCE = tuple(t.bundles.c["branch", "used_on", "ends_on", "live", "units_left", "liability", "owed", "unpaid"])
INVOICE = tuple(t.invoices.c)[1:]
RECORD = tuple(t.records.c)[1:]
TREE_HEAD = tuple(t.tree_heads.c)[1:]
STATEMENT = tuple(t.statements.c)[1:]
DISCLOSURE = tuple(t.disclosures.c)[1:]
SESSIONS = ("session", "session-undone", "visit")  # in the order of the key, what undoes a session behind it
OPEN = ("pending", "sent", "unknown")  # a record that the tax authority has not answered for; without a row it was never sent
REJECTED, ERRONEOUS = "rejected", "accepted-with-errors"
HARMLESS = ("2004", "2009")  # errors of an accepted record that ask for no amendment; a test holds them to the regime's own
_HARMLESS: list[ColumnElement[str]] = [literal_column(f"'{code}'") for code in HARMLESS]
_WITH_STATE = t.records.outerjoin(
    t.states, and_(t.states.c.taxpayer == t.records.c.taxpayer, t.states.c.place == t.records.c.place)
)
_UNANSWERED = t.states.c.state.in_([literal_column(f"'{state}'") for state in OPEN])
_IS_OPEN = or_(t.states.c.place.is_(None), _UNANSWERED)


def _of(table: Table, *columns: str) -> ColumnElement[bool]:
    """`taxpayer = ? AND column = ? …`."""
    return and_(*(table.c[name] == bindparam(f"is_{name}") for name in ("taxpayer", *columns)))


def _list(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """`column IN (?, …)` with LIST values."""
    return column.in_([bindparam(f"in_{i}") for i in range(LIST)])


def _or_any(table: Table, *columns: str) -> Iterator[ColumnElement[bool]]:
    """For each column `(1 = ? OR column = ?)`: 1 and '' for any, 0 and a value for that one."""
    return (or_(literal_column("1") == bindparam(f"any_{name}"), table.c[name] == bindparam(f"of_{name}")) for name in columns)


def _same(table: Table, column: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The rows of a table for the person of a key."""
    return table.c.taxpayer == t.keys.c.taxpayer, table.c[column] == t.keys.c.customer


def _page(statement: Select[Any]) -> Select[Any]:
    return statement.suffix_with(f"LIMIT {PAGE}")  # .limit() would add an OFFSET on SQLite


def _set(*columns: str) -> dict[str, Any]:
    return {name: bindparam(f"to_{name}") for name in columns}


def _added(table: Table) -> ClauseElement:
    """Insert an amount, or add it to the one that stands under its key; by position: the columns of the table."""
    names = [column.name for column in table.c]
    values, key = ", ".join(f":{name}" for name in names), ", ".join(column.name for column in table.primary_key)
    told = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})"  # noqa: S608  names of our own tables
    return text(f"{told} ON CONFLICT ({key}) DO UPDATE SET amount = {table.name}.amount + excluded.amount")


_NIL: ColumnElement[int] = literal_column("0")
_KEY_COLUMNS = tuple(t.bundle_liability.c)[1:-1]
_KEY = tuple_(*_KEY_COLUMNS)
_AFTER = tuple_(*(bindparam(f"after_{column.name}") for column in _KEY_COLUMNS))
_SUM = func.sum(t.bundle_liability.c.amount)
_OPEN = func.sum(case((t.bundle_liability.c.month < bindparam("first"), t.bundle_liability.c.amount), else_=_NIL))
_TURN = func.sum(case((t.bundle_liability.c.month >= bindparam("from"), func.abs(t.bundle_liability.c.amount)), else_=_NIL))
_MOVED = or_(_OPEN != _NIL, _TURN != _NIL)
# The bundles of a list (`lists.Chosen`), and how it is sorted: by what is owed, or by the last day of use.
_LAST_DAY = func.coalesce(t.bundles.c.ends_on, literal_column("'9999-12-31'"))
_CHOSEN = and_(
    _of(t.bundles),
    t.bundles.c.live.between(bindparam("live_from"), bindparam("live_to")),
    bindparam("ends_from") <= _LAST_DAY,
    bindparam("ends_to") >= _LAST_DAY,
    t.bundles.c.owed + t.bundles.c.unpaid >= bindparam("due_from"),
    t.bundles.c.used_on <= bindparam("used_to"),
    t.bundles.c.units_left >= bindparam("left_from"),
    *_or_any(t.bundles, "branch", "customer", "bundle"),
)
_MOST_OWED = case((literal_column("1") == bindparam("by_owed"), -t.bundles.c.owed), else_=literal_column("0"))
# The register of documents (`lists.Filed`): each with its latest record and where that stands at the tax authority.
_LATEST = (
    select(func.max(t.records.c.place))
    .where(t.records.c.taxpayer == t.invoices.c.taxpayer, t.records.c.number == t.invoices.c.number)
    .scalar_subquery()
)
_STANDING = case(
    (t.invoices.c.record == literal_column("0"), literal_column("'none'")),
    (t.states.c.state.is_(None), literal_column("'open'")),
    (t.states.c.state == literal_column(f"'{REJECTED}'"), literal_column("'stuck'")),
    (and_(t.states.c.state == literal_column(f"'{ERRONEOUS}'"), t.states.c.code.not_in(_HARMLESS)), literal_column("'stuck'")),
    (
        and_(t.states.c.state == literal_column(f"'{OPEN[0]}'"), t.states.c.code != literal_column("''")),
        literal_column("'stuck'"),
    ),
    (_UNANSWERED, literal_column("'open'")),
    else_=literal_column("'accepted'"),
)
_REGISTER = (
    select(*t.invoices.c[t.REGISTER], *t.states.c["state", "code", "text"], _STANDING.label("standing"))
    .select_from(t.invoices.outerjoin(t.states, and_(t.states.c.taxpayer == t.invoices.c.taxpayer, t.states.c.place == _LATEST)))
    .where(
        _of(t.invoices),
        t.invoices.c.issued_on.between(bindparam("issued_from"), bindparam("issued_to")),
        *_or_any(t.invoices, "number", "customer", "bundle"),
    )
    .subquery("register")
)
# The day of the last session goes forward only: the text is given twice.
_LATER = case((t.bundles.c.used_on < bindparam("used"), bindparam("to_used_on")), else_=t.bundles.c.used_on)
_AFTER_USE = ("ends_on", "live", "units_left", "liability", "owed", "unpaid", "state")
_entries = select(t.entries.c.body).order_by(t.entries.c.number)

STATEMENTS: dict[str, ClauseElement] = {
    "taxpayer": select(t.taxpayers.c.taxpayer).where(t.taxpayers.c.id == bindparam("is_id")),
    "taxpayers": select(t.taxpayers.c.id).order_by(t.taxpayers.c.id),
    "last_taxpayer": select(func.max(t.taxpayers.c.taxpayer)),
    "head": select(t.heads.c.seq, t.heads.c.entries, t.heads.c.digest, t.heads.c.calendar, t.heads.c.closed_through).where(
        _of(t.heads),
    ),
    # Writing the row to itself takes its lock before anything is read: the second writer waits here.
    "lock": update(t.heads).values(seq=t.heads.c.seq).where(_of(t.heads)),
    "move_head": update(t.heads).values(_set("seq", "entries", "digest", "calendar", "closed_through")).where(_of(t.heads)),
    "events": _page(select(*EVENT).where(_of(t.events), t.events.c.seq > bindparam("after")).order_by(t.events.c.seq)),
    "event": select(*EVENT).where(_of(t.events, "seq")),
    "event_leaves": _page(
        select(t.events.c.seq, t.events.c.entries, t.events.c.record)
        .where(_of(t.events), t.events.c.seq > bindparam("after"), t.events.c.seq <= bindparam("until"))
        .order_by(t.events.c.seq),
    ),
    # What a period needs of the chain: events in its order, up to the first that fits; entries by the index of their days.
    "first_event_between": select(t.events.c.seq)
    .where(_of(t.events), t.events.c.date.between(bindparam("first"), bindparam("last")))
    .order_by(t.events.c.seq)
    .suffix_with("LIMIT 1"),
    "first_entry_between": select(t.entries.c.seq)
    .where(_of(t.entries), t.entries.c.date.between(bindparam("first"), bindparam("last")))
    .order_by(t.entries.c.number)
    .suffix_with("LIMIT 1"),
    "last_entry_until": select(t.entries.c.seq)
    .where(_of(t.entries), t.entries.c.date <= bindparam("until"))
    .order_by(t.entries.c.number.desc())
    .suffix_with("LIMIT 1"),
    "entry_leaves": _page(
        select(t.entries.c.number, t.entries.c.body)
        .where(_of(t.entries), t.entries.c.number > bindparam("after"))
        .order_by(t.entries.c.number),
    ),
    "events_by_id": select(*EVENT).where(_of(t.events, "id")).order_by(t.events.c.seq),
    "events_of_bundle": select(*EVENT).where(_of(t.events, "bundle")).order_by(t.events.c.seq),
    "adjustments_of_bundle": select(*EVENT)
    .where(_of(t.events), t.ADJUSTMENTS, t.events.c.seq.in_(select(t.movements.c.seq).where(_of(t.movements, "bundle"))))
    .order_by(t.events.c.seq),
    "estimates": select(*EVENT).where(_of(t.events), t.ESTIMATES).order_by(t.events.c.seq),
    "milestones": select(*EVENT).where(_of(t.events), t.MILESTONES).order_by(t.events.c.seq),
    "registrations": select(*EVENT).where(_of(t.events, "customer"), t.REGISTRATIONS).order_by(t.events.c.seq.desc()),
    "known": select(t.events.c.id, t.events.c.source, t.events.c.seq).where(_of(t.events), _list(t.events.c.id)),
    "content": select(t.events.c.customer, t.events.c.content).where(_of(t.events, "seq")),
    "entry": select(t.entries.c.body).where(_of(t.entries, "number")),
    "entry_rows": _page(
        select(t.entries.c.number, t.entries.c.seq, t.entries.c.date, t.entries.c.bundle, t.entries.c.customer, t.entries.c.body)
        .where(_of(t.entries), t.entries.c.number > bindparam("after"))
        .order_by(t.entries.c.number),
    ),
    "entries_numbered": _entries.where(
        _of(t.entries),
        t.entries.c.number >= bindparam("first"),
        t.entries.c.number < bindparam("last"),
    ),
    "entries_of_bundle": _entries.where(_of(t.entries, "bundle")),
    "entries_of_customer": _entries.where(_of(t.entries, "customer")),
    "entries_of_day": _entries.where(_of(t.entries, "date")),
    "entries": _page(
        select(t.entries.c.date, t.entries.c.number, t.entries.c.body, t.entries.c.seq)
        .where(
            _of(t.entries),
            tuple_(t.entries.c.date, t.entries.c.number) > tuple_(bindparam("day"), bindparam("after")),
            t.entries.c.date <= bindparam("last"),
        )
        .order_by(t.entries.c.date, t.entries.c.number),
    ),
    "pins": select(t.pins.c.kind, t.pins.c.id, t.pins.c.since, t.pins.c.seq, t.pins.c.digest, t.pins.c.content)
    .where(_of(t.pins))
    .order_by(t.pins.c.seq, t.pins.c.kind, t.pins.c.id, t.pins.c.since),
    "movements_of_ref": select(*MOVEMENT).where(_of(t.movements, "ref")).order_by(t.movements.c.kind),
    "movements_of_refs": select(*MOVEMENT).where(_of(t.movements), _list(t.movements.c.ref)),
    "movements_of_bundle": select(*MOVEMENT).where(_of(t.movements, "bundle")).order_by(t.movements.c.seq, t.movements.c.nth),
    "movements_of_bundles": select(*MOVEMENT)
    .where(_of(t.movements), _list(t.movements.c.bundle))
    .order_by(t.movements.c.bundle, t.movements.c.seq, t.movements.c.nth),
    "movement_states": _page(
        select(*t.movements.c["ref", "kind", "seq", "nth", "date", "bundle", "customer", "units", "entry", "parts"])
        .where(_of(t.movements), tuple_(t.movements.c.ref, t.movements.c.kind) > tuple_(bindparam("ref"), bindparam("kind")))
        .order_by(t.movements.c.ref, t.movements.c.kind),
    ),
    "sessions": _page(
        select(*t.movements.c["ref", "kind", "date", "bundle", "units", "entry", "parts"])
        .where(
            _of(t.movements),
            t.movements.c.kind.in_([literal_column(f"'{kind}'") for kind in SESSIONS]),
            tuple_(t.movements.c.ref, t.movements.c.kind) > tuple_(bindparam("ref"), bindparam("kind")),
        )
        .order_by(t.movements.c.ref, t.movements.c.kind),
    ),
    "put_movement": update(t.movements).values(_set("customer", "units", "parts")).where(_of(t.movements, "ref", "kind")),
    "bundle": select(*BUNDLE).where(_of(t.bundles, "bundle")),
    "bundles_of_list": select(*BUNDLE).where(_of(t.bundles), _list(t.bundles.c.bundle)),
    "bundles_of_customer": select(*BUNDLE).where(_of(t.bundles, "customer")).order_by(t.bundles.c.bundle),
    "bundles_of_customers": select(*BUNDLE).where(_of(t.bundles), _list(t.bundles.c.customer)),
    "bundles_of_policy": select(*BUNDLE).where(_of(t.bundles, "policy")).order_by(t.bundles.c.seq, t.bundles.c.bundle),
    "bundle_rows": _page(
        select(*t.bundles.c["bundle", "customer", "due", "status", "state", "policy", "seq"], *GLANCE)
        .where(_of(t.bundles), t.bundles.c.bundle > bindparam("after"))
        .order_by(t.bundles.c.bundle),
    ),
    "chosen_bundles": select(*BUNDLE, t.bundles.c.used_on)
    .where(_CHOSEN)
    .order_by(_MOST_OWED, _LAST_DAY, t.bundles.c.bundle)
    .limit(bindparam("count"))
    .offset(bindparam("skip")),
    "chosen_sums": select(
        func.count(),
        *(func.coalesce(func.sum(t.bundles.c[name]), literal_column("0")) for name in ("liability", "owed")),
    ).where(_CHOSEN),
    "holders_of_list": select(t.bundles.c.bundle, t.bundles.c.customer).where(_of(t.bundles), _list(t.bundles.c.bundle)),
    "due": select(t.bundles.c.due, t.bundles.c.bundle)
    .where(_of(t.bundles), t.bundles.c.due <= bindparam("until"))
    .order_by(t.bundles.c.due, t.bundles.c.bundle),
    "put_bundle": update(t.bundles)
    .values({**_set("customer", "due", "status"), "used_on": _LATER, **_set(*_AFTER_USE)})
    .where(_of(t.bundles, "bundle")),
    "customer": select(t.customers.c.customer, t.customers.c.household, t.customers.c.credit, t.customers.c.seq).where(
        _of(t.customers, "customer"),
    ),
    "customers_of_list": select(t.customers.c.customer, t.customers.c.household, t.customers.c.credit, t.customers.c.seq).where(
        _of(t.customers),
        _list(t.customers.c.customer),
    ),
    "customers": select(t.customers.c.customer, t.customers.c.household, t.customers.c.credit, t.customers.c.seq)
    .where(_of(t.customers))
    .order_by(t.customers.c.customer),
    "put_customer": update(t.customers).values(_set("household", "credit", "seq")).where(_of(t.customers, "customer")),
    "visit": select(*VISIT).where(_of(t.visits, "session")),
    "visits_of_customer": select(*VISIT).where(_of(t.visits, "customer")).order_by(t.visits.c.session),
    "visits": select(*VISIT).where(_of(t.visits)).order_by(t.visits.c.session),
    "put_visit": update(t.visits)
    .values(_set("price", "paid", "undone", "vat", "pending", "tax", "lost"))
    .where(_of(t.visits, "session")),
    "holdings": select(*t.holdings.c["role", "currency", "amount", "carried"])
    .where(_of(t.holdings))
    .order_by(t.holdings.c.role, t.holdings.c.currency),
    "put_holding": update(t.holdings).values(_set("amount", "carried")).where(_of(t.holdings, "role", "currency")),
    "key": select(t.keys.c.wrapped).where(_of(t.keys, "customer")),
    "destroy_key": delete(t.keys).where(_of(t.keys, "customer")),
    "put_key": update(t.keys).values(_set("wrapped")).where(_of(t.keys, "customer")),
    "keys_of_list": select(t.keys.c.customer, t.keys.c.wrapped).where(_of(t.keys), _list(t.keys.c.customer)),
    "blocked": select(t.keys.c.customer).where(_of(t.keys), t.BLOCKED).order_by(t.keys.c.customer),
    "blocked_before": select(t.keys.c.customer)
    .where(
        _of(t.keys),
        t.BLOCKED,
        ~exists().where(*_same(t.entries, "customer"), t.entries.c.date > bindparam("booked")),
        ~exists().where(
            *_same(t.bundles, "customer"),
            t.entries.c.taxpayer == t.bundles.c.taxpayer,
            t.entries.c.bundle == t.bundles.c.bundle,
            t.entries.c.date > bindparam("used"),
        ),
        ~exists().where(*_same(t.invoices, "customer"), t.invoices.c.issued_on > bindparam("issued")),
    )
    .order_by(t.keys.c.customer),
    "disclosures": _page(
        select(*DISCLOSURE).where(_of(t.disclosures), t.disclosures.c.n > bindparam("after")).order_by(t.disclosures.c.n)
    ),
    "last_disclosure": select(t.disclosures.c.n, t.disclosures.c.digest)
    .where(_of(t.disclosures))
    .order_by(t.disclosures.c.n.desc())
    .suffix_with("LIMIT 1"),
    "disclosures_of": select(*DISCLOSURE)
    .where(
        _of(t.disclosures),
        t.disclosures.c.n.in_(select(t.disclosed.c.n).where(_of(t.disclosed, "customer"))),
    )
    .order_by(t.disclosures.c.n),
    "disclosed": _page(
        select(t.disclosed.c.customer)
        .where(_of(t.disclosed, "n"), t.disclosed.c.customer > bindparam("after"))
        .order_by(t.disclosed.c.customer),
    ),
    "stray_disclosed": select(t.disclosed.c.n)
    .where(_of(t.disclosed), t.disclosed.c.n > bindparam("last"))
    .suffix_with("LIMIT 1"),
    "balances": select(
        t.balances.c.month,
        t.balances.c.role,
        t.balances.c.branch,
        t.balances.c.service,
        t.balances.c.method,
        t.balances.c.amount,
    )
    .where(_of(t.balances), t.balances.c.month <= bindparam("until"))
    .order_by(t.balances.c.month, t.balances.c.role, t.balances.c.branch, t.balances.c.service, t.balances.c.method),
    "add_balance": update(t.balances)
    .values(amount=t.balances.c.amount + bindparam("more"))
    .where(_of(t.balances, "month", "role", "branch", "service", "method")),
    "days": select(t.days.c.date, t.days.c.entries, t.days.c.file).where(_of(t.days)).order_by(t.days.c.date),
    "add_day": update(t.days).values(entries=t.days.c.entries + bindparam("more"), **_set("file")).where(_of(t.days, "date")),
    "put_file": update(t.days).values(_set("file")).where(_of(t.days, "date")),
    "homonyms": select(t.homonyms.c.id, t.homonyms.c.source).where(_of(t.homonyms)),
    "periods": select(t.periods.c.seq, t.periods.c.period, t.periods.c.head, t.periods.c.files)
    .where(_of(t.periods))
    .order_by(t.periods.c.seq, t.periods.c.period),
    "checklists": select(*t.checklists.c["seq", "period", "content"]).where(_of(t.checklists)).order_by(t.checklists.c.seq),
    "checklist_run": select(*t.checklist_runs.c["seq", "content"]).where(_of(t.checklist_runs, "period")),
    "put_checklist_run": update(t.checklist_runs).values(_set("seq", "content")).where(_of(t.checklist_runs, "period")),
    "tree_heads": select(*TREE_HEAD).where(_of(t.tree_heads)).order_by(t.tree_heads.c.seq),
    "last_tree_head": select(*TREE_HEAD).where(_of(t.tree_heads)).order_by(t.tree_heads.c.seq.desc()).suffix_with("LIMIT 1"),
    "statements": _page(
        select(*STATEMENT).where(_of(t.statements), t.statements.c.n > bindparam("after")).order_by(t.statements.c.n)
    ),
    "last_statement": select(func.max(t.statements.c.n)).where(_of(t.statements)),
    "closings": select(t.periods.c.seq, t.periods.c.period).where(_of(t.periods)).order_by(t.periods.c.seq),
    "invoices": _page(select(*INVOICE).where(_of(t.invoices), t.invoices.c.n > bindparam("after")).order_by(t.invoices.c.n)),
    "invoice": select(*INVOICE).where(_of(t.invoices, "number")),
    "invoices_of_event": select(*INVOICE).where(_of(t.invoices, "seq")).order_by(t.invoices.c.n),
    "invoices_of_account": select(*INVOICE).where(_of(t.invoices, "account")).order_by(t.invoices.c.n),
    "invoices_of_customer": select(*INVOICE).where(_of(t.invoices, "customer")).order_by(t.invoices.c.n),
    "last_invoice": select(t.invoices.c.n, t.invoices.c.digest)
    .where(_of(t.invoices))
    .order_by(t.invoices.c.n.desc())
    .suffix_with("LIMIT 1"),
    "last_in_series": select(t.invoices.c.place, t.invoices.c.issued_on)
    .where(_of(t.invoices, "series"))
    .order_by(t.invoices.c.place.desc())
    .suffix_with("LIMIT 1"),
    "invoice_links": select(t.invoices.c.entry, t.invoices.c.number, t.invoices.c.issued_on).where(
        _of(t.invoices),
        _list(t.invoices.c.entry),
    ),
    "invoice_links_between": select(t.invoices.c.entry, t.invoices.c.number, t.invoices.c.issued_on).where(
        _of(t.invoices),
        t.invoices.c.entry >= bindparam("first"),
        t.invoices.c.entry <= bindparam("last"),
    ),
    "document_digests": _page(
        select(t.invoices.c.n, t.invoices.c.digest)
        .where(_of(t.invoices), t.invoices.c.n > bindparam("after"))
        .order_by(t.invoices.c.n)
    ),
    "later_invoices": select(*INVOICE).where(_of(t.invoices, "entry", "issued_on")).order_by(t.invoices.c.n),
    "register": select(*_REGISTER.c)
    .where(or_(literal_column("1") == bindparam("any_standing"), _REGISTER.c.standing == bindparam("of_standing")))
    .order_by(_REGISTER.c.n.desc())
    .limit(bindparam("count"))
    .offset(bindparam("skip")),
    "register_sums": select(_REGISTER.c.standing, func.count(), func.sum(_REGISTER.c.gross), func.sum(_REGISTER.c.vat)).group_by(
        _REGISTER.c.standing
    ),
    "waiting_of_list": select(t.waiting.c.draft, t.waiting.c.seq, t.waiting.c.state)
    .where(_of(t.waiting), _list(t.waiting.c.seq))
    .order_by(t.waiting.c.seq, t.waiting.c.draft),
    "waiting_page": select(t.waiting.c.draft, t.waiting.c.seq, t.waiting.c.state)
    .where(_of(t.waiting))
    .order_by(t.waiting.c.seq, t.waiting.c.draft)
    .limit(bindparam("count"))
    .offset(bindparam("skip")),
    "count_waiting": select(func.count()).select_from(t.waiting).where(_of(t.waiting)),
    "later_days": select(t.invoices.c.issued_on).where(_of(t.invoices, "entry")).distinct(),
    "records": _page(select(*RECORD).where(_of(t.records), t.records.c.place > bindparam("after")).order_by(t.records.c.place)),
    "record": select(*RECORD).where(_of(t.records, "place")),
    "open_records": _page(
        select(*RECORD, *tuple(t.states.c)[1:])
        .select_from(_WITH_STATE)
        .where(_of(t.records), t.records.c.place > bindparam("after"), _IS_OPEN)
        .order_by(t.records.c.place)
    ),
    "first_unanswered": select(func.min(t.states.c.place)).where(_of(t.states), _UNANSWERED),
    "last_sent": select(func.max(t.states.c.place)).where(_of(t.states)),
    "count_open": select(func.count()).select_from(_WITH_STATE).where(_of(t.records), _IS_OPEN),
    "records_of_invoice": select(*RECORD).where(_of(t.records, "number")).order_by(t.records.c.place),
    "latest_records": select(t.records.c.number, func.max(t.records.c.place)).where(_of(t.records)).group_by(t.records.c.number),
    "last_record": select(*RECORD).where(_of(t.records)).order_by(t.records.c.place.desc()).suffix_with("LIMIT 1"),
    "installation": select(t.installations.c.number).where(_of(t.installations)).order_by(t.installations.c.since.desc()),
    "documents_of_invoice": select(t.documents.c.format, t.documents.c.at, t.documents.c.sha256)
    .where(_of(t.documents, "number"))
    .order_by(t.documents.c.format),
    "document": select(t.documents.c.customer, t.documents.c.content).where(
        _of(t.documents, "number", "format"),
    ),
    "messages": select(*tuple(t.messages.c)[1:]).where(_of(t.messages)).order_by(t.messages.c.message),
    "last_message": select(*tuple(t.messages.c)[1:])
    .where(_of(t.messages))
    .order_by(t.messages.c.message.desc())
    .suffix_with("LIMIT 1"),
    "answer": select(*tuple(t.answers.c)[1:]).where(_of(t.answers, "message")),
    "last_answer": select(*tuple(t.answers.c)[1:])
    .where(_of(t.answers))
    .order_by(t.answers.c.message.desc())
    .suffix_with("LIMIT 1"),
    "last_wait": select(t.answers.c.wait)
    .where(_of(t.answers), t.answers.c.wait > bindparam("above"))
    .order_by(t.answers.c.message.desc())
    .suffix_with("LIMIT 1"),
    "answers": select(*tuple(t.answers.c)[1:]).where(_of(t.answers)).order_by(t.answers.c.message),
    "states": select(*tuple(t.states.c)[1:]).where(_of(t.states)).order_by(t.states.c.place),
    "state": select(*tuple(t.states.c)[1:]).where(_of(t.states, "place")),
    "last_message_of": select(*tuple(t.messages.c)[1:])
    .where(_of(t.messages), t.messages.c.first <= bindparam("from"), t.messages.c.last >= bindparam("to"))
    .order_by(t.messages.c.message.desc())
    .suffix_with("LIMIT 1"),
    "put_state": update(t.states).values(_set("state", "code", "text", "message")).where(_of(t.states, "place")),
    "account": select(t.accounts.c.state).where(_of(t.accounts, "account")),
    "accounts_of_list": select(t.accounts.c.account, t.accounts.c.state).where(_of(t.accounts), _list(t.accounts.c.account)),
    "accounts": _page(
        select(t.accounts.c.account, t.accounts.c.state)
        .where(_of(t.accounts), t.accounts.c.account > bindparam("after"))
        .order_by(t.accounts.c.account),
    ),
    "put_account": update(t.accounts).values(_set("state")).where(_of(t.accounts, "account")),
    "waiting": select(t.waiting.c.draft, t.waiting.c.seq, t.waiting.c.state)
    .where(_of(t.waiting))
    .order_by(t.waiting.c.seq, t.waiting.c.draft),
    "waiting_one": select(t.waiting.c.draft, t.waiting.c.seq, t.waiting.c.state).where(_of(t.waiting, "draft")),
    "waiting_of_recipient": select(t.waiting.c.draft, t.waiting.c.seq, t.waiting.c.state)
    .where(_of(t.waiting, "recipient"))
    .order_by(t.waiting.c.seq, t.waiting.c.draft),
    "waiting_recipients_of_list": select(t.waiting.c.recipient).where(_of(t.waiting), _list(t.waiting.c.recipient)).distinct(),
    "put_waiting": update(t.waiting).values(_set("state")).where(_of(t.waiting, "draft")),
    "drop_waiting": delete(t.waiting).where(_of(t.waiting, "draft")),
    "mark": select(t.marks.c.entry).where(_of(t.marks, "name")),
    "put_mark": update(t.marks).values(_set("entry")).where(_of(t.marks, "name")),
    "sum_liability": _added(t.liability),
    "sum_bundle_liability": _added(t.bundle_liability),
    "sum_results": _added(t.results),
    "clear_marks": delete(t.marks).where(_of(t.marks)),
    "clear_liability": delete(t.liability).where(_of(t.liability)),
    "clear_bundle_liability": delete(t.bundle_liability).where(_of(t.bundle_liability)),
    "clear_results": delete(t.results).where(_of(t.results)),
    "sessions_given": select(t.events.c.seq, t.events.c.id, t.events.c.source, t.events.c.record)
    .where(_of(t.events), t.events.c.seq >= bindparam("first"), t.events.c.seq <= bindparam("last"), t.GIVEN)
    .order_by(t.events.c.seq),
    "sessions_between": select(t.events.c.record)
    .where(
        _of(t.events),
        t.events.c.seq >= bindparam("first"),
        t.events.c.seq <= bindparam("last"),
        t.GIVEN,
        t.events.c.date.between(bindparam("begin"), bindparam("end")),
    )
    .order_by(t.events.c.seq),
    "undone_sessions": select(t.movements.c.ref).where(
        _of(t.movements), t.movements.c.kind == literal_column("'session-undone'")
    ),
    "events_of_list": select(*EVENT).where(_of(t.events), _list(t.events.c.seq)),
    "liability": select(*tuple(t.liability.c)[1:])
    .where(_of(t.liability), t.liability.c.month <= bindparam("until"))
    .order_by(*tuple(t.liability.c)[1:-1]),
    "liability_of_list": select(*tuple(t.bundle_liability.c)[1:]).where(
        _of(t.bundle_liability), _list(t.bundle_liability.c.bundle)
    ),
    "liability_rows": _page(
        select(*tuple(t.bundle_liability.c)[1:]).where(_of(t.bundle_liability), _AFTER < _KEY).order_by(*_KEY_COLUMNS)
    ),
    "open_at": select(t.bundle_liability.c.bundle, _SUM)
    .where(_of(t.bundle_liability), t.bundle_liability.c.month < bindparam("month"))
    .group_by(t.bundle_liability.c.bundle)
    .having(_SUM > _NIL),
    "owing": select(t.bundle_liability.c.bundle, _SUM)
    .where(
        _of(t.bundle_liability),
        t.bundle_liability.c.month <= bindparam("until"),
        *_or_any(t.bundle_liability, "branch", "service", "policy"),
    )
    .group_by(t.bundle_liability.c.bundle)
    .having(_MOVED),
    "results": select(*tuple(t.results.c)[1:])
    .where(_of(t.results), t.results.c.month >= bindparam("first"), t.results.c.month <= bindparam("last"))
    .order_by(*tuple(t.results.c)[1:-1]),
    "results_of": select(*tuple(t.results.c)[2:-1], func.sum(t.results.c.amount))
    .where(_of(t.results), t.results.c.month >= bindparam("first"), t.results.c.month <= bindparam("last"))
    .group_by(*tuple(t.results.c)[2:-1]),
    **{f"add_{name}": insert(table) for name, table in t.metadata.tables.items()},
}


# The insert of a table of plain rows is `add_TABLE`; `add_days` and `add_balances` make a row, `add_day` … change one.


@lru_cache(maxsize=8)
def dialect(name: str) -> Dialect:
    """The dialect with parameters by position: `?` for SQLite, `%s` for PostgreSQL."""
    if name == "sqlite":
        return SQLiteDialect_pysqlite(paramstyle="qmark")
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # slow to import, and most books are SQLite

    return PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]


@cache
def compiled(name: str, statement: str) -> str:
    """The text of a statement for a dialect."""
    return str(STATEMENTS[statement].compile(dialect=dialect(name)))


def columns(name: str, statement: str) -> list[str]:
    """The names of the parameters of a statement, by position; for tests."""
    made: Any = STATEMENTS[statement].compile(dialect=dialect(name))
    return list(made.positiontup)
