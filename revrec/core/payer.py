"""Who is bound to pay which part of a bundle's price, and what each of them has paid and owes.

The books know what is owed on a bundle, not by whom: that follows from the contract (events.md 4, `bundle.sold`: `payers`).
Amounts are minor units, tax included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from revrec.core.money import allocate


class Bound(NamedTuple):
    """A payer as the bundle keeps it: what was `agreed`, what was `paid` of it, and what was `lost` (written off)."""

    customer: str
    agreed: int
    paid: int = 0
    lost: int = 0

    @property
    def outstanding(self) -> int:
        """What is still to be paid of the part that was agreed, due or not; never below 0."""
        return max(self.agreed - self.paid - self.lost, 0)


class Share(NamedTuple):
    """A payer's part of a bundle on a day: `agreed` of the price, `paid` and `lost` of it, and `owed` now."""

    customer: str
    agreed: int
    paid: int
    lost: int
    owed: int

    @property
    def billed(self) -> int:
        """What was collected from, fell due for or was delivered to this payer: what a document to the payer says."""
        return self.paid + self.lost + self.owed


Bounds = tuple[Bound, ...]


def shares(bounds: Bounds, customer: str, billed: int, beside: int, claimed: int) -> tuple[Share, ...]:
    """Who owes what of the `claimed` amount; the parts add up to it.

    Each owes the agreed proportion of what is `billed` less what he or she paid; what is owed `beside` the price (fees, units
    beyond the bundle) is the customer's. Money that one paid ahead covers what was delivered to all until it is used up.
    """
    if beside and customer not in [bound.customer for bound in bounds]:
        bounds = (*bounds, Bound(customer, 0))
    due = spread(billed, [bound.agreed for bound in bounds])
    charged = [part + (beside if bound.customer == customer else 0) for part, bound in zip(due, bounds, strict=True)]
    gaps = [max(part - bound.paid - bound.lost, 0) for part, bound in zip(charged, bounds, strict=True)]
    owed = spread(claimed, gaps)
    return tuple(Share(*bound, part) for bound, part in zip(bounds, owed, strict=True))


def spread(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """An amount by weights, to the cent; without any weight the first takes it."""
    if sum(weights) > 0:
        return allocate(total, tuple(weights))
    return (total, *(0 for _ in weights[1:]))


def handed_over(bounds: Bounds, giver: str, taker: str) -> Bounds:
    """The customer's own part belongs to the new holder; other payers stay bound."""
    if giver == taker:
        return bounds
    merged: dict[str, Bound] = {}
    for bound in bounds:
        name = taker if bound.customer == giver else bound.customer
        was = merged.get(name, Bound(name, 0))
        merged[name] = Bound(name, was.agreed + bound.agreed, was.paid + bound.paid, was.lost + bound.lost)
    return tuple(merged.values())


def repriced(bounds: Bounds, price: int, who: str) -> Bounds:
    """A price that rises is owed by `who`, for nobody else agreed to it; one that falls, falls for each in proportion."""
    more = price - sum(bound.agreed for bound in bounds)
    if more < 0:
        parts = spread(price, [bound.agreed for bound in bounds])
        return tuple(bound._replace(agreed=part) for bound, part in zip(bounds, parts, strict=True))
    if more and who not in [bound.customer for bound in bounds]:
        bounds = (*bounds, Bound(who, 0))
    return tuple(b._replace(agreed=b.agreed + more) if b.customer == who else b for b in bounds)


def settled(bounds: Bounds, paid: int, who: str | None, customer: str) -> Bounds:
    """The payers once `paid` is what all of them paid.

    Money of `who` settles that payer's part, then the customer's, then those of the others in the order of the contract; it is
    taken back in the same order. Money that goes back to nobody in particular (a refund, a lower price) is first what was paid
    beyond each part, then what each has paid, in proportion; so it comes back when that is undone.
    """
    more = paid - sum(bound.paid for bound in bounds)
    if not more:
        return bounds
    if who is not None:
        ordered = sorted(bounds, key=lambda bound: (bound.customer != who, bound.customer != customer))
        moved = _filled(more, [bound.outstanding if more > 0 else max(bound.paid, 0) for bound in ordered])
        parts = dict(zip([bound.customer for bound in ordered], moved, strict=True))
        return tuple(bound._replace(paid=bound.paid + parts[bound.customer]) for bound in bounds)
    if more > 0:
        return _moved(bounds, more, lambda bound: bound.outstanding)
    over = [max(bound.paid + bound.lost - bound.agreed, 0) for bound in bounds]
    first = min(-more, sum(over))
    bounds = _moved(bounds, -first, lambda bound: max(bound.paid + bound.lost - bound.agreed, 0)) if first else bounds
    return _moved(bounds, more + first, lambda bound: max(bound.paid, 0))


def _filled(amount: int, most: Sequence[int]) -> list[int]:
    """An amount (below 0: taken out) up to `most` of each in turn; what is left over is the first one's."""
    left, parts = abs(amount), []
    for each in most:
        part = min(left, each)
        left -= part
        parts.append(part)
    parts[0] += left
    return parts if amount > 0 else [-part for part in parts]


def _moved(bounds: Bounds, amount: int, weight: Callable[[Bound], int]) -> Bounds:
    sign = 1 if amount > 0 else -1
    parts = spread(abs(amount), [weight(bound) for bound in bounds])
    return tuple(bound._replace(paid=bound.paid + sign * part) for bound, part in zip(bounds, parts, strict=True))


def written_off(bounds: Bounds, lost: int, billed: int, who: str | None) -> Bounds:
    """The payers once `lost` is what was written off: of `who`; else of the one who owes exactly that, else by what each owes.

    What is recovered is owed again by those of whom it was written off.
    """
    more = lost - sum(bound.lost for bound in bounds)
    if not more:
        return bounds
    if more < 0:
        parts = [-part for part in spread(-more, [bound.lost for bound in bounds])]
    elif who in [bound.customer for bound in bounds]:
        parts = [more if bound.customer == who else 0 for bound in bounds]
    else:
        due = spread(billed, [bound.agreed for bound in bounds])
        owed = [max(part - bound.paid - bound.lost, 0) for part, bound in zip(due, bounds, strict=True)]
        alone = owed.index(more) if more in owed else None
        parts = [more if place == alone else 0 for place in range(len(owed))] if alone is not None else [*spread(more, owed)]
    return tuple(bound._replace(lost=bound.lost + part) for bound, part in zip(bounds, parts, strict=True))
