"""Identities and documents handed over: of a period or of one person, encrypted for one recipient, and logged (`disclose`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import orjson

from revrec.app.customers import UnknownCustomer
from revrec.app.disclose import Request, details
from revrec.app.envelope import Recipient
from revrec.app.progress import Progress, Silent
from revrec.core.checklist import counted
from revrec.core.errors import RevrecError
from revrec.store.disclosures import Disclosures, Draft, Kind
from revrec.store.format import instant
from revrec.store.papers import FORMATS, Issued, Papers

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import Store

PART = 16 * 1024 * 1024  # bytes of one file before it is encrypted, which happens in memory
BATCH = 2_000  # persons whose keys are read together


class StaysShut(RevrecError):
    """A blocked person is handed over to nobody but an office that the law names."""

    def __init__(self, customer: str) -> None:
        super().__init__(f"customer {customer} is blocked: name the office that the law has the data shown to (--legal-role)")


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What was written: the files, whose identities and how many documents are in them, and who was left out (blocked)."""

    n: int
    files: tuple[Path, ...]
    persons: int
    documents: int
    left_out: tuple[str, ...]
    recipient: Recipient

    def to_json(self) -> dict[str, Any]:
        """The hand-over as JSON."""
        return {
            "disclosure": self.n,
            "files": [path.name for path in self.files],
            "persons": self.persons,
            "documents": self.documents,
            "left_out": list(self.left_out),
            "recipient": self.recipient.fingerprint,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        who = f"{self.recipient.subject} (certificate {self.recipient.fingerprint})"
        yield f"identities of {counted(self.persons, 'person')} and {counted(self.documents, 'document')}, encrypted for {who}"
        yield from (f"  {path.name}" for path in self.files)
        if self.left_out:
            yield f"  left out: {counted(len(self.left_out), 'blocked person')}; a legal role opens them"
        yield f"  logged as disclosure {self.n}"


class Scope(NamedTuple):
    """Of whom: everybody whom the days from `first` to `last` concern, or one `customer`, whenever."""

    first: date = date.min
    last: date = date.max
    customer: str | None = None

    def __str__(self) -> str:
        if self.customer is not None:
            return "identity and documents"
        return f"identities and documents from {self.first} to {self.last}"

    def issued(self, papers: Papers) -> Iterator[Issued]:
        """The documents in it, in order of issuing."""
        if self.customer is not None:
            return iter(papers.of_customer(self.customer))
        return (each for each in papers.invoices() if self.first <= each.issued_on <= self.last)


def hand_over(
    ws: Workspace,
    folder: Path,
    scope: Scope,
    recipient: Recipient,
    request: Request,
    *,
    now: datetime,
    progress: Progress | None = None,
) -> HandedOver:
    """Write the identities of everybody in a scope, and the documents, encrypted, into a folder; logged.

    `identities-001.jsonl.p7m` has a JSON line a person, `documents-001.zip.p7m` the documents; more files follow where one
    would be too large to be made in memory. Raises Unreasoned, UnknownCustomer, StaysShut.
    """
    asked = request.checked()
    with ExitStack() as stack:
        files = _Files(folder, recipient, stack)
        with ws.store.snapshot():
            _check_one(ws.store, scope.customer, asked)
            found = _gathered(ws, scope, asked, files, progress or Silent())
        role = asked.role.value if asked.role else ""
        draft = Draft(Kind.HANDED_OVER, str(scope), role, recipient.fingerprint, found.documents, asked.by, asked.reason)
        with ws.store.transaction():
            line = Disclosures(ws.store).add(draft, found.persons, instant(now))
        files.name()
    return HandedOver(line.n, tuple(files.made), len(found.persons), found.documents, tuple(found.left_out), recipient)


def _check_one(store: Store, customer: str | None, asked: Request) -> None:
    """Refuse one person of whom nothing could be handed over."""
    if customer is None:
        return
    if not store.heard_of(customer):
        raise UnknownCustomer(customer)
    if asked.role is None and store.keys.blocked(customer):
        raise StaysShut(customer)


@dataclass(slots=True)
class _Found:
    """Whose identities went into the files, how many documents, and who was left out."""

    persons: list[str] = field(default_factory=list)
    documents: int = 0
    left_out: list[str] = field(default_factory=list)


def _gathered(ws: Workspace, scope: Scope, asked: Request, files: _Files, said: Progress) -> _Found:
    said.start("gathering who is concerned")
    papers = Papers(ws.store)
    receivers = Counter(each.customer for each in scope.issued(papers))
    named = {scope.customer} if scope.customer else concerned(ws.store, scope.first, scope.last)
    customers = sorted((named | receivers.keys()) - {""})
    found, blocked = _Found(), set(ws.store.blocked())
    shut = blocked if asked.role is None else set[str]()
    files.begin("identities", "jsonl")
    _put_identities(ws.store, customers, blocked, shut, files, found, said)
    files.end()
    said.start("encrypting documents", receivers.total())
    files.begin("documents", "zip")
    for each in scope.issued(papers):
        if each.customer not in shut:
            found.documents += _put_documents(papers, each, files)
        said.step()
    files.end()
    said.done()
    return found


def _put_identities(
    store: Store, customers: list[str], blocked: set[str], shut: set[str], files: _Files, found: _Found, said: Progress
) -> None:
    """A line a person: how the person stands, and the details where they may be given out."""
    said.start("encrypting identities", len(customers))
    for start in range(0, len(customers), BATCH):
        batch = customers[start : start + BATCH]
        store.keys.expect(batch)
        for customer in batch:
            known = {} if customer in shut else details(store, customer)
            status = "blocked" if customer in blocked else "registered" if known else _absent(store, customer)
            files.add(orjson.dumps({"customer": customer, "status": status, **({"details": known} if known else {})}) + b"\n")
            if customer in shut:
                found.left_out.append(customer)
            elif known:
                found.persons.append(customer)
        said.step(len(batch))


def _absent(store: Store, customer: str) -> str:
    return "erased" if store.erasure(customer) else "not registered"


def _put_documents(papers: Papers, issued: Issued, files: _Files) -> int:
    """The frozen text of a document, the files made of it and its records; 1, or 0 when the key is gone."""
    frozen = papers.for_role(issued.customer, issued.number, issued.content)
    if frozen is None:
        return 0
    name = issued.number.replace("/", "-")
    files.member(f"{name}/{name}.json", frozen)
    for form in FORMATS:
        made = papers.document_for_role(issued.number, form)
        if made is not None:
            files.member(f"{name}/{name}.{form}", made)
    for record in papers.records_of(issued.number):
        xml = papers.for_authority(record)
        if xml is not None:
            files.member(f"{name}/record-{record.place}.xml", xml)
    return 1


def concerned(store: Store, first: date, last: date) -> set[str]:
    """Everybody whom the entries of some days name, and who buys or holds the bundles that they touch."""
    customers, day, number = set[str](), first.isoformat(), 0
    while page := store.rows("entries", day, number, last.isoformat()):
        bundles = set[str]()
        for row in page:
            entry = orjson.loads(row[2])
            legs = (entry, *entry["postings"])
            customers.update(leg["customer"] for leg in legs if "customer" in leg)
            bundles.update(leg["bundle"] for leg in legs if "bundle" in leg)
        customers.update(row[1] for row in store.rows_of_list("holders_of_list", sorted(bundles)))
        moves = store.rows_of_list("movements_of_refs", sorted(bundles))
        customers.update(row[5] for row in moves if row[0] == "sale" and row[5])
        day, number = page[-1][0], page[-1][1]
    return customers


class _Files:
    """Files encrypted part by part, under names that nobody takes for a file until they are logged."""

    def __init__(self, folder: Path, recipient: Recipient, stack: ExitStack) -> None:
        self.folder = folder
        self.recipient = recipient
        self.made: list[Path] = []
        self._stack = stack
        self._stem = self._suffix = ""
        self._count = 0
        self._buffer = BytesIO()
        self._zip: ZipFile | None = None

    def begin(self, stem: str, suffix: str) -> None:
        """The next kind of files: `STEM-001.SUFFIX.p7m` and on."""
        self._stem, self._suffix, self._count = stem, suffix, 0
        self._fresh()

    def add(self, data: bytes) -> None:
        """More bytes of the file at hand."""
        if self._buffer.tell() and self._buffer.tell() + len(data) > PART:
            self._close()
        self._buffer.write(data)

    def member(self, name: str, data: bytes) -> None:
        """One more member of the archive at hand; its time is fixed, so that it says nothing."""
        if self._buffer.tell() and self._buffer.tell() + len(data) > PART:
            self._close()
        if self._zip is None:
            self._zip = ZipFile(self._buffer, "w")
        info = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.compress_type = ZIP_DEFLATED
        self._zip.writestr(info, data)

    def end(self) -> None:
        """The last file of this kind; none when nothing was added."""
        if self._buffer.tell():
            self._close()

    def name(self) -> None:
        """Give the files their names."""
        for path in self.made:
            _unnamed(path).replace(path)

    def _fresh(self) -> None:
        self._buffer, self._zip = BytesIO(), None

    def _close(self) -> None:
        if self._zip is not None:
            self._zip.close()
        self._count += 1
        path = self.folder / f"{self._stem}-{self._count:03}.{self._suffix}.p7m"
        unnamed = _unnamed(path)
        self._stack.callback(unnamed.unlink, missing_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        unnamed.write_bytes(self.recipient.sealed(self._buffer.getvalue()))
        self.made.append(path)
        self._fresh()


def _unnamed(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")
