"""What holds for every value of the core: it never changes, takes no name that it does not have, and is silent by default."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from typing import Any

import pytest

from revrec import core
from revrec.core.bundle import Status
from revrec.core.policy import Bonus, Breakage, Modification, Obligation, Voucher
from revrec.core.report import Kind

# What is added up or filled in while it is made.
GROWING = {"Changes", "Replay", "Booked", "Cohort", "Party", "Reconciled", "Outcome", "_Tale"}
# What keeps a number that follows from it.
REMEMBERING = {"Tax", "Terms"}
# What holds where nothing is said: what is left unsaid of everything else is nothing.
UNSAID = {
    "Policy.breakage": Breakage.AT_EXPIRY,
    "Policy.expected_used": 1_000_000,
    "Policy.obligation": Obligation.CANCELLABLE,
    "Policy.principal": True,
    "Policy.modification": Modification.AUTO,
    "Policy.bonus": Bonus.EQUAL,
    "Tax.voucher": Voucher.SINGLE,
    "Tax.invoice_duty": True,
    "Bundle.status": Status.OPEN,
    "Column.kind": Kind.AMOUNT,
    "Cohort.youngest": date.min,
    "Cohort.ended": True,
    "Right.holder": "-",
    "Basis.confirmed": True,
}


def _classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(core.__path__, "revrec.core."):
        for made in vars(importlib.import_module(module.name)).values():
            if isinstance(made, type) and made.__module__ == module.name:
                yield made


CLASSES = list(_classes())
DATA = [made for made in CLASSES if is_dataclass(made)]
TUPLES = [made for made in CLASSES if issubclass(made, tuple) and hasattr(made, "_field_defaults")]


def _defaults(made: Any) -> dict[str, Any]:
    if is_dataclass(made):
        return {each.name: each.default for each in fields(made) if each.default is not MISSING}
    return made._field_defaults


@pytest.mark.parametrize("made", DATA, ids=lambda made: made.__qualname__)
def test_a_value_never_changes_and_takes_no_other_name(made):
    assert made.__dataclass_params__.frozen is (made.__name__ not in GROWING)
    assert ("__slots__" in vars(made)) is (made.__name__ not in REMEMBERING)


def test_what_is_not_said_is_nothing():
    said = {f"{made.__name__}.{name}": value for made in (*DATA, *TUPLES) for name, value in _defaults(made).items()}
    assert {name: value for name, value in said.items() if _says(value)} == UNSAID


def _says(value: Any) -> bool:
    return any(map(_says, value)) if isinstance(value, tuple) else bool(value)
