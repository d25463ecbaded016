"""The chart of the roll-forward: bars for what moved each month, a line for the balance at its end. Geometry only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from revrec.core.money import decimal
from revrec.core.rollforward import FLOWS, Flow, Row

SERIES: dict[str, tuple[str, frozenset[Flow]]] = {
    "additions": ("Added, reinstated", frozenset({Flow.ADDED, Flow.REINSTATED, Flow.MODIFIED})),
    "revenue": ("Revenue", frozenset({Flow.REVENUE_OPENING, Flow.REVENUE_ADDED})),
    "breakage": ("Breakage", frozenset({Flow.BREAKAGE, Flow.BREAKAGE_ESTIMATE})),
    "refunds": ("Refunded, released", frozenset({Flow.REFUNDED, Flow.RELEASED, Flow.CANCELLED})),
    "other": ("Other", frozenset({Flow.MOVED, Flow.REFUND_LIABILITY, Flow.ADJUSTED, Flow.EXCHANGE})),
}
_TOP, _RIGHT, _BOTTOM, _LEFT = 12, 8, 24, 46


class Bar(NamedTuple):
    """One rectangle, in the units of the view box."""

    series: str
    x: float
    y: float
    width: float
    height: float
    amount: int


class Month(NamedTuple):
    """The bars of a month, the end of its line, and the column over which the mouse finds it."""

    key: str
    label: str
    x: float
    width: float
    middle: float
    line_y: float
    closing: int
    bars: tuple[Bar, ...]


class Tick(NamedTuple):
    """A horizontal rule: its place and its amount in minor units."""

    y: float
    amount: int


class Chart(NamedTuple):
    """Everything that the template draws."""

    width: int
    height: int
    left: int
    right: int
    floor: int
    zero: float
    ticks: tuple[Tick, ...]
    months: tuple[Month, ...]

    @property
    def line(self) -> str:
        """The points of the closing balance."""
        return " ".join(f"{month.middle},{month.line_y}" for month in self.months)


def sums(row: Row) -> dict[str, int]:
    """What each series of the chart adds up to in a row."""
    return {
        series: sum(amount for flow, amount in zip(FLOWS, row.flows, strict=True) if flow in flows)
        for series, (_, flows) in SERIES.items()
    }


def chart(rows: Sequence[Row], width: int, height: int) -> Chart:
    """The chart of the rows of a roll-forward by month, in a view box of the given size."""
    stacks = [sums(row) for row in rows]
    low, high = _extent(rows, stacks)
    floor = height - _BOTTOM
    scale = (floor - _TOP) / ((high - low) or 1)

    def y(amount: int) -> float:
        return round(_TOP + (high - amount) * scale, 1)

    step = (width - _LEFT - _RIGHT) / max(len(rows), 1)
    every = _label_step(step)
    months = tuple(
        _month(row, stack, _LEFT + i * step, step, y, label=i % every == 0)
        for i, (row, stack) in enumerate(zip(rows, stacks, strict=True))
    )
    ticks = tuple(Tick(y(amount), amount) for amount in _ticks(low, high))
    return Chart(width, height, _LEFT, width - _RIGHT, floor, y(0), ticks, months)


def _month(row: Row, stack: dict[str, int], x: float, step: float, y: Callable[[int], float], *, label: bool) -> Month:
    width = round(min(step * 0.62, 48), 1)
    left = round(x + (step - width) / 2, 1)
    bars, up, down = [], 0, 0
    for series, amount in stack.items():
        start = up if amount > 0 else down
        end = start + amount
        if amount:
            top, bottom = y(max(start, end)), y(min(start, end))
            bars.append(Bar(series, left, top, width, round(bottom - top, 1), amount))
        up, down = (end, down) if amount > 0 else (up, end)
    key = row.key[0] or ""
    shown = _month_name(key) if label else ""
    return Month(key, shown, round(x, 1), round(step, 1), round(x + step / 2, 1), y(row.closing), row.closing, tuple(bars))


def _extent(rows: Sequence[Row], stacks: Sequence[dict[str, int]]) -> tuple[int, int]:
    high = max([0, *(row.closing for row in rows), *(sum(a for a in s.values() if a > 0) for s in stacks)])
    low = min([0, *(row.closing for row in rows), *(sum(a for a in s.values() if a < 0) for s in stacks)])
    unit = _unit(high - low)
    return low // unit * unit, -(-high // unit) * unit


def _unit(extent: int) -> int:
    """A round step, 1, 2 or 5 times a power of ten, that goes at most seven times into the extent."""
    power = 1
    while extent > 70 * power:
        power *= 10
    return next(power * step for step in (1, 2, 5, 10) if extent <= 7 * power * step)


def _ticks(low: int, high: int) -> list[int]:
    unit = _unit(high - low)
    return list(range(low, high + 1, unit))


def short(minor: int, currency: str) -> str:
    """An amount as an axis says it: `500`, `12.5k`, `-2M`; exact, since the steps are round."""
    amount = decimal(minor, currency)
    for size, letter in ((1_000_000, "M"), (1000, "k")):
        if abs(amount) >= size:
            return f"{(amount / size).normalize():f}{letter}"
    return f"{amount.normalize():f}" if amount else "0"


def _label_step(step: float) -> int:
    """Every how many months a label is written: it takes 48 units."""
    return next((every for every in (1, 2, 3, 6) if every * step >= 48), 12 * math.ceil(4 / step))


_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _month_name(key: str) -> str:
    return f"{_NAMES[int(key[5:7]) - 1]} {key[2:4]}"
