"""What is wrong with an input, field by field, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from revrec.core.errors import RevrecError


class Problem(NamedTuple):
    """One mistake: `field` is the path of the member at fault, `rule` the clause, `hint` the remedy, `line` 0 if unknown."""

    field: str
    rule: str
    message: str
    hint: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class Unreadable(RevrecError):
    """An event that breaks the contract; every problem found is named. `event_id` is None where none could be read."""

    def __init__(self, problems: Sequence[Problem], event_id: str | None = None) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)
        self.event_id = event_id


class PolicyUnreadable(RevrecError):
    """A policy file that breaks events.md 2; every problem found is named, with its line."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(f"{name}{f':{problem.line}' if problem.line else ''}: {problem}" for problem in problems))
        self.problems = tuple(problems)


class MappingUnreadable(RevrecError):
    """A mapping file that is not understood; every problem found is named."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))
        self.problems = tuple(problems)


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean "x"?` for a name that is close to a known one, else nothing."""
    found = get_close_matches(name, list(known), 1, 0.6)
    return f'did you mean "{found[0]}"?' if found else ""
