"""Check what revrec handed over: an audit pack, the proof of one session, or a signed note.

    python3 verify.py PACK.zip [HEAD.txt PROOF.json ...]

Needs Python 3.10 and `cryptography`, no network. Each line says what was counted and whether it holds, those below it name file
and record where not. A tree head that you were handed earlier is looked for in the pack. Exit code 0: all holds; 1: not so.
"""

import base64
import hashlib
import json
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import reduce
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, BinaryIO

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
except ImportError:
    sys.exit("verify.py needs the package `cryptography`: python3 -m pip install cryptography (or open VERIFY.html in a browser)")

Json = dict[str, Any]
HEAD, MANIFEST, VERIFIERS, SHOWN, P256 = "HEAD.txt", "MANIFEST.jsonl", ("verify.py", "VERIFY.html"), 20, ("secp256r1", 64)
FILES = (MANIFEST, "events.jsonl", "tree-heads.jsonl", "entries.jsonl", "invoices/documents.jsonl", "closings.jsonl", "reports")
DELIVERED, UNDONE = ("session.completed", "session.cancelled", "session.no_show"), ("session.reversed", "session.waived")
EARNING = ("revenue-package", "revenue-single", "revenue-no-show", "commission-income", "fee-income")
canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode  # RFC 8785, floats apart


class Wrong(Exception):
    """Something does not hold at a record: (record, what). The check that raises it cannot go on."""


class Report:
    """Makes checks one after the other and says a line for each, with what it found below: (file, record, what)."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.findings, self.say = list[tuple[str, str, str]](), say

    def add(self, file: str, record: str, what: str) -> None:
        """Note one thing that does not hold."""
        self.findings.append((file, record, what))

    def guard(self, file: str, check: Callable[..., Any], *arguments: Any) -> Any:
        """Make the check of a file, and note what stops it; what it counted comes back."""
        try:
            return check(*arguments)
        except Exception as error:  # noqa: BLE001  a damaged file raises what it likes; that is a finding too
            self.add(file, *(error.args if isinstance(error, Wrong) else ("a record", f"it cannot be read: {error!r}")))
        return f"{file} could not be checked to the end"

    def run(self, file: str, check: Callable[..., str], *arguments: Any) -> None:
        """Make the check of a file, then say what it counted and found."""
        before = len(self.findings)
        counted, fresh = self.guard(file, check, *arguments), self.findings[before:]
        self.say(f"{f'WRONG ({len(fresh)})' if fresh else 'ok'}: {counted}")
        for finding in fresh[:SHOWN]:
            self.say(f"    {': '.join(finding)}")


def hashed(*parts: bytes) -> bytes:
    """SHA-256 of some parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def check_note(data: bytes, notes: list[Json]) -> str:
    """A signed note, a line of content and a line of signature; what it says is added to `notes`, with its key's fingerprint."""
    try:
        line, second, _ = data.split(b"\n")
        content, signature = json.loads(line), json.loads(second)
        parts = {name: base64.b64decode(signature[name], validate=True) for name in signature.keys() - {"algorithm"}}
        texts = {name: base64.b64encode(part).decode() for name, part in parts.items()}  # no stray bits in them
        digests = {name: hashed(parts[name]).hex() for name in ("key", "certificate") if name in parts}
        written = f"{canonical(content)}\n{canonical({**signature, **texts})}\n"
        if written.encode() != data or content.get("signer") != digests:
            raise ValueError("it is not canonical JSON in two lines, or it names another key")
        check_signature(signature["algorithm"], parts, b"revrec signed note 1\n" + line)
    except Exception as error:  # noqa: BLE001  whatever does not fit: the note is not as it was signed
        raise Wrong("the signed note", f"it is not as it was signed: {error!r}") from None
    notes.append({**content, "key": digests["key"]})
    said = ", ".join(f"{name} {content[name]}" for name in ("taxpayer", "period", "at", "size", "statement") if name in content)
    return f"signature of a {content['kind']}: {said}\n    by the key {digests['key']}: is it the one that you were told?"


def check_signature(algorithm: str, parts: dict[str, bytes], signed: bytes) -> None:
    """RSA (PKCS #1 v1.5, 2048 bits) or ECDSA on P-256 (r and s side by side), with SHA-256; raises when it does not fit."""
    key, value = serialization.load_der_public_key(parts["key"]), parts["value"]
    if algorithm == "rsa-pkcs1-sha256" and isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        key.verify(value, signed, padding.PKCS1v15(), hashes.SHA256())
    elif algorithm == "ecdsa-p256-sha256" and isinstance(key, ec.EllipticCurvePublicKey) and (key.curve.name, len(value)) == P256:
        r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
        key.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    else:
        raise ValueError("the algorithm is not known or not that of the key, or the key is too short")
    if "certificate" in parts:
        own = x509.load_der_x509_certificate(parts["certificate"]).public_key()
        if own.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo) != parts["key"]:
            raise ValueError("the certificate is not that of the key")


class Tree:
    """The Merkle tree of RFC 9162, 2.1, as it grows: how many leaves, and its full subtrees from left to right."""

    def __init__(self, size: int, peaks: Iterable[str]) -> None:
        self.size, self.peaks = size, [bytes.fromhex(peak) for peak in peaks]

    def add(self, data: bytes) -> None:
        """One more leaf."""
        top, size = hashed(b"\x00", data), self.size
        while size & 1:
            top, size = hashed(b"\x01", self.peaks.pop(), top), size >> 1
        self.peaks.append(top)
        self.size += 1

    def root(self) -> str:
        """The root over all leaves, hex."""
        return reduce(lambda top, peak: hashed(b"\x01", peak, top), reversed(self.peaks or [hashed()])).hex()

    @staticmethod
    def climb(tops: list[bytes], at: int, last: int, path: Sequence[str]) -> list[str]:
        """The roots over tops at place `at` of 0 to `last` (RFC 9162, 2.1.3.2); what stands to the right joins the last top."""
        inner = (at ^ last).bit_length()  # above these levels its way is that of the last place: what joins is at the left
        if not 0 <= at <= last or len(path) != inner + (at >> inner).bit_count():
            return []
        for level, beside in enumerate(map(bytes.fromhex, path)):
            if level >= inner or at >> level & 1:
                tops = [hashed(b"\x01", beside, top) for top in tops]
            else:
                tops[-1] = hashed(b"\x01", tops[-1], beside)
        return [top.hex() for top in tops]

    @staticmethod
    def extends(old: Json, new: Json, path: Sequence[str]) -> bool:
        """Whether the tree of a head begins with that of an earlier one (RFC 9162, 2.1.4.2)."""
        level = (old["size"] & -old["size"]).bit_length() - 1  # of the full subtree with which the earlier tree ends
        at, last = old["size"] - 1 >> level, new["size"] - 1 >> level
        tops, rest = [bytes.fromhex(step) for step in (path[:1] if at else [old["root"]])] * 2, path[1:] if at else path
        return at < last and Tree.climb(tops, at, last, rest) == [old["root"], new["root"]]


class Audit:
    """The checks of one pack; what is added up while events and entries pass stands here for the checks after them."""

    def __init__(self, report: Report, names: Iterable[str], opened: Callable[[str], BinaryIO], handed: Sequence[Json]) -> None:
        self.add, self.run, self.guard, self.handed = report.add, report.run, report.guard, handed
        self.names, self.opened = {name for name in names if name[-1:] != "/"}, opened  # of the members; one missing is empty
        self.head, self.heads = Json(), list[Json]()  # the signed head of the pack, those of the closings
        self.before, self.moved = Counter[str](), Counter[str]()  # balances by role: before the period, and moved in it
        self.delivered, self.undone, self.earned = set[str](), set[str](), dict[int, str]()  # sessions; revenue entry: session

    def verify(self) -> None:
        """Everything that a pack is checked for."""
        self.run(HEAD, self.signatures)
        checks = self.members, self.facts, self.trees, self.sessions, self.documents, self.files, self.reports
        for file, check in zip(FILES, checks, strict=True) if self.head else ():
            self.run(file, check)

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a member, with their LF."""
        if name in self.names:
            with self.opened(name) as file:
                yield from file

    def signatures(self) -> str:
        """The signed head of the pack, and those of all closings up to it."""
        check_note(b"".join(self.lines(HEAD)), notes := list[Json]())
        self.head = notes[0]
        for number, row in enumerate(map(json.loads, self.lines("tree-heads.jsonl")), 1):
            self.guard(f"tree-heads.jsonl line {number}", check_note, row["note"].encode(), self.heads)
        state = "closed" if self.head["closed"] else "NOT CLOSED: it may still change"
        keys = Counter(note["key"] for note in (self.head, *self.heads))
        told = "".join(f"\n    key {key} signed {count}: is it the one that you were told?" for key, count in keys.items())
        said = f"signatures: audit pack {self.head['period']} of {self.head['taxpayer']} ({state}), made {self.head['made_at']}"
        return f"{said}; {len(self.heads)} heads of closings{told}"

    def members(self) -> str:
        """Every file against the manifest, and the manifest against the signed head."""
        self.member(MANIFEST, self.head["manifest"])
        listed = {row["name"]: row for row in map(json.loads, self.lines(MANIFEST))}
        listed |= {name: {"sha256": self.head["verifiers"][name], "lines": ""} for name in VERIFIERS}
        for name in sorted((listed.keys() | self.names) - {HEAD, MANIFEST}):
            self.guard(name, self.member, name, listed.get(name, {}))
        return f"members: {len(listed) + 1:,} files are those of the signed manifest"

    def member(self, name: str, row: Json) -> None:
        """One file; the manifest has the first eight hex digits of the digest of each line, so that a line can be named."""
        if not row or name not in self.names:
            raise Wrong("the file", "it is missing" if row else "the manifest does not list it")
        digest, number, changed = hashlib.sha256(), 0, 0
        for number, line in enumerate(self.lines(name), 1):
            digest.update(line)
            if not changed and hashed(line).hex()[:8] != row["lines"][8 * number - 8 : 8 * number]:
                changed = number
        if digest.hexdigest() != row["sha256"]:
            raise Wrong(f"line {changed or number + 1}" if row["lines"] else "the file", "it was changed")

    def facts(self) -> str:
        """Events and entries, once each, in the order of recording."""
        start, end = self.head["start"], self.head["end"]
        self.seq, self.number, self.chain = start["seq"], start["entries"], bytes.fromhex(start["chain"])
        self.whole, self.tree = self.seq == 0, Tree(self.seq + self.number, start["frontier"])
        self.points = {self.seq: (self.chain.hex(), self.number, self.tree.root())}  # digest, entries, root at each closing
        bodies, closings = (line[:-1] for line in self.lines("entries.jsonl")), {head["closed_seq"] for head in self.heads}
        for line in self.lines("events.jsonl"):
            row = json.loads(line)
            self.event(line[line.index(b'"record":') + 9 : -2], row["digest"], list(islice(bodies, row["entries"])))
            if self.seq in closings:
                self.points[self.seq] = self.chain.hex(), self.number, self.tree.root()
        reached = self.seq, self.number, self.chain.hex(), self.tree.root()
        if next(bodies, None) or reached != tuple(end[name] for name in ("seq", "entries", "chain", "root")):
            raise Wrong(f"after event number {self.seq}", "events, entries, digest or root are not those of the signed head")
        counted = f"chain: events {start['seq'] + 1:,} to {self.seq:,} hashed without a gap to {end['chain']}"
        return f"{counted}; {self.number - start['entries']:,} entries are theirs by digest, each balances"

    def event(self, record: bytes, digest: str, bodies: list[bytes]) -> None:
        """One event, as the bytes of its chain record, with the bytes of its entries."""
        fields = json.loads(record)
        kind, session = fields["event"]["type"], fields["event"]["data"].get("session")
        self.seq, self.chain = self.seq + 1, hashed(self.chain, record)
        where = f"event {fields['event']['id']} (number {fields['n']})"
        if (fields["n"], fields["taxpayer"], self.chain.hex()) != (self.seq, self.head["taxpayer"], digest):
            raise Wrong(where, "it or the one before it was changed, or one is missing")
        if hashed(*bodies).hex() != fields["entries"]:
            raise Wrong(where, "its entries are not those that it names")
        for data in (record, *bodies):
            self.tree.add(data)
        for entry in map(json.loads, bodies):
            self.number += 1
            if entry["entry"] != self.number or sum(leg["amount"] for leg in entry["postings"]):
                raise Wrong(f"entry E-{entry['entry']}", f"it does not balance, or E-{self.number} should stand here")
            sums = self.before if entry["date"] < self.head["from"] else self.moved
            for leg in entry["postings"] if entry["date"] <= self.head["to"] else ():
                sums[leg["role"]] += leg["amount"]
            tally(self.earned, entry)
        if session and kind in (*DELIVERED, *UNDONE):
            (self.delivered if kind in DELIVERED else self.undone).add(session)

    def sessions(self) -> str:
        """Each session earns in exactly one entry that stands, or there is a reason; each such entry has its session."""
        file, times = "sessions-without-revenue.csv", Counter(self.earned.values())  # nothing is quoted in the first column
        told, strays = {line.decode().split(",")[0] for line in islice(self.lines(file), 1, None)}, times.keys() - self.delivered
        silent, earning = self.delivered - times.keys() - self.undone, self.delivered & times.keys()
        for session in sorted({name for name, count in times.items() if count > 1} | (strays if self.whole else set())):
            self.add("entries.jsonl", f"session {session}", f"{times[session]} revenue entries, and not one event for one")
        for session in sorted(silent ^ told):
            self.add(file, f"session {session}", "it earns nothing, and no reason is given" if session in silent else "it earns")
        undone = len(self.delivered) - len(earning) - len(silent)
        counted = f"sessions: {len(self.delivered):,}, of which {len(earning):,} earn in exactly one entry, {undone:,} undone, "
        counted += f"{len(silent):,} without revenue but with the reason; {len(self.earned):,} entries of revenue have one each"
        return counted + (f", {len(strays):,} of them recorded before this pack" if strays else "")

    def trees(self) -> str:
        """The signed heads: each rebuilt where its events are in the pack, each containing the one before."""
        file, end, known = "tree-heads.jsonl", self.head["end"], {(head["size"], head["root"]) for head in self.heads}
        paths = {(row["from"], row["to"]): row["path"] for row in map(json.loads, self.lines("consistency.jsonl"))}
        for old, new in pairwise(self.heads):
            if not Tree.extends(old, new, paths.get((old["size"], new["size"]), ())):
                self.add("consistency.jsonl", f"{old['size']} to {new['size']}", "the later tree does not begin with the earlier")
        for head in self.heads:
            said = head["chain"], head["entries"], head["root"]
            if self.points.get(head["closed_seq"], said) != said or head["taxpayer"] != self.head["taxpayer"]:
                self.add(file, f"head of {head['period']}", "events and entries give another digest or root")
        handed = [head for head in self.handed if head["size"] <= self.tree.size]  # a later one says nothing of this pack
        for head in (head for head in handed if (head["size"], head["root"]) not in known):
            self.add(file, f"head of {head['period']}", "the one that you were handed is not among those of the pack")
        signed = (end["seq"] + end["entries"], end["root"]) in known
        if self.head["tree_head"] and not signed:
            self.add(file, f"event number {end['seq']}", "the head of this closing is missing")
        rebuilt, last = sum(head["closed_seq"] in self.points for head in self.heads), "signed" if signed else "NO SIGNED HEAD"
        counted = f"tree: {self.tree.size:,} leaves, root {end['root']} ({last}); {len(self.heads)} heads contain the ones before"
        return f"{counted}, {rebuilt} rebuilt from events and entries; {len(handed)} that you were handed are among them"

    def documents(self) -> str:
        """The chain of documents, and the huellas of the tax office's records (Orden HAC/1177/2024)."""
        start, file, count, place = self.head["start"], "invoices/records.jsonl", self.head["start"]["documents"], 0
        chain, before = bytes.fromhex(start["document"]), start["huella"]
        digests, numbers = {chain.hex() if count else ""}, dict[int, str]()  # record: its invoice
        for count, line in enumerate(self.lines("invoices/documents.jsonl"), start["documents"] + 1):
            row, chain = json.loads(line), hashed(chain, line[line.index(b'"document":') + 11 : -2])
            if (chain.hex(), count) != (row["digest"], row["document"]["n"]):
                raise Wrong(f"invoice {row['document']['number']}", "it or the one before it was changed, or one is missing")
            digests.add(row["digest"])
            numbers[row["document"]["record"]] = row["document"]["number"]
        lost = [head["period"] for head in self.heads if head["closed_seq"] > start["seq"] and head["documents"] not in digests]
        if lost or chain.hex() != self.head["end"]["document"]:
            raise Wrong(f"after document {count}", f"the chain ends at another digest than was signed {' '.join(lost)}")
        for place, row in enumerate(map(json.loads, self.lines(file)), 1):
            number, previous, before = numbers.pop(row["place"], row["number"]), "" if row["first"] else before, row["huella"]
            fits = f"={number}&" in row["hashed"] and f"&Huella={previous}&" in row["hashed"] and row["number"] == number
            if not fits or (row["place"], hashed(row["hashed"].encode()).hex().upper()) != (start["place"] + place, before):
                self.add(file, f"record {row['place']}", "its huella is not that of its text, invoice and record before it")
        for record in sorted(numbers.keys() - {0}):
            self.add(file, f"record {record}", f"it is missing, and invoice {numbers[record]} names it")
        return f"documents: {len(digests) - 1:,} hashed without a gap; {place:,} tax office's records, each huella recomputed"

    def files(self) -> str:
        """The day files of the books against the digests that were signed at the closings."""
        signed, known = {head["closed_seq"]: head for head in self.heads}, Json()
        for row in map(json.loads, self.lines("closings.jsonl")):
            known |= row["files"]
            head = signed.get(row["seq"])
            if head and hashed(bytes.fromhex(head["chain"]), canonical(row["files"]).encode()).hex() != head["period_digest"]:
                self.add("closings.jsonl", f"closing of {row['period']}", "its files are not those that were signed")
        days = sorted(name for name in self.names if name.startswith("books/journal/"))
        for name in days:
            kept = known.get(name[len("books/") :], "")
            if (kept or self.head["closed"]) and kept != hashed(*self.lines(name)).hex():
                self.add(name, "the file", "it is not the one that stood in the books at the closing")
        return f"books: {len(days):,} day files are those of the closings"

    def reports(self) -> str:
        """Every tie-out; balances, roll-forward and invoices recomputed from entries and documents."""
        unit, names = Decimal(1).scaleb(-self.head["decimals"]), [name for name in self.names if name.startswith("reports/")]
        made = {name: json.loads(b"".join(self.lines(name))) for name in sorted(names) if name.endswith(".json")}
        ties = [(name, tie) for name, table in made.items() for tie in table["ties"]]
        for name, tie in ties:
            left, right, difference = (Decimal(amount) for amount in tie.values())
            if difference or left != right:
                self.add(name, " and ".join(list(tie)[:2]), "they do not tie")
        cells = (line.decode().rstrip("\n").split(",") for line in islice(self.lines("balances.csv"), 1, None))
        balances = {role: [int(amount) for amount in amounts] for role, *amounts in cells}
        for role in sorted(balances.keys() | self.moved.keys() | (self.before.keys() if self.whole else set())):
            opening, moved, closing = balances.get(role, [0, 0, 0])
            if moved != self.moved[role] or opening + moved != closing or (self.whole and opening != self.before[role]):
                self.add("balances.csv", role, "the entries give another balance")
        total, listed = made["reports/rollforward.json"]["total"] or {}, made["reports/invoices.json"]["rows"]
        for name, owed in zip(("opening", "closing"), balances.get("contract-liability", [0, 0, 0])[::2], strict=True):
            if Decimal(total.get(name) or 0) != -owed * unit:
                self.add("reports/rollforward.json", name, "the entries give another one")
        rows = (row["document"] for row in map(json.loads, self.lines("invoices/documents.jsonl")))
        issued = [row for row in rows if self.head["from"] <= row["issued_on"] <= self.head["to"]]
        for column, member in (("total", "gross"), ("vat", "vat")):
            if sum(Decimal(row[column]) for row in listed) != sum(row[member] for row in issued) * unit:
                self.add("reports/invoices.json", column, "the documents add up to another sum")
        since = "from the first entry on" if self.whole else "from the openings that it states"
        return f"reports: {len(made)} with {len(ties)} tie-outs, each difference 0; {len(balances)} balances recomputed {since}"


def tally(earned: dict[int, str], entry: Json) -> None:
    """Note an entry with revenue of a session; the entry that undoes a session strikes out the one that it mirrors."""
    if entry.get("session") and entry["rule"] in UNDONE:
        earned.pop(entry.get("corrects", 0), None)
    elif entry.get("session") and sum(leg["amount"] for leg in entry["postings"] if leg["role"] in EARNING) < 0:
        earned[entry["entry"]] = entry["session"]


def check_proof(text: bytes, notes: list[Json]) -> str:
    """An event that delivered a session and its entries stand in the tree of a signed head, and one revenue entry at most."""
    proof = json.loads(text)
    signed, earned, events, session = list[Json](), dict[int, str](), list[str](), proof["session"]
    for note in (proof["head"], *(step["head"] for step in proof["consistency"])):
        check_note(note.encode(), signed)
    for each in proof["leaves"]:
        data = base64.b64decode(each["data"], validate=True)
        row = json.loads(data)
        fact = row["event"]["data"] if each["what"] == "event" else row
        root = Tree.climb([hashed(b"\x00", data)], each["index"], signed[0]["size"] - 1, each["path"])
        if fact.get("session") != session or root != [signed[0]["root"]]:
            raise Wrong(f"leaf {each['index']}", f"it is not of session {session}, or not in the tree of the signed head")
        events += [row["event"]["type"]] if fact is not row else []
        tally(earned, row if fact is row else {})
    for (old, new), step in zip(pairwise(signed), proof["consistency"], strict=True):
        if not Tree.extends(old, new, step["path"]):
            raise Wrong(f"head of {new['period']}", f"its tree does not contain that of {old['period']}")
    if len(earned) > 1 or not set(events) & set(DELIVERED):
        raise Wrong(f"session {session}", f"{len(earned)} revenue entries stand for it, its events are {events}")
    notes.extend(signed)
    stands = f"revenue stands on E-{next(iter(earned))}" if earned else "no revenue stands"
    told = f"session {session}: {', '.join(events)} in the tree that was signed at the closing of {signed[0]['period']}; {stands}"
    return f"{told}\n    by the key {signed[0]['key']}: is it the one that you were told?"


def main(arguments: Sequence[str]) -> int:
    """Verify each file; the exit code says whether all of them hold."""
    report, packs, handed = Report(print), [], list[Json]()
    for path in map(Path, arguments):
        if path.is_dir():
            names = [each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()]
            packs.append((names, lambda name, path=path: (path / name).open("rb")))
        elif zipfile.is_zipfile(path):
            packs.append(((archive := zipfile.ZipFile(path)).namelist(), archive.open))
        else:
            data = path.read_bytes() if path.is_file() else sys.exit(f"{path}: there is no such file")
            report.run(path.name, check_proof if b'"revrec proof"' in data else check_note, data, handed)
    for names, opened in packs:
        Audit(report, names, opened, [note for note in handed if note["kind"] == "revrec tree head"]).verify()
    print("NOT VERIFIED: see what is WRONG above" if report.findings else "VERIFIED: nothing was changed, left out or added")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else f"{__doc__}")
