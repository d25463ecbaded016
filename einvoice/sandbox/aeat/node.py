"""Reading AEAT's XML: texts by local name, in whichever of its namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

_BASE = "https://www2.agenciatributaria.gob.es/static_files/common/internet/dep/aplicaciones/es/aeat/tike/cont/ws/"
LR = f"{_BASE}SuministroLR.xsd"
INFO = f"{_BASE}SuministroInformacion.xsd"
ANSWER = f"{_BASE}RespuestaSuministro.xsd"
QUERY = f"{_BASE}ConsultaLR.xsd"
QUERY_ANSWER = f"{_BASE}RespuestaConsultaLR.xsd"


@dataclass(frozen=True, slots=True)
class Node:
    """An element whose children are asked for by their local names."""

    element: etree._Element

    @property
    def name(self) -> str:
        """The local name."""
        return str(etree.QName(self.element).localname)

    def __contains__(self, name: str) -> bool:
        return next(self.all(name), None) is not None

    def all(self, name: str) -> Iterator[Node]:
        """The children of that name, in order."""
        return (Node(child) for child in self.element.iterchildren(f"{{*}}{name}"))

    def at(self, *names: str) -> Node | None:
        """The first descendant along a path of names."""
        node: Node | None = self
        for name in names:
            node = next(node.all(name), None) if node else None
        return node

    def text(self, *names: str) -> str:
        """The text at the end of a path, without white space around it; "" if there is none."""
        node = self.at(*names)
        return (node.element.text or "").strip() if node else ""
