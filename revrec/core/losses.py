"""Claims that were written off, and how they come back, with the VAT that had been taken back on them (LIVA 80.Cuatro)."""

from __future__ import annotations

from collections.abc import Mapping

from revrec.core.bundle import Bundle, ClaimKind, Written
from revrec.core.journal import Posting, Role
from revrec.core.money import share
from revrec.core.position import itemised, owe

Legs = tuple[Posting, ...]


def restored(bundle: Bundle, taken: Mapping[int, int]) -> tuple[Bundle, Legs]:
    """Of each loss, by its place, an amount is claimed again: (bundle, legs beside the price of the bundle)."""
    package = others = vat = 0
    kept = []
    position = bundle.position
    for place, loss in enumerate(position.written):
        amount = taken.get(place, 0)
        if not amount:
            kept.append(loss)
            continue
        part, rest = _split(loss, amount)
        kept += [rest] if rest.amount else []
        vat += part.back
        if part.kind is ClaimKind.PACKAGE:
            package += amount
            position = itemised(position._replace(lost=position.lost - amount), part.ref)
        else:
            others += amount
            position = owe(position, amount, part.ref, part.kind, part.pending)
    legs = (
        Posting(Role.RECEIVABLE, others),
        Posting(Role.BAD_DEBT, vat - package - others),
        Posting(vat_role(bundle), -vat),
    )
    return bundle._replace(position=position._replace(written=tuple(kept))), legs


def _split(loss: Written, amount: int) -> tuple[Written, Written]:
    """A loss as the part of that amount and the rest."""
    vat, pending, back = (share(whole, amount, loss.amount) for whole in (loss.vat, loss.pending, loss.back))
    part = loss._replace(amount=amount, vat=vat, pending=pending, back=back)
    rest = loss._replace(amount=loss.amount - amount, vat=loss.vat - vat, pending=loss.pending - pending, back=loss.back - back)
    return part, rest


def oldest(bundle: Bundle, amount: int) -> dict[int, int]:
    """An amount spread over the losses, oldest first."""
    taken = {}
    for place, loss in enumerate(bundle.position.written):
        taken[place] = min(amount, loss.amount)
        amount -= taken[place]
    return taken


def reclaimed(bundle: Bundle, ref: str, gross: int, branch: str | None) -> tuple[Bundle, Legs]:
    """What was written off for a session that is undone is no loss: claimed again, so that the claim goes with the session.

    `gross` is the worth of its units, `branch` the one where the entry is posted: losses stand at the one that sold.
    """
    p = bundle.position
    if not p.written:
        return bundle, ()
    units = max(p.lost - max(p.delivered - gross - p.paid, 0), 0)
    taken = {}
    last = len(p.written) - 1
    for place in sorted(range(last + 1), key=lambda i: (p.written[i].ref != ref, last - i)):
        loss = p.written[place]
        if loss.kind is not ClaimKind.PACKAGE:
            taken[place] = loss.amount if loss.ref == ref else 0
            continue
        taken[place] = min(units, loss.amount)
        units -= taken[place]
    bundle, legs = restored(bundle, taken)
    seller = bundle.branch if branch != bundle.branch else None
    return bundle, tuple(leg._replace(branch=seller) for leg in legs)


def netted(legs: Legs) -> Legs:
    """Legs of one role at one branch as one."""
    total: dict[tuple[Role, str | None, str | None], int] = {}
    for leg in legs:
        key = leg.role, leg.branch, leg.customer
        total[key] = total.get(key, 0) + leg.amount
    return tuple(Posting(role, amount, branch=branch, customer=customer) for (role, branch, customer), amount in total.items())


def vat_role(bundle: Bundle) -> Role:
    """Where the VAT of an unpaid claim stands: not yet due in the cash scheme (LIVA 163 terdecies)."""
    return Role.VAT_OUTPUT_PENDING if bundle.plan.cash else Role.VAT_OUTPUT
