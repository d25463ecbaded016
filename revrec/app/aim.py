"""What an event about an invoice is about: the contract that the invoice was issued for (events.md 4, `invoice`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from revrec.core.errors import Refused
from revrec.core.events import CreditApplied, Event, PaymentReceived
from revrec.store.papers import Issued

Find = Callable[[str], Issued | None]


def aimed(event: Event, find: Find) -> Event:
    """The event with the bundle, visit or customer of the invoice that it names; Refused when there is no such invoice."""
    number = getattr(event.data, "invoice", None)
    if number is None:
        return event
    issued = find(number)
    if issued is None:
        raise Refused(
            f"there is no invoice {number}: `revrec invoice list` names those that these books issued",
            rule="events.md 4 invoice",
            field="invoice",
        )
    return replace(event, data=replace(event.data, **_target(event, issued)))


def _target(event: Event, issued: Issued) -> dict[str, Any]:
    kind, _, ref = issued.account.partition(":")
    if kind == "bundle":
        target: dict[str, Any] = {"bundle": ref}
        if isinstance(event.data, PaymentReceived) and event.data.payer is None and issued.customer:
            target["payer"] = issued.customer
        return target
    if isinstance(event.data, PaymentReceived) and kind == "visit":
        return {"session": ref}
    if isinstance(event.data, CreditApplied | PaymentReceived) or not issued.customer:
        raise Refused(
            f"invoice {issued.number} is for no bundle and no visit that can be paid this way; name the customer instead",
            rule="events.md 4 invoice",
            field="invoice",
        )
    return {"customer": issued.customer}
