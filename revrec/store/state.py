"""The state of a bundle as compact JSON arrays: written at every event of it, so made without reflection.

Derived data: `verify` compares it, and it can be made again from the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import orjson

from revrec.core.book import Kind, Movement
from revrec.core.bundle import PLAIN, Bundle, Claim, ClaimKind, Plan, Position, Status, Written
from revrec.core.events import Foreign, Instalment
from revrec.core.payer import Bound
from revrec.core.policy import Terms
from revrec.core.tax import Receipt

_day = date.fromisoformat
_KINDS = {kind.value: kind for kind in Kind}


def encode_bundle(bundle: Bundle) -> bytes:
    """The state of a bundle; its terms as the names of the pinned versions."""
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
            bundle.layers,
            bundle.clock,
            bundle.remote,
            None if bundle.plan is PLAIN else _plan_row(bundle.plan),
            *_position_row(bundle.position),
        ),
    )


def glance(bundle: Bundle) -> tuple[Any, ...]:
    """What lists select and add up of a bundle: the columns `ends_on` to `unpaid`."""
    ends, position, left = bundle.valid_until, bundle.position, 0 if bundle.ended else bundle.left
    owed = position.claimed if position.claims else 0
    unpaid = 0 if bundle.ended else max(bundle.price - position.paid - position.lost - owed, 0)
    return (ends.isoformat() if ends else None, int(left > 0), left, bundle.balances.contract_liability, owed, unpaid)


def _position_row(position: Position) -> tuple[Any, ...]:
    """Every member of a position in the order of its declaration; its parts as plain tuples."""
    if not position.claims and not position.receipts and not position.written:
        return position
    parts: dict[str, Any] = {
        "claims": [tuple(c) for c in position.claims],
        "receipts": [tuple(r) for r in position.receipts],
        "written": [tuple(w) for w in position.written],
    }
    return tuple(position._replace(**parts))


def _plan_row(plan: Plan) -> tuple[Any, ...]:
    """Every member of a plan in the order of its declaration; its parts as plain tuples."""
    parts: dict[str, Any] = {
        "instalments": [(i.due_on, i.amount) for i in plan.instalments],
        "payers": [tuple(bound) for bound in plan.payers],
        "foreign": plan.foreign and (plan.foreign.currency, plan.foreign.rate, plan.foreign.amount),
    }
    return tuple(plan._replace(**parts))


def _plan(row: list[Any]) -> Plan:
    raw: dict[str, Any] = dict(zip(Plan._fields, row, strict=True))
    raw["instalments"] = tuple(Instalment(_day(day), amount) for day, amount in raw["instalments"])
    raw["payers"] = tuple(Bound(*bound) for bound in raw["payers"])
    raw["line_from"] = _day(raw["line_from"]) if raw["line_from"] else None
    raw["foreign"] = Foreign(*raw["foreign"]) if raw["foreign"] else None
    return Plan(**raw)


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
        layers,
        clock,
        remote,
        plan,
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
        _position(money),
        tuple([(count, price) for count, price in layers]),
        _day(clock) if clock else None,
        remote,
        _plan(plan) if plan else PLAIN,
    )


_CLAIMS, _RECEIPTS, _WRITTEN = (Position._fields.index(name) for name in ("claims", "receipts", "written"))


def _position(money: list[Any]) -> Position:
    if money[_CLAIMS]:
        money[_CLAIMS] = [Claim(ref, ClaimKind(kind), amount, pending) for ref, kind, amount, pending in money[_CLAIMS]]
    if money[_RECEIPTS]:
        money[_RECEIPTS] = [Receipt(*receipt) for receipt in money[_RECEIPTS]]
    if money[_WRITTEN]:
        money[_WRITTEN] = [Written(ref, ClaimKind(kind), *rest) for ref, kind, *rest in money[_WRITTEN]]
    money[_CLAIMS], money[_RECEIPTS], money[_WRITTEN] = tuple(money[_CLAIMS]), tuple(money[_RECEIPTS]), tuple(money[_WRITTEN])
    return Position(*money)


def encode_parts(parts: tuple[int, ...]) -> str:
    """What undoing a movement needs, as JSON."""
    return orjson.dumps(tuple(parts)).decode() if parts else ""


def decode_movement(row: tuple[Any, ...]) -> Movement:
    """The movement of a row (kind, ref, seq, date, bundle, customer, units, entry, parts)."""
    kind, ref, seq, day, bundle, customer, units, entry, parts = row
    return Movement(
        _KINDS[kind],
        ref,
        seq,
        _day(day),
        bundle,
        customer,
        units,
        entry,
        tuple(orjson.loads(parts)) if parts else (),
    )
