"""Addresses, limits and states of FACe, read once from `codes.toml`."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Environment(StrEnum):
    """Which of FACe's two installations."""

    PRODUCTION = "production"
    TEST = "test"


class State(NamedTuple):
    """A state of an invoice or of the request to cancel it: FACe's code, our words, whether nothing follows."""

    code: str
    es: str
    en: str
    final: bool = False


def endpoint(environment: Environment) -> str:
    """Where requests go."""
    return str(_data()["endpoint"][environment])


def namespace() -> str:
    """The namespace of the operations."""
    return str(_data()["namespace"])


def limit(name: str) -> int:
    """How many `attachments` a request takes, how many `bytes` it may have."""
    return int(_data()["limits"][name])


def mime(filename: str) -> str | None:
    """The type of a file by the end of its name; None for one that FACe does not take."""
    found: str | None = _data()["mime"].get(filename.rpartition(".")[2].lower())
    return found


def state(code: str) -> State:
    """The state of a code; one that is not listed is told by its code alone."""
    return states().get(code) or State(code, f"Estado {code}", f"State {code}")


@cache
def states() -> dict[str, State]:
    """All states that we know: of the processing (1200 to 3100), then of the cancellation (4100 to 4400)."""
    entries = [*_data()["processing"], *_data()["cancellation"]]
    return {entry["code"]: State(**entry) for entry in entries}


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("codes.toml").read_text(encoding="utf-8"))
