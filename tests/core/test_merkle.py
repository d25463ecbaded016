"""The Merkle tree against the definitions of RFC 9162, 2.1, written as they stand, and against published test vectors."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revrec.core import merkle
from revrec.core.merkle import Frontier, Span

# The eight inputs and the roots after each that implementations of Certificate Transparency share (RFC 6962 trees).
SHARED = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def mth(data):
    """MTH of RFC 9162, 2.1.1."""
    if len(data) < 2:
        return sha256(b"\x00" + data[0]).digest() if data else sha256(b"").digest()
    k = split(len(data))
    return sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path(m, data):
    """PATH of 2.1.3.1."""
    if len(data) == 1:
        return []
    k = split(len(data))
    return [*path(m, data[:k]), mth(data[k:])] if m < k else [*path(m - k, data[k:]), mth(data[:k])]


def subproof(m, data, whole):
    """SUBPROOF of 2.1.4.1."""
    if m == len(data):
        return [] if whole else [mth(data)]
    k = split(len(data))
    if m <= k:
        return [*subproof(m, data[:k], whole), mth(data[k:])]
    return [*subproof(m - k, data[k:], False), mth(data[:k])]


def split(n):
    """The largest power of two smaller than n."""
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def leaves(count):
    return [f"leaf {number}".encode() for number in range(count)]


def of(data, spans):
    found = merkle.gather(data, spans)
    return [found[span] for span in spans]


sizes = st.integers(1, 300)


def test_the_roots_are_those_that_other_implementations_publish() -> None:
    tree = Frontier()
    roots = [tree.root.hex()]
    for data in SHARED:
        tree.extend([data])
        roots.append(tree.root.hex())
    assert tuple(roots) == ROOTS


def test_the_example_of_the_standard_has_the_paths_that_it_names() -> None:
    """RFC 9162, 2.1.5: seven leaves; d0 is proved by b, h, l; d3 by c, g, l; d4 by f, j, k; d6 by i, k."""
    a, b, c, d, e, f, j = (Span(at, at + 1) for at in range(7))
    g, h, i, k, right = Span(0, 2), Span(2, 4), Span(4, 6), Span(0, 4), Span(4, 7)
    assert merkle.inclusion(0, 7) == [b, h, right]
    assert merkle.inclusion(3, 7) == [c, g, right]
    assert merkle.inclusion(4, 7) == [f, j, k]
    assert merkle.inclusion(6, 7) == [i, k]
    assert merkle.consistency(3, 7) == [c, d, g, right]
    assert merkle.consistency(4, 7) == [right]
    assert merkle.consistency(6, 7) == [i, j, k]
    assert (a, e) == (Span(0, 1), Span(4, 5))


@given(sizes, st.data())
def test_a_leaf_is_proved_by_the_path_of_the_standard(size, data) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree = leaves(size)
    proof = of(tree, merkle.inclusion(index, size))
    assert proof == path(index, tree)
    assert merkle.includes(merkle.leaf(tree[index]), index, size, proof, mth(tree))


@given(sizes, st.data())
def test_a_tree_that_grew_is_proved_by_the_proof_of_the_standard(second, data) -> None:
    first = data.draw(st.integers(1, second))
    tree = leaves(second)
    proof = of(tree, merkle.consistency(first, second))
    assert proof == subproof(first, tree, True)
    assert merkle.extends(first, second, mth(tree[:first]), mth(tree), proof)


@given(sizes, sizes)
def test_a_frontier_kept_and_read_again_grows_on(first, more) -> None:
    tree = leaves(first + more)
    kept = Frontier()
    kept.extend(tree[:first])
    assert kept.root == mth(tree[:first])
    again = Frontier.decode(first, kept.encode())
    assert again is not None
    again.extend(tree[first:])
    assert (again.size, again.root) == (first + more, mth(tree))


def test_bytes_that_are_no_frontier_of_that_size_are_none() -> None:
    tree = Frontier()
    tree.extend(leaves(7))
    assert Frontier.decode(7, tree.encode()[:-1]) is None
    assert Frontier.decode(8, tree.encode()) is None


@given(st.integers(2, 200), st.data())
def test_no_other_leaf_place_size_or_root_is_proved(size, data) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree = leaves(size)
    proof, root = of(tree, merkle.inclusion(index, size)), mth(tree)
    top = merkle.leaf(tree[index])
    assert not merkle.includes(merkle.leaf(b"another"), index, size, proof, root)
    assert not merkle.includes(top, index, size, proof, merkle.leaf(b"another"))
    assert not merkle.includes(top, index, size, [*proof, root], root)
    assert not merkle.includes(top, index, size, proof[:-1], root)
    assert not merkle.includes(top, size, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda at: at != index))
    assert not merkle.includes(top, other, size, proof, root)
    changed = data.draw(st.integers(0, len(proof) - 1))
    wrong = [*proof[:changed], merkle.leaf(b"another"), *proof[changed + 1 :]]
    assert not merkle.includes(top, index, size, wrong, root)


@given(st.integers(2, 200), st.data())
def test_no_other_history_is_proved(second, data) -> None:
    first = data.draw(st.integers(1, second - 1))
    tree = leaves(second)
    proof, old, new = of(tree, merkle.consistency(first, second)), mth(tree[:first]), mth(tree)
    forged = mth([b"another", *tree[1:]])
    assert not merkle.extends(first, second, old, forged, proof)
    assert not merkle.extends(first, second, merkle.leaf(b"another"), new, proof)
    assert not merkle.extends(first, second, old, new, proof[:-1])
    assert not merkle.extends(first, second, old, new, [*proof, new])
    assert not merkle.extends(second, first, new, old, proof)
    assert not merkle.extends(0, second, merkle.EMPTY, new, proof)
    assert not merkle.extends(first, first, old, new, [])
    assert merkle.extends(first, first, old, old, [])


def test_a_proof_over_fewer_leaves_than_its_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="6 leaves, 7 expected"):
        merkle.gather(leaves(6), merkle.inclusion(0, 7))
    assert merkle.gather([], []) == {}


def test_a_pass_reads_no_leaf_beyond_the_last_that_matters() -> None:
    read = iter(leaves(100))
    merkle.gather(read, merkle.inclusion(0, 7))
    assert next(read) == b"leaf 7"


@pytest.fixture
def small_tiles(monkeypatch) -> None:
    """Tiles of four leaves, so that a tree of a few leaves has many."""
    monkeypatch.setattr(merkle, "TILE", 4)


def test_tiles_are_the_perfect_subtrees_that_a_tree_completes_as_it_grows(small_tiles) -> None:
    tree = leaves(30)
    kept = Frontier()
    kept.extend(tree[:18])
    assert kept.tiles == [mth(tree[at : at + 4]) for at in range(0, 16, 4)]
    again = Frontier(kept.size, kept.nodes)
    again.extend(tree[18:])
    assert again.tiles == [mth(tree[at : at + 4]) for at in range(16, 28, 4)]


@pytest.mark.parametrize("size", [1, 3, 4, 5, 29, 64, 77])
def test_proofs_out_of_tiles_are_those_out_of_all_leaves_and_read_few(small_tiles, size) -> None:
    tree, read = leaves(size), []
    kept = Frontier()
    kept.extend(tree)

    def between(start, stop):
        read.append(stop - start)
        return tree[start:stop]

    for index in range(size):
        spans = [*merkle.inclusion(index, size), *merkle.consistency(index + 1, size), Span(0, size)]
        read.clear()
        assert merkle.assemble(kept.tiles, spans, between) == merkle.gather(tree, spans)
        assert sum(read) <= 3 * merkle.TILE


def test_lacking_tiles_or_leaves_are_said(small_tiles) -> None:
    tree = leaves(30)
    kept = Frontier()
    kept.extend(tree)
    spans = merkle.inclusion(0, 30)
    with pytest.raises(ValueError, match="6 tiles, 7 expected"):
        merkle.assemble(kept.tiles[:-1], spans, lambda start, stop: tree[start:stop])
    with pytest.raises(ValueError, match="0 leaves, "):
        merkle.assemble(kept.tiles, spans, lambda *_: [])
