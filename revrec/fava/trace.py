"""The page on which any id leads to the whole chain and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import request

from revrec.app.explain import explain
from revrec.app.trace import Untraceable, trace
from revrec.core.money import text
from revrec.fava.asked import Part
from revrec.fava.chain import Chain, ChainMaker, Leg
from revrec.fava.frame import FramedPage
from revrec.fava.parts import Cell

if TYPE_CHECKING:
    from revrec.app.entries import EntryView
    from revrec.app.workspace import Workspace
    from revrec.fava.asked import Asked


class RevrecTrace(FramedPage):
    """The chain of an id, in both directions."""

    report_title = "Session trace"
    applies = (Part.SESSION, Part.BUNDLE, Part.INVOICE, Part.CUSTOMER)

    def body(self, ws: Workspace, question: Asked) -> Chain:
        """The chain of the id in the address, else of the one that Fava's filter names."""
        ref = request.args.get("id", "").strip() or _of_filter(question)
        if not ref:
            return Chain("")
        try:
            found = trace(ws, ref)
        except Untraceable as error:
            return Chain(ref, sorry=str(error), choices=tuple(Cell(name, self.goto.trace(name)) for name in error.found))

        def legs(view: EntryView, explained: bool) -> Iterator[Leg]:
            return _legs(ws, view, explained=explained)

        return ChainMaker(self.goto, legs).chain(found)


def _of_filter(question: Asked) -> str:
    """The id that stands in the filter box: the narrowest thing goes first."""
    parts = (Part.SESSION, Part.INVOICE, Part.BUNDLE, Part.CUSTOMER)
    return next((f"{part}:{name}" for part in parts if (name := getattr(question, part))), "")


def _legs(ws: Workspace, view: EntryView, *, explained: bool) -> Iterator[Leg]:
    """The legs of an entry, each with the formula of its amount where it is to be worked out."""
    formulas = [said["en"] for said in explain(ws, view.name, ("en",)).to_json()["formulas"]] if explained else []
    for place, leg in enumerate(view.entry.postings):
        side = "debit" if leg.amount > 0 else "credit"
        yield Leg(leg.role, side, text(abs(leg.amount), view.currency), formulas[place] if explained else "")
