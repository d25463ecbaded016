"""Documents derived again: the replayed events through the core's invoicing, the stored documents taking their drafts.

A draft has its number as soon as what is left of it is what the stored document of its event says: had it still waited
while something was taken back of it, the document would say less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from revrec.core.accrual import billed_on
from revrec.core.billing import NIL, OUTSIDE_BOOKS, Account, Amount, Cover, Item, Subject
from revrec.core.book import Book, Changes
from revrec.core.events import Event
from revrec.core.invoicing import Draft, Invoicer, Outcome, Part, covered, not_yet, reduced
from revrec.core.journal import JournalEntry
from revrec.store.papers import Issued, Papers, Waiting

Standing = dict[tuple[Item, str], Amount]  # what each document says of each item; under UNCOVERED what none says
UNCOVERED = "uncovered"


class Stray(NamedTuple):
    """Something of documents that is not as the events give it: of which kind, where, and in words."""

    code: str
    where: str
    message: str


class Follower:
    """Grows accounts, documents and waiting drafts event by event; `begin` says from when invoices are issued."""

    def __init__(self, papers: Papers, book: Book) -> None:
        self.papers = papers
        self.book = book
        self.since: date | None = None
        self.accounts: dict[str, Account] = {}
        self.waiting: dict[str, tuple[int, Draft]] = {}
        self.waits: dict[str, Amount] = {}  # of it, what the policy did not invoice yet
        self.before: dict[str, Amount] = defaultdict(lambda: NIL)  # billed while no invoices were issued
        self.left: dict[int, list[Issued]] = defaultdict(list)  # stored documents that took no draft yet, by event
        self.held = {waits.draft.id for waits in papers.waiting()}  # what has no document
        self.place: dict[str, str] = {}  # a document -> the one that took its place
        for issued in papers.invoices():
            if not issued.parts and issued.corrects:
                self.place[issued.corrects] = issued.number
            else:
                self.left[issued.seq].append(issued._replace(content=b""))

    def begin(self, since: str | None) -> None:
        """The settings that an event pinned: from which day on invoices are issued; None: not at all."""
        self.since = date.fromisoformat(since) if since else None

    def follow(self, event: Event, seq: int, done: Sequence[Changes]) -> None:
        """What an event makes due, and the stored documents that say so."""
        if self.since is None:
            for changes in done:
                for entry in changes.entries:
                    self._bill(entry)
                self.waits |= {f"bundle:{name}": not_yet(bundle) for name, bundle in changes.bundles.items()}
            return
        outcome = Invoicer(self.book, self._account, self.since).follow(event, seq, done)
        self._take(outcome, seq)

    def _bill(self, entry: JournalEntry) -> None:
        for name, amount in billed_on(entry):
            self.before[name] = self.before[name].plus(amount)

    def _account(self, name: str) -> Account:
        found = self.accounts.get(name)
        return found if found is not None else self._of_before(name)

    def _of_before(self, name: str) -> Account:
        """A contract of before the invoicing began starts with what was billed then."""
        kind, _, ref = name.partition(":")
        bundle = self.book.bundle(ref) if kind == "bundle" else None
        amount = self.before.get(name, NIL)
        if bundle is None or bundle.multi or amount.gross <= 0:
            return Account(name)
        item, covered = Item(Subject.UNITS, bundle.terms.tax.id), amount.minus(self.waits.get(name, NIL))
        account = Account(name).bill(item, amount)
        return account.cover(item, Cover(OUTSIDE_BOOKS, "", *covered)) if covered.gross > 0 else account

    def _take(self, outcome: Outcome, seq: int) -> None:
        self.accounts |= outcome.accounts
        for name, part in outcome.reduced:
            if name in self.waiting:
                born, draft = self.waiting.pop(name)
                self._wait(born, reduced(draft, part))
        for draft in outcome.drafts:
            self._wait(seq, draft)

    def _wait(self, seq: int, draft: Draft) -> None:
        if not draft.parts:
            return
        found = [] if draft.id in self.held else [each for each in self.left.get(seq, ()) if self._is(each, draft)]
        if not found:
            self.waiting[draft.id] = seq, draft
            return
        issued = max(found, key=lambda each: bool(each.customer))  # one that names nobody may be another payer's
        self.left[seq].remove(issued)
        for name in covered(draft, self._account, self.book):
            self.accounts[name] = self._account(name).renamed(draft.id, issued.number)

    def _is(self, issued: Issued, draft: Draft) -> bool:
        """Whether a document is what became of a draft: contract, correction, recipient and every part."""
        corrects = self.place.get(issued.corrects or "", issued.corrects), self.place.get(draft.corrects or "", draft.corrects)
        bundle = self.book.bundle(draft.bundle) if draft.bundle else None
        recipient = draft.recipient or (bundle.customer if bundle else "")
        to = issued.customer in ("", recipient)
        return to and corrects[0] == corrects[1] and (issued.account, issued.parts) == (draft.account, draft.parts)

    # against what is stored

    def compare(self) -> Iterator[Stray]:
        """Whatever documents, waiting drafts and accounts say that the events do not, or the other way round."""
        for issued in (each for rest in self.left.values() for each in rest):
            message = f"{issued.number}: no event makes a document of these parts due (event number {issued.seq})"
            yield Stray("invoice.derived", f"invoice {issued.number}", message)
        yield from self._compare_waiting({waits.draft.id: waits for waits in self.papers.waiting()})
        yield from self._compare_accounts()

    def _compare_waiting(self, stored: dict[str, Waiting]) -> Iterator[Stray]:
        for name in sorted(stored.keys() | self.waiting.keys()):
            mine, theirs = stored.get(name), self.waiting.get(name)
            if mine is None and theirs is not None:
                message = (
                    f"event {theirs[1].event} makes a document due for {theirs[1].account}; it was not issued nor does it wait"
                )
                yield Stray("invoice.missing", name, message)
            elif mine is not None and (theirs is None or _said(mine.seq, mine.draft) != _said(*theirs)):
                yield Stray("derived.waiting", name, f"{name}: the waiting document is not what the events give")

    def _compare_accounts(self) -> Iterator[Stray]:
        seen = set[str]()
        for account in self.papers.accounts():
            seen.add(account.id)
            if self._standing(account) != self._standing(self.accounts.get(account.id, Account(account.id))):
                yield _account_differs(account.id)
        for name in sorted(self.accounts.keys() - seen):
            if self._standing(self.accounts[name]):
                yield _account_differs(name)

    def _standing(self, account: Account) -> Standing:
        """What stands on each document by item, and what on none; what is elsewhere is nobody's business here."""
        found: Standing = defaultdict(lambda: NIL)
        for billed in account.items:
            for cover in billed.covers:
                if cover.document != OUTSIDE_BOOKS:
                    key = billed.item, self.place.get(cover.document, cover.document)
                    found[key] = found[key].plus(Amount(cover.gross, cover.vat))
            found[billed.item, UNCOVERED] = billed.uncovered
        return {key: amount for key, amount in found.items() if amount != NIL}


def _said(seq: int, draft: Draft) -> tuple[int, str, str | None, date, tuple[Part, ...]]:
    return seq, draft.account, draft.recipient, draft.operated_on, draft.parts


def _account_differs(name: str) -> Stray:
    return Stray("derived.account", f"account {name}", f"account {name}: what is billed and covered is not what the events give")
