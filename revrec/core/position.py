"""How the money of one bundle moves between contract liability, claims and revenue.

Every function takes a `Position` and returns the new one with what moved, in minor units.
"""

from __future__ import annotations

from typing import NamedTuple

from revrec.core.bundle import Claim, ClaimKind, Position
from revrec.core.journal import Role


class Settled(NamedTuple):
    """Where money went: claims by role, then the price (`prepaid`), then the customer (`credit`)."""

    receivable: int
    contract_asset: int
    package: int  # of the claims settled, what was for units of the package
    prepaid: int
    credit: int


def deliver(position: Position, amount: int, ref: str) -> tuple[Position, int, int]:
    """Units worth `amount` are delivered: (position, out of the liability, claimed)."""
    prepaid = min(amount, max(position.liability, 0))
    claimed = amount - prepaid
    claims = (*position.claims, Claim(ref, ClaimKind.PACKAGE, claimed)) if claimed else position.claims
    moved = position._replace(earned=position.earned + amount, liability=position.liability - prepaid, claims=claims)
    return moved, prepaid, claimed


def owe(position: Position, amount: int, ref: str, kind: ClaimKind) -> Position:
    """A fee or units beyond the bundle are owed from now on."""
    return position._replace(claims=(*position.claims, Claim(ref, kind, amount))) if amount else position


def collect(position: Position, amount: int, package_role: Role, room: int) -> tuple[Position, Settled]:
    """Money settles receivables (oldest first), contract assets, the price as far as `room` allows, then is credit.

    Source: events.md 4a, Money due.
    """
    left, receivable, asset, package = amount, 0, 0, 0
    open_claims: list[Claim] = list(position.claims)
    for role in (Role.RECEIVABLE, Role.CONTRACT_ASSET):
        for place, claim in enumerate(open_claims):
            if left and role_of(claim, package_role) is role:
                paid = min(left, claim.amount)
                left -= paid
                receivable += paid if role is Role.RECEIVABLE else 0
                asset += paid if role is Role.CONTRACT_ASSET else 0
                package += paid if claim.kind is ClaimKind.PACKAGE else 0
                open_claims[place] = claim._replace(amount=claim.amount - paid)
    prepaid = min(left, max(room - package, 0))
    moved = position._replace(
        paid=position.paid + package + prepaid,
        claims=tuple(c for c in open_claims if c.amount),
    )
    return moved, Settled(receivable, asset, package, prepaid, left - prepaid)


def role_of(claim: Claim, package_role: Role) -> Role:
    """The role on which a claim stands."""
    return package_role if claim.kind is ClaimKind.PACKAGE else Role.RECEIVABLE


def drop(position: Position, amount: int, ref: str, *, package: bool) -> tuple[Position, int]:
    """Take up to `amount` out of the open claims of a kind, those of `ref` first, then the newest."""
    left = amount
    claims = list(position.claims)
    order = sorted(range(len(claims)), key=lambda i: (claims[i].ref != ref, -i))
    for place in order:
        claim = claims[place]
        if (claim.kind is ClaimKind.PACKAGE) is package and (package or claim.ref == ref):
            taken = min(left, claim.amount)
            left -= taken
            claims[place] = claim._replace(amount=claim.amount - taken)
    return position._replace(claims=tuple(c for c in claims if c.amount)), amount - left
