"""What of each contract was billed, and by which documents, for one run of a writing command."""

from __future__ import annotations

from collections.abc import Iterable

from revrec.core.accrual import billed_on
from revrec.core.billing import NIL, OUTSIDE_BOOKS, Account, Amount, Cover, Item, Subject
from revrec.core.book import Book
from revrec.core.invoicing import not_yet
from revrec.store.papers import Papers
from revrec.store.store import Store

_REMEMBERED = 20_000  # accounts kept in memory between batches


class Accounts:
    """The accounts as the run leaves them; `flush` writes those that changed. What `book` has now was posted before the run."""

    def __init__(self, papers: Papers, store: Store, book: Book) -> None:
        self.papers = papers
        self.store = store
        self.book = book
        self.began = book.seq
        self._known: dict[str, Account] = {}
        self._stored: set[str] = set()  # those of them that have a row
        self._absent: set[str] = set()  # looked for in this batch, and without one
        self._changed: dict[str, None] = {}

    def prefetch(self, names: Iterable[str]) -> None:
        """Read what a batch will ask for at once."""
        wanted = [name for name in names if name not in self._known]
        for account in self.papers.accounts_of(wanted):
            self._known[account.id] = account
            self._stored.add(account.id)
        self._absent = {name for name in wanted if name not in self._known}

    def find(self, name: str) -> Account:
        """An account; that of a contract of before the invoicing began starts with what was billed then."""
        found = self._known.get(name)
        if found is None:
            found = None if name in self._absent else self.papers.account(name)
            if found is not None:
                self._stored.add(name)
            else:
                found = self._of_before(name)
            self._known[name] = found
        return found

    def is_stored(self, name: str) -> bool:
        """Whether an account that was found has a row: without one it has no document of an earlier batch."""
        return name in self._stored

    def put(self, account: Account) -> None:
        """An account as it is now."""
        self._known[account.id] = account
        self._changed[account.id] = None

    def _of_before(self, name: str) -> Account:
        """What was billed of a bundle before its account began: none of these books' invoicing."""
        kind, _, ref = name.partition(":")
        bundle = self.book.bundle(ref) if kind == "bundle" else None
        amount = self._billed_before(ref) if bundle is not None and bundle.seq <= self.began else NIL
        if bundle is None or bundle.multi or amount.gross <= 0:
            return Account(name)  # of a multi-purpose voucher only what is redeemed is billed
        stored = self.store.bundle(ref)  # as it was before this run
        item, covered = Item(Subject.UNITS, bundle.terms.tax.id), amount.minus(not_yet(stored) if stored else NIL)
        account = Account(name).bill(item, amount)
        return account.cover(item, Cover(OUTSIDE_BOOKS, "", *covered)) if covered.gross > 0 else account

    def _billed_before(self, bundle: str) -> Amount:
        amount, name = NIL, f"bundle:{bundle}"
        for entry in self.store.entries_of(bundle=bundle):
            for account, each in billed_on(entry):
                amount = amount.plus(each) if account == name else amount
        return amount

    def flush(self) -> None:
        """Write what changed."""
        self.papers.put_accounts([self._known[name] for name in self._changed], self._stored)
        self._stored |= self._changed.keys()
        self._changed.clear()
        if len(self._known) > _REMEMBERED:
            self._known.clear()
            self._stored.clear()
            self._absent.clear()
