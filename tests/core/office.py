"""An office that follows a practice with documents: numbers each draft at once, and keeps what it wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from revrec.core.billing import Account
from revrec.core.book import Changes
from revrec.core.events import Event
from revrec.core.invoicing import Draft, Invoicer, Part, reduced
from tests.core.practice import START, Practice


@dataclass
class Office:
    """Documents by number; every draft gets one unless `waits` says so."""

    game: Practice
    since: date = START
    waits: Callable[[Draft], bool] = lambda _draft: False
    accounts: dict[str, Account] = field(default_factory=dict)
    documents: dict[str, Draft] = field(default_factory=dict)
    waiting: dict[str, Draft] = field(default_factory=dict)
    seq: int = 0

    def follow(self, event: Event, done: list[Changes]) -> list[Draft]:
        self.seq += 1
        invoicer = Invoicer(self.game.book, lambda name: self.accounts.get(name, Account(name)), self.since)
        outcome = invoicer.follow(event, self.seq, done)
        self.accounts |= outcome.accounts
        for name, part in outcome.reduced:
            self.waiting[name] = reduced(self.waiting[name], part)
        for draft in outcome.drafts:
            self._take(draft)
        return outcome.drafts

    def record(self, fact: object, day: date) -> list[Draft]:
        """Record a fact in the practice and answer the drafts that it makes due."""
        done = self.game.record(fact, day)
        return self.follow(self.game.accepted[-1], done)

    def parts(self) -> dict[tuple[str, object], Part]:
        """What all documents, waiting ones too, say of each item of each account."""
        sums: dict[tuple[str, object], Part] = defaultdict(lambda: Part(None, 0, 0))
        for draft in (*self.documents.values(), *self.waiting.values()):
            for item, gross, vat in draft.parts:
                before = sums[draft.account, item]
                sums[draft.account, item] = Part(item, before.gross + gross, before.vat + vat)
        return sums

    def _take(self, draft: Draft) -> None:
        if self.waits(draft):
            self.waiting[draft.id] = draft
            return
        number = f"{'R' if draft.corrects is not None else 'F'}-{len(self.documents) + 1}"
        self.documents[number] = draft
        account = self.accounts[draft.account]
        self.accounts[draft.account] = account.renamed(draft.id, number)
