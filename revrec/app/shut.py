"""What lies outside the sealed bytes of a person who was blocked or erased: files already made, words of the tax authority."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from revrec.books.render import file_name, folder
from revrec.core.errors import RevrecError
from revrec.store.papers import FORMATS, Kept, Papers, State

if TYPE_CHECKING:
    from revrec.app.workspace import Workspace
    from revrec.store.store import Store


class NotRemoved(RevrecError):
    """A file of a person who was blocked or erased stands where everybody reads it, and cannot be deleted."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path}: a document of a person who was blocked or erased, and it cannot be removed: {why}. "
            "What was recorded stands. Delete the file by hand; `revrec verify` says when none is left"
        )


def clear(ws: Workspace, customers: Iterable[str]) -> None:
    """Remove the files of these persons' documents from the documents folder; raises NotRemoved. Twice changes nothing.

    The bytes stay sealed in the store: whom the law names gets them from there.
    """
    for path in exposed(ws, customers):
        try:
            (ws.root / path).unlink(missing_ok=True)
        except OSError as error:
            raise NotRemoved(path, error.strerror or type(error).__name__) from error


def hush(store: Store, customer: str) -> None:
    """Take away what the tax authority wrote of a person's records, where it may quote name and tax id, inside a transaction."""
    papers = Papers(store)
    places = (record.place for issued in papers.of_customer(customer) for record in papers.records_of(issued.number))
    papers.put_states(state._replace(text="") for place in places if (state := papers.state(place)) and state.text)


def words(store: Store, record: Kept, state: State | None) -> str:
    """What the tax authority wrote of a record, unless its person was blocked or erased."""
    if state is None or (record.customer and store.erasure(record.customer)):
        return ""
    return state.text


def exposed(ws: Workspace, customers: Iterable[str]) -> Iterator[Path]:
    """The files of these persons' documents that lie in the documents folder, relative to the workspace."""
    place = Path(folder(ws.chart))
    there = {path.name for path in (ws.root / place).glob("*") if path.is_file()}
    for customer in customers if there else ():
        for issued in Papers(ws.store).of_customer(customer):
            names = (file_name(issued.number, issued.issued_on, form) for form in FORMATS)
            yield from (place / name for name in names if name in there)
