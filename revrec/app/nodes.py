"""The nodes of the tree that proofs are made of, once the roots that were signed are known to be those of the books."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from revrec.core import merkle
from revrec.core.errors import RevrecError
from revrec.core.merkle import Span
from revrec.store.tree import Tree, TreeHead

if TYPE_CHECKING:
    from revrec.app.progress import Progress
    from revrec.store.store import Store

_TICK = 1_000  # leaves between two steps of the bar


class BooksChanged(RevrecError):
    """The books no longer give what was signed: nothing can be proved from them."""

    def __init__(self, period: str) -> None:
        super().__init__(
            f"the books no longer give the root that was signed at the closing of {period}: something recorded before it was "
            "changed. `revrec verify` says what; restore the database from a backup"
        )


def nodes(store: Store, heads: Sequence[TreeHead], spans: Iterable[Span], progress: Progress) -> dict[Span, bytes]:
    """The hashes of some subtrees, from which the roots of `heads` (in order of closing) follow; else raises BooksChanged.

    They are made out of the tiles that closings kept, and where these do not give the roots, out of every leaf.
    """
    tree, roots = Tree(store), {Span(0, head.size): head for head in heads}
    wanted = {*roots, *spans}
    tiles = [tile for head in tree.heads() for tile in merkle.hashes(head.tiles)]
    with suppress(ValueError):  # what is kept was changed: it is not needed
        found = merkle.assemble(tiles, wanted, tree.between)
        if all(found[span] == head.root for span, head in roots.items()):
            return found
    try:
        found = merkle.gather(_walked(store, heads[-1], progress), wanted)
    except ValueError:
        raise BooksChanged(heads[-1].period) from None
    for span, head in roots.items():
        if found[span] != head.root:
            raise BooksChanged(head.period)
    return found


def _walked(store: Store, last: TreeHead, progress: Progress) -> Iterator[bytes]:
    """The leaves up to a head, with a bar."""
    progress.start("walking the tree", last.size)
    for count, data in enumerate(Tree(store).leaves(0, last.seq), 1):
        yield data
        if count % _TICK == 0:
            progress.step(_TICK)
    progress.done()
