"""How long the books and vouchers of a person must be kept, whatever the person asks: dated rules of law."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from revrec.core.dates import add_months


class Statute(NamedTuple):
    """A duty to keep: `start` says from which day the `years` count, for a last entry; in force from `since`."""

    since: date
    years: int
    start: Callable[[date], date]
    source: str


class Kept(NamedTuple):
    """The last day on which a person's data must be kept, and the law that says so."""

    until: date
    source: str


def _filing_deadline(entry: date) -> date:
    """The last filing deadline for a year: the income tax of companies, 25 July of the next (LIS art. 124.1)."""
    return date(entry.year + 1, 7, 25)


def _entry(entry: date) -> date:
    return entry


STATUTES = (
    Statute(date(1990, 1, 1), 6, _entry, "Código de Comercio art. 30"),
    Statute(date(2004, 7, 1), 4, _filing_deadline, "Ley 58/2003, General Tributaria, art. 66"),
)
# Longer in single cases, which nobody sees from the books: the ten years in which the tax office may check losses and
# deductions carried forward (LGT art. 66 bis.2), a claim in court. `keep_years` of revrec.toml is for them.


def may_be_over(on: date, least: int = 0) -> date:
    """The day after which no last entry can lie if, on a day, the law lets go of what is behind it: a quick first look.

    Only the oldest rule has bound every entry: a younger one that asks for more years leaves those before it alone.
    """
    oldest = min(STATUTES, key=lambda rule: rule.since)
    return add_months(on, -12 * max(least, oldest.years))


def kept_until(last: date, least: int = 0) -> Kept:
    """The day until which the data behind a last entry must be kept: the latest that any rule in force then asks for.

    `least` is the number of years that the taxpayer's settings ask for, whatever the law says (0: none).
    """
    rules = (rule for rule in STATUTES if rule.since <= last)
    found = max(Kept(add_months(rule.start(last), 12 * rule.years), rule.source) for rule in rules)
    return max(found, Kept(add_months(last, 12 * least), f"revrec.toml, keep_years = {least}"))
