"""R6, the age of unused rights: what is still owed in sessions, by time since purchase, by days left and by last use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from revrec.core import money
from revrec.core.book import Kind as Moved
from revrec.core.book import Movement
from revrec.core.bundle import Bundle
from revrec.core.dates import add_months
from revrec.core.journal import Role
from revrec.core.policy import Breakage
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, legs_of
from revrec.core.units import Unit

EXPIRED = "expired, not released"
GRACE = "in grace"
NEVER = "no expiry"


IDLE = "idle over 12 months"


class Right(NamedTuple):
    """What is unused of one bundle at the end of a day: `left` in quanta, `value` its part of the contract liability.

    `remote`: its policy lets it be deemed that the customer will not return (IFRS 15.B46), or nothing ends it.
    """

    bundle: str
    unit: Unit
    left: int
    value: int
    sold_on: date
    expires_on: date | None
    valid_until: date | None
    last_use: date | None
    holder: str = UNNAMED
    remote: bool = False


def right(bundle: Bundle, on: date, value: int, last_use: date | None) -> Right | None:
    """The right that a bundle still is at the end of the day, or None: used up, ended, or expired and released."""
    lapsed = bundle.lapsed_on is not None or bundle.expired(on)
    left = 0 if lapsed and not value else bundle.left
    if not left and not value:
        return None
    unit = bundle.terms.package.unit
    remote = bundle.terms.policy.breakage is Breakage.REMOTE or bundle.valid_until is None
    dates = (bundle.sold_on, bundle.expires_on, bundle.valid_until, last_use)
    return Right(bundle.id, unit, left, value, *dates, holder=bundle.customer, remote=remote)


def age_band(held: Right, on: date) -> str:
    """How long ago the bundle was sold."""
    bands = ((3, "sold within 3 months"), (6, "3 to 6 months ago"), (12, "6 to 12 months ago"))
    return next((name for months, name in bands if add_months(held.sold_on, months) > on), "over 12 months ago")


def expiry_band(held: Right, on: date) -> str:
    """How long the bundle may still be used."""
    if held.valid_until is None or held.expires_on is None:
        return NEVER
    if held.valid_until < on:
        return EXPIRED
    if held.expires_on < on:
        return GRACE
    days = (held.expires_on - on).days
    bands = ((30, "0 to 30 days left"), (90, "31 to 90 days"), (180, "91 to 180 days"), (365, "181 to 365 days"))
    return next((name for most, name in bands if days <= most), "over 365 days")


def idle_band(held: Right, on: date) -> str:
    """How long ago the bundle was used for the last time, or sold where it never was."""
    since = held.last_use or held.sold_on
    bands = ((3, "used within 3 months"), (6, "idle 3 to 6 months"), (12, "idle 6 to 12 months"))
    return next((name for months, name in bands if add_months(since, months) > on), IDLE)


def candidate(held: Right, on: date) -> bool:
    """Whether it may be asked if the customer will return at all (`breakage.deemed_remote`)."""
    return held.remote and idle_band(held, on) == IDLE


AGES = ("sold within 3 months", "3 to 6 months ago", "6 to 12 months ago", "over 12 months ago")
EXPIRIES = (
    EXPIRED,
    GRACE,
    "0 to 30 days left",
    "31 to 90 days",
    "91 to 180 days",
    "181 to 365 days",
    "over 365 days",
    NEVER,
)
IDLENESS = ("used within 3 months", "idle 3 to 6 months", "idle 6 to 12 months", IDLE)
_UNITS = {Unit.SESSION: "Sessions", Unit.HOUR: "Hours", Unit.MINUTE: "Minutes", Unit.MONEY: "Money"}
COLUMNS = (
    Column("by", "By", Kind.TEXT),
    Column("band", "Band", Kind.TEXT),
    Column("bundles", "Bundles", Kind.COUNT),
    *(Column(f"{unit}_left", f"{_UNITS[unit]} left", Kind.UNITS, sparse=True) for unit in Unit),
    Column("value", "Value", Kind.AMOUNT),
    Column("last_use", "Last use", Kind.DATE),
)


DETAIL = (
    Column("bundle", "Bundle", Kind.TEXT),
    Column("holder", "Holder", Kind.TEXT),
    *(Column(f"{unit}_left", f"{_UNITS[unit]} left", Kind.UNITS, sparse=True) for unit in Unit),
    Column("value", "Value", Kind.AMOUNT),
    Column("sold_on", "Sold", Kind.DATE),
    Column("last_use", "Last use", Kind.DATE),
    Column("expires_on", "Expires", Kind.DATE),
    Column("expiry", "To expiry", Kind.TEXT),
    Column("activity", "Activity", Kind.TEXT),
    Column("remote", "Remote", Kind.TEXT, sparse=True),
)
BY_BUNDLE = "bundle"


def report(records: Records, asked: Question) -> Table:
    """The report at the end of a day, tied to the ledger; by bundle where that is asked."""
    on, values = asked.last, defaultdict[str | None, int](int)
    for entry in records.entries(on):
        for leg in legs_of(entry, asked.branch):
            if leg.role is Role.CONTRACT_LIABILITY:
                values[leg.bundle or entry.bundle] -= leg.amount
    rights = [held for bundle in records.bundles() if (held := _right(records, bundle, asked, values[bundle.id]))]
    ledger = -records.balance((Role.CONTRACT_LIABILITY,), on, asked.branch)
    return table(rights, on, records.currency, ledger=ledger, each=BY_BUNDLE in asked.by)


def _right(records: Records, bundle: Bundle, asked: Question, value: int) -> Right | None:
    """What is unused of a bundle; at one branch, of those sold there."""
    if bundle.sold_on > asked.last or (asked.branch not in (None, bundle.branch) and not value):
        return None
    held = right(records.bundle_on(bundle, asked.last), asked.last, value, None)
    return held._replace(last_use=last_use(records.movements(bundle.id), asked.last)) if held else None


def last_use(movements: Iterable[Movement], on: date) -> date | None:
    """The day of the last use up to a day that stands."""
    until = [movement for movement in movements if movement.date <= on]
    undone = {movement.ref for movement in until if movement.kind is Moved.SESSION_UNDONE}
    uses = (m.date for m in until if m.kind is Moved.SESSION and m.units and m.ref not in undone)
    return max(uses, default=None)


def table(rights: Sequence[Right], on: date, currency: str, *, ledger: int, each: bool = False) -> Table:
    """The report at the end of a day; `ledger` is the balance of the contract liability, `each` asks for every bundle."""
    late = sum(held.value for held in rights if expiry_band(held, on) == EXPIRED)
    tie = Tie("Unused rights", sum(held.value for held in rights), "ledger balance", ledger)
    said = f"{money.text(late, currency)} has expired and is not released. Hint: `revrec advance --to {on}` releases it"
    title = f"Unused rights at the end of {on}"
    rows = tuple(_each(held, on) for held in rights) if each else _sections(rights, on)
    total = ("Total", None, *_sums(rights), *(None,) * 6) if each else _row("", "Total", rights)
    columns, notes = DETAIL if each else COLUMNS, tuple(_candidates(rights, on, currency))
    return Table("aging", title, currency, columns, rows, total, (tie,), notes, (said,) if late else ())


def _sections(rights: Sequence[Right], on: date) -> tuple[tuple[Cell, ...], ...]:
    sections = (("age", AGES, age_band), ("expiry", EXPIRIES, expiry_band), ("activity", IDLENESS, idle_band))
    return tuple(row for by, bands, band_of in sections for row in _section(by, bands, rights, on, band_of))


def _candidates(rights: Iterable[Right], on: date, currency: str) -> Iterator[str]:
    """What the accountant should look at: idle rights that nothing but a judgement ends."""
    found = [held for held in rights if candidate(held, on)]
    if found:
        worth = money.text(sum(held.value for held in found), currency)
        yield (
            f"{len(found)} idle for over 12 months, worth {worth}: candidates for `breakage.deemed_remote` (IFRS 15.B46); "
            "`--by bundle` lists them."
        )


def _each(held: Right, on: date) -> tuple[Cell, ...]:
    left = (held.left if held.unit is unit else 0 for unit in Unit)
    remote = "candidate" if candidate(held, on) else ""
    dates = (held.sold_on, held.last_use, held.expires_on)
    return (held.bundle, held.holder, *left, held.value, *dates, expiry_band(held, on), idle_band(held, on), remote)


def _sums(rights: Sequence[Right]) -> tuple[int, ...]:
    """Units left by kind, then the value."""
    left = (sum(held.left for held in rights if held.unit is unit) for unit in Unit)
    return (*left, sum(held.value for held in rights))


def _section(
    by: str, bands: Iterable[str], rights: Sequence[Right], on: date, band_of: Callable[[Right, date], str]
) -> list[tuple[Cell, ...]]:
    """A row for each band, empty ones too: a reader looks for what is not there."""
    sorted_in: dict[str, list[Right]] = {band: [] for band in bands}
    for held in rights:
        sorted_in[band_of(held, on)].append(held)
    return [_row(by, band, held) for band, held in sorted_in.items()]


def _row(by: str, band: str, rights: Sequence[Right]) -> tuple[Cell, ...]:
    last = max((held.last_use for held in rights if held.last_use), default=None)
    return (by, band, len(rights), *_sums(rights), last)
