"""A Beancount ledger, as Fava has loaded it, seen as movements of the contract liability."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from fava.beans.abc import Transaction

from revrec.books.balance import is_result
from revrec.core.journal import Role
from revrec.core.money import exponent
from revrec.core.rollforward import Leg, Line, Source, lines_of

if TYPE_CHECKING:
    from fava.beans.abc import Directive, Open, Posting
    from fava.core.tree import Tree

ROLE = "revrec-role"
ENTRY = "entry"  # the metadata that revrec puts on each of its entries
_SUMMED = re.compile(r"(fy[0-9].*|summary)\.beancount")  # generated, too: entries that stand for many, under no number


def roles(opens: Iterable[Open]) -> dict[str, str]:
    """The role of each account: its own `revrec-role`, else that of the account above it."""
    opened = list(opens)
    said = {entry.account: str(entry.meta[ROLE]) for entry in opened if ROLE in entry.meta}
    return {entry.account: role for entry in opened if (role := _inherited(entry.account, said))}


def _inherited(account: str, said: Mapping[str, str]) -> str | None:
    while account:
        if account in said:
            return said[account]
        account = account.rpartition(":")[0]
    return None


def lines(entries: Iterable[Directive], accounts: Mapping[str, str], currency: str) -> Iterator[Line]:
    """The movements of the contract liability, in the ledger's order; UnknownRule for a rule without a column."""
    for entry in entries:
        if isinstance(entry, Transaction) and any(accounts.get(p.account) == Role.CONTRACT_LIABILITY for p in entry.postings):
            yield from lines_of(_source(entry, accounts, currency))


def strayed(entries: Iterable[Transaction], liabilities: set[str]) -> bool:
    """Whether a leg of the contract liability belongs to another branch than its entry."""
    return any(p.account in liabilities and p.meta and "branch" in p.meta for entry in entries for p in entry.postings)


def manual(entries: Iterable[Transaction]) -> Iterator[Transaction]:
    """The accountant's own entries: what revrec did not write."""
    return (entry for entry in entries if ENTRY not in entry.meta and not _SUMMED.fullmatch(_file(entry)))


def _file(entry: Transaction) -> str:
    return Path(str(entry.meta["filename"])).name


def _source(entry: Transaction, accounts: Mapping[str, str], currency: str) -> Source:
    meta = entry.meta
    legs = [_leg(posting, accounts, currency) for posting in entry.postings if posting.units.currency == currency]
    where = f"entry {meta.get('entry') or entry.narration} of {entry.date}"
    own = [_word(meta, key) for key in ("rule", "bundle", "branch", "service", "policy")]
    return Source(entry.date, own[0], where, own[1], own[2], own[3], own[4], legs)


def _leg(posting: Posting, accounts: Mapping[str, str], currency: str) -> Leg:
    meta = posting.meta or {}
    amount = minor(posting.units.number, currency)
    return Leg(accounts.get(posting.account, ""), amount, _word(meta, "bundle"), _word(meta, "branch"))


def _word(meta: Mapping[str, object], key: str) -> str | None:
    value = meta.get(key)
    return str(value) if value is not None else None


def minor(number: Decimal, currency: str) -> int:
    """Minor units of a number of the ledger, rounded to the cent where somebody wrote more decimals by hand."""
    return int(number.scaleb(exponent(currency)).to_integral_value())


def balance(tree: Tree, accounts: Iterable[str], currency: str) -> int:
    """What Fava's own account tree says that some accounts hold together, debit positive, in minor units."""
    found = (tree[account].balance for account in accounts if account in tree)
    return sum(minor(number, currency) for held in found for (unit, _), number in held.items() if unit == currency)


def held(entries: Iterable[Transaction], accounts: Iterable[str], currency: str, begin: date | None, end: date | None) -> int:
    """What some accounts hold together before `end`, debit positive; of income and expense what moved from `begin` on.

    The entries come in the order of their days.
    """
    since = {account: begin if begin and is_result(account) else date.min for account in accounts}
    total = Decimal(0)
    for entry in entries:
        if end and entry.date >= end:
            break
        for leg in entry.postings:
            first = since.get(leg.account)
            if first and first <= entry.date and leg.units.currency == currency:
                total += leg.units.number
    return minor(total, currency)
