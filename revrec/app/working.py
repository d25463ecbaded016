"""What a formula is, and what is known of an entry when its legs are explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from revrec.core.bundle import Bundle
from revrec.core.clauses import Words
from revrec.core.events import Fact
from revrec.core.journal import JournalEntry, Role
from revrec.core.money import text

FULL = 10_000  # a rate of 100 % in hundredths of a percent
EARNED = (Role.REVENUE_PACKAGE, Role.REVENUE_NO_SHOW, Role.COMMISSION_INCOME)
NET = (*EARNED, Role.CONTRACT_LIABILITY, Role.REFUND_LIABILITY, Role.BREAKAGE)
VAT = (Role.VAT_OUTPUT, Role.VAT_OUTPUT_PENDING)
CLAIMS = (Role.RECEIVABLE, Role.CONTRACT_ASSET)


class Formula(NamedTuple):
    """A working: what is computed (`about`), how (`sum`, whose value is the size of `amount`), for legs of `roles`.

    `amount` is debit positive, in minor units; `rest` marks what is only the difference of the other legs.
    """

    roles: tuple[Role, ...]
    amount: int
    about: Words
    sum: Words
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of an entry when it is explained.

    `balances` are those of its bundles before it, by (bundle, role), debit positive; `earned` is the package revenue of
    sessions before it; `prior` and `after` are the bundle before and after its event; `rates` the tax rates that may
    bear on it, in hundredths of a percent; `on_day` what its bundle's earlier entries add up to at the end of its day.
    """

    entry: JournalEntry
    currency: str
    fact: Fact | None
    original: JournalEntry | None = None
    balances: Mapping[tuple[str | None, Role], int] = field(default_factory=dict)
    earned: int = 0
    prior: Bundle | None = None
    after: Bundle | None = None
    rates: tuple[int, ...] = ()
    on_day: Mapping[Role, int] = field(default_factory=dict)

    def before(self, role: Role, bundle: str | None = None) -> int:
        """The balance of a role before the entry, debit positive."""
        return self.balances.get((bundle or self.entry.bundle, role), 0)

    def total(self, *roles: Role) -> int:
        """What the entry itself posts on some roles, debit positive."""
        return sum(leg.amount for leg in self.entry.postings if leg.role in roles)

    def money(self, minor: int, en: str = "", es: str = "") -> Words:
        """An amount with the name of what it is."""
        plain = text(minor, self.currency)
        return Words(f"{plain} {en}".rstrip(), f"{plain} {es}".rstrip())

    @property
    def net(self) -> int:
        """What is billed of the bundle without its VAT, once the entry is posted: liability, revenue and breakage."""
        return -sum(self.before(role) for role in NET) - self.total(*NET)


def fold(template: str, *words: Words) -> Words:
    """A formula with its numbers put in, in both languages."""
    return Words(template.format(*(word.en for word in words)), template.format(*(word.es for word in words)))


def same(plain: str) -> Words:
    """What is written alike in both languages."""
    return Words(plain, plain)


def both(amount: int, roles: tuple[Role, ...], about: Words, how: Words) -> Iterator[Formula]:
    """The same working on either side; `amount` is its value, shown as a size where it is negative."""
    how = how if amount >= 0 else fold("-({})", how)
    yield Formula(roles, amount, about, how)
    yield Formula(roles, -amount, about, how)
