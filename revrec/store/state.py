"""The state of a bundle as compact JSON arrays: written at every event of it, so made without reflection.

Derived data: `verify` compares it, and it can be made again from the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import orjson

from revrec.core.book import Kind, Movement
from revrec.core.bundle import Bundle, Claim, ClaimKind, Lapse, Position, Status
from revrec.core.policy import Terms

_day = date.fromisoformat
_KINDS = {kind.value: kind for kind in Kind}


def encode_bundle(bundle: Bundle) -> bytes:
    """The state of a bundle; its terms as the names of the pinned versions."""
    position = bundle.position
    return orjson.dumps(
        (
            bundle.terms.key,
            bundle.customer,
            bundle.branch,
            bundle.sold_on,
            bundle.units,
            bundle.bonus_units,
            bundle.price,
            bundle.list_price,
            bundle.expiry_event,
            bundle.expiry_source,
            bundle.last_date,
            bundle.seq,
            bundle.used,
            bundle.status,
            bundle.beneficiaries,
            bundle.provider,
            bundle.fixed_expiry,
            bundle.starts,
            bundle.lapsed_on,
            position.paid,
            position.earned,
            position.liability,
            [tuple(claim) for claim in position.claims],
            [tuple(lapse) for lapse in position.lapses],
            position.repriced,
        ),
    )


def decode_bundle(bundle: str, state: bytes, terms: Callable[[str], Terms]) -> Bundle:
    """The bundle that the bytes describe; `terms` finds pinned versions by their names."""
    (
        key,
        customer,
        branch,
        sold_on,
        units,
        bonus_units,
        price,
        list_price,
        expiry_event,
        expiry_source,
        last_date,
        seq,
        used,
        status,
        beneficiaries,
        provider,
        fixed_expiry,
        starts,
        lapsed_on,
        *money,
    ) = orjson.loads(state)
    return Bundle(
        bundle,
        terms(key),
        customer,
        branch,
        _day(sold_on),
        units,
        bonus_units,
        price,
        list_price,
        expiry_event,
        expiry_source,
        _day(last_date),
        seq,
        used,
        Status(status),
        tuple(beneficiaries),
        provider,
        _day(fixed_expiry) if fixed_expiry else None,
        tuple([(_day(day), ref) for day, ref in starts]),
        _day(lapsed_on) if lapsed_on else None,
        _position(*money),
    )


def _position(paid: int, earned: int, liability: int, claims: list[Any], lapses: list[Any], repriced: int) -> Position:
    return Position(
        paid,
        earned,
        liability,
        tuple([Claim(ref, ClaimKind(kind), amount) for ref, kind, amount in claims]),
        tuple([Lapse(_day(day), amount, entry) for day, amount, entry in lapses]),
        repriced,
    )


def encode_parts(parts: tuple[int, ...]) -> str:
    """What undoing a movement needs, as JSON."""
    return orjson.dumps(parts).decode() if parts else ""


def decode_movement(row: tuple[Any, ...]) -> Movement:
    """The movement of a row (kind, ref, seq, date, bundle, customer, units, liability, entry, parts)."""
    kind, ref, seq, day, bundle, customer, units, liability, entry, parts = row
    return Movement(
        _KINDS[kind],
        ref,
        seq,
        _day(day),
        bundle,
        customer,
        units,
        liability,
        entry,
        tuple(orjson.loads(parts)) if parts else (),
    )
