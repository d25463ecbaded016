"""Documents examined: what is stored against what it was made from, each signature by our own verifier, check by check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from einvoice import sign
from einvoice.chain import huella
from einvoice.check import check
from einvoice.findings import Finding
from revrec.app.invoices import Erased, content
from revrec.app.workspace import Workspace
from revrec.core.errors import RevrecError
from revrec.store.papers import FACTURAE, PDF, Issued, Papers


class NotReadable(RevrecError):
    """A file that cannot be read."""


class Examined(NamedTuple):
    """One document or file, and every check that failed."""

    name: str
    findings: tuple[Finding, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was examined, in order."""

    rows: tuple[Examined, ...]

    @property
    def clean(self) -> bool:
        """Whether every check passed."""
        return not any(row.findings for row in self.rows)

    def to_json(self) -> list[dict[str, Any]]:
        """The members of `invoice verify --json`."""
        return [
            {"name": row.name, "note": row.note, "problems": [found._asdict() for found in row.findings]} for row in self.rows
        ]

    def lines(self) -> Iterator[str]:
        """For people: a line a document, under it what failed."""
        for row in self.rows:
            yield f"{row.name}: {'does not verify' if row.findings else 'verified'}{f' ({row.note})' if row.note else ''}"
            for found in row.findings:
                yield f"  {found}"


def examine(ws: Workspace, invoices: Iterable[Issued], *, now: datetime) -> Examination:
    """Every document given: content, record, signature, and the files on disk."""
    papers = Papers(ws.store)
    return Examination(tuple(_examined(ws, papers, issued, now) for issued in invoices))


def file(path: Path, *, now: datetime) -> Examination:
    """A signed file from anywhere; raises NotReadable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path}: {error.strerror or error}. Name a signed Facturae (.xsig) or an invoice number") from None
    found = sign.verify(data, at=now)
    note = f"signed by {found.signed.certificate.subject.rfc4514_string()}" if found.signed else ""
    return Examination((Examined(str(path), found.findings, note),))


def _examined(ws: Workspace, papers: Papers, issued: Issued, now: datetime) -> Examined:
    findings, note = list(_record(papers, issued)), ""
    try:
        findings += check(content(ws, issued))
    except Erased:
        note = "its person was erased or is blocked: content and signature are shut"
    findings += _documents(papers, issued, now)
    return Examined(issued.number, tuple(findings), note)


def _record(papers: Papers, issued: Issued) -> Iterator[Finding]:
    """The record's huella is that of its text (spain.md 1.5)."""
    row = papers.record(issued.record) if issued.record else None
    if row is not None and huella(row.hashed) != row.huella:
        yield Finding("2000", f"record {row.place}", "its huella is not that of its text", "restore the database from a backup")


def _documents(papers: Papers, issued: Issued, now: datetime) -> Iterator[Finding]:
    for form, _, sha256 in papers.documents(issued.number):
        data = papers.document(issued.number, form)
        if data is None:
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            yield Finding("sha256", form, "it is not the document that was made", "restore the database from a backup")
        elif form == FACTURAE:
            yield from sign.verify(data, at=now).findings
        elif form == PDF and not data.startswith(b"%PDF"):
            yield Finding("pdf", form, "it is no PDF", "restore the database from a backup")
