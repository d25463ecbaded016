"""Why an entry stands in the books: its rule, the policy clause that decided, the formula of each leg, the standard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from revrec.app.bundles import state_after
from revrec.app.entries import EntryView, find, of_bundle
from revrec.app.formulas import explained
from revrec.app.working import EARNED, Case, Formula
from revrec.core import clauses, money
from revrec.core.bundle import Bundle
from revrec.core.clauses import LANGUAGES, Clause
from revrec.core.errors import RevrecError
from revrec.core.journal import JournalEntry, Posting, Role
from revrec.core.policy import OUTSIDE, Policy, Tax
from revrec.core.rules import RULES
from revrec.wire.stored import restore

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import StoredEvent

_WORDS = {
    "es": {"debit": "debe", "credit": "haber", "policy": "Política", "event": "Hecho", "source": "Fuente", "rule": "Regla"},
    "en": {"debit": "debit", "credit": "credit", "policy": "Policy", "event": "Event", "source": "Source", "rule": "Rule"},
}
_REVENUE_OF_SESSIONS = ("session.", "accrual.", "modification.", "payment.at-purchase", "payment.reversed")


class UnknownEntry(RevrecError):
    """No entry of that number stands in these books."""

    def __init__(self, name: str, entries: int) -> None:
        there = f"the last one is E-{entries}" if entries else "there is none yet"
        super().__init__(f"{name} is no entry of these books; {there}. Entries are called E-1, E-2 …")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One entry with everything that it follows from; `policy` is None where no policy decides."""

    view: EntryView
    event: StoredEvent
    policy: Policy | None
    clauses: tuple[Clause, ...]
    legs: tuple[tuple[Posting, Formula], ...]
    languages: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The explanation as JSON; amounts are decimal strings, debit positive."""
        rule = RULES.get(self.view.entry.rule)
        return {
            "entry": self.view.to_json(),
            "rule": {
                "id": self.view.entry.rule,
                **{name: (rule.es if name == "es" else rule.en) if rule else None for name in self.languages},
                "source": rule.source if rule else None,
            },
            "policy": self._policy(),
            "event": {
                "event": self.event.id,
                "source": self.event.source,
                "type": self.event.type,
                "date": self.event.date.isoformat(),
                "actor": self.event.fields["event"].get("actor"),
            },
            "formulas": [self._formula(leg, formula) for leg, formula in self.legs],
        }

    def _policy(self) -> dict[str, Any] | None:
        if self.policy is None:
            return None
        said = [
            {"rule": clause.rule, "keys": list(clause.keys)} | {name: clause.words.in_language(name) for name in self.languages}
            for clause in self.clauses
        ]
        digest = clauses.digest(self.policy, self.view.currency)
        return {"policy": self.policy.id, "since": self.policy.since.isoformat(), "digest": digest, "clauses": said}

    def _formula(self, leg: Posting, formula: Formula) -> dict[str, Any]:
        found: dict[str, Any] = {"role": leg.role.value, "amount": self._text(leg.amount), "rest": formula.rest}
        for name in self.languages:
            found[name] = f"{formula.about.in_language(name)}: {self._sum(leg, formula, name)}"
        return found

    def _text(self, minor: int) -> str:
        return money.text(minor, self.view.currency)

    def _sum(self, leg: Posting, formula: Formula, language: str) -> str:
        working, result = formula.sum.in_language(language), self._text(abs(leg.amount))
        return working if working == result else f"{working} = {result}"

    def lines(self) -> Iterator[str]:
        """The explanation for people, a language after the other."""
        entry = self.view.entry
        yield f"{self.view.name}  {entry.date}  {entry.rule}: {self.view.legs()}"
        for language in self.languages:
            yield ""
            yield from self._in_language(language)

    def _in_language(self, language: str) -> Iterator[str]:
        rule, words = RULES.get(self.view.entry.rule), _WORDS[language]
        if rule:
            yield f"{words['rule']}: {rule.es if language == 'es' else rule.en}"
            yield f"{words['source']}: {rule.source}"
        if self.policy is not None and self.clauses:
            yield f"{words['policy']} {self.policy.version}:"
            for clause in self.clauses:
                yield f"  {clause.words.in_language(language)} ({', '.join(clause.keys)})"
        yield f"{words['event']}: {self.event.type} {self.event.id}, {self.event.date}"
        for leg, formula in self.legs:
            side = words["debit"] if leg.amount > 0 else words["credit"]
            yield f"  {side} {leg.role} {self._text(abs(leg.amount))}"
            yield f"    {formula.about.in_language(language)}: {self._sum(leg, formula, language)}"
        yield from self._linked(language)

    def _linked(self, language: str) -> Iterator[str]:
        entry, spanish = self.view.entry, language == "es"
        if entry.corrects:
            yield f"{'Corrige' if spanish else 'Corrects'} E-{entry.corrects}"
        if self.view.corrected_by:
            names = ", ".join(f"E-{number}" for number in self.view.corrected_by)
            yield f"{'Corregido por' if spanish else 'Corrected by'} {names}"
        if entry.late:
            text = "Tardío: corresponde al {}" if spanish else "Late: it belongs to {}"
            yield text.format(entry.effective)


def explain(ws: Workspace, name: str, languages: tuple[str, ...] = LANGUAGES) -> Explanation:
    """Why the entry of a name (`E-12`) stands as it does; raises UnknownEntry."""
    digits = name.removeprefix("entry:").removeprefix("E-")
    entry = ws.store.entry(int(digits)) if digits.isascii() and digits.isdigit() else None
    if entry is None:
        raise UnknownEntry(name, ws.store.head().entries)
    event = _event_of(ws, entry)
    related = _related(ws, entry)
    view = EntryView(
        entry, ws.settings.currency, find(ws.root, entry), tuple(e.number for e in related if e.corrects == entry.number)
    )
    policy = _policy_of(ws, entry)
    case = _case(ws, entry, event, related)
    return Explanation(view, event, policy, tuple(_deciding(case, policy)), tuple(explained(case)), languages)


def _event_of(ws: Workspace, entry: JournalEntry) -> StoredEvent:
    return next(found for found in ws.store.events_by_id(entry.event) if found.source == entry.source)


def _policy_of(ws: Workspace, entry: JournalEntry) -> Policy | None:
    if entry.policy is None:
        return None
    name, _, since = entry.policy.rpartition("@")
    found = ws.store.pins.version("policy", name, since)
    return found if isinstance(found, Policy) else None


def _deciding(case: Case, policy: Policy | None) -> Iterator[Clause]:
    """The clauses that decided an entry, or what it mirrors; those that say nothing about it are left out."""
    if policy is None:
        return
    said = {clause.rule: clause for clause in clauses.clauses(policy, case.currency)}
    bonus = case.after is not None and case.after.bonus_units
    idle = {"overage": not case.total(Role.REVENUE_SINGLE), "free-units": not bonus}
    mirrored = clauses.deciding(case.original.rule) if case.original else ()
    yield from (said[rule] for rule in clauses.deciding(case.entry.rule) or mirrored if not idle.get(rule))


def _related(ws: Workspace, entry: JournalEntry) -> list[JournalEntry]:
    """The entries of the same bundles, or, without one, of the same customer; by number."""
    found: dict[int, JournalEntry] = {}
    for bundle in _bundles(entry):
        found |= {each.number: each for each in of_bundle(ws.store, bundle)}
    if not found and entry.customer:
        found |= {each.number: each for each in ws.store.entries_of(customer=entry.customer)}
    return [found[number] for number in sorted(found)]


def _bundles(entry: JournalEntry) -> list[str]:
    named = (entry.bundle, *(leg.bundle for leg in entry.postings))
    return list(dict.fromkeys(bundle for bundle in named if bundle))


def _case(ws: Workspace, entry: JournalEntry, event: StoredEvent, related: list[JournalEntry]) -> Case:
    earlier = [each for each in related if each.number < entry.number]
    balances: dict[tuple[str | None, Role], int] = defaultdict(int)
    for each in earlier:
        for leg in each.postings:
            balances[leg.bundle or each.bundle, leg.role] += leg.amount
    prior, after = _states(ws, entry, event)
    return Case(
        entry=entry,
        currency=ws.settings.currency,
        fact=restore(event.event, ws.context).data,
        original=ws.store.entry(entry.corrects) if entry.corrects else None,
        balances=dict(balances),
        earned=_earned(earlier, entry.bundle),
        prior=prior,
        after=after,
        on_day=_on_day(earlier, entry),
        rates=tuple(_rates(ws, event, after, entry.date)),
    )


def _on_day(earlier: Iterable[JournalEntry], entry: JournalEntry) -> dict[Role, int]:
    """What the earlier entries of the bundle add up to at the end of the entry's day, whatever was recorded for later."""
    balances: dict[Role, int] = defaultdict(int)
    for each in earlier:
        for leg in each.postings:
            if each.date <= entry.date and (leg.bundle or each.bundle) == entry.bundle:
                balances[leg.role] += leg.amount
    return dict(balances)


def _earned(earlier: Iterable[JournalEntry], bundle: str | None) -> int:
    """The package revenue of what was delivered before, without what refunds kept for list prices."""
    mine = (each for each in earlier if each.rule.startswith(_REVENUE_OF_SESSIONS))
    legs = ((each, leg) for each in mine for leg in each.postings if leg.role in EARNED)
    return -sum(leg.amount for each, leg in legs if (leg.bundle or each.bundle) == bundle)


def _states(ws: Workspace, entry: JournalEntry, event: StoredEvent) -> tuple[Bundle | None, Bundle | None]:
    """The bundle before and after the event of an entry; the same for what the calendar posted."""
    if entry.bundle is None:
        return None, None
    if entry.number in event.numbers:
        return state_after(ws, entry.bundle, event.seq - 1), state_after(ws, entry.bundle, event.seq)
    before = [stored.seq for _, stored in ws.store.history(entry.bundle) if stored.numbers.stop <= entry.number]
    state = state_after(ws, entry.bundle, max(before, default=event.seq))
    return state, state


def _rates(ws: Workspace, event: StoredEvent, bundle: Bundle | None, day: date) -> Iterator[int]:
    """The rates that may bear on an entry, in hundredths of a percent, each once: of the bundle, its fees, the event."""
    named = {event.event["data"].get("tax"), (event.event["data"].get("surcharge") or {}).get("tax")}
    if bundle is not None:
        policy = bundle.terms.policy
        named |= {bundle.terms.tax.id, policy.fee_tax, policy.commission_tax}
    else:  # a deposit is under no policy: the tax of its fee is one on which they agree
        pinned = (ws.store.pins.version(kind, name, since) for kind, name, since in ws.store.pins.rows if kind == "policy")
        named |= {policy.fee_tax for policy in pinned if isinstance(policy, Policy)}
    seen = set()
    for tax in sorted(name for name in named if name and name != OUTSIDE):
        for version in ws.store.pins.candidates("tax", tax, day, ws.store.head().seq):
            if isinstance(version, Tax) and version.percent and version.percent not in seen:
                seen.add(version.percent)
                yield version.percent
