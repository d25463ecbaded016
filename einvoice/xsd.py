"""Validation against official XSDs, compiled once a process; their imports come from the catalogue, never from the network."""

from __future__ import annotations

import re
import threading
from functools import cache

from lxml import etree

from einvoice.errors import EinvoiceError
from einvoice.findings import Finding
from einvoice.schemas import Catalogue
from einvoice.xml import parse_schema

CODE = "XSD"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_SCHEME = "catalogue:"
_NAMESPACE = re.compile(r"\{[a-z]+:[^}]*\}")


class NotASchema(EinvoiceError):
    """A file of the catalogue that libxml2 cannot compile as an XSD (a WSDL, a rule file)."""

    def __init__(self, schema_id: str, why: str) -> None:
        super().__init__(f"{schema_id}: no XSD that compiles ({why}). Read it with Catalogue.read instead")


class Schema:
    """A compiled schema; safe to share between threads."""

    def __init__(self, schema_id: str, compiled: etree.XMLSchema) -> None:
        self.id = schema_id
        self._compiled = compiled
        self._lock = threading.Lock()  # the error log belongs to the compiled schema

    def findings(self, root: etree._Element) -> tuple[Finding, ...]:
        """What in the document breaks the schema: code `XSD`, path of the element, line and message; empty when it is valid."""
        with self._lock:
            if self._compiled.validate(root):
                return ()
            errors = tuple(self._compiled.error_log)
        return tuple(self._finding(root, error) for error in errors)

    def _finding(self, root: etree._Element, error: etree._LogEntry) -> Finding:
        message = f"line {error.line}: {_NAMESPACE.sub('', error.message).rstrip('.')}"
        return Finding(CODE, _readable(root, error.path), message, f"See the schema {self.id}")


@cache
def schema(schema_id: str) -> Schema:
    """The schema of an id of the catalogue, compiled at its first use; raises what `Catalogue.read` raises."""
    return Schema(schema_id, compiled(schema_id, Catalogue.load()))


def compiled(schema_id: str, catalogue: Catalogue) -> etree.XMLSchema:
    """The schema compiled with everything that it imports; `NotASchema` when that cannot be."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(_Resolver(catalogue))
    try:
        return etree.XMLSchema(etree.fromstring(_located(schema_id, catalogue), parser))
    except etree.XMLSchemaParseError as error:
        raise NotASchema(schema_id, str(error)) from None


class _Resolver(etree.Resolver):  # type: ignore[misc]  # lxml ships no types
    """Answers `catalogue:ID` with that entry; libxml2 asks it before it would look anywhere else."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def resolve(self, url: str, _public_id: str, context: object) -> object:
        schema_id = url.removeprefix(_SCHEME)
        return self.resolve_string(_located(schema_id, self._catalogue), context, base_url=url)


def _located(schema_id: str, catalogue: Catalogue) -> bytes:
    """The schema with each `schemaLocation` turned into the id that the catalogue gives it; without its DOCTYPE."""
    imports = catalogue.entry(schema_id).imports
    root = parse_schema(catalogue.read(schema_id))
    for element in root.iter(f"{_XS}import", f"{_XS}include"):
        if location := element.get("schemaLocation"):
            element.set("schemaLocation", _SCHEME + catalogue.entry(imports.get(location, location)).id)
    text: bytes = etree.tostring(root)
    return text


def _readable(root: etree._Element, path: str | None) -> str:
    """The path of libxml2 in local names: `/RegFactuSistemaFacturacion/RegistroFactura[2]/RegistroAlta`."""
    if not path:
        return f"/{etree.QName(root).localname}"
    prefixes = {prefix: uri for element in root.iter() for prefix, uri in element.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(path, namespaces=prefixes)
    except etree.XPathError:  # a prefix that stands for two namespaces
        found = ()
    return _named(found[0]) if found else path


def _named(element: etree._Element) -> str:
    steps = [_step(each) for each in (element, *element.iterancestors())]
    return "/" + "/".join(reversed(steps))


def _step(element: etree._Element) -> str:
    """The local name, with its place among the siblings of that name where there are several."""
    name = etree.QName(element).localname
    parent = element.getparent()
    same = [element] if parent is None else list(parent.iterchildren(element.tag))
    return name if len(same) == 1 else f"{name}[{same.index(element) + 1}]"
