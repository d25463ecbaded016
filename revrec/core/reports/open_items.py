"""What is open of each claim, by whoever owes it: every settlement takes off what it names, then the oldest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from revrec.core.journal import JournalEntry, Role
from revrec.core.reports.frame import legs_of

CLAIMS = (Role.RECEIVABLE, Role.CONTRACT_ASSET)


class Debt(NamedTuple):
    """Who owes on what: a payer, a bundle (None: one-off visits), a role."""

    payer: str | None
    bundle: str | None
    role: Role


class Item(NamedTuple):
    """What is left of one claim: `entry` made it on `since`; an amount below 0 is money beyond what was claimed."""

    since: date
    entry: int
    amount: int
    session: str | None = None


def open_items(entries: Iterable[JournalEntry], branch: str | None = None) -> dict[Debt, list[Item]]:
    """The open items of every claim after some entries, oldest first; debts without any are left out."""
    found: dict[Debt, list[Item]] = defaultdict(list)
    for entry in entries:
        for leg in legs_of(entry, branch):
            if leg.role in CLAIMS:
                debt = Debt(leg.customer or entry.customer, leg.bundle or entry.bundle, leg.role)
                item = Item(entry.effective or entry.date, entry.number, leg.amount, entry.session)
                found[debt] = _after(found[debt], item, entry.corrects)
    return {debt: items for debt, items in found.items() if items}


def _after(items: list[Item], new: Item, corrects: int | None) -> list[Item]:
    """The items when one more has come: of the opposite sign, it takes off the one that it corrects, then the oldest."""
    left, kept = new.amount, list[Item]()
    for item in sorted(items, key=lambda each: each.entry != corrects):
        taken = _opposite(item.amount, left)
        left += taken
        if item.amount != taken:
            kept.append(item._replace(amount=item.amount - taken))
    if left:
        kept.append(new._replace(amount=left))
    return sorted(kept)


def _opposite(amount: int, other: int) -> int:
    """As much of an amount as one of the opposite sign outweighs; 0 when both have the same."""
    if (amount > 0) is (other > 0) or not other:
        return 0
    return min(amount, -other) if amount > 0 else max(amount, -other)
