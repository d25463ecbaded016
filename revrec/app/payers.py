"""Several payers of one bundle: which bundles concern a customer, as holder or as payer, and who owes what of them on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from revrec.app import bundles
from revrec.core.bundle import Bundle
from revrec.core.payer import Share

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace


class Part(NamedTuple):
    """The part of one payer in a bundle that somebody else holds, at the end of a day."""

    bundle: Bundle
    share: Share

    def to_json(self, currency: str) -> dict[str, Any]:
        """The part as JSON; amounts are decimal strings."""
        return {"bundle": self.bundle.id, "holder": self.bundle.customer} | bundles.share_json(self.share, currency)

    def line(self, currency: str) -> str:
        """The part for people."""
        return f"{self.bundle.id} of {self.bundle.customer}: {bundles.share_line(self.share, currency)}"


def parts(ws: Workspace, customer: str, on: date, held: Iterable[str]) -> list[Part]:
    """The parts of others in the bundles that a customer holds on a day, and the customer's in those of others.

    `held` are the bundles that the customer holds now or held before.
    """
    known = {bundle.id for bundle in ws.store.bound(customer)}
    known.update(name for name in held if (kept := ws.store.bundle(name)) and kept.payers)
    found: list[Part] = []
    for name in sorted(known):
        try:
            bundle = bundles.state_on(ws, name, on)
        except bundles.UnknownBundle:
            continue  # sold after the day
        mine = bundle.customer == customer
        found.extend(Part(bundle, share) for share in bundle.shares if (share.customer == customer) is not mine)
    return found
