"""R8, the checklist of a month: what is judged, by which evidence, and what outside knowledge it waits for.

Every function judges one item from facts that the caller has gathered; amounts are minor units, liabilities positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from revrec.core import money
from revrec.core.cash import CashLimit
from revrec.core.dates import add_months
from revrec.core.report import Column, Kind, Table, Tie
from revrec.core.words import Word

SHOWN = 5  # names that an evidence lists
REVIEW_MONTHS = 12  # an estimate of unused rights is looked at at least once a year (IFRS 15.59)


class Outcome(Word):
    """How an item stands."""

    PASSED = "pass"
    FAILED = "FAIL"
    NOT_APPLICABLE = "n/a"


@dataclass(frozen=True, slots=True)
class Check:
    """One item of the checklist and what it was judged by; `about` names what its evidence does: `bundle:B-7`, `entry:E-12`."""

    number: int
    name: str
    outcome: Outcome
    evidence: str
    about: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it does not stand in the way of closing."""
        return self.outcome is not Outcome.FAILED


class Agenda(NamedTuple):
    """An appointment book against the sessions recorded: how many it lists, and what one of the two does not know."""

    listed: int
    unrecorded: tuple[str, ...]
    unlisted: tuple[str, ...]


class Estimate(NamedTuple):
    """The estimate of unused rights in force under a policy: whose, and since when."""

    policy: str
    reviewed_on: date
    approver: str


def judged(number: int, name: str, fine: bool, evidence: str) -> Check:
    """An item that was looked at."""
    return Check(number, name, Outcome.PASSED if fine else Outcome.FAILED, evidence)


def not_applicable(number: int, name: str, why: str) -> Check:
    """An item that these books have nothing to say to."""
    return Check(number, name, Outcome.NOT_APPLICABLE, f"not applicable: {why}")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 bundle`, `2 bundles`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def about(check: Check, kind: str, refs: Iterable[str]) -> Check:
    """The check with the things that its evidence is about, as many as an evidence lists."""
    found = [f"{kind}:{ref}" for ref in refs]
    return replace(check, about=(*check.about, *found[:SHOWN]))


def some(names: Sequence[str]) -> str:
    """A few names and how many more there are."""
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def feed(chain: str, *, sound: bool, agenda: Agenda | None) -> Check:
    """1: the chain of events has no gap, and the agenda, where one is given, knows the same sessions."""
    name = "event feed complete"
    if not sound or agenda is None:
        return judged(1, name, sound, chain if not sound else f"{chain}; no agenda (--agenda FILE)")
    wrong = []
    if agenda.unrecorded:
        wrong.append(f"in the agenda and not recorded: {some(agenda.unrecorded)}")
    if agenda.unlisted:
        wrong.append(f"recorded and not in the agenda: {some(agenda.unlisted)}")
    listed = f"{counted(agenda.listed, 'session')} of the agenda {'is' if agenda.listed == 1 else 'are'}"
    return about(judged(1, name, not wrong, "; ".join(wrong) or f"{chain}; {listed} recorded"), "session", agenda.unlisted)


def against(number: int, name: str, books: int, outside: int | None, currency: str, *, moved: bool, option: str) -> Check:
    """An amount of the books against the one that somebody else reports: payment service, invoice book, tax return."""
    says = f"books {money.text(books, currency)}"
    if outside is not None:
        rest = money.text(books - outside, currency)
        words = f"{says}, reported {money.text(outside, currency)}, difference {rest} {currency}"
        return judged(number, name, books == outside, words)
    if not moved:
        return not_applicable(number, name, "nothing moved on this account")
    return not_applicable(number, name, f"no figure for {says} {currency} ({option} AMOUNT)")


def invoice_book(ties: Sequence[Tie], documents: int, overdue: Sequence[str], currency: str) -> Check:
    """10, where the books issue: all documents tie to the ledger, and none is past its day (RD 1619/2012 art. 11)."""
    said = f"documents of the month {money.text(documents, currency)} of VAT"
    broken = [tie.sentence(currency) for tie in ties if tie.difference]
    if broken:
        return judged(10, "output VAT", False, f"{said}; {'; '.join(broken)}. Hint: `revrec report invoices`")
    if overdue:
        return judged(10, "output VAT", False, f"not issued in time: {some(overdue)}. Hint: `revrec invoice list --pending`")
    return judged(10, "output VAT", True, f"{said}, all tie to the ledger, none is overdue")


def run(number: int, name: str, waiting: Sequence[str], done: int, calendar: date | None, last: date) -> Check:
    """3 and 4: what the calendar owes up to the last day of the month was booked; `done` is how many bundles it looked at."""
    if waiting:
        said = f"not booked: {some(waiting)}. Hint: `revrec advance --to {last}`"
        return about(judged(number, name, False, said), "bundle", waiting)
    if calendar is None or calendar < last:
        return judged(number, name, not done, f"the calendar stands at {calendar}. Hint: `revrec advance --to {last}`")
    concerned = counted(done, "bundle")
    return judged(number, name, True, f"the calendar stands at {calendar}; {concerned} concerned, none waits")


def estimates(found: Sequence[Estimate], last: date) -> Check:
    """5: every estimate of unused rights in force was approved within the last twelve months (IFRS 15.59, B46)."""
    name = "breakage estimates"
    if not found:
        return not_applicable(5, name, "no policy with open bundles estimates unused rights")
    old = [each for each in found if add_months(each.reviewed_on, REVIEW_MONTHS) < last]
    said = "; ".join(f"{each.policy} on {each.reviewed_on} by {each.approver}" for each in old or found)
    hint = ". Hint: record `breakage.estimated` with this year's evidence" if old else ""
    return judged(5, name, not old, f"{'over a year old' if old else 'approved'}: {said}{hint}")


def refund_liability(balance: int, overdue: Sequence[str], currency: str, *, moved: bool) -> Check:
    """6: what is expected to be refunded is held for bundles whose refund window is open, and for no other (IFRS 15.55)."""
    name = "refund liability"
    if not moved:
        return not_applicable(6, name, "no sale expects refunds")
    held = f"{money.text(balance, currency)} {currency} held"
    if balance < 0 or overdue:
        said = f"{held}; the window is over for {some(overdue) or 'more than was held'}"
        return about(judged(6, name, False, said), "bundle", overdue)
    return judged(6, name, True, f"{held}, all for open windows")


def between_branches(rest: int, currency: str, *, moved: bool) -> Check:
    """7: what branches owe each other adds up to nothing (accounting.md 4, invariant 16)."""
    if not moved:
        return not_applicable(7, "inter-branch", "no branch delivered for another")
    return judged(7, "inter-branch", not rest, f"due from and due to branches add up to {money.text(rest, currency)}")


def late_events(numbers: Sequence[int]) -> Check:
    """8: the entries of earlier periods that stand in the month, for the approver to look at."""
    names = some([f"E-{number}" for number in numbers])
    stand = "stands" if len(numbers) == 1 else "stand"
    said = f"{counted(len(numbers), 'entry', 'entries')} of earlier periods {stand} in it {names}".rstrip()
    return about(judged(8, "late events", True, said), "entry", (f"E-{number}" for number in numbers))


def revaluation(done: Sequence[str], wrong: Sequence[str], waiting: Sequence[str] = (), *, year_end: bool = False) -> Check:
    """9: exchange differences are booked on monetary items only; the contract liability keeps its rates (IFRIC 22).

    Money of other currencies that waits for a rate is stated at that of the year's end (IAS 21.23; PGC NRV 11, 1.2).
    """
    name = "revaluation"
    if wrong:
        return about(judged(9, name, False, f"a non-monetary balance was revalued: {some(wrong)}"), "entry", wrong)
    if waiting:
        hint = "record `currency.revalued` with the rate of the day" if year_end else "due at the end of the year"
        return judged(9, name, not year_end, f"{some(waiting)} held and not revalued this month: {hint}")
    if not done:
        return not_applicable(9, name, "no currency was revalued")
    return about(judged(9, name, True, f"revalued: {some(done)}"), "entry", (said.partition(" ")[0] for said in done))


def ties(books: int, bundles: int, currency: str) -> Check:
    """12: the contract liability in the books is what the bundles are owed."""
    words = f"books {money.text(books, currency)}, bundles {money.text(bundles, currency)}"
    return judged(
        12, "roll-forward ties", books == bundles, f"{words}, difference {money.text(books - bundles, currency)} {currency}"
    )


def sub_ledger(found: Iterable[Tie], manual: int, currency: str) -> Check:
    """13: every account with a sub-ledger is the sum of the states of bundles, visits and customers (R9)."""
    every = list(found)
    wrong = [tie.sentence(currency) for tie in every if tie.difference]
    listed = f", {counted(manual, 'manual entry', 'manual entries')} explained" if manual else ""
    return judged(
        13, "sub-ledger and ledger", not wrong, "; ".join(wrong) or f"{counted(len(every), 'account')}, difference 0{listed}"
    )


def negative(bundles: Sequence[str], roles: Sequence[str]) -> Check:
    """14: no bundle is owed a negative amount, no liability stands on the wrong side, and no till or clearing account below 0."""
    names = [*(f"bundle {bundle}" for bundle in bundles), *roles]
    return about(judged(14, "negative balances", not names, some(names) or "none"), "bundle", bundles)


def clean(changed: Sequence[str], errors: Sequence[str] | None, files: int) -> Check:
    """15: the day files are as they were written and Beancount loads the books; `errors` None: it is not installed."""
    name = "books, files as written"
    if changed:
        return judged(15, name, False, f"changed by hand or missing: {some(changed)}; `revrec books build`")
    written = f"{counted(files, 'day file')} {'is' if files == 1 else 'are'} as the store keeps them"
    if errors is None:
        return judged(15, name, True, f"{written}; not loaded by Beancount")
    return judged(15, name, not errors, some(errors) or f"{written}; Beancount finds no error")


def trial_balance(debit: int, credit: int, approver: str | None, head: str, currency: str) -> Check:
    """16: the trial balance is nil, and somebody signs; the closing keeps lock date, chain head and file digests."""
    nil = f"debit {money.text(debit, currency)}, credit {money.text(credit, currency)}"
    signed = f"approved by {approver}" if approver else "not signed"
    return judged(16, "trial balance and sign-off", debit == credit, f"{nil}; {signed}; head {head[:16]}")


def cash(limit: CashLimit | None, taken: int, beyond: Sequence[str], currency: str) -> Check:
    """17: no cash for operations at or above the legal limit; taken all the same, the approver answers for it with a reason."""
    name = "cash limit"
    if limit is None or not taken:
        return not_applicable(17, name, "no cash was taken" if limit else "no limit is known for these books")
    rule = f"{money.text(limit.amount, currency)} {currency} ({limit.source})"
    if beyond:
        said = f"cash for operations of {rule} or more: payment {some(beyond)}"
        return about(judged(17, name, False, said), "payment", beyond)
    return judged(17, name, True, f"{counted(taken, 'cash payment')}, none for operations of {rule} or more")


COLUMNS = (
    Column("number", "No.", Kind.TEXT),
    Column("outcome", "", Kind.TEXT),
    Column("item", "Item", Kind.TEXT),
    Column("evidence", "Evidence", Kind.TEXT),
)


def table(checks: Sequence[Check], month: str, currency: str) -> Table:
    """The checklist as a report; what fails is a finding."""
    rows = tuple((f"{check.number:>2}", check.outcome.value, check.name, check.evidence) for check in checks)
    findings = tuple(f"{check.number} {check.name}: {check.evidence}" for check in checks if not check.passed)
    return Table("checklist", f"Checklist of {month}", currency, COLUMNS, rows, findings=findings)
