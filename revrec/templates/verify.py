#!/usr/bin/env python3
"""Check what revrec handed over: an audit pack, the proof of one session, or a signed note.

    python3 verify.py PACK.zip [HEAD.txt PROOF.json ...]

Needs Python 3.10 and the package `cryptography`; no network and nothing of revrec. Each line says what was counted and whether
it holds; where it does not, the lines below name the file and the record. Give a tree head that you were handed earlier beside
the pack, and it is compared too. Exit code 0: all holds; 1: something does not; 2: it cannot be read.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
except ImportError:
    sys.exit("verify.py needs the package `cryptography`: python3 -m pip install cryptography (or open VERIFY.html in a browser)")

SHOWN = 20  # findings of one check that are printed; the rest is counted
HEAD, MANIFEST, OWN = "HEAD.txt", "MANIFEST.jsonl", ("verify.py", "VERIFY.html")
PREFIX = b"revrec signed note 1\n"
DELIVERED = ("session.completed", "session.cancelled", "session.no_show")
UNDONE = ("session.reversed", "session.waived")
EARNING = ("revenue-package", "revenue-single", "revenue-no-show", "commission-income", "fee-income")


class Wrong(Exception):
    """Something does not hold, at a record of a file ("": the one that is checked); the check that raises it cannot go on."""

    def __init__(self, record: str, what: str, file: str = "") -> None:
        super().__init__(f"{record}: {what}")
        self.record, self.what, self.file = record, what, file


class Finding(NamedTuple):
    """What does not hold, and where: the file, and the record or line in it."""

    file: str
    record: str
    what: str


class Report:
    """The findings of all checks; `say` prints a line."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.findings: list[Finding] = []
        self._say, self._told = say, 0

    def add(self, file: str, record: str, what: str) -> None:
        """Note one thing that does not hold."""
        self.findings.append(Finding(file, record, what))

    def run(self, file: str, check: Callable[..., str], *arguments: Any) -> None:
        """Make one check of a file and print what it counted, then what it found."""
        try:
            counted = check(*arguments, self)
        except Wrong as wrong:
            self.add(wrong.file or file, wrong.record, wrong.what)
            counted = f"{file} could not be checked to the end"
        except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            self.add(file, "a record", f"it cannot be read: {error!r}")
            counted = f"{file} could not be checked to the end"
        fresh, self._told = self.findings[self._told :], len(self.findings)
        self._say(f"{'WRONG' if fresh else 'ok   '}  {counted}")
        for each in fresh[:SHOWN]:
            self._say(f"         {each.file}: {each.record}: {each.what}")
        if len(fresh) > SHOWN:
            self._say(f"         … and {len(fresh) - SHOWN:,} more")


# Signed notes: a line of content and a line of signature, both canonical JSON (RFC 8785).


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    """RFC 8785 JSON of values without floats and with ASCII names, which is all that stands here."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def read_note(data: bytes) -> tuple[dict[str, Any], str]:
    """What a signed note says and the fingerprint of the key that signed it; Wrong when it is not as it was signed."""
    lines = data.split(b"\n")
    if len(lines) != 3 or lines[2]:
        raise Wrong("the note", "it is not two lines")
    try:
        content, signature = (json.loads(line) for line in lines[:2])
        if (canonical(content), canonical(signature)) != (lines[0], lines[1]):
            raise Wrong("the note", "it is not canonical JSON: it was changed after it was signed")
        key = _decoded(signature["key"])
        _check_signature(signature, key, PREFIX + lines[0])
    except (ValueError, KeyError, TypeError) as error:
        raise Wrong("the note", f"it cannot be read: {error}") from None
    signer = content.get("signer", {"key": sha256(key)})
    if signer["key"] != sha256(key) or ("certificate" in signer) != ("certificate" in signature):
        raise Wrong("the note", "it names another key than the one that signed it")
    if signer.get("certificate", "") and signer["certificate"] != sha256(_decoded(signature["certificate"])):
        raise Wrong("the note", "its certificate is not the one that it names")
    return content, sha256(key)


def _decoded(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 with stray bits")
    return data


def _check_signature(signature: dict[str, Any], key: bytes, signed: bytes) -> None:
    """RSA with PKCS #1 padding, or ECDSA on P-256 as r and s side by side; both with SHA-256."""
    public, value = load_der_public_key(key), _decoded(signature["value"])
    try:
        if signature["algorithm"] == "rsa-pkcs1-sha256" and isinstance(public, rsa.RSAPublicKey):
            public.verify(value, signed, padding.PKCS1v15(), SHA256())
        elif signature["algorithm"] == "ecdsa-p256-sha256" and isinstance(public, ec.EllipticCurvePublicKey):
            r, s = (int.from_bytes(half, "big") for half in (value[:32], value[32:]))
            public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        else:
            raise Wrong("the note", "its algorithm is not known, or not that of its key")
    except Wrong:
        raise
    except Exception:  # noqa: BLE001  whatever the library says: it does not verify
        raise Wrong("the note", "the signature does not fit: content or signature was changed") from None
    if "certificate" in signature:
        certificate = x509.load_der_x509_certificate(_decoded(signature["certificate"]))
        if certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != key:
            raise Wrong("the note", "the certificate is not that of the key that signed")


# The Merkle tree of RFC 9162, 2.1.


def leaf(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows: how many leaves, and the roots of the full subtrees from left to right."""

    def __init__(self, size: int, peaks: Iterable[str]) -> None:
        self.size, self.peaks = size, [bytes.fromhex(peak) for peak in peaks]
        if len(self.peaks) != bin(size).count("1"):
            raise Wrong("start", f"a tree of {size} leaves has other subtrees")

    def add(self, data: bytes) -> None:
        """One more leaf."""
        top, size = leaf(data), self.size
        while size & 1:
            top, size = node(self.peaks.pop(), top), size >> 1
        self.peaks.append(top)
        self.size += 1

    @property
    def root(self) -> str:
        """The root over all leaves, hex."""
        if not self.peaks:
            return sha256(b"")
        root = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            root = node(peak, root)
        return root.hex()


def includes(data: bytes, index: int, size: int, path: Sequence[str], root: str) -> bool:
    """Whether a leaf stands at `index` of the tree (RFC 9162, 2.1.3.2)."""
    top, at, last = leaf(data), index, size - 1
    for beside in map(bytes.fromhex, path):
        if last == 0:
            return False
        if at & 1 or at == last:
            top = node(beside, top)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            top = node(top, beside)
        at, last = at >> 1, last >> 1
    return 0 <= index < size and last == 0 and top.hex() == root


def extends(old: dict[str, Any], new: dict[str, Any], path: Sequence[str]) -> bool:
    """Whether the tree of one head begins with that of another: {size, root} each (RFC 9162, 2.1.4.2)."""
    first, second = old["size"], new["size"]
    if first == second:
        return bool(not path and old["root"] == new["root"])
    if not (0 < first < second and path):
        return False
    steps = [bytes.fromhex(each) for each in ([old["root"], *path] if first & (first - 1) == 0 else path)]
    at, last, older, newer = first - 1, second - 1, steps[0], steps[0]
    while at & 1:
        at, last = at >> 1, last >> 1
    for beside in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            older, newer = node(beside, older), node(beside, newer)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            newer = node(newer, beside)
        at, last = at >> 1, last >> 1
    return bool(last == 0 and older.hex() == old["root"] and newer.hex() == new["root"])


# The pack: members by name, whether they lie in a zip, in a folder or in memory.


class Pack:
    """The members of a pack."""

    def __init__(self, names: Iterable[str], opened: Callable[[str], BinaryIO]) -> None:
        self.names, self._opened = sorted(names), opened

    def read(self, name: str) -> bytes:
        """A whole member."""
        return b"".join(self.chunks(name))

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member with their LF, a missing member has none."""
        try:
            if name in self.names:
                with self._opened(name) as file:
                    yield from file
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise Wrong("the file", f"it is damaged in the zip: {error}") from None

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, a piece at a time."""
        try:
            with self._opened(name) as file:
                while piece := file.read(1 << 20):
                    yield piece
        except KeyError:
            raise Wrong("the file", "it is missing") from None
        except Exception as error:  # noqa: BLE001  zlib and zipfile raise what they like on damage
            raise Wrong("the file", f"it is damaged in the zip: {error}") from None

    def rows(self, name: str) -> Iterator[tuple[str, bytes, Any]]:
        """The records of a JSON Lines member: which line, its bytes, what it says."""
        for number, line in enumerate(self.lines(name), 1):
            try:
                yield f"line {number}", line[:-1], json.loads(line)
            except ValueError as error:
                raise Wrong(f"{name} line {number}", f"it is no JSON: {error}") from None

    def table(self, name: str) -> Iterator[dict[str, str]]:
        """The rows of a CSV member."""
        return csv.DictReader(io.StringIO(self.read(name).decode(), newline=""))

    def json(self, name: str) -> Any:
        """What a JSON member says."""
        return json.loads(self.read(name))


def check_members(pack: Pack, head: dict[str, Any], report: Report) -> str:
    """members"""  # noqa: D400, D403, D415  the name of the check, as it is printed
    listed: dict[str, Any] = {}
    if sha256(pack.read(MANIFEST)) != head["manifest"]["sha256"]:
        report.add(MANIFEST, changed_line(pack, MANIFEST, head["manifest"]["lines"]), "it is not the one that was signed")
    for line in pack.lines(MANIFEST):
        try:
            row = json.loads(line)
            listed[row["name"]] = row
        except (ValueError, KeyError, TypeError):
            continue  # the signed digest of the manifest has named it
    listed |= {name: {"sha256": head["verifiers"][name], "lines": ""} for name in OWN}
    for name in sorted({*listed, *pack.names} - {HEAD, MANIFEST}):
        if name not in listed:
            report.add(name, "the file", "the manifest does not list it")
            continue
        digest = hashlib.sha256()
        try:
            for piece in pack.chunks(name):
                digest.update(piece)
            if digest.hexdigest() != listed[name]["sha256"]:
                report.add(name, changed_line(pack, name, listed[name]["lines"]), "it was changed")
        except Wrong as wrong:
            report.add(name, wrong.record, wrong.what)
    return f"members: {len(listed):,} files are those of the signed manifest"


def changed_line(pack: Pack, name: str, digests: str) -> str:
    """The first line that is not as the manifest has it (eight hex digits a line), with what can be read of it."""
    number = 0
    for number, line in enumerate(pack.lines(name), 1):  # noqa: B007  the number is used after the loop too
        if sha256(line)[:8] != digests[8 * number - 8 : 8 * number]:
            return f"line {number}{_told(line)}"
    return f"line {number + 1}" if 8 * number < len(digests) else "the file"


def _told(line: bytes) -> str:
    """What a line is about, where it can still be read."""
    try:
        row = json.loads(line)
        if "record" in row and "digest" in row:
            return f" (event {row['record']['event']['id']})"
        return f" (entry E-{row['entry']})" if "postings" in row else f" ({row['name']})" if "sha256" in row else ""
    except (ValueError, KeyError, TypeError):
        return ""


# The facts: the chain of events, the entries that each posted, the tree over both, and the sessions.


class Facts:
    """What is added up while events and entries pass, once each, in the order of recording."""

    def __init__(self, head: dict[str, Any]) -> None:
        start = head["start"]
        self.head, self.whole = head, start["seq"] == 0
        self.seq, self.number, self.chain = start["seq"], start["entries"], bytes.fromhex(start["chain"])
        self.tree = Tree(start["seq"] + start["entries"], start["frontier"])
        self.roots = {self.seq: (self.chain.hex(), self.number, self.tree.root)}
        self.before: Counter[str] = Counter()  # by role: entries before the period, those in it
        self.moved: Counter[str] = Counter()
        self.delivered: set[str] = set()
        self.undone: set[str] = set()
        self.earned: dict[int, str] = {}  # revenue entry that stands: its session

    def event(self, row: Any, line: bytes, bodies: list[bytes], closings: set[int]) -> None:
        """One event with its entries; raises Wrong."""
        record, fields = line[line.index(b'"record":') + 9 : -1], row["record"]
        self.seq += 1
        where = f"event {fields['event']['id']} (number {fields['n']})"
        if fields["n"] != self.seq or fields["taxpayer"] != self.head["taxpayer"]:
            raise Wrong(where, f"number {self.seq} of {self.head['taxpayer']} should stand here")
        self.chain = hashlib.sha256(self.chain + record).digest()
        if self.chain.hex() != row["digest"]:
            raise Wrong(where, "its record or digest was changed, or the one before it")
        if sha256(b"".join(bodies)) != fields["entries"]:
            raise Wrong(where, f"entries {self.number + 1} to {self.number + len(bodies)} are not those that its record names")
        for data in (record, *bodies):
            self.tree.add(data)
        session = fields["event"]["data"].get("session")
        if session:
            self.delivered |= {session} if fields["event"]["type"] in DELIVERED else set()
            self.undone |= {session} if fields["event"]["type"] in UNDONE else set()
        for body in bodies:
            self.entry(json.loads(body))
        if self.seq in closings:
            self.roots[self.seq] = (self.chain.hex(), self.number, self.tree.root)

    def entry(self, entry: Any) -> None:
        """One entry; raises Wrong."""
        self.number += 1
        where = f"entry E-{entry['entry']}"
        if entry["entry"] != self.number:
            raise Wrong(where, f"entry E-{self.number} should stand here")
        if sum(leg["amount"] for leg in entry["postings"]):
            raise Wrong(where, "it does not balance")
        sums = self.before if entry["date"] < self.head["from"] else self.moved if entry["date"] <= self.head["to"] else Counter()
        for leg in entry["postings"]:
            sums[leg["role"]] += leg["amount"]
        tally_session(entry, self.earned)


def tally_session(entry: Any, earned: dict[int, str]) -> None:
    """Note an entry with revenue of a session; one that undoes a session strikes out the entry that it mirrors."""
    if not entry.get("session"):
        return
    if entry["rule"] in UNDONE:
        earned.pop(entry.get("corrects", 0), None)
    elif sum(leg["amount"] for leg in entry["postings"] if leg["role"] in EARNING) < 0:
        earned[entry["entry"]] = entry["session"]


def check_facts(pack: Pack, facts: Facts, closings: set[int], _report: Report) -> str:
    """Events and entries, once each, in the order of recording."""
    entries, end = (line[:-1] for line in pack.lines("entries.jsonl")), facts.head["end"]
    first, posted = facts.seq + 1, facts.number
    for where, line, row in pack.rows("events.jsonl"):
        bodies = list(islice(entries, row["entries"]))
        try:
            facts.event(row, line, bodies, closings)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            raise Wrong(where, f"it cannot be read: {error!r}") from None
    if next(entries, None) is not None:
        raise Wrong(f"entries.jsonl, after E-{facts.number}", "an entry of no event")
    if (facts.seq, facts.number, facts.chain.hex(), facts.tree.root) != (end["seq"], end["entries"], end["chain"], end["root"]):
        raise Wrong(f"event number {facts.seq}", f"the chain ends here, not at {end['seq']} events and the signed digest")
    return (
        f"chain: events {first:,} to {facts.seq:,} hashed without a gap to {end['chain']}; "
        f"{facts.number - posted:,} entries belong to them by digest, each balances"
    )


def check_sessions(pack: Pack, facts: Facts, report: Report) -> str:
    """Each session earns in exactly one entry that stands, or there is a reason; each such entry has its session."""
    file, told, times = "sessions-without-revenue.csv", {}, Counter(facts.earned.values())
    for row in pack.table(file):
        told[row["session"]] = row["why"]
    for session, count in times.items():
        if count > 1:
            report.add("entries.jsonl", f"session {session}", f"{count} revenue entries stand for it")
    strays = times.keys() - facts.delivered
    for session in sorted(strays) if facts.whole else ():
        report.add("entries.jsonl", f"session {session}", "it earns, and no event delivered it")
    silent = facts.delivered - times.keys() - facts.undone
    for session in sorted(silent ^ (told.keys() - facts.undone)):
        report.add(
            file, f"session {session}", "it earns nothing and is not listed" if session in silent else "it earns, or is unknown"
        )
    once, late = len(times.keys() & facts.delivered), f"; {len(strays):,} recorded before this pack" if strays else ""
    undone = len(facts.undone & facts.delivered - times.keys())
    return (
        f"sessions: {len(facts.delivered):,} recorded, {once:,} earn in exactly one entry, {undone:,} undone, {len(silent):,} without "
        f"revenue of their own, each with its reason; {len(facts.earned):,} revenue entries lead back to one session each{late}"
    )


def read_heads(pack: Pack, report: Report) -> list[dict[str, Any]]:
    """The signed heads of all closings, oldest first."""
    heads = []
    for where, _, row in pack.rows("tree-heads.jsonl"):
        try:
            heads.append(read_note(row["note"].encode())[0])
        except Wrong as wrong:
            report.add("tree-heads.jsonl", where, wrong.what)
    return heads


def check_heads(pack: Pack, facts: Facts, heads: list[dict[str, Any]], handed: list[dict[str, Any]], report: Report) -> str:
    """The signed heads: each rebuilt where its events are in the pack, and each containing the one before."""
    file, end, rebuilt = "tree-heads.jsonl", facts.head["end"], 0
    paths = {(row["from"], row["to"]): row["path"] for _, _, row in pack.rows("consistency.jsonl")}
    for earlier, later in pairwise(heads):
        pair = earlier["size"], later["size"]
        if not extends(earlier, later, paths.get(pair, ())):
            report.add("consistency.jsonl", f"{pair[0]} to {pair[1]}", "the later head does not contain the earlier one")
    for head in heads:
        mine = (head["chain"], head["entries"], head["root"])
        rebuilt += head["closed_seq"] in facts.roots
        if head["taxpayer"] != facts.head["taxpayer"] or facts.roots.get(head["closed_seq"], mine) != mine:
            report.add(file, f"head of {head['period']}", "events and entries give another chain or root")
    for each in handed:
        if (each["size"], each["root"]) not in {(head["size"], head["root"]) for head in heads}:
            report.add(file, f"head of {each['period']}", "the one that you were handed is not among those of the pack")
    if facts.head["closed"] and heads and heads[-1]["closed_seq"] != end["seq"]:
        report.add(file, f"event number {end['seq']}", "the head of this closing is missing")
    signed = "the signed head of this closing" if heads and heads[-1]["closed_seq"] == end["seq"] else "no signed head"
    known = f", {len(handed)} that you were handed" if handed else ""
    return (
        f"tree: {facts.tree.size:,} leaves, root {facts.tree.root}: {signed}; {len(heads)} heads, each contains the one before, "
        f"{rebuilt} rebuilt from events and entries{known}"
    )


# Documents, the tax office's records, policies, books and reports.


def check_documents(pack: Pack, head: dict[str, Any], heads: list[dict[str, Any]], report: Report) -> str:
    """The chain of documents, and the huellas of the tax office's records (Orden HAC/1177/2024)."""
    chain, count, numbers = bytes.fromhex(head["start"]["document"]), head["start"]["documents"], {}
    seen = {chain.hex() if any(chain) else ""}
    for where, line, row in pack.rows("invoices/documents.jsonl"):
        body, count = row["document"], count + 1
        chain = hashlib.sha256(chain + line[line.index(b'"document":') + 11 : -1]).digest()
        if chain.hex() != row["digest"] or body["n"] != count:
            raise Wrong(f"{where}, invoice {body['number']}", "it or the one before it was changed, or one is missing")
        seen.add(chain.hex())
        numbers[body["number"]] = body["record"]
    if chain.hex() != head["end"]["document"]:
        raise Wrong(f"document {count}", "the chain of documents ends here, not at the signed digest")
    for each in heads:
        if head["start"]["seq"] < each["closed_seq"] and each["documents"] not in seen:
            report.add("invoices/documents.jsonl", f"head of {each['period']}", "no document has the digest that this head signs")
    before, place, places = head["start"]["huella"], head["start"]["place"], {}
    for where, _, row in pack.rows("invoices/records.jsonl"):
        text, place = row["hashed"], place + 1
        previous = "" if row["first"] else before
        if row["place"] != place or sha256(text.encode()).upper() != row["huella"] or f"&Huella={previous}&" not in text:
            report.add(
                "invoices/records.jsonl",
                f"{where}, record {row['place']}",
                "its huella is not that of its text and the one before",
            )
        before, places[place] = row["huella"], row["number"]
    for number, record in numbers.items():
        if record and places.get(record) != number:
            report.add("invoices/documents.jsonl", f"invoice {number}", f"record {record} is missing or another's")
    return f"documents: {len(numbers):,} hashed without a gap; {len(places):,} records of the tax office's chain, each huella recomputed"


def check_policies(pack: Pack, report: Report) -> str:
    """The versions of policies, packages and taxes under which something was sold."""
    count = 0
    for where, _, row in pack.rows("policies/index.jsonl"):
        count += 1
        if sha256(pack.read(row["file"])) != row["sha256"]:
            report.add(row["file"], where, "it is not the version that was pinned")
    return f"policies: {count:,} pinned versions have their digests"


def check_books(pack: Pack, heads: list[dict[str, Any]], report: Report) -> str:
    """The Beancount files of the days against the digests that were signed at the closings."""
    signed, known = {head["closed_seq"]: head for head in heads}, {}
    for where, _, row in pack.rows("closings.jsonl"):
        head = signed.get(row["seq"])
        if head and sha256(bytes.fromhex(head["chain"]) + canonical(row["files"])) != head["period_digest"]:
            report.add("closings.jsonl", f"{where}, {row['period']}", "its files are not those of the signed digest")
        known |= row["files"]
    days = [name for name in pack.names if name.startswith("books/journal/2") or name.startswith("books/journal/1")]
    for name in days if known else ():
        if known.get(name.removeprefix("books/"), "") != sha256(pack.read(name)):
            report.add(name, "the file", "it is not the file that stood in the books when the month was closed")
    return f"books: {len(days):,} day files are those of the closings" if known else f"books: {len(days):,} day files, not closed"


def check_reports(pack: Pack, facts: Facts, report: Report) -> str:
    """Every tie-out, and the balances, the roll-forward and the invoices recomputed from entries and documents."""
    ties, names = 0, [name for name in pack.names if name.startswith("reports/") and name.endswith(".json")]
    for name in names:
        for tie in pack.json(name)["ties"]:
            left, right, difference = (Decimal(amount) for amount in tie.values())
            ties += 1
            if difference or left != right:
                report.add(name, str(tie), "it does not tie")
    roles, unit = 0, Decimal(1).scaleb(-facts.head["decimals"])
    for row in pack.table("balances.csv"):
        opening, moved, closing, role = int(row["opening"]), int(row["movement"]), int(row["closing"]), row["role"]
        roles += 1
        if moved != facts.moved.pop(role, 0) or opening + moved != closing or (facts.whole and opening != facts.before[role]):
            report.add("balances.csv", role, "the entries give another balance")
        if role == "contract-liability":
            total = pack.json("reports/rollforward.json")["total"] or {}
            if [Decimal(total.get(each, 0)) for each in ("opening", "closing")] != [-opening * unit, -closing * unit]:
                report.add("reports/rollforward.json", "total", "the entries give another opening or closing")
    for role in sorted(role for role, amount in facts.moved.items() if amount):
        report.add("balances.csv", role, "entries stand on it, and it is not listed")
    sums = [Decimal(0), Decimal(0)]
    for _, _, row in pack.rows("invoices/documents.jsonl"):
        if facts.head["from"] <= row["document"]["issued_on"] <= facts.head["to"]:
            sums = [sums[0] + row["document"]["gross"] * unit, sums[1] + row["document"]["vat"] * unit]
    listed = pack.json("reports/invoices.json")["rows"]
    if [sum(Decimal(row[each]) for row in listed) for each in ("total", "vat")] != sums:
        report.add("reports/invoices.json", "rows", "the documents add up to other totals")
    opening = "and their openings from nothing" if facts.whole else "from their openings"
    return (
        f"reports: {len(names)} with {ties} tie-outs, each difference 0; {roles} balances recomputed from the entries {opening}"
    )


# What people call.


def verify_pack(pack: Pack, report: Report, handed: Sequence[dict[str, Any]] = ()) -> None:
    """Everything that a pack is checked for; `handed` are tree heads that its reader had before."""
    try:
        head, key = read_note(pack.read(HEAD))
        facts = Facts(head)
    except (Wrong, LookupError, ValueError, TypeError) as error:
        report.run(HEAD, _failed, error)
        return
    report.run(HEAD, _opening, head, key)
    report.run(MANIFEST, check_members, pack, head)
    heads = read_heads(pack, report)
    report.run("events.jsonl", check_facts, pack, facts, {each["closed_seq"] for each in heads})
    report.run("tree-heads.jsonl", check_heads, pack, facts, heads, handed)
    report.run("sessions-without-revenue.csv", check_sessions, pack, facts)
    report.run("invoices/documents.jsonl", check_documents, pack, head, heads)
    report.run("policies/index.jsonl", check_policies, pack)
    report.run("closings.jsonl", check_books, pack, heads)
    report.run("reports", check_reports, pack, facts)


def _opening(head: dict[str, Any], key: str, _report: Report) -> str:
    state = "closed" if head["closed"] else "NOT CLOSED: it may still change"
    return (
        f"signature: audit pack of {head['taxpayer']} for {head['period']} ({state}), made {head['made_at']}\n"
        f"         key SHA-256 {key}: compare it with the one that you were given by another way"
    )


def _failed(error: Exception, _report: Report) -> str:
    raise error if isinstance(error, Wrong) else Wrong("the note", f"it cannot be read: {error!r}")


def check_proof(proof: dict[str, Any], _report: Report) -> str:
    """The event that delivered a session and its entries stand in the tree of a signed head, and one entry of revenue stands."""
    head, key = read_note(proof["head"].encode())
    session, found = proof["session"], Counter[str]()
    earned: dict[int, str] = {}
    for row in proof["leaves"]:
        data = base64.b64decode(row["data"], validate=True)
        if not includes(data, row["index"], head["size"], row["path"], head["root"]):
            raise Wrong(f"leaf {row['index']}", "it does not stand in the tree of the signed head")
        said = json.loads(data)
        said = said["event"]["data"] | {"type": said["event"]["type"]} if row["what"] == "event" else said
        if said.get("session") != session:
            raise Wrong(f"leaf {row['index']}", f"it is not of session {session}")
        found["delivered" if said.get("type") in DELIVERED else "undone" if said.get("type") in UNDONE else "entries"] += 1
        if row["what"] == "entry":
            tally_session(said, earned)
    for row in proof["consistency"]:
        old = head["previous"]
        if not old or (row["from"], row["to"]) != (old["size"], head["size"]) or not extends(old, head, row["path"]):
            raise Wrong(f"consistency {row['from']} to {row['to']}", "the head does not contain the one before")
    if found["delivered"] != 1 or len(earned) > 1:
        raise Wrong(f"session {session}", f"{found['delivered']} events deliver it and {len(earned)} entries earn it")
    stands = f"revenue stands on E-{next(iter(earned))}" if earned else "no entry of revenue stands"
    return (
        f"session {session}: {found['delivered']} event, {found['entries']} entries in the tree of {head['size']:,} leaves that "
        f"{head['taxpayer']} signed for {head['period']}; {stands}; key SHA-256 {key}"
    )


def check_note(data: bytes, _report: Report) -> str:
    """A signed note: what it is, and who signed."""
    content, key = read_note(data)
    told = {name: value for name, value in content.items() if isinstance(value, (str, int)) and name != "kind"}
    said = ", ".join(f"{name} {value}" for name, value in told.items())
    return f"signature of a {content['kind']}: {said}\n         key SHA-256 {key}: compare it with the one that you were given"


def opened(path: Path) -> Pack | bytes:
    """A pack, from a zip or a folder, or the bytes of another file."""
    if path.is_dir():
        inside = (each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file())
        return Pack(inside, lambda name: (path / name).open("rb"))
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        return Pack(archive.namelist(), lambda name: archive.open(name))  # type: ignore[return-value]
    return path.read_bytes()


def main(arguments: Sequence[str]) -> int:
    """Verify each file; the exit code says whether all of them hold."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__)
        return 2
    report = Report(print)
    try:
        files = {name: opened(Path(name)) for name in arguments}
    except (OSError, zipfile.BadZipFile) as error:
        print(f"it cannot be read: {error}")
        return 2
    handed = []
    for name, file in files.items():
        if isinstance(file, Pack):
            continue
        if file.lstrip()[:1] == b"{" and b'"revrec proof"' in file:
            report.run(name, lambda report, file=file: check_proof(json.loads(file), report))
            continue
        report.run(name, check_note, file)
        handed += [head for head in [_head_of(file)] if head]
    for name, file in files.items():
        if isinstance(file, Pack):
            print(f"{name}:")
            verify_pack(file, report, handed)
    print("NOT VERIFIED: see what is WRONG above" if report.findings else "VERIFIED: nothing was changed, left out or added")
    return 1 if report.findings else 0


def _head_of(file: bytes) -> dict[str, Any] | None:
    """The tree head that a note is."""
    try:
        content, _ = read_note(file)
    except Wrong:
        return None
    return content if content["kind"] == "revrec tree head" else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
