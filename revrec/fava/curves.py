"""Curves of cohorts: what share was used by each month since the sale. Geometry only, in the units of a view box."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

_TOP, _RIGHT, _BOTTOM, _LEFT = 12, 74, 34, 42
_WHOLE = 10_000  # hundredths of a percent
_MONTHS = 12
_APART = 12.0  # between two labels


class Line(NamedTuple):
    """The curve of one cohort: its points, where it ends and where its label stands; `tone` is its place from old to new."""

    key: str
    points: str
    x: float
    y: float
    label_y: float
    tone: int
    share: int


class Mark(NamedTuple):
    """A place on an axis and what it says."""

    at: float
    text: str


class Curves(NamedTuple):
    """Everything that the template draws; `expected` is the height of the estimate, None where there is none."""

    width: int
    height: int
    left: int
    right: int
    floor: int
    label_x: float
    lines: tuple[Line, ...]
    shares: tuple[Mark, ...]
    ages: tuple[Mark, ...]
    expected: float | None


def curves(
    cohorts: Iterable[tuple[str, Sequence[int | None]]], expected: int | None, tones: int, width: int, height: int
) -> Curves:
    """The curves of cohorts, oldest first: each the cumulative shares by age (hundredths of a percent, None: not reached)."""
    floor, right = height - _BOTTOM, width - _RIGHT
    step = (right - _LEFT) / _MONTHS

    def y(share: int) -> float:
        return round(_TOP + (_WHOLE - share) * (floor - _TOP) / _WHOLE, 1)

    drawn = [(key, [share for share in shares if share is not None]) for key, shares in cohorts]
    reached = [(key, shares) for key, shares in drawn if shares]
    lines = [_line(key, shares, tones - len(reached) + place, y, step) for place, (key, shares) in enumerate(reached)]
    return Curves(
        width,
        height,
        _LEFT,
        right,
        floor,
        right + 6,
        _apart(lines, floor),
        tuple(Mark(y(share), f"{share // 100} %") for share in range(0, _WHOLE + 1, 2_500)),
        tuple(Mark(round(_LEFT + age * step, 1), str(age)) for age in range(0, _MONTHS + 1, 2 if width < 600 else 1)),
        y(min(expected, _WHOLE)) if expected is not None else None,
    )


def _line(key: str, shares: Sequence[int], tone: int, y: Callable[[int], float], step: float) -> Line:
    points = [(_LEFT, y(0)), *((round(_LEFT + age * step, 1), y(share)) for age, share in enumerate(shares, 1))]
    x, end = points[-1]
    return Line(key, " ".join(f"{at},{height}" for at, height in points), x, end, end, tone, shares[-1])


def _apart(lines: Sequence[Line], floor: int) -> tuple[Line, ...]:
    """The labels moved so that none covers another, in the order of the ends, inside the drawing."""
    below = float(floor)
    placed: dict[str, float] = {}
    for line in sorted(lines, key=lambda each: -each.y):
        below = placed[line.key] = min(line.y, below)
        below -= _APART
    return tuple(line._replace(label_y=placed[line.key] + 3.5) for line in lines)
