"""R5, the breakage true-up: how much of what was sold is used, by cohort, against the estimate (IFRS 15.B46, IAS 8.36)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from revrec.core.book import Kind as Moved
from revrec.core.bundle import Bundle, Status
from revrec.core.dates import DAY, add_months
from revrec.core.events import BreakageEstimated
from revrec.core.journal import JournalEntry, Role
from revrec.core.money import share
from revrec.core.policy import WHOLE, Breakage
from revrec.core.report import Cell, Column, Kind, Table, Tie
from revrec.core.reports.frame import UNNAMED, Question, Records, legs_of
from revrec.core.reports.waterfall import key_of_bundle
from revrec.core.rollforward import Flow, lines_of, source_of

BY = ("month", "quarter", "package", "policy", "service", "branch")
USUAL = ("month", "package")
AGES = range(1, 13)  # months since the sale
_HUNDRED = 10_000

COLUMNS = (
    Column("bundles", "Bundles", Kind.COUNT),
    Column("sold", "Units sold", Kind.UNITS),
    Column("used", "Units used", Kind.UNITS),
    Column("expired", "Units expired", Kind.UNITS),
    Column("used_share", "Used", Kind.PERCENT),
    *(Column(f"used_by_month_{age}", f"by month {age}", Kind.PERCENT, sparse=True) for age in AGES),
    Column("estimate_before", "Estimate before", Kind.PERCENT, sparse=True),
    Column("estimate", "Estimate", Kind.PERCENT, sparse=True),
    Column("earned", "Earned by use"),
    Column("revenue_before", "Revenue at the estimate before", sparse=True),
    Column("revenue", "Revenue at the estimate", sparse=True),
    Column("breakage", "Breakage booked"),
    Column("catch_up", "Catch-up of the period", sparse=True),
    Column("approver", "Approver", Kind.TEXT, sparse=True),
    Column("back_test", "Ended: used less estimate at sale", Kind.PERCENT, sparse=True),
)


class Estimate(NamedTuple):
    """The share of rights expected to be used, in millionths: the one in force, the one before it, who approved it."""

    share: int
    before: int
    approver: str | None = None


@dataclass(slots=True)
class Cohort:
    """The bundles sold in one month of one package: what of them was used, and what their use is worth."""

    bundles: int = 0
    sold: int = 0
    used: int = 0
    expired: int = 0
    by_age: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    youngest: date = date.min
    estimate: Estimate | None = None
    estimated: int = 0  # of the units sold those under an estimate, and what of them was used
    estimated_used: int = 0
    at_sale: int = 0  # the estimate at the sale, weighted by the units sold under it, in millionths of a quantum
    ended: bool = True
    earned: int = 0
    revenue_before: int = 0
    revenue: int = 0
    breakage: int = 0
    recent: int = 0  # breakage booked in the period
    catch_up: int = 0

    @property
    def used_share(self) -> int | None:
        """What of the units sold was used, in hundredths of a percent."""
        return _percent(self.used, self.sold)

    @property
    def expected(self) -> int | None:
        """What was expected at the sales under an estimate to be used, in hundredths of a percent; None where there were none."""
        return _HUNDRED * self.at_sale // (WHOLE * self.estimated) if self.estimated else None

    @property
    def estimated_share(self) -> int | None:
        """What was used of the units sold under an estimate, in hundredths of a percent; None where there were none."""
        return _HUNDRED * self.estimated_used // self.estimated if self.estimated else None

    @property
    def back_test(self) -> int | None:
        """What was used of an ended cohort less what was expected at the sale, in hundredths of a percent."""
        if self.estimated_share is None or self.expected is None or not self.ended:
            return None
        return self.estimated_share - self.expected

    def curve(self, on: date) -> Iterator[int | None]:
        """The cumulative share used by the end of each month since the sale; only where every bundle has reached it."""
        used = 0
        for age in AGES:
            used += self.by_age.get(age, 0)
            reached = self.sold and add_months(self.youngest, age) - DAY <= on
            yield _percent(used, self.sold) if reached else None


@dataclass(slots=True)
class Booked:
    """What was posted for a bundle: revenue of use, breakage, what of that in the period, and as a catch-up, what is left."""

    earned: int = 0
    breakage: int = 0
    recent: int = 0
    catch_up: int = 0
    left: int = 0


class Gathered(NamedTuple):
    """The cohorts by key, what the roll-forward says of estimates in the period, and the days of the sales."""

    cohorts: dict[tuple[str, ...], Cohort]
    rolled: int
    days: list[date]


def gather(books: Records, asked: Question, on: date | None = None) -> Gathered:
    """The cohorts at the end of a day, that of the period unless it is said; `recent` is the breakage booked in the period.

    Breakage that is about no bundle stands in a cohort without names.
    """
    until, asked = asked.last, asked._replace(last=on or asked.last)
    booked, estimates, rolled = _posted(books, asked, until)
    cohorts: dict[tuple[str, ...], Cohort] = defaultdict(Cohort)
    days: list[date] = []
    for today in books.bundles():
        if today.sold_on <= asked.last and (asked.branch is None or today.branch == asked.branch):
            bundle = books.bundle_on(today, asked.last)
            days.append(bundle.sold_on)
            _add(
                cohorts[key_of_bundle(bundle, asked.by)],
                bundle,
                booked.pop(bundle.id, Booked()),
                estimates,
                _uses(books, bundle, asked),
            )
    for loose in booked.values():
        if loose.catch_up or loose.breakage or loose.recent or loose.earned:
            _add_money(cohorts[(UNNAMED,) * len(asked.by)], loose)
    return Gathered(dict(cohorts), rolled, days)


def report(books: Records, asked: Question) -> Table:
    """Cohorts at the end of a period: use against the estimate, and the catch-up of the period tied to the roll-forward."""
    cohorts, rolled, days = gather(books, asked)
    rows = tuple((*key, *_cells(cohort, asked.last)) for key, cohort in sorted(cohorts.items()))
    catch_up = sum(cohort.catch_up for cohort in cohorts.values())
    columns = (*(Column(part, "Sold in" if part == "month" else part.capitalize(), Kind.TEXT) for part in asked.by), *COLUMNS)
    ledger = -books.balance((Role.BREAKAGE,), asked.last, asked.branch)
    ties = (
        Tie("Roll-forward, breakage estimate", -rolled, "catch-up of the cohorts", catch_up),
        Tie("Ledger breakage since the beginning", ledger, "breakage booked", sum(c.breakage for c in cohorts.values())),
    )
    window = f"Data: bundles sold from {min(days)} to {max(days)}, uses until {asked.last}." if days else "No bundle was sold."
    title = f"Breakage by cohort, from {asked.first} to {asked.last}"
    return Table("breakage", title, books.currency, columns, rows, _total(rows, len(asked.by)), ties, (window,))


def _posted(books: Records, asked: Question, until: date) -> tuple[dict[str | None, Booked], dict[str, Estimate], int]:
    """What was posted for each bundle, the estimates of each policy, and the roll-forward's column of the period."""
    booked: dict[str | None, Booked] = defaultdict(Booked)
    estimates: dict[str, Estimate] = {}
    seen: set[tuple[str, str]] = set()
    rolled = 0
    for entry in books.entries(asked.last):
        if entry.rule == "breakage.estimated":
            if (entry.event, entry.source) not in seen:
                seen.add((entry.event, entry.source))
                _learn(estimates, books, entry)
            if asked.first <= entry.date <= until:
                rolled += sum(
                    line.amount
                    for line in lines_of(source_of(entry))
                    if line.flow is Flow.BREAKAGE_ESTIMATE and asked.branch in (None, line.branch)
                )
        for leg in legs_of(entry, asked.branch):
            _book(booked[leg.bundle or entry.bundle], entry, leg.role, -leg.amount, recent=asked.first <= entry.date <= until)
    return booked, estimates, rolled


def _learn(estimates: dict[str, Estimate], books: Records, entry: JournalEntry) -> None:
    """The estimate that a catch-up follows from."""
    event = books.fact(entry)
    if event is not None and isinstance(event.data, BreakageEstimated):
        fact = event.data
        before = estimates.get(fact.policy)
        estimates[fact.policy] = Estimate(fact.expected_used, before.share if before else 0, fact.approver)


def _book(booked: Booked, entry: JournalEntry, role: Role, amount: int, *, recent: bool) -> None:
    if role in (Role.REVENUE_PACKAGE, Role.REVENUE_NO_SHOW):
        booked.earned += amount
    elif role is Role.BREAKAGE:
        booked.breakage += amount
        booked.recent += amount if recent else 0
        booked.catch_up += amount if entry.rule == "breakage.estimated" and recent else 0
    elif role in (Role.CONTRACT_LIABILITY, Role.REFUND_LIABILITY):
        booked.left += amount


def _uses(books: Records, bundle: Bundle, asked: Question) -> Iterator[tuple[date, int]]:
    """The days and quanta of the uses that stand at the end of the period."""
    movements = [m for m in books.movements(bundle.id) if m.date <= asked.last]
    undone = {m.ref for m in movements if m.kind is Moved.SESSION_UNDONE}
    return ((m.date, m.units) for m in movements if m.kind is Moved.SESSION and m.units and m.ref not in undone)


def _add(
    cohort: Cohort, bundle: Bundle, booked: Booked, estimates: dict[str, Estimate], uses: Iterable[tuple[date, int]]
) -> None:
    """One bundle into its cohort."""
    over = bundle.status is not Status.OPEN or bundle.lapsed_on is not None
    cohort.bundles += 1
    cohort.sold += bundle.units
    cohort.used += bundle.used
    cohort.expired += bundle.units - bundle.used if bundle.lapsed_on is not None else 0
    cohort.youngest = max(cohort.youngest, bundle.sold_on)
    cohort.ended = cohort.ended and (over or bundle.used >= bundle.units)
    for day, quanta in uses:
        age = next((age for age in AGES if day <= add_months(bundle.sold_on, age) - DAY), None)
        if age is not None:
            cohort.by_age[age] += quanta
    _add_money(cohort, booked)
    policy = bundle.terms.policy
    if policy.breakage is Breakage.PROPORTIONAL:
        known = estimates.get(policy.id) or Estimate(policy.expected_used, 0)
        before = known.before or policy.expected_used
        cohort.estimated += bundle.units
        cohort.estimated_used += bundle.used
        cohort.estimate = known._replace(before=before)
        cohort.at_sale += policy.expected_used * bundle.units
        whole = booked.earned + booked.breakage + booked.left
        cohort.revenue_before += min(whole, share(max(booked.earned, 0), WHOLE, before))
        cohort.revenue += min(whole, share(max(booked.earned, 0), WHOLE, known.share))


def _add_money(cohort: Cohort, booked: Booked) -> None:
    cohort.earned += booked.earned
    cohort.breakage += booked.breakage
    cohort.recent += booked.recent
    cohort.catch_up += booked.catch_up


def _cells(cohort: Cohort, on: date) -> tuple[Cell, ...]:
    """The line of a cohort; shares by age only where every bundle has reached it."""
    estimate = cohort.estimate
    return (
        cohort.bundles,
        cohort.sold,
        cohort.used,
        cohort.expired,
        cohort.used_share,
        *cohort.curve(on),
        estimate.before * _HUNDRED // WHOLE if estimate else None,
        estimate.share * _HUNDRED // WHOLE if estimate else None,
        cohort.earned,
        cohort.revenue_before if estimate else None,
        cohort.revenue if estimate else None,
        cohort.breakage,
        cohort.catch_up if estimate or cohort.catch_up else None,
        estimate.approver if estimate else None,
        cohort.back_test,
    )


def _percent(part: int, whole: int) -> int | None:
    return share(part, _HUNDRED, whole) if whole else None


def _total(rows: tuple[tuple[Cell, ...], ...], labels: int) -> tuple[Cell, ...]:
    """Units and amounts added up; shares only of all units."""
    kinds = [Kind.TEXT] * labels + [column.kind for column in COLUMNS]

    def added(place: int) -> Cell:
        if kinds[place] in (Kind.TEXT, Kind.PERCENT):
            return None
        return sum(cell for row in rows if isinstance(cell := row[place], int))

    cells = [added(place) for place in range(len(kinds))]
    sold, used = cells[labels + 1], cells[labels + 2]
    assert isinstance(sold, int)
    assert isinstance(used, int)
    cells[labels + 4] = _percent(used, sold)
    cells[0] = "Total" if labels else cells[0]
    return tuple(cells)
