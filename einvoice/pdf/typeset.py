"""Sets a page with typst: PDF/A-3a and PDF/UA-1, embedded files inside, the same bytes for the same input."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from einvoice.errors import EinvoiceError
from einvoice.pdf.page import Page

if TYPE_CHECKING:
    from typst import Compiler, PDFStandard

# Archival with tags (ISO 19005-3, level A), and accessible (ISO 14289-1): typst refuses to write what does not conform.
STANDARDS: list[PDFStandard] = ["a-3a", "ua-1"]
_one_at_a_time = Lock()


class Relationship(StrEnum):
    """What an embedded file is to the document: ISO 32000-2 AFRelationship."""

    SOURCE = "source"  # the document was made from it
    DATA = "data"  # it holds the figures behind something shown
    ALTERNATIVE = "alternative"  # it says the same in another form: the XML of a hybrid invoice
    SUPPLEMENT = "supplement"  # it adds to the document


class Attachment(NamedTuple):
    """A file inside the PDF: its plain name, media type, bytes, and what it is to the document."""

    name: str
    mime: str
    data: bytes
    relationship: Relationship = Relationship.ALTERNATIVE
    description: str = ""


class Unprintable(EinvoiceError):
    """A character that no font of the document has, or another thing that would break PDF/A."""


class AttachmentName(EinvoiceError):
    """An embedded file has no plain name, or two have the same."""


def typeset(page: Page, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """A page as PDF; raises `Unprintable` or `AttachmentName`."""
    _check_names(attachments)
    from typst import TypstError

    data = json.dumps(asdict(page) | {"attachments": [_embedded(one) for one in attachments]}, default=_plain)
    try:
        with _one_at_a_time:  # a Compiler is one world: it cannot set two documents at once
            return _compiled(data, page.day)
    except TypstError as refused:
        raise Unprintable(
            f"{page.title} {page.number}: {refused}. Write it in Latin, Greek, Cyrillic or Hebrew letters and without control "
            "characters or pictures"
        ) from refused


def _compiled(data: str, day: date) -> bytes:
    moment = datetime.combine(day, time(), UTC)
    # A compiler forgets a template given as bytes after one document, but not what it has parsed.
    made = _compiler().compile(_template(), format="pdf", sys_inputs={"page": data}, pdf_standards=STANDARDS, timestamp=moment)
    assert isinstance(made, bytes)
    return made


@cache
def _template() -> bytes:
    return (files("einvoice.pdf") / "page.typ").read_bytes()


@cache
def _compiler() -> Compiler:
    """One compiler a process, which reads its fonts once: typst's own, so that every machine sets the same page."""
    from typst import Compiler, Fonts

    return Compiler(font_paths=Fonts(include_system_fonts=False), ignore_system_fonts=True)


def _embedded(one: Attachment) -> dict[str, Any]:
    return one._asdict() | {"data": list(one.data)}


def _plain(value: object) -> Any:
    assert isinstance(value, date)
    return [value.year, value.month, value.day]


def _check_names(attachments: tuple[Attachment, ...]) -> None:
    names = [one.name for one in attachments]
    for name in names:
        if not name or PurePosixPath(name).name != name or "\\" in name:
            raise AttachmentName(f"attachment {name!r}: a plain file name is asked, without folders. Rename it")
        if names.count(name) > 1:
            raise AttachmentName(f"attachment {name!r}: two files have this name. Give each its own")
