"""The bundle that proves a log to others: a zip file which `verifier.py` checks without us.

==================  =============================================================================
member              content
==================  =============================================================================
manifest.json       `format`, `log`, `kind` (`whole` or `part`), `entries` (how many)
heads.jsonl         signed heads, from the oldest to the newest: `log, size, root, at, key,
                    signature` (hex); the newest covers every entry
public_keys.json    key id to raw Ed25519 public key (hex)
entries.jsonl       kind `whole`: the canonical text of every entry, one a line, in the order of
                    the log, from its first
proofs.jsonl        kind `part`: `index`, `entry` (the canonical text as a string) and `proof`
                    (hex) of each entry, up to the newest head; kind `part` has also
consistency.jsonl   `old`, `new` and `proof` (hex) between neighbouring heads
digest_keys.txt     optional: keys, one a line in hex, under which the digests of contents stand;
                    without a customer's key no content can be matched with that customer's entries
==================  =============================================================================

Entries of one conversation keep their order within the log. What is signed is told in `heads.py`,
how is hashed in `merkle.py`.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, BinaryIO, Final

from labelling.errors import LabellingError
from labelling.evidence.heads import SignedHead
from labelling.evidence.merkle import (
    Frontier,
    Nodes,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)

FORMAT: Final = "zhanggui audit bundle v1"
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""The same log gives the same bytes: a bundle tells no time but that of its entries."""


class BundleError(LabellingError):
    """What is to be exported is not what the newest head covers."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Who attests the log, and what is needed to look contents up in it."""

    heads: Sequence[SignedHead]
    """From the oldest to the newest, one at least."""
    public_keys: Mapping[str, bytes]
    """By key id."""
    digest_keys: Iterable[bytes] = ()


def write_whole(target: BinaryIO, entries: Iterable[str], witness: Witness) -> None:
    """Export a whole log, entry by entry, whatever its length.

    Raises:
        BundleError: The entries are not those that the newest head covers.
    """
    newest = _newest(witness)
    tree = Frontier()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        _put_frame(bundle, witness, "whole", newest.size)
        with _member(bundle, "entries.jsonl") as member:
            for entry in entries:
                text = entry.encode()
                tree.append(leaf_hash(text))
                member.write(text + b"\n")
    if (tree.size, tree.root()) != (newest.size, newest.root):
        msg = f"log {newest.log!r} has {tree.size} entries that are not those under its newest head"
        raise BundleError(msg)


def write_part(
    target: BinaryIO, entries: Sequence[tuple[int, str]], nodes: Nodes, witness: Witness
) -> None:
    """Export some entries, each with its place and its proof.

    Raises:
        BundleError: The nodes are not those of the newest head, or it does not cover an entry.
    """
    newest = _newest(witness)
    if Frontier.at(newest.size, nodes).root() != newest.root:
        msg = f"the tree of log {newest.log!r} is not the one under its newest head"
        raise BundleError(msg)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        _put_frame(bundle, witness, "part", len(entries))
        with _member(bundle, "proofs.jsonl") as member:
            for index, entry in entries:
                if not 0 <= index < newest.size or nodes(0, index) != leaf_hash(entry.encode()):
                    msg = (
                        f"entry {index} of log {newest.log!r} is not the one under its newest head"
                    )
                    raise BundleError(msg)
                proof = inclusion_proof(index, newest.size, nodes)
                told = {"index": index, "entry": entry, "proof": [one.hex() for one in proof]}
                member.write(_line(told))
        with _member(bundle, "consistency.jsonl") as member:
            for old, new in pairwise(head.size for head in witness.heads):
                proof = consistency_proof(old, new, nodes) if old else []
                told = {"old": old, "new": new, "proof": [one.hex() for one in proof]}
                member.write(_line(told))


def _newest(witness: Witness) -> SignedHead:
    if not witness.heads:
        msg = "a log without a signed head cannot be exported: sign one first"
        raise BundleError(msg)
    return witness.heads[-1]


def _put_frame(bundle: zipfile.ZipFile, witness: Witness, kind: str, entries: int) -> None:
    manifest = {"format": FORMAT, "log": _newest(witness).log, "kind": kind, "entries": entries}
    keys = {name: key.hex() for name, key in sorted(witness.public_keys.items())}
    with _member(bundle, "manifest.json") as member:
        member.write(_line(manifest))
    with _member(bundle, "heads.jsonl") as member:
        member.writelines(_line(head.as_dict()) for head in witness.heads)
    with _member(bundle, "public_keys.json") as member:
        member.write(_line(keys))
    with _member(bundle, "digest_keys.txt") as member:
        member.writelines(key.hex().encode() + b"\n" for key in witness.digest_keys)


@contextmanager
def _member(bundle: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    about = zipfile.ZipInfo(name, _MOMENT)
    about.compress_type = zipfile.ZIP_DEFLATED
    with bundle.open(about, "w", force_zip64=True) as member:
        yield member


def _line(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
