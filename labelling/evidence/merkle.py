"""An append-only Merkle tree over entries, hashed as in RFC 6962, §2.1; no database, no files.

Whoever keeps the log stores the nodes that `Frontier.append` gives: each is the hash of a whole
subtree, and never changes. Proofs are made from them, whatever the size of the tree has become.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

EMPTY_ROOT = hashlib.sha256().digest()
"""Of a tree without leaves."""

_LEAF, _NODE = b"\x00", b"\x01"
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Node:
    """The hash of the leaves from `index << level` on, `1 << level` of them."""

    level: int
    index: int
    hash: bytes


Nodes = Callable[[int, int], bytes]
"""Gives the hash of a whole subtree by level and index."""


class ProofError(Exception):
    """A proof does not hold."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry; the prefix keeps entries and nodes apart."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return hashlib.sha256(_NODE + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all it takes to append and to know the root."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Go on from a stored edge.

        Args:
            size: How many leaves there are.
            hashes: Of the whole subtrees that make them up, from the largest to the smallest.

        Raises:
            ValueError: There are not as many hashes as such a tree has whole subtrees.
        """
        self._hashes = list(hashes)
        self._size = size
        if len(self._hashes) != size.bit_count() or size < 0:
            msg = f"the edge of a tree of {size} has {size.bit_count()} hashes"
            raise ValueError(msg)

    @classmethod
    def at(cls, size: int, nodes: Nodes) -> Self:
        """Make the edge of the tree as it was at a size."""
        return cls(size, _whole_subtrees(0, size, nodes))

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Of the whole subtrees, from the largest to the smallest: what to store of the edge."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf's hash; give the nodes that became whole, the leaf among them."""
        level, index, made = 0, self._size, leaf
        nodes = [Node(0, index, made)]
        while index & 1:
            made = node_hash(self._hashes.pop(), made)
            level, index = level + 1, index >> 1
            nodes.append(Node(level, index, made))
        self._hashes.append(made)
        self._size += 1
        return nodes

    def root(self) -> bytes:
        """Give the hash of the whole tree."""
        return _folded(self._hashes) if self._hashes else EMPTY_ROOT


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Prove that a leaf is in the tree of a size (RFC 6962, §2.1.1).

    Raises:
        ValueError: The tree has no such leaf.
    """
    if not 0 <= index < size:
        msg = f"a tree of {size} has no leaf {index}"
        raise ValueError(msg)
    proof: list[bytes] = []
    first, last = 0, size
    while last - first > 1:
        middle = first + _split(last - first)
        if index < middle:
            proof.append(_subtree(middle, last, nodes))
            last = middle
        else:
            proof.append(_subtree(first, middle, nodes))
            first = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Prove that the tree of the old size is the beginning of the new (RFC 6962, §2.1.2).

    Raises:
        ValueError: The sizes are not those of an older and a newer tree.
    """
    if not 0 < old <= new:
        msg = f"a tree of {old} is not the beginning of one of {new}"
        raise ValueError(msg)
    proof: list[bytes] = []
    first, last, known = 0, new, True
    while last != old:
        middle = first + _split(last - first)
        if old <= middle:
            proof.append(_subtree(middle, last, nodes))
            last = middle
        else:
            proof.append(_subtree(first, middle, nodes))
            first, known = middle, False
    if not known:
        proof.append(_subtree(first, last, nodes))
    return proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check a proof of inclusion (RFC 9162, §2.1.3.2).

    Raises:
        ProofError: The leaf is not at this place of the tree with this root.
    """
    if not 0 <= index < size or _climbed(index, size - 1, leaf, proof)[1] != root:
        raise ProofError(_BROKEN)


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check a proof of consistency (RFC 9162, §2.1.4.2).

    Raises:
        ProofError: The older tree is not the beginning of the newer.
    """
    if not 0 < old <= new:
        raise ProofError(_BROKEN)
    # A whole subtree is its own beginning, so that the proof leaves it out.
    path = [old_root, *proof] if old.bit_count() == 1 or old == new else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if old == new:
        place = last = 0
    if not path or _climbed(place, last, path[0], path[1:]) != (old_root, new_root):
        raise ProofError(_BROKEN)


def _climbed(place: int, last: int, leaf: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Go from a leaf up to the root: as it was when the leaf was the last one, and as it is now.

    Raises:
        ProofError: The path is not as long as the tree is high, or holds what is no hash.
    """
    was = now = leaf
    for sibling in path:
        if not last or len(sibling) != _HASH_BYTES:
            raise ProofError(_BROKEN)
        if place & 1 or place == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError(_BROKEN)
    return was, now


_BROKEN = "the proof does not hold"


def _split(count: int) -> int:
    """Give the largest power of two below a count."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(first: int, last: int, nodes: Nodes) -> bytes:
    return _folded(_whole_subtrees(first, last, nodes))


def _whole_subtrees(first: int, last: int, nodes: Nodes) -> list[bytes]:
    """Cut a range that begins where a subtree does into whole subtrees, the largest first."""
    hashes = []
    while first < last:
        level = (last - first).bit_length() - 1
        hashes.append(nodes(level, first >> level))
        first += 1 << level
    return hashes


def _folded(hashes: Sequence[bytes]) -> bytes:
    made = hashes[-1]
    for left in reversed(hashes[:-1]):
        made = node_hash(left, made)
    return made
