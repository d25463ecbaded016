"""XML: the one place for parser settings, canonical bytes and escaping.

What comes in from outside may lie: a document is read only if it is one plain tree in UTF-8, of bounded size, that needs nothing
but itself. Everything else is refused by name before anybody looks at its content. Comments are dropped while reading (C14N 1.0
without comments does not sign them, and a comment inside an amount would otherwise hide its tail); the bytes stay as they were.
"""

from __future__ import annotations

import re
from functools import cache

from lxml import etree

from einvoice.errors import EinvoiceError

MAX_BYTES = 16 * 1024 * 1024  # a message of 1,000 VERI*FACTU records has some 4 MB
MAX_MARKUP = 1_000_000  # tags and attributes; that message has some 150,000
MAX_DEPTH = 64  # a signed Facturae inside a SOAP envelope has some 20

_SETTINGS = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
}
# Before the root stand only white space, comments and instructions; possessive, so that no input makes it slow.
_DOCTYPE = re.compile(rb"(?:\s++|<!--(?>.*?-->)|<\?(?>.*?\?>))*+<!DOCTYPE", re.DOTALL)
_DECLARED = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_BOM = b"\xef\xbb\xbf"
_TOO_DEEP = etree.XPath("boolean(/" + "/".join("*" * (MAX_DEPTH + 1)) + ")")
_INSTRUCTION = etree.XPath("//processing-instruction()")
_INCLUDE = etree.XPath("//xi:*", namespaces={"xi": "http://www.w3.org/2001/XInclude"})
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN = re.compile("[ !#-%'-;=?-~\xa0-\ud7ff]*")  # most texts: nothing to escape, nothing that XML cannot hold


class XmlRefused(EinvoiceError):
    """A document that is not read; the subclass names the reason."""

    problem = "is no well-formed XML"
    remedy = "Ask its sender for a correct file"

    def __init__(self, where: str, detail: str = "") -> None:
        told = f" ({detail})" if detail else ""
        super().__init__(f"{where}: {self.problem}{told}. {self.remedy}")
        self.where = where


class Malformed(XmlRefused):
    """What no XML reader could read."""


class TooBig(XmlRefused):
    """More bytes or more markup than any document of ours has."""

    problem = "is too big"


class TooDeep(XmlRefused):
    """Elements inside elements inside elements, deeper than any format goes."""

    problem = f"has elements nested more than {MAX_DEPTH} deep"


class NotUtf8(XmlRefused):
    """Another encoding than UTF-8: declared, by its byte order mark, or by its bytes (AEAT error 4119)."""

    problem = "is not in UTF-8"
    remedy = "Save it in UTF-8"


class HasDoctype(XmlRefused):
    """A document type declaration: the door of entities and external files (XXE, billion laughs)."""

    problem = "has a document type declaration (DOCTYPE)"
    remedy = "No invoice format has one: do not trust the file"


class HasEntity(XmlRefused):
    """A reference to an entity that XML itself does not define."""

    problem = "refers to an entity"
    remedy = "No invoice format defines one: do not trust the file"


class ExternalReference(XmlRefused):
    """A processing instruction or an XInclude: something to be fetched or run."""

    problem = "has a processing instruction or refers to another file"
    remedy = "No invoice format has one: do not trust the file"


class SecondRoot(XmlRefused):
    """Something stands behind the end of the root element."""

    problem = "goes on behind the end of its root element"
    remedy = "A document has one root: do not trust the rest"


class NotText(EinvoiceError):
    """A text with a character that XML 1.0 cannot hold, not even escaped."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(f"character {at + 1} of {text!r} is U+{ord(text[at]):04X}, which XML cannot hold. Remove it")


_BY_CODE: dict[int, type[XmlRefused]] = {
    etree.ErrorTypes.ERR_DOCUMENT_END: SecondRoot,
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: HasEntity,
    etree.ErrorTypes.ERR_INVALID_ENCODING: NotUtf8,
}


def parse(data: bytes, where: str = "document") -> etree._Element:
    """The root of a document that may be hostile; `where` names it in messages.

    Raises a subclass of `XmlRefused`. Limits: 16 MiB, a million tags and attributes, 64 levels.
    """
    _look_at_bytes(data, where)
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        raise _named(error)(where, error.msg or "") from None
    _look_at_tree(root, where)
    return root


def parse_own(data: bytes) -> etree._Element:
    """The root of a document that was just written here: nothing in it can be hostile."""
    return etree.fromstring(data, _parser())


@cache
def _parser() -> etree.XMLParser:
    """One parser for every document: it keeps nothing between two, and lets one thread in at a time."""
    return etree.XMLParser(**_SETTINGS)


def parse_schema(data: bytes) -> etree._Element:
    """The root of an official schema, known by its SHA-256: its own entities count (xmldsig has a DOCTYPE), none is fetched."""
    return etree.fromstring(data, etree.XMLParser(**{**_SETTINGS, "resolve_entities": "internal"}))


def to_bytes(root: etree._Element) -> bytes:
    """The document with its declaration, in UTF-8; nothing is re-indented, since that would break a signature."""
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def canonical(element: etree._Element) -> bytes:
    """The canonical bytes of an element with the namespaces in its scope: inclusive C14N 1.0 without comments.

    `xml:` attributes of its ancestors, which no invoice format has, are not carried over (W3C REC-xml-c14n-20010315, 2.4).
    """
    written: bytes = etree.tostring(element, method="c14n", exclusive=False, with_comments=False)
    return written


def escaped(text: str) -> str:
    """The text as it stands between tags or inside a quoted attribute; `NotText` where XML has no place for it."""
    if _PLAIN.fullmatch(text):
        return text
    if bad := _NO_XML.search(text):
        raise NotText(text, bad.start())
    return text.translate(_ESCAPES)


def _look_at_bytes(data: bytes, where: str) -> None:
    """What can be refused before a tree is built."""
    if len(data) > MAX_BYTES:
        raise TooBig(where, f"{len(data):,} bytes, at most {MAX_BYTES:,}")
    if (markup := data.count(b"<") + data.count(b"=")) > MAX_MARKUP:
        raise TooBig(where, f"{markup:,} tags and attributes, at most {MAX_MARKUP:,}")
    text = data.removeprefix(_BOM)
    _look_at_encoding(text, where)
    if _DOCTYPE.match(text):
        raise HasDoctype(where)


def _look_at_encoding(data: bytes, where: str) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise NotUtf8(where, f"byte {error.start + 1}") from None
    if b"\0" in data:  # UTF-16 and UTF-32 of Latin letters without a byte order mark are valid UTF-8
        raise NotUtf8(where, "it has zero bytes, as UTF-16 has")
    declared = _DECLARED.match(data)
    if declared and declared[1].lower() != b"utf-8":
        raise NotUtf8(where, f"it declares {declared[1].decode()}")


def _look_at_tree(root: etree._Element, where: str) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise HasDoctype(where)
    if _TOO_DEEP(root):
        raise TooDeep(where)
    if found := _INSTRUCTION(root) or _INCLUDE(root):
        raise ExternalReference(where, f"line {found[0].sourceline}")


def _named(error: etree.XMLSyntaxError) -> type[XmlRefused]:
    """The mistake behind an error of libxml2."""
    if "depth" in (error.msg or ""):
        return TooDeep
    return _BY_CODE.get(error.code or 0, Malformed)
