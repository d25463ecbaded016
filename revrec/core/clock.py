"""What the calendar owes one bundle: instalments due, straight-line accruals, refund windows and validity that end.

Each day's entries come after the facts of that day (events.md 4a, The clock).
"""

from __future__ import annotations

from datetime import date

from revrec.core.book import Kind
from revrec.core.bundle import Bundle, Status
from revrec.core.dates import DAY
from revrec.core.money import share
from revrec.core.policy import Obligation
from revrec.core.position import itemised, performed, rebilled, squared
from revrec.core.recording import Recording


def tick(rec: Recording, bundle: Bundle, day: date, posted: date | None = None) -> Bundle:
    """Everything that a day brings for a bundle, posted on that day or on `posted` where a fact made it known later."""
    on = posted or day
    bundle = _fall_due(rec, bundle, day, on)
    bundle = accrued(rec, bundle, day, on)
    bundle = _close_window(rec, bundle, day, on)
    until = bundle.valid_until
    if until is not None and until <= day and bundle.lapsed_on is None and bundle.status is Status.OPEN:
        bundle = lapsed(rec, bundle, until, on)
    return bundle._replace(clock=max(day, bundle.clock or day))


def run(rec: Recording, bundle: Bundle, until: date | None, not_before: date) -> Bundle:
    """The calendar of one bundle up to and including a day; nothing is posted before `not_before`."""
    while until is not None and (day := bundle.due) is not None and day <= until:
        bundle = tick(rec, bundle, day, max(day, not_before))
    return bundle


def _post(rec: Recording, bundle: Bundle, rule: str, on: date, follows: tuple[str, str]) -> None:
    number = rec.shift(rule, bundle, day=on, branch=bundle.branch, follows=follows)
    rec.noted(bundle, number, Kind.CLOCK)


def _fall_due(rec: Recording, bundle: Bundle, day: date, on: date) -> Bundle:
    """An instalment is a receivable from its day on, where the customer may not walk away (IFRS 15.108)."""
    next_due = bundle._instalment  # noqa: SLF001  the clock is the other half of the bundle
    if next_due is None or next_due > day:
        return bundle
    bundle = bundle._replace(clock=max(day, bundle.clock or day))
    before = bundle.position
    bundle = bundle._replace(position=before._replace(due=max(fallen(bundle), before.due)))
    bundle = rebilled(bundle, before, rec.percent(bundle, on))
    bundle = bundle._replace(position=itemised(bundle.position, bundle.plan.event))
    _post(rec, bundle, "instalment.due", on, (bundle.plan.event, bundle.plan.source))
    return bundle


def fallen(bundle: Bundle) -> int:
    """What has fallen due by the clock of the bundle, where the customer may not walk away."""
    if bundle.terms.policy.obligation is Obligation.CANCELLABLE or bundle.clock is None:
        return 0
    return sum(i.amount for i in bundle.plan.instalments if i.due_on <= bundle.clock)


def undue(rec: Recording, bundle: Bundle) -> Bundle:
    """What fell due for sessions that will not be delivered is cancelled, with its VAT (IFRS 15.105; LIVA 80.Dos)."""
    before = bundle.position
    due = min(before.due, max(before.paid + before.lost, before.delivered))
    if due == before.due:
        return bundle
    bundle = squared(rebilled(bundle._replace(position=before._replace(due=due)), before, rec.percent(bundle, rec.event.date)))
    return bundle._replace(position=itemised(bundle.position, rec.event.id))


def accrued(rec: Recording, bundle: Bundle, day: date, on: date) -> Bundle:
    """A straight line up to and including a day: days elapsed of all its days, both ends counted (IFRS 15.B18; RICAC 34.2)."""
    start, end = bundle.plan.line_from, bundle.expires_on
    if start is None or end is None or day < start or bundle.ended:
        return bundle
    rest = bundle.price - bundle.plan.line_base
    end = max(end, start)  # what is added in the days of grace is earned at once
    elapsed, whole = (min(day, end) - start).days + 1, (end - start).days + 1
    gross = bundle.plan.line_base + share(rest, elapsed, whole) - bundle.position.delivered
    if gross <= 0:
        return bundle
    bundle = performed(bundle, gross, rec.percent(bundle, on))
    bundle = bundle._replace(position=itemised(bundle.position, bundle.plan.event))
    _post(rec, bundle, "accrual.straight-line", on, (bundle.plan.event, bundle.plan.source))
    return bundle


def respread(rec: Recording, bundle: Bundle) -> Bundle:
    """A change of price or of the last day accrues through the day before it and spreads the rest from its own day on."""
    start, day = bundle.plan.line_from, rec.event.date
    if start is None:
        return bundle
    if start < day:
        bundle = accrued(rec, bundle, day - DAY, day)
    plan = bundle.plan._replace(line_from=max(day, start), line_base=bundle.position.delivered)
    return bundle._replace(plan=plan._replace(event=rec.event.id, source=rec.event.source))


def _close_window(rec: Recording, bundle: Bundle, day: date, on: date) -> Bundle:
    """Nobody may ask for a refund any more: what was held for it is owed as sessions (IFRS 15.55, B20-B27)."""
    last = bundle._window  # noqa: SLF001
    if last is None or last > day:
        return bundle
    bundle = bundle._replace(position=bundle.position._replace(held=0))
    _post(
        rec,
        bundle,
        "refund-window.released",
        on,
        (bundle.plan.event or bundle.expiry_event, bundle.plan.source or bundle.expiry_source),
    )
    return bundle


def lapsed(rec: Recording, bundle: Bundle, until: date, on: date) -> Bundle:
    """The last day of use has passed: what is left of the price becomes breakage on that day (IFRS 15.B46)."""
    bundle = bundle._replace(lapsed_on=until)
    _post(rec, bundle, "breakage.expiry", on, (bundle.expiry_event, bundle.expiry_source))
    return bundle


def alive_again(bundle: Bundle, day: date) -> Bundle:
    """The bundle with its end where its rights now put it: not lapsed where the last day has moved on."""
    if bundle.lapsed_on is None:
        return bundle
    until = bundle.valid_until
    if until is not None and until < day:
        return bundle if until == bundle.lapsed_on else bundle._replace(lapsed_on=until)
    return bundle._replace(lapsed_on=None) if until is None or until > bundle.lapsed_on else bundle


def settled(rec: Recording, bundle: Bundle) -> Bundle:
    """After a fact, let the end of the bundle follow its rights: what was breakage is owed again."""
    lives = alive_again(bundle, rec.event.date)
    if lives.balances != rec.stands.get(bundle.id):
        corrects = rec.released(bundle)
        rec.noted(lives, rec.shift("breakage.reinstated", lives, branch=lives.branch, corrects=corrects))
    return lives
