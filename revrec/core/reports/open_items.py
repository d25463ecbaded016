"""What is open of each claim, by whoever owes it: every settlement takes off what it names, then the oldest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from revrec.core.bundle import Bundle, ClaimKind
from revrec.core.journal import JournalEntry, Role
from revrec.core.payer import spread
from revrec.core.reports.frame import Records, legs_of

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
    event: str = ""


def open_items(entries: Iterable[JournalEntry], branch: str | None = None) -> dict[Debt, list[Item]]:
    """The open items of every claim after some entries, oldest first; debts without any are left out."""
    found: dict[Debt, list[Item]] = defaultdict(list)
    for entry in entries:
        for leg in legs_of(entry, branch):
            if leg.role in CLAIMS:
                debt = Debt(leg.customer or entry.customer, leg.bundle or entry.bundle, leg.role)
                item = Item(entry.effective or entry.date, entry.number, leg.amount, entry.session, entry.event)
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


def owed(records: Records, on: date, branch: str | None) -> dict[Debt, list[Item]]:
    """The open items at the end of a day, those of a bundle with several payers under the name of each of them.

    The ledger says what is owed on a bundle; the contract says by whom.
    """
    found = open_items(records.entries(on), branch)
    named = {debt.bundle for debt in found}
    shared = {b.id: records.bundle_on(b, on) for b in records.bundles() if b.payers and b.id in named}
    divided = {debt: items for debt, items in found.items() if debt.bundle not in shared}
    for name, bundle in shared.items():
        items = sorted((item, debt.role) for debt, items in found.items() if debt.bundle == name for item in items)
        for payer, role, item in _divided(bundle, items):
            divided.setdefault(Debt(payer, name, role), []).append(item)
    return divided


def _divided(bundle: Bundle, items: list[tuple[Item, Role]]) -> Iterator[tuple[str, Role, Item]]:
    """Each item by payer: what is owed beside the price is the customer's, the rest is divided as all of it is.

    At one branch stands a part of what is owed: it is divided in the same proportion.
    """
    total = sum(item.amount for item, _ in items)
    left = {each.customer: each.owed for each in bundle.shares}
    if not sum(left.values()):
        left = {bundle.customer: total}
    elif total != sum(left.values()):
        left = dict(zip(left, spread(total, list(left.values())), strict=True))
    beside = {claim.ref: claim.amount for claim in bundle.position.claims if claim.kind is not ClaimKind.PACKAGE}
    rest = []
    for item, role in items:
        ref = item.session if item.session in beside else item.event
        own = min(item.amount, max(min(beside.get(ref, 0), left.get(bundle.customer, 0)), 0))
        if own:
            left[bundle.customer] = left.get(bundle.customer, 0) - own
            yield bundle.customer, role, item._replace(amount=own)
        rest.append((item._replace(amount=item.amount - own), role))
    for item, role in rest:
        parts = spread(item.amount, [max(amount, 0) for amount in left.values()])
        for payer, part in zip(tuple(left), parts, strict=True):
            left[payer] -= part
            if part:
                yield payer, role, item._replace(amount=part)
