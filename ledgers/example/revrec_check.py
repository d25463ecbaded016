"""Beancount plugin: what must hold in books that revrec makes, shown on Fava's error page with event ids and file names.

Self-contained (Beancount and the standard library), so that a workspace loads where revrec is not installed; revrec writes
it beside `main.beancount` and writes it again whenever it differs. Licence: MIT, as revrec; whoever passes it on together
with Beancount (GPL-2.0-only) may do so under that licence.

`plugin "revrec_check"` checks the whole book. `plugin "revrec_check" "year"` checks a book that holds one year: entries
begin anywhere, and the balances brought forward in the top file are taken as they are.

Generated `balance` lines know nothing of hand-written entries: this plugin runs before Beancount checks balances and adds
the hand-written entries of earlier days to them; those that nobody approved are findings by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from beancount.core.amount import Amount
from beancount.core.data import Balance, Open, Transaction
from beancount.ops.validation import ValidationError

__plugins__ = ("revrec_check",)

GUARDED = frozenset({"contract-liability", "contract-asset", "refund-liability", "customer-credit", "client-money"})
INCOME = frozenset(
    {"revenue-package", "revenue-single", "revenue-no-show", "breakage", "commission-income", "fee-income", "refund-contra"},
)
ENDING = frozenset({"breakage.expiry", "breakage.termination"})
REINSTATED, CORRECTED = "breakage.reinstated", "breakage.correction"
ZERO = Decimal()
_BUILD = "Run `revrec books build`: it writes the files of journal/ again as they were recorded"


class RevrecError(NamedTuple):
    """A finding as Beancount shows it; a pickled one comes back as Beancount's own, so that its cache needs no plugin."""

    source: dict[str, Any]
    message: str
    entry: Any

    def __reduce__(self) -> tuple[Any, ...]:
        return ValidationError, tuple(self)


def revrec_check(entries: list[Any], options_map: dict[str, Any], config: str = "") -> tuple[list[Any], list[RevrecError]]:
    """The entries with generated balances adjusted, and every finding."""
    roles = {e.account: e.meta["revrec-role"] for e in entries if type(e) is Open and "revrec-role" in e.meta}
    check = _Check(roles, options_map["filename"], whole=not config)
    for index, entry in enumerate(entries):
        kind = type(entry)
        if kind is Transaction:
            check.transaction(entry)
        elif kind is Balance and check.manual and check.is_generated(entry):
            entries[index] = check.adjusted(entry)
    check.finish()
    return entries, check.errors


class _Ending(NamedTuple):
    """How a bundle ended: the entry that said so and those that correct it, and what they took from its liability together."""

    entries: set[str]
    amount: Decimal


class _Check:
    """One pass over the entries in their order: by date, balances before transactions."""

    def __init__(self, roles: dict[str, str], top: str, *, whole: bool) -> None:
        self.roles: dict[str, str | None] = dict(roles)
        self.top = top
        self.whole = whole
        self.errors: list[RevrecError] = []
        self.manual: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))  # account, currency
        self.generated: dict[str, bool] = {}  # file name -> under journal/
        self.numbers: dict[int, Any] = {}
        self.events: dict[str, Any] = {}  # the first transaction of each event, and below those of events with several
        self.several: dict[str, dict[tuple[Any, ...], Any]] = {}
        self.earned: dict[str, Any] = {}  # the first transaction with income of each session, and below where there are several
        self.repeated: dict[str, list[Any]] = {}
        self.corrections: list[tuple[int, Any]] = []
        self.liability: dict[str, Decimal] = defaultdict(Decimal)  # bundle; negative: owed
        self.touched: dict[str, Any] = {}  # bundles whose liability moved on `day`
        self.last: dict[str, Any] = {}
        self.ended: dict[str, _Ending] = {}  # bundle
        self.handmade: list[tuple[str, Any]] = []
        self.bundles: set[str] = set()
        self.day: Any = None

    def report(self, entry: Any, message: str) -> None:
        """Add a finding, led by the event of its entry and the file it stands in."""
        event = entry.meta.get("event")
        lead = f"{_place(entry)}, event {event}" if event else _place(entry)
        self.errors.append(RevrecError(entry.meta, f"{lead}: {message}", entry))

    def is_generated(self, entry: Any) -> bool:
        """Whether an entry stands under `journal/`."""
        name = entry.meta["filename"]
        if name not in self.generated:
            self.generated[name] = Path(name).parent.parent == Path(self.top).parent / "journal"
        return self.generated[name]

    def role(self, account: str) -> str | None:
        """The role of an account, or of the nearest one above it."""
        if account not in self.roles:
            above = account.rpartition(":")[0]
            self.roles[account] = self.role(above) if above else None
        return self.roles[account]

    def transaction(self, entry: Any) -> None:
        """Take one transaction in."""
        if entry.date != self.day:
            self.end_of_day()
            self.day = entry.date
        if self.is_generated(entry):
            self.by_revrec(entry)
        elif self.whole or entry.meta["filename"] != self.top:
            self.by_hand(entry)

    def by_revrec(self, entry: Any) -> None:
        """A generated transaction: its number, its event, its session, its legs."""
        meta = entry.meta
        number = _number(meta.get("entry"))
        if number is None:
            self.report(entry, "no entry number, in a file that revrec makes. Move it to manual/ and run `revrec books build`")
            return
        if self.numbers.setdefault(number, entry) is not entry:
            self.report(entry, f"the number E-{number} stands on another entry too ({_place(self.numbers[number])}). {_BUILD}")
        event = meta.get("event")
        if self.events.setdefault(event, entry) is not entry:
            self.once(event, entry)
        bundle = meta.get("bundle")
        if bundle:
            self.of_bundle(bundle, meta.get("rule"), entry)
        if "corrects" in meta:
            self.corrections.append((number, entry))
        if "late" in meta and "effective-date" not in meta:
            self.report(entry, f"{meta['entry']} is late but has no effective-date: the day it belongs to. {_BUILD}")
        if self.legs(entry, bundle) and "session" in meta:
            session = meta["session"]
            if self.earned.setdefault(session, entry) is not entry:
                self.repeated.setdefault(session, [self.earned[session]]).append(entry)

    def of_bundle(self, bundle: str, rule: str | None, entry: Any) -> None:
        """Keep in mind that the bundle exists, and whether it ended: one whose ending was taken back whole did not."""
        self.bundles.add(bundle)
        if rule in ENDING:
            self.ended[bundle] = _Ending({entry.meta["entry"]}, self.released(entry))
        elif rule == REINSTATED:
            self.ended.pop(bundle, None)
        elif rule == CORRECTED and (ending := self.ended.get(bundle)) and entry.meta.get("corrects") in ending.entries:
            entries, amount = ending.entries | {entry.meta["entry"]}, ending.amount + self.released(entry)
            if amount:
                self.ended[bundle] = _Ending(entries, amount)
            else:
                del self.ended[bundle]

    def released(self, entry: Any) -> Decimal:
        """What an entry took from the contract liability."""
        legs = (p for p in entry.postings if self.role(p.account) == "contract-liability")
        return sum((leg.units.number for leg in legs), ZERO)

    def once(self, event: str, entry: Any) -> None:
        """Of the transactions of one event no two are alike."""
        first = self.events[event]
        alike = self.several.setdefault(event, {_key(first): first})
        before = alike.setdefault(_key(entry), entry)
        if before is not entry:
            self.report(entry, f"posted twice, as {entry.meta['entry']} and as {_named(before)}: it counts double. {_BUILD}")

    def legs(self, entry: Any, bundle: str | None) -> bool:
        """Take the legs in and say whether one of them is income."""
        income = False
        for posting in entry.postings:
            role = self.roles.get(posting.account) or self.role(posting.account)
            if role in INCOME:
                income = True
            elif role == "contract-liability":
                self.owe(posting, bundle, entry)
            elif role is None:
                self.report(
                    entry,
                    f"{posting.account} has no revrec-role, yet revrec posted to it. "
                    'Write revrec-role: "…" under its open line in chart.beancount',
                )
                self.roles[posting.account] = "unknown"
        return income

    def owe(self, posting: Any, bundle: str | None, entry: Any) -> None:
        """A leg on the contract liability moves what is owed to a bundle."""
        own = posting.meta and posting.meta.get("bundle")
        name = own or bundle
        if name and posting.units and self.whole:
            self.liability[name] += posting.units.number
            self.touched[name] = entry

    def end_of_day(self) -> None:
        """No bundle's contract liability is in debit at the end of a day."""
        for bundle, entry in self.touched.items():
            owed = self.liability[bundle]
            if owed > 0:
                self.report(
                    entry,
                    f"bundle {bundle} has used more than was paid: its contract liability is {owed} in debit. {_see(bundle)}",
                )
        self.last.update(self.touched)
        self.touched.clear()

    def by_hand(self, entry: Any) -> None:
        """A hand-written transaction: no number of ours, and the five guarded roles only when approved."""
        if "entry" in entry.meta:
            self.report(entry, "an entry number outside journal/: hand-written entries have none. Delete its line `entry:`")
        for posting in entry.postings:
            if posting.units is None or not isinstance(posting.units.number, Decimal):
                continue
            self.manual[posting.account][posting.units.currency] += posting.units.number
            role = self.role(posting.account)
            if role in GUARDED:
                self.guarded(entry, posting, role)

    def guarded(self, entry: Any, posting: Any, role: str) -> None:
        """An approved hand-written leg has the tag and names a bundle that exists."""
        bundle = (posting.meta or {}).get("bundle") or entry.meta.get("bundle")
        if "manual" not in entry.tags or not bundle:
            self.report(
                entry,
                f'{posting.account} ({role}) is kept by revrec: a hand-written entry on it needs the tag #manual and bundle: "…"',
            )
        if bundle:
            self.handmade.append((bundle, entry))
            if role == "contract-liability":
                self.owe(posting, bundle, entry)

    def adjusted(self, entry: Any) -> Any:
        """A generated balance with the hand-written entries before its date."""
        below = entry.account + ":"
        currency = entry.amount.currency
        more = sum(
            (sums[currency] for name, sums in self.manual.items() if name == entry.account or name.startswith(below)),
            ZERO,
        )
        return entry._replace(amount=Amount(entry.amount.number + more, currency)) if more else entry

    def finish(self) -> None:
        """What can be said only at the end."""
        self.end_of_day()
        self.check_corrections()
        self.check_sessions()
        if self.whole:
            self.check_numbers()
            self.check_bundles()

    def check_corrections(self) -> None:
        """`corrects` names an entry recorded before."""
        for number, entry in self.corrections:
            corrected = _number(entry.meta["corrects"])
            unknown = corrected not in self.numbers and self.whole
            if corrected is None or unknown or corrected >= number:
                self.report(entry, f"E-{number} corrects {entry.meta['corrects']}, which is no earlier entry. {_BUILD}")

    def check_sessions(self) -> None:
        """A session's income stands on one transaction, unless that was reversed."""
        for session, found in self.repeated.items():
            own = {e.meta["entry"] for e in found}
            undone = {e.meta.get("corrects") for e in found}
            alive = [e for e in found if e.meta.get("corrects") not in own and e.meta["entry"] not in undone]
            if len(alive) > 1:
                places = ", ".join(map(_named, alive))
                earned = f"session {session} earned on {len(alive)} unreversed transactions: {places}"
                self.report(alive[-1], f"{earned}. Its revenue counts more than once. {_BUILD}")

    def check_numbers(self) -> None:
        """Entry numbers are gapless from 1."""
        expected = 1
        for number in sorted(self.numbers):
            if number > expected:
                gap = f"E-{expected}" if number == expected + 1 else f"E-{expected} to E-{number - 1}"
                self.report(self.numbers[number], f"before E-{number}, {gap} missing. {_BUILD}")
            expected = number + 1

    def check_bundles(self) -> None:
        """Nothing is owed to a bundle that ended; a hand-written entry names a bundle that exists."""
        for bundle in self.ended:
            if self.liability.get(bundle):
                owed = self.liability[bundle]
                self.report(
                    self.last[bundle],
                    f"bundle {bundle} has ended, but its contract liability is {owed} and not 0. {_see(bundle)}",
                )
        for bundle, entry in self.handmade:
            if bundle not in self.bundles:
                self.report(
                    entry,
                    f"no bundle {bundle} stands in the books. Check the id in its line `bundle:`; it is spelled as in the sale",
                )


def _number(text: Any) -> int | None:
    """The number of `E-12`, or None."""
    return int(text[2:]) if isinstance(text, str) and text[:2] == "E-" and text[2:].isdecimal() else None


def _key(entry: Any) -> tuple[Any, ...]:
    """What two transactions of one event differ in."""
    keys = ("event-source", "rule", "bundle", "session", "customer", "corrects", "effective-date")
    return (entry.date, *map(entry.meta.get, keys))


def _see(bundle: str) -> str:
    """Where the reason is found: most often in an entry made by hand."""
    return f"`revrec trace bundle:{bundle}` shows what was recorded; if that is right, an entry made by hand is not"


def _place(entry: Any) -> str:
    """The file name and line of an entry."""
    return f"{Path(entry.meta['filename']).name}:{entry.meta['lineno']}"


def _named(entry: Any) -> str:
    """An entry by number and place: `E-12 (2026-01-10.beancount:9)`."""
    return f"{entry.meta.get('entry')} ({_place(entry)})"
