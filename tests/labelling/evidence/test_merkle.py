"""The Merkle tree: known answers, and laws for trees of any size."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# The reference tests of Certificate Transparency, whose authors wrote RFC 6962:
# https://github.com/google/certificate-transparency/blob/master/cpp/merkletree/merkle_tree_test.cc
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
EMPTY_LEAF = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
PAIR = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
HALF = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
FIFTH = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
LATE_PAIR = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
FIFTH_AND_SIXTH = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

sizes = st.integers(min_value=1, max_value=40)


class Tree:
    """A tree of numbered leaves, and its nodes."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.edge = Frontier()
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.roots = [EMPTY_ROOT]
        for leaf in leaves:
            for node in self.edge.append(leaf_hash(leaf)):
                self.nodes[node.level, node.index] = node.hash
            self.roots.append(self.edge.root())

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


def numbered(size: int) -> Tree:
    return Tree([number.to_bytes(2, "big") for number in range(size)])


def root_by_definition(leaves: list[bytes]) -> bytes:
    """Follow RFC 6962, §2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = root_by_definition(leaves[:split]), root_by_definition(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


class TestKnownAnswers:
    tree = Tree(LEAVES)

    def test_the_roots_are_those_of_the_reference(self) -> None:
        assert [root.hex() for root in self.tree.roots[1:]] == list(ROOTS)
        assert self.tree.roots[0].hex() == (
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )

    @pytest.mark.parametrize(
        ("index", "size", "expected"),
        [
            (0, 1, []),
            (0, 8, [EMPTY_LEAF, PAIR, HALF]),
            (5, 8, [FIFTH, LATE_PAIR, ROOTS[3]]),
            (2, 3, [ROOTS[1]]),
        ],
    )
    def test_the_proofs_of_inclusion_are_those_of_the_reference(
        self, index: int, size: int, expected: list[str]
    ) -> None:
        proof = inclusion_proof(index, size, self.tree.node)

        assert [one.hex() for one in proof] == expected

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            (1, 1, []),
            (1, 8, [EMPTY_LEAF, PAIR, HALF]),
            (6, 8, [FIFTH_AND_SIXTH, LATE_PAIR, ROOTS[3]]),
            (2, 5, [PAIR, FIFTH]),
        ],
    )
    def test_the_proofs_of_consistency_are_those_of_the_reference(
        self, old: int, new: int, expected: list[str]
    ) -> None:
        proof = consistency_proof(old, new, self.tree.node)

        assert [one.hex() for one in proof] == expected

    def test_the_proofs_of_the_example_in_the_standard_have_its_nodes(self) -> None:
        # RFC 6962, §2.1.3: a tree of seven leaves a to f and j, its nodes named g to l.
        tree = Tree(LEAVES[:7])
        b, c, d, f = (tree.node(0, place) for place in (1, 2, 3, 5))
        e, j = tree.node(0, 4), tree.node(0, 6)
        g, h, i, k = (*(tree.node(1, place) for place in (0, 1, 2)), tree.node(2, 0))
        el = node_hash(i, j)

        assert inclusion_proof(0, 7, tree.node) == [b, h, el]
        assert inclusion_proof(3, 7, tree.node) == [c, g, el]
        assert inclusion_proof(4, 7, tree.node) == [f, j, k]
        assert inclusion_proof(6, 7, tree.node) == [i, k]
        assert consistency_proof(3, 7, tree.node) == [c, d, g, el]
        assert consistency_proof(4, 7, tree.node) == [el]
        assert consistency_proof(6, 7, tree.node) == [i, j, k]
        assert e != f


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_the_root_is_the_one_the_standard_defines(leaves: list[bytes]) -> None:
    assert Tree(leaves).edge.root() == root_by_definition(leaves)


@given(sizes, st.data())
def test_every_leaf_is_proved_and_no_other(size: int, data: st.DataObject) -> None:
    tree = numbered(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, tree.node)

    verify_inclusion(tree.node(0, index), index, size, proof, tree.roots[size])
    if other != index:
        with pytest.raises(ProofError):
            verify_inclusion(tree.node(0, other), index, size, proof, tree.roots[size])
        with pytest.raises(ProofError):
            verify_inclusion(tree.node(0, index), other, size, proof, tree.roots[size])


@given(sizes, st.data())
def test_every_beginning_is_proved_and_no_other(size: int, data: st.DataObject) -> None:
    tree = numbered(size)
    old = data.draw(st.integers(1, size))
    other = data.draw(st.integers(1, size))
    proof = consistency_proof(old, size, tree.node)

    verify_consistency(old, size, tree.roots[old], tree.roots[size], proof)
    if other != old:
        with pytest.raises(ProofError):
            verify_consistency(other, size, tree.roots[old], tree.roots[size], proof)
        with pytest.raises(ProofError):
            verify_consistency(old, size, tree.roots[other], tree.roots[size], proof)


def wrong_proofs(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    before, one, after = proof[:place], proof[place], proof[place + 1 :]
    flipped = (int.from_bytes(one, "big") ^ (1 << bit)).to_bytes(32, "big")
    return [
        [*before, flipped, *after],
        [*before, *after],
        [*proof, one],
        [*before, one[:-1], *after],
        [],
    ]


@given(st.integers(2, 40), st.data())
def test_no_changed_proof_of_inclusion_holds(size: int, data: st.DataObject) -> None:
    tree = numbered(size)
    index = data.draw(st.integers(0, size - 1))

    for wrong in wrong_proofs(inclusion_proof(index, size, tree.node), data):
        with pytest.raises(ProofError):
            verify_inclusion(tree.node(0, index), index, size, wrong, tree.roots[size])


@given(st.integers(2, 40), st.data())
def test_no_changed_proof_of_consistency_holds(size: int, data: st.DataObject) -> None:
    tree = numbered(size)
    old = data.draw(st.integers(1, size - 1))

    for wrong in wrong_proofs(consistency_proof(old, size, tree.node), data):
        with pytest.raises(ProofError):
            verify_consistency(old, size, tree.roots[old], tree.roots[size], wrong)


@given(sizes, st.data())
def test_an_older_tree_is_found_again_from_the_nodes(size: int, data: st.DataObject) -> None:
    tree = numbered(size)
    old = data.draw(st.integers(0, size))

    edge = Frontier.at(old, tree.node)

    assert (edge.size, edge.root()) == (old, tree.roots[old])


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_stored_edge_goes_on_as_if_it_had_never_stopped(before: int, after: int) -> None:
    tree = numbered(before)

    edge = Frontier(before, tree.edge.hashes)
    for number in range(before, before + after):
        edge.append(leaf_hash(number.to_bytes(2, "big")))

    assert edge.root() == numbered(before + after).edge.root()


def test_appending_gives_the_nodes_that_became_whole() -> None:
    edge = Frontier()

    made = [[(node.level, node.index) for node in edge.append(bytes(32))] for _ in range(4)]

    assert made == [[(0, 0)], [(0, 1), (1, 0)], [(0, 2)], [(0, 3), (1, 1), (2, 0)]]
    assert Node(0, 0, bytes(32)) == Node(0, 0, bytes(32))


@pytest.mark.parametrize(("size", "count"), [(0, 1), (3, 1), (4, 2), (-1, 1)])
def test_an_edge_that_fits_no_tree_is_refused(size: int, count: int) -> None:
    with pytest.raises(ValueError, match="has"):
        Frontier(size, [bytes(32)] * count)


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, numbered(1).node)
    with pytest.raises(ProofError):
        verify_inclusion(bytes(32), index, size, [], bytes(32))


@pytest.mark.parametrize(("old", "new"), [(0, 1), (2, 1), (-1, 1)])
def test_what_is_not_older_has_no_proof(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="not the beginning"):
        consistency_proof(old, new, numbered(2).node)
    with pytest.raises(ProofError):
        verify_consistency(old, new, bytes(32), bytes(32), [])
