"""The codes of the general checks with their sources, and the list of exemption reasons: data, read once from `codes.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """One check: its code (`*` stands for the letters of a VAT category), what it asks for, the norm that asks for it."""

    code: str
    says: str
    source: str


@cache
def rules() -> tuple[Rule, ...]:
    """Every check, in the order of the file."""
    return tuple(Rule(**table) for table in _data()["rule"])


@cache
def vatex() -> frozenset[str]:
    """The exemption reason codes that there are (BT-121; BR-CL-22)."""
    return frozenset(_data()["vatex"].split())


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("einvoice.check") / "codes.toml").read_text("utf-8"))
