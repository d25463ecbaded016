"""Record: events of any number of files into the books, in one transaction, a batch at a time in bounded memory."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from revrec.app.aim import aimed
from revrec.app.books import books_of, finish, writer_of
from revrec.app.catalogue import PinningCatalogue
from revrec.app.progress import Progress, Silent
from revrec.app.workspace import Workspace
from revrec.core.book import Book, Changes
from revrec.core.dates import DAY
from revrec.core.errors import Refused, RevrecError
from revrec.core.events import CustomerErased, CustomerRegistered, Event, Method, PeriodClosed
from revrec.core.journal import JournalEntry, Role
from revrec.core.post import post as judged
from revrec.core.post import record as post
from revrec.store.book import StoreBook
from revrec.store.format import instant
from revrec.store.papers import Issued, Papers, Waiting
from revrec.store.recorder import Recorder
from revrec.store.store import Period, StoredEvent
from revrec.wire.envelope import Parsed, event_id, parse
from revrec.wire.errors import Unreadable
from revrec.wire.files import Line, NotReadable, Source, source
from revrec.wire.stored import MARKER, restore

if TYPE_CHECKING:  # erasing and issuing bring the documents' libraries: imported where they happen, for most books never
    from revrec.app.erase import Erasure
    from revrec.app.heads import Signed, Signing
    from revrec.app.issuing import Issuer

BATCH = 2_000  # events that are parsed, looked up and written together
AHEAD = timedelta(hours=24)  # how far an event may lie after the store's clock (events.md 3)
_REF_NAMES = ("session", "payment", "refund")


@dataclass(frozen=True, slots=True)
class Rejection:
    """One mistake of one line: `field` is the member (or column) at fault, `rule` the clause, `raw` what stood there."""

    file: str
    line: int | None
    event_id: str | None
    field: str
    reason: str
    hint: str
    raw: bytes | dict[str, Any] = b""
    rule: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        event = f" [event {self.event_id}]" if self.event_id else ""
        field_ = f" {self.field}:" if self.field else ""
        hint = f". Hint: {self.hint}" if self.hint else ""
        return f"{where}:{field_} {self.reason.rstrip().removesuffix('.')}{hint} ({self.rule}){event}"


class FileRefused(RevrecError):
    """At least one line of a file cannot be booked: nothing of the file was; the files before it are."""

    def __init__(self, rejections: Sequence[Rejection], before: Sequence[str] = ()) -> None:
        lines = len({(r.file, r.line) for r in rejections})
        booked = f"nothing of it was booked; {', '.join(before)} before it: booked" if before else "nothing was booked"
        hint = (
            f"{lines:,} line{'s' if lines > 1 else ''} refused; {booked}. Mend the file, or book the good events with --partial"
        )
        super().__init__("\n".join([*map(str, rejections), hint]))
        self.rejections = tuple(rejections)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a call did: events `recorded` (`invented` of them by a mapping), `repeated` ones, rows `skipped` by reason."""

    recorded: int = 0
    repeated: int = 0
    invented: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    entries: int = 0
    days: int = 0
    rejected: tuple[Rejection, ...] = ()
    drafts: tuple[JournalEntry, ...] = ()
    erasures: tuple[Erasure, ...] = ()
    issued: tuple[Issued, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    heads: tuple[Signed, ...] = ()

    @property
    def rejected_count(self) -> int:
        """How many lines were refused."""
        return len({(r.file, r.line) for r in self.rejected})

    def __add__(self, other: Recorded) -> Recorded:
        """Both files together; a day that both touched counts twice."""
        return Recorded(
            self.recorded + other.recorded,
            self.repeated + other.repeated,
            self.invented + other.invented,
            Counter(self.skipped) + Counter(other.skipped),
            self.entries + other.entries,
            self.days + other.days,
            self.rejected + other.rejected,
            self.drafts + other.drafts,
            self.erasures + other.erasures,
            self.issued + other.issued,
            self.waiting + other.waiting,
            self.heads + other.heads,
        )


class _Known(NamedTuple):
    """An event recorded before: its number, whose key sealed it, and its idempotency digest (None: look it up)."""

    seq: int
    customer: str = ""
    content: bytes | None = None


def sources(ws: Workspace, files: Sequence[str], *, mapping: Path | None) -> list[Source]:
    """The files as sources of events; `-` is standard input; with a mapping they are other people's CSV."""
    if mapping is None:
        return [source(name) for name in files]
    from revrec.app.mapping import mapped

    if "-" in files:
        raise NotReadable("-", "a mapping file reads files, not standard input; save it as a .csv file and name that")
    return [mapped(mapping, Path(name), ws) for name in files]


def record(
    ws: Workspace,
    sources: Sequence[Source],
    *,
    partial: bool = False,
    dry_run: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> Recorded:
    """Record the events of each source in a transaction of its own; raises FileRefused, with every bad line of one.

    A refused file books nothing and is the last that is read; the files before it stay booked. `partial` books the
    good events and writes the others to NAME.rejected.jsonl beside each file; a dry run books nothing at all.
    """
    finish_files(ws)
    said = progress or Silent()
    if dry_run:
        with writing(ws, now, dry_run=True) as run:
            for each in sources:
                run.take(each, said)
        return run.summary()
    done = Recorded()
    try:
        for place, each in enumerate(sources):
            done += _record_file(ws, each, [one.name for one in sources[:place]], now, said, partial=partial)
    except FileRefused:
        finish(ws, progress)
        raise
    finish(ws, progress)
    if partial:
        _write_rejected(ws, sources, done.rejected)
    return done


def _record_file(
    ws: Workspace, each: Source, before: Sequence[str], now: datetime, progress: Progress, *, partial: bool
) -> Recorded:
    """One file: all or nothing, unless `partial`."""
    with writing(ws, now) as run:
        run.take(each, progress)
        if run.rejected and not partial:
            raise FileRefused(run.rejected, before)
    return run.summary()


def finish_files(ws: Workspace) -> None:
    """Write what a crash left unwritten: the first thing that every writing command does."""
    if any(day.file is None for day in ws.store.days()):
        finish(ws)


@contextmanager
def writing(ws: Workspace, now: datetime, *, dry_run: bool = False) -> Iterator[Run]:
    """A run inside a transaction: committed at the end, unless it is dry; rolled back when anything is raised."""
    with ws.store.transaction():
        run = Run(ws, now, dry_run=dry_run)
        yield run
        run.finish()
        if dry_run:
            ws.store.rollback()
    if run.erasures and not dry_run:
        from revrec.app import shut

        ws.store.settle_files()
        shut.clear(ws, run.erasures)


class Run:
    """One call of a writing command: events go in one by one, or a source at a time."""

    def __init__(self, ws: Workspace, now: datetime, *, dry_run: bool = False) -> None:
        self.ws = ws
        self.store = ws.store
        self.now = now
        self.latest = now + AHEAD
        self.latest_day = self.latest.astimezone(ws.settings.zone).date()
        self.at = instant(now)
        self.catalogue = PinningCatalogue(ws.catalogue, ws.store.pins, ws.settings)
        methods = {Method(name): role for name, role in ws.settings.methods.items()}
        self.book = StoreBook(ws.store, self.catalogue, self.decode, ws.settings.currency, methods, ws.settings.regime)
        self.recorder = Recorder(ws.store, self.book)
        self.issuer = self._issuer()
        self.signing: Signing | None = None  # set when a month is closed
        self.heads: list[Signed] = []
        self.find = self.issuer.find if self.issuer else Papers(ws.store).invoice
        # With every role at hand no event can ask for one that has no account: then nothing is checked event by event.
        self.careful = any(ws.chart.account(role) is None for role in Role)
        self.batch = 1 if self.careful else BATCH
        self.opens = {account.name: account.opened for account in ws.chart.accounts if account.role}
        self.opened = max(self.opens.values(), default=date.min)  # from then on every account is open
        self.known: dict[tuple[str, str], _Known] = {}
        self.used: dict[str, str] = {}  # event id -> a source that used it
        self.rejected: list[Rejection] = []
        self.erasures: dict[str, Erasure] = {}
        self.drafts: list[JournalEntry] | None = [] if dry_run else None
        self.start = self.book.seq, self.book.entry_count
        self.repeated = 0
        self.invented = 0
        self.skipped: Counter[str] = Counter()

    def _issuer(self) -> Issuer | None:
        """What issues the documents; None in books that issue none."""
        since = self.ws.settings.invoicing_from
        if since is None:
            return None
        from revrec.app.issuing import Issuer

        return Issuer(self.ws.settings, self.store, self.book, since, self.now)

    def decode(self, stored: StoredEvent) -> Event:
        """The core's event of a stored one, on the day on which it was booked."""
        event = self.aimed(restore(stored.event, self.ws.context))
        return event if event.date == stored.date else replace(event, date=stored.date)

    def aimed(self, event: Event) -> Event:
        """The event at the contract of the invoice that it names, where it names one."""
        return aimed(event, self.find)

    def finish(self) -> None:
        """Write everything that is left."""
        self.recorder.finish()
        if self.issuer:
            self.issuer.flush()
        self._let_go()

    def _let_go(self) -> None:
        """The keys of blocked persons whose statutory time is over: by the calendar, and by the clock (LOPDGDD art. 32)."""
        if self.book.calendar is None or not self.store.row("blocked"):
            return
        from revrec.app import erase

        day = min(self.book.calendar, self.now.astimezone(self.ws.settings.zone).date())
        for gone in erase.let_go(self.store, day, self.ws.settings, self.at):
            self.erasures[gone.customer] = gone
            if self.issuer:
                self.issuer.forget(gone.customer)

    def summary(self) -> Recorded:
        """What was done."""
        seq, entries = self.start
        return Recorded(
            recorded=self.book.seq - seq,
            repeated=self.repeated,
            invented=self.invented,
            skipped=dict(self.skipped),
            entries=self.book.entry_count - entries,
            days=len(self.recorder.touched),
            rejected=tuple(self.rejected),
            drafts=tuple(self.drafts or ()),
            erasures=tuple(self.erasures.values()),
            issued=tuple(self.issuer.issued) if self.issuer else (),
            waiting=self.issuer.still_waiting() if self.issuer else (),
            heads=tuple(self.heads),
        )

    # a source

    def take(self, source: Source, progress: Progress) -> None:
        """All events of a source, in order."""
        progress.start(f"recording {source.name}", _count(source))
        lines, before = iter(source.lines()), len(self.rejected)
        while batch := list(islice(lines, self.batch)):
            self._batch(source, batch)
            progress.step(len(batch))
        self.skipped.update(source.skipped)
        self.rejected[before:] = sorted(self.rejected[before:], key=lambda rejection: rejection.line or 0)
        progress.done()

    def _batch(self, source: Source, lines: Sequence[Line]) -> None:
        read = [(line, self._parsed(source, line)) for line in lines]
        self.prefetch([parsed for _, parsed in read if parsed is not None])
        for line, parsed in read:
            if parsed is None:
                continue
            try:
                recorded = self.event(parsed)
            except Refused as refusal:
                self._refuse(source, line, parsed.event.id, refusal)
            else:
                self.invented += recorded and line.invented
        self.recorder.flush()
        if self.issuer:
            self.issuer.flush()

    def _parsed(self, source: Source, line: Line) -> Parsed | None:
        """The event of a line, or None when it breaks the contract; every problem is noted."""
        if line.problems:
            self._problems(source, line, Unreadable(line.problems))
            return None
        try:
            return parse(line.raw, self.ws.context)
        except Unreadable as error:
            self._problems(source, line, error)
            return None

    def _problems(self, source: Source, line: Line, error: Unreadable) -> None:
        known = event_id(line.raw) if isinstance(line.raw, dict) else error.event_id
        for problem in error.problems:
            place = line.columns.get(problem.field, problem.field)
            at = Rejection(source.name, line.number, known, place, problem.message, problem.hint, line.raw, problem.rule)
            self.rejected.append(at)

    def _refuse(self, source: Source, line: Line, event: str, refusal: Refused) -> None:
        name = refusal.field or ""
        place = line.columns.get(f"data.{name}") or line.columns.get(name) or name
        self.rejected.append(Rejection(source.name, line.number, event, place, str(refusal), "", line.raw, refusal.rule))

    # look-ups

    def prefetch(self, events: Sequence[Parsed]) -> None:
        """Read what these events will ask for, many rows at a time."""
        self.known.clear()
        self.used.clear()
        for name, origin, seq in self.store.rows_of_list("known", {p.event.id for p in events}):
            self.known[origin, name] = _Known(seq)
            self.used[name] = origin
        self.store.keys.expect({p.public["data"].get("customer", "") for p in events if p.private is not None})
        read_ahead(self.book, [parsed.public for parsed in events])
        if self.issuer:
            registered = {p.event.data.customer for p in events if isinstance(p.event.data, CustomerRegistered)}
            self.issuer.prefetch({account for p in events if (account := _account_of(p.public["data"]))}, registered)

    # one event

    def event(self, parsed: Parsed, *, made_here: bool = False) -> bool:
        """Record one event; False when it was recorded before; Refused leaves no trace of it.

        What revrec makes itself may lie in the future (`advance --future`).
        """
        event = parsed.event
        before = self.known.get((event.source, event.id))
        if before is not None:
            self._check_same(parsed, before)
            self.repeated += 1
            self._answer_erased(parsed)
            return False
        if not made_here:
            self._check_clock(parsed)
        self._check_persons(parsed)
        self.catalogue.begin()
        event = self.aimed(event)
        done = self._posted(event)
        customer = customer_of(self.book, event, done[-1])
        stored, content = self._stored(parsed, customer)
        relied, fresh = self.catalogue.take(self.book.seq)
        self.recorder.add(done, event, stored, content, customer, self.at, relied, fresh)
        self._note(event, customer, content, done)
        if self.issuer:
            self.issuer.follow(event, parsed.public["data"], parsed.private, done)  # before anything of it is in the store
        if isinstance(event.data, PeriodClosed):
            self._closing(event.data.period)
        if isinstance(event.data, CustomerErased):
            self.recorder.flush()
            if self.issuer:
                self.issuer.forget(event.data.customer)
            from revrec.app import erase

            became = erase.carry_out(self.store, event.data.customer, event.date, self.ws.settings)
            self.erasures[event.data.customer] = became
        return True

    def _answer_erased(self, parsed: Parsed) -> None:
        """Of an event that comes again: what became of the person, where the person was erased since."""
        event = parsed.event
        if not isinstance(event.data, CustomerErased) and parsed.private is None:
            return
        for customer in concerned(self.book, event) - self.erasures.keys():
            if not self.store.keys.has(customer):
                self.recorder.flush()
                if self.store.erasure(customer):
                    from revrec.app import erase

                    self.erasures[customer] = erase.answer(self.store, customer, event.date, self.ws.settings)

    def _posted(self, event: Event) -> list[Changes]:
        """Judge, post and take in; an event that needs an account which is missing, or not open yet, is taken back."""
        if not self.careful and event.date >= self.opened:
            return post(self.book, event)
        mark = self.book.mark()
        done = post(self.book, event)
        for changes in done:
            for entry in changes.entries:
                try:
                    self._check_roles(entry)
                except Refused:
                    self.book.restore(mark)
                    raise
        return done

    def _check_roles(self, entry: JournalEntry) -> None:
        for posting in entry.postings:
            branch = posting.branch or entry.branch
            account = self.ws.chart.account(posting.role, branch, entry.service, posting.method)
            if account is None:
                raise Refused(
                    f"no account of {self.ws.chart.name} has the role {posting.role}, which this event posts to ({entry.rule}). "
                    f'Put `revrec-role: "{posting.role}"` under the `open` line of one',
                    rule="events.md 6: account roles",
                )
            if entry.date < self.opens.get(account, entry.date):
                raise Refused(
                    f"{account} of {self.ws.chart.name} opens on {self.opens[account]}, after the entry of {entry.date} "
                    f"({entry.rule}). Give the `open` line an earlier date, or mend the date of the event",
                    rule="events.md 6: account roles",
                    field="time",
                )

    def _check_same(self, parsed: Parsed, before: _Known) -> None:
        """Same key: the same content is accepted again, other content is refused (events.md 3)."""
        event = parsed.event
        if before.content is None:
            customer, content = self.store.rows("content", before.seq)[0]
            before = _Known(before.seq, customer, bytes(content))
        if parsed.private is None:
            content = hashlib.sha256(parsed.canonical).digest()
        elif self.store.keys.has(before.customer):
            content = self.store.keys.content(before.customer, parsed.canonical)
        elif self.store.erasure(before.customer) is None:
            raise Refused(
                f"event {event.id} was recorded, and the key of the personal data in it is gone; restore the key file",
                rule="events.md 3: id",
                field="id",
            )
        elif self._same_in_the_clear(parsed, before.seq):  # what was sealed is erased; the rest says that it is the same
            return
        else:
            content = b""
        if content != before.content:
            raise Refused(
                f"event {event.id} of {event.source} was recorded before with other content; a key is used once. "
                "Give a new event a new id; what is wrong in the recorded one is undone by the event that reverses it",
                rule="events.md 3: id and source are the idempotency key",
                field="id",
            )

    def _same_in_the_clear(self, parsed: Parsed, seq: int) -> bool:
        """Whether an event has the clear members of a recorded one whose sealed members nobody can read any more."""
        stored = self.store.event(seq)
        if stored is None:
            return False
        event = stored.event
        return {**event, "data": {k: v for k, v in event["data"].items() if k != MARKER}} == parsed.public

    def _check_persons(self, parsed: Parsed) -> None:
        """Nobody is erased twice, and no personal data comes in of whom was erased."""
        event = parsed.event
        if isinstance(event.data, CustomerErased):
            self.recorder.flush()
            if self.issuer:
                self.issuer.flush()
            from revrec.app import erase

            erase.check(self.store, event.data.customer)
        elif parsed.private is not None:
            for customer in sealed_for(self.book, event):
                if self.store.keys.has(customer) or not self.book.registration(customer):
                    continue  # alive, or never heard of
                if self.store.erasure(customer):
                    from revrec.app import erase

                    erase.check_alive(self.store, customer)

    def _check_clock(self, parsed: Parsed) -> None:
        if parsed.time > self.latest or parsed.event.date > self.latest_day:
            raise Refused(
                f"the event is dated {parsed.event.date}, more than 24 hours after now ({self.at}). "
                "Record it when it has happened, or mend its date",
                rule="events.md 3: events of the future",
                field="effective_date" if parsed.time <= self.latest else "time",
            )

    def _stored(self, parsed: Parsed, customer: str) -> tuple[bytes, bytes]:
        """The stored event and its idempotency digest."""
        if parsed.private is None:
            return parsed.canonical, hashlib.sha256(parsed.canonical).digest()
        keys, event = self.store.keys, parsed.event
        sealed = keys.seal(customer, event.source, event.id, orjson.dumps(parsed.private, option=orjson.OPT_SORT_KEYS))
        public = {**parsed.public, "data": {**parsed.public["data"], MARKER: sealed}}
        return orjson.dumps(public, option=orjson.OPT_SORT_KEYS), keys.content(customer, parsed.canonical)

    def _note(self, event: Event, customer: str, content: bytes, done: Sequence[Changes]) -> None:
        self.known[event.source, event.id] = _Known(self.book.seq, customer, content)
        if self.used.setdefault(event.id, event.source) != event.source:
            self.recorder.homonym(event)
        if self.drafts is not None:
            self.drafts.extend(entry for changes in done for entry in changes.entries)

    def _closing(self, period: date) -> None:
        """Keep what stands in the books of the month just closed: the chain's head, the SHA-256 of each day file; and sign."""
        through = self.book.closed_through
        if through is None:
            return
        self.recorder.settle()
        if self.issuer:
            self.issuer.flush()  # the files name the documents of their entries
        before = [period.period for period in self.store.periods() if period.period < through.replace(day=1)]
        first = max(before, default=None)
        books = books_of(self.store)
        last = max(filter(None, (books.last_day, self.book.calendar)), default=None)
        files = writer_of(self.ws).digests(replace(books, last_day=last), _next(first), through)
        content = orjson.dumps(files, option=orjson.OPT_SORT_KEYS)
        self.recorder.closing(f"{period:%Y-%m}", self.recorder.digest, content)
        self._sign(Period(self.book.seq, period, self.recorder.digest, files))

    def _sign(self, period: Period) -> None:
        """Sign the tree over everything up to the closing, which is the latest event and stands in the store."""
        if self.drafts is not None:
            return  # nothing is closed
        from revrec.app.heads import Signing

        closing = self.store.event(period.seq)
        assert closing is not None
        self.signing = self.signing or Signing(self.ws, self.now)
        self.heads.append(self.signing.sign(closing, period))


def customer_of(book: Book, event: Event, own: Changes) -> str:
    """Whose key seals the event: the customer that it names, else whose bundle or visit it touches, else ''."""
    if isinstance(event.data, CustomerErased):
        return ""  # why a person was erased is kept when the person's key is gone: the taxpayer's own key seals it
    named = getattr(event.data, "customer", None) or own.customer
    if named:
        return str(named)
    if own.bundle:
        bundle = own.bundles.get(own.bundle) or book.bundle(own.bundle)
        if bundle is not None:
            return bundle.customer
    visit = next(iter(own.visits.values()), None)
    return visit.customer if visit else next(iter(own.customers), "")


def concerned(book: StoreBook, event: Event) -> set[str]:
    """The customers that an event names, and the holder of its bundle."""
    named = {getattr(event.data, name, None) for name in ("customer", "to_customer")}
    bundle = book.bundle(getattr(event.data, "bundle", None) or "")
    return {str(name) for name in (*named, bundle.customer if bundle else None) if name}


def sealed_for(book: StoreBook, event: Event) -> set[str]:
    """The customers one of whose keys will seal an event that is about to be recorded."""
    return concerned(book, event) or {customer_of(book, event, judged(book, event))}


def read_ahead(book: StoreBook, events: Sequence[Mapping[str, Any]]) -> None:
    """Let the book read what most of these events will ask for; what is rare it reads when it is asked."""
    refs, bundles, customers, holders = set[str](), set[str](), set[str](), set[str]()
    for event in events:
        kind, data = event["type"], event["data"]
        refs.update([data[name] for name in _REF_NAMES if name in data])
        if "bundle" in data:
            bundles.add(data["bundle"])
        elif "customer" in data:
            customers.add(data["customer"])
            if kind == "session.completed" and "price" not in data:
                holders.add(data["customer"])
        if kind == "bundle.sold":
            refs.add(data["bundle"])
    book.prefetch(refs=refs, bundles=bundles, customers=customers, holders=holders)


def _account_of(data: Mapping[str, Any]) -> str:
    """The account of the contract that an event names, or ""."""
    if bundle := data.get("bundle"):
        return f"bundle:{bundle}"
    return f"visit:{data['session']}" if data.get("session") else ""


def _next(month: date | None) -> date:
    """The first day after a closed month."""
    return date.min if month is None else (month + 31 * DAY).replace(day=1)


def _count(source: Source) -> int | None:
    """How many lines a plain file has, for progress."""
    path = source.path
    if path is None or path.suffix not in {".jsonl", ".csv"}:
        return None
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def _write_rejected(ws: Workspace, sources: Iterable[Source], rejected: Sequence[Rejection]) -> None:
    """NAME.rejected.jsonl beside each file with refused events: `{"event": …, "reason": …}` a line."""
    for each in sources:
        mine = [rejection for rejection in rejected if rejection.file == each.name]
        if not mine:
            continue
        by_line: dict[int | None, list[Rejection]] = {}
        for rejection in mine:
            by_line.setdefault(rejection.line, []).append(rejection)
        lines = [_rejected_line(found) for found in by_line.values()]
        path = rejected_path(ws, each)
        path.write_bytes(b"".join(lines))


def rejected_path(ws: Workspace, source: Source) -> Path:
    """Where the refused events of a source are written: beside it, in the workspace for standard input."""
    if source.path is None:
        return ws.root / "stdin.rejected.jsonl"
    stem = source.path.name
    for suffix in (".gz", ".zst", ".jsonl", ".csv"):
        stem = stem.removesuffix(suffix)
    return source.path.with_name(f"{stem}.rejected.jsonl")


def _rejected_line(found: Sequence[Rejection]) -> bytes:
    reason = "; ".join(f"{r.field}: {r.reason}" if r.field else r.reason for r in found)
    return orjson.dumps({"event": _original(found[0].raw), "reason": reason}) + b"\n"


def _original(raw: bytes | dict[str, Any]) -> Any:
    """The event as it came; what is no JSON object as a string."""
    if isinstance(raw, dict):
        return raw
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")
