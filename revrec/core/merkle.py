"""The Merkle tree of RFC 9162, 2.1, with SHA-256: roots, proofs of inclusion and of consistency, and their verification.

Leaves come as a stream of hashes; what is held of them is the frontier, one node a bit of the size, and the nodes asked for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

SIZE = 32  # bytes of a node
TILE = 1024  # leaves of the perfect subtrees that are worth keeping; a power of two
EMPTY = hashlib.sha256(b"").digest()  # the root of a tree without leaves
_sha256 = hashlib.sha256


class Span(NamedTuple):
    """The leaves from `start` up to, not including, `stop`: the subtree over them."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many leaves."""
        return self.stop - self.start

    def split(self) -> tuple[Span, Span]:
        """The two subtrees of a node: the left one has the largest power of two below its size (RFC 9162, 2.1.1)."""
        middle = self.start + (1 << (self.size - 1).bit_length() - 1)
        return Span(self.start, middle), Span(middle, self.stop)

    def perfect(self) -> Iterator[Span]:
        """The perfect subtrees that it is made of, left to right: the largest powers of two first."""
        rest = self
        while rest.size & (rest.size - 1):
            left, rest = rest.split()
            yield left
        yield rest


def leaf(data: bytes) -> bytes:
    """The hash of a leaf."""
    return _sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return _sha256(b"\x01" + left + right).digest()


def joined(nodes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that stand side by side, the largest first."""
    if not nodes:
        return EMPTY
    *rest, root = nodes
    for left in reversed(rest):
        root = node(left, root)
    return root


def hashes(data: bytes) -> list[bytes]:
    """The hashes that stand side by side in some bytes."""
    return [data[at : at + SIZE] for at in range(0, len(data), SIZE)]


class Frontier:
    """A growing tree as far as what comes next needs it: its size, and its perfect subtrees from left to right.

    `tiles` are the hashes of the subtrees of TILE leaves that were completed since it began to grow.
    """

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)
        self.tiles = list[bytes]()
        assert len(self.nodes) == size.bit_count()

    @classmethod
    def decode(cls, size: int, data: bytes) -> Frontier | None:
        """The frontier of a tree of `size` that the bytes are; None when they are none."""
        return cls(size, hashes(data)) if len(data) == SIZE * size.bit_count() else None

    def encode(self) -> bytes:
        """Its nodes, one after the other."""
        return b"".join(self.nodes)

    @property
    def root(self) -> bytes:
        """The root of the tree."""
        return joined(self.nodes)

    def append(self, top: bytes) -> None:
        """One more leaf, by its hash."""
        nodes, size = self.nodes, self.size
        if not (size + 1) % TILE:
            self.tiles.append(joined([*nodes[-((TILE - 1).bit_count()) :], top]))
        while size & 1:
            top = _sha256(b"\x01" + nodes.pop() + top).digest()
            size >>= 1
        nodes.append(top)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """More leaves, by their data."""
        for data in leaves:
            self.append(_sha256(b"\x00" + data).digest())


def inclusion(index: int, size: int) -> list[Span]:
    """Whose hashes make the path of a leaf, from the leaf up (PATH of RFC 9162, 2.1.3.1); `index` counts from 0."""
    assert 0 <= index < size
    path, at = list[Span](), Span(0, size)
    while at.size > 1:
        left, right = at.split()
        at, beside = (left, right) if index < left.stop else (right, left)
        path.append(beside)
    return path[::-1]


def consistency(first: int, second: int) -> list[Span]:
    """Whose hashes prove that the tree of `second` leaves begins with that of `first` (PROOF of RFC 9162, 2.1.4.1)."""
    assert 0 < first <= second
    path, at = list[Span](), Span(0, second)
    while at.stop != first:
        left, right = at.split()
        at, beside = (left, right) if first <= left.stop else (right, left)
        path.append(beside)
    if at.start:
        path.append(at)
    return path[::-1]


def gather(leaves: Iterable[bytes], spans: Iterable[Span]) -> dict[Span, bytes]:
    """The hashes of some subtrees of the tree over `leaves` (data): one pass, which ends at the last leaf that matters.

    Raises ValueError when there are fewer leaves.
    """
    wanted = set(spans)
    parts = {part for span in wanted for part in span.perfect()}
    found = _perfect_nodes(leaves, parts)
    return {span: joined([found[part] for part in span.perfect()]) for span in wanted}


def assemble(tiles: Sequence[bytes], spans: Iterable[Span], between: Callable[[int, int], Iterable[bytes]]) -> dict[Span, bytes]:
    """The hashes of some subtrees as `gather` finds them, out of the tiles from the first on and a few leaves.

    `between` answers the data of the leaves from one place up to another. Raises ValueError when tiles or leaves are lacking.
    """
    wanted = set(spans)
    parts = {part for span in wanted for part in span.perfect()}
    found = {part: _of_tiles(tiles, part) for part in parts if part.size >= TILE}
    within = defaultdict[int, dict[Span, Span]](dict)
    for part in parts - found.keys():
        base = part.start - part.start % TILE
        within[base][Span(part.start - base, part.stop - base)] = part
    for base, inside in within.items():
        nodes = gather(between(base, max(part.stop for part in inside.values())), inside)
        found |= {part: nodes[place] for place, part in inside.items()}
    return {span: joined([found[part] for part in span.perfect()]) for span in wanted}


def _of_tiles(tiles: Sequence[bytes], part: Span) -> bytes:
    """The hash of a perfect subtree of whole tiles: they are its leaves, hashed already."""
    mine = tiles[part.start // TILE : part.stop // TILE]
    if len(mine) * TILE != part.size:
        raise ValueError(f"{len(tiles)} tiles, {part.stop // TILE} expected")
    tree = Frontier()
    for tile in mine:
        tree.append(tile)
    return tree.root


def _perfect_nodes(leaves: Iterable[bytes], parts: set[Span]) -> dict[Span, bytes]:
    """The hashes of perfect subtrees, caught where the last leaf of each comes in."""
    found = dict[Span, bytes]()
    ends = {part.stop for part in parts}
    last, frontier = max(ends, default=0), Frontier()
    for data in leaves if last else ():
        if frontier.size + 1 in ends:
            found |= _completed(frontier, leaf(data), parts)
        frontier.append(leaf(data))
        if frontier.size == last:
            return found
    if last:
        raise ValueError(f"{frontier.size} leaves, {last} expected")
    return found


def _completed(frontier: Frontier, top: bytes, parts: set[Span]) -> Iterator[tuple[Span, bytes]]:
    """The wanted subtrees that a leaf completes."""
    stop, size, nodes = frontier.size + 1, 1, frontier.nodes[:]
    while True:
        span = Span(stop - size, stop)
        if span in parts:
            yield span, top
        if stop % (2 * size):
            return
        top, size = node(nodes.pop(), top), 2 * size


def includes(top: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path proves that the leaf of hash `top` stands at `index` in the tree (RFC 9162, 2.1.3.2)."""
    return 0 <= index < size and _climbed([top], index, size - 1, path) == [root]


def extends(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path proves that the second tree is the first with more leaves after it (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    start, *steps = [first_root, *path] if first & (first - 1) == 0 else path
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    return _climbed([start, start], at, last, steps) == [first_root, second_root]


def _climbed(tops: list[bytes], at: int, last: int, path: Sequence[bytes]) -> list[bytes]:
    """Where a path leads from nodes at place `at` of 0 to `last`: what joins from the right joins the last of them only.

    Nothing where the path is too short or too long.
    """
    *left, top = tops
    for beside in path:
        if not last:
            return []
        if at & 1 or at == last:
            left, top = [node(beside, each) for each in left], node(beside, top)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            top = node(top, beside)
        at, last = at >> 1, last >> 1
    return [] if last else [*left, top]
