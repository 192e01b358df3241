"""Checks a bundle of an audit log, and says what the log tells of a file, a text or an id.

    python verifier.py BUNDLE [FILE | TEXT | ID] [--key HEX] [--json]

It stands alone: this file, Python 3.11 and the package `cryptography`; no database, no network and
nothing else of the platform. `labelling/evidence/bundle.py` describes what a bundle holds.

It ends with 0 where the log is whole (and holds what was asked for), 1 where anything was altered,
2 where the bundle cannot be read, and 3 where the log is whole and tells nothing of the subject.
"""

import argparse
import hashlib
import hmac
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "zhanggui audit bundle v1"
PURPOSE = b"zhanggui tree head v1\n"
MOST_TOLD = 100
LONGEST_LINE = 16 * 1024 * 1024
LONGEST_NAME = 255
DAMAGE = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, LookupError, ValueError, TypeError,
    AttributeError, RuntimeError,
)  # fmt: skip
"""What damaged archives and members of another form make the standard library raise."""
MOST_CONVERSATIONS = 200_000

# An entry is canonical JSON: its keys are sorted, so that these end it. A quotation mark within a
# string is escaped, so that none of this can stand in one.
TAIL = re.compile(
    rb',"brand":"(?:[^"\\]++|\\.)*+","content":(?:null|"[^"\\]*+"),"conversation":"((?:[^"\\]++|\\.)*+)"'
    rb',"kind":"[^"\\]*+","previous":"([0-9a-f]*+)","sequence":(\d++),"v":\d++\}'
)
PRODUCTION = (
    "model", "route", "prompt_version", "passages", "origin", "rule", "aigc", "turn", "output",
)  # fmt: skip
PRODUCE_ID = re.compile(rb"""ProduceID(?:[\\"':\s>]|&quot;){1,9}([0-9A-Za-z_-]{1,64})""")


class UnreadableError(Exception):
    """The bundle cannot be read at all."""


@dataclass
class Report:
    """What was found."""

    log: str = ""
    entries: int = 0
    heads: int = 0
    newest_head: str = ""
    keys: list[str] = field(default_factory=list)
    pinned: bool = False
    not_followed: int = 0
    """Entries whose conversation was silent too long to know the one before."""
    fault_count: int = 0
    faults: list[str] = field(default_factory=list)
    found: list[dict[str, Any]] | None = None
    """What the log tells of the subject; None where nothing was asked."""

    def fault(self, what: str) -> None:
        self.fault_count += 1
        if len(self.faults) < MOST_TOLD:
            self.faults.append(what)


class Search:
    """Looks for what the log tells of a file, a text or an id."""

    def __init__(self, argument: str) -> None:
        content = argument.encode()
        self.ids = {argument}
        # Longer names than file systems have make them raise.
        if len(content) <= LONGEST_NAME and Path(argument).is_file():
            content = Path(argument).read_bytes()
            labels = PRODUCE_ID.findall(content + office_properties(content))
            self.ids = {one.decode() for one in labels}
        digest = hashlib.sha256(content).hexdigest()
        self.message, self.digests = digest.encode(), {digest}
        self.found: list[dict[str, Any]] = []

    def under(self, key: bytes) -> None:
        """Look for the content under a digest key as well."""
        self.digests.add(hmac.digest(bytes.fromhex(key.decode()), self.message, "sha256").hex())

    def look_at(self, index: int, entry: bytes) -> None:
        """Note an entry that tells of its making, and those that tell what became of it."""
        if b'"kind":"labelled"' in entry:
            if len(self.found) < MOST_TOLD:
                self.note(index, json.loads(entry))
            return
        for answer in self.found:
            if str(answer["output"]).encode() in entry:
                told = json.loads(entry)
                if told["body"].get("output") == answer["output"]:
                    event = {"index": index, "kind": told["kind"], "at": told["at"]}
                    answer["events"].append(event | told["body"])

    def note(self, index: int, told: dict[str, Any]) -> None:
        """Keep an entry if it tells of the subject."""
        body = told["body"]
        named = {body.get("output"), body.get("turn"), (body.get("aigc") or {}).get("ProduceID")}
        by_content = not self.digests.isdisjoint(body.get("parts") or ())
        if by_content or named & self.ids:
            self.found.append(
                {
                    "index": index,
                    "matched_by": "content" if by_content else "id",
                    "produced_at": told["at"],
                    "knowledge_version": body.get("release"),
                    "brand": told["brand"],
                    "conversation": told["conversation"],
                    **{name: body.get(name) for name in PRODUCTION},
                    "events": [],
                }
            )


def office_properties(content: bytes) -> bytes:
    """Give the custom properties of a Word, Excel or PowerPoint file, where its label stands."""
    try:
        return zipfile.ZipFile(io.BytesIO(content)).open("docProps/custom.xml").read(1024 * 1024)
    except DAMAGE:
        return b""


def lines_of(bundle: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Give a member line by line, whatever its length."""
    with bundle.open(name) as opened:
        member = io.BufferedReader(cast("Any", opened), 1 << 18)  # which finds line ends faster
        while line := member.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):
                msg = f"{name}: a line is cut off or too long"
                raise UnreadableError(msg)
            yield line[:-1]


def objects_of(bundle: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    """Give the JSON objects of a member, one a line."""
    yield from map(json.loads, lines_of(bundle, name))


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one (RFC 6962, §2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing Merkle tree: its whole subtrees, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []

    def append(self, entry: bytes) -> None:
        """Add an entry."""
        made, place = hashlib.sha256(b"\x00" + entry).digest(), self.size
        while place & 1:
            made = hashlib.sha256(b"\x01" + self.edge.pop() + made).digest()
            place >>= 1
        self.edge.append(made)
        self.size += 1

    def root(self) -> bytes:
        """Give the hash of all entries."""
        if not self.edge:
            return hashlib.sha256().digest()
        made = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            made = node_hash(left, made)
        return made


def climbed(place: int, last: int, leaf: bytes, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Go from a leaf up to the roots of an older and a newer tree (RFC 9162, §2.1.3.2, §2.1.4.2).

    None where the path is not as long as the tree is high.
    """
    was = now = leaf
    for sibling in path:
        if not last:
            return None
        if place & 1 or place == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        place, last = place >> 1, last >> 1
    return None if last else (was, now)


def consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes]) -> bool:
    """Check a proof that a log of (size, root) continues another."""
    if old[0] in {0, new[0]}:
        return not proof and (old[0] == 0 or old == new)
    path = [old[1], *proof] if old[0].bit_count() == 1 else proof
    place, last = old[0] - 1, new[0] - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    return bool(path) and climbed(place, last, path[0], path[1:]) == (old[1], new[1])


def signed(head: dict[str, Any], key: bytes) -> bool:
    """Tell whether a head is signed under a raw public key."""
    told = {name: head[name] for name in ("at", "log", "root", "size")}
    message = PURPOSE + json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(head["signature"]), message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Chains:
    """Follows the chain of each conversation, which tells where an entry was touched.

    Those that were silent the longest are forgotten where there are too many at a time, so that
    the memory stays flat; the signed roots prove their entries all the same.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.last: dict[bytes, tuple[int, bytes]] = {}
        self.full = False

    def follow(self, index: int, entry: bytes) -> None:
        """Compare an entry with the one before it in its conversation."""
        found = TAIL.fullmatch(entry, entry.rfind(b',"brand":"'))
        if found is None:
            self.report.fault(f"entry {index} has not the form of an entry")
            return
        conversation, previous, sequence = found[1], found[2], int(found[3])
        last, digest = self.last.pop(conversation, (0, b""))
        if not last and sequence > 1 and self.full:
            self.report.not_followed += 1
        elif sequence != last + 1:
            what = "entries are missing before it" if sequence > last else "out of order, or twice"
            self.report.fault(f"entry {index} ({conversation.decode()!r} {sequence}): {what}")
        elif previous != digest:
            what = "it or the one before it in its conversation was altered"
            self.report.fault(f"entry {index} ({conversation.decode()!r} {sequence}): {what}")
        self.last[conversation] = (sequence, hashlib.sha256(entry).hexdigest().encode())
        if len(self.last) > MOST_CONVERSATIONS:
            self.full = True
            del self.last[next(iter(self.last))]


class Verifier:
    """Checks one bundle."""

    def __init__(self, bundle: zipfile.ZipFile, pinned: str | None, search: Search | None) -> None:
        self.bundle = bundle
        self.report = Report(pinned=pinned is not None)
        self.search = search
        self.manifest = manifest = next(objects_of(bundle, "manifest.json"), {})
        if manifest.get("format") != FORMAT or manifest.get("kind") not in {"whole", "part"}:
            msg = f"it is no {FORMAT}"
            raise UnreadableError(msg)
        self.report.log = str(manifest.get("log"))
        self.heads = self.checked_heads(pinned)
        if search is not None:
            self.report.found = search.found
            for line in lines_of(bundle, "digest_keys.txt"):
                search.under(line)

    def checked_heads(self, pinned: str | None) -> list[tuple[int, bytes]]:
        keys = next(objects_of(self.bundle, "public_keys.json"), {})
        self.report.keys = sorted(set(keys.values()))
        heads: list[tuple[int, bytes]] = []
        for head in objects_of(self.bundle, "heads.jsonl"):
            size, key = int(head["size"]), bytes.fromhex(keys.get(head["key"], ""))
            where = f"the head at {size} of {head['at']}"
            if not signed(head, key):
                self.report.fault(f"{where} is not signed by the key it names")
            if pinned is not None and key.hex() != pinned.lower():
                self.report.fault(f"{where} is signed by another key than the one that was given")
            if head["log"] != self.report.log:
                self.report.fault(f"{where} is of another log")
            if heads and size < heads[-1][0]:
                self.report.fault(f"{where} is smaller than the one before")
            heads.append((size, bytes.fromhex(head["root"])))
            self.report.newest_head = str(head["at"])
        if not heads:
            self.report.fault("no head is signed, so nothing is proved")
        self.report.heads = len(heads)
        return heads

    def run(self) -> Report:
        """Check everything."""
        whole = self.manifest["kind"] == "whole"
        entries = self.check_whole() if whole else self.check_part()
        self.report.entries = entries
        if entries != (told := self.manifest.get("entries")):
            self.report.fault(f"there are {entries} entries, and the bundle tells of {told}")
        return self.report

    def check_whole(self) -> int:
        """Build the tree anew, and compare it with every head on the way."""
        chains, tree = Chains(self.report), Tree()
        waiting = self.heads[::-1]
        for entry in lines_of(self.bundle, "entries.jsonl"):
            if waiting and waiting[-1][0] <= tree.size:
                self.compare(tree, waiting)
            chains.follow(tree.size, entry)
            if self.search is not None:
                self.search.look_at(tree.size, entry)
            tree.append(entry)
        self.compare(tree, waiting)
        for size, _ in waiting:
            self.report.fault(f"entries are missing: a head covers {size}, {tree.size} are there")
        newest = max((size for size, _ in self.heads), default=0)
        if tree.size > newest:
            self.report.fault(f"entries were added: no head covers those from {newest} on")
        return tree.size

    def compare(self, tree: Tree, waiting: list[tuple[int, bytes]]) -> None:
        """Compare the tree with the heads that have its size, and take these off."""
        while waiting and waiting[-1][0] <= tree.size:
            size, root = waiting.pop()
            if (size, root) != (tree.size, tree.root()):
                self.report.fault(f"the first {size} entries are not those that were signed for")

    def check_part(self) -> int:
        """Check every entry's proof, and that each head continues the one before."""
        count = 0
        size, root = self.heads[-1] if self.heads else (0, b"")
        for told in objects_of(self.bundle, "proofs.jsonl"):
            index, entry = int(told["index"]), str(told["entry"]).encode()
            leaf = hashlib.sha256(b"\x00" + entry).digest()
            proof = [bytes.fromhex(one) for one in told["proof"]]
            roots = climbed(index, size - 1, leaf, proof) if 0 <= index < size else None
            if roots is None or roots[1] != root:
                self.report.fault(f"entry {index} is not in the log under the newest head")
            if self.search is not None:
                self.search.look_at(index, entry)
            count += 1
        pairs = list(zip(self.heads, self.heads[1:], strict=False))
        proofs = list(objects_of(self.bundle, "consistency.jsonl"))
        if len(proofs) != len(pairs):
            self.report.fault("a proof that a head continues another is missing, or one too many")
        for (old, new), told in zip(pairs, proofs, strict=False):
            proof = [bytes.fromhex(one) for one in told["proof"]]
            if not consistent(old, new, proof):
                self.report.fault(f"the log at {new[0]} does not continue the log at {old[0]}")
        return count


def verify(path: Path, argument: str | None = None, pinned: str | None = None) -> Report:
    """Check a bundle, and look the argument up in it.

    Raises:
        UnreadableError: There is no bundle, or it is damaged beyond checking.
    """
    try:
        search = Search(argument) if argument is not None else None
        with zipfile.ZipFile(path) as bundle:
            return Verifier(bundle, pinned, search).run()
    except DAMAGE as error:
        msg = f"{path.name!r} cannot be checked: {error!r}"
        raise UnreadableError(msg) from error


def main(arguments: list[str], out: TextIO) -> int:
    """Run as a program; give its exit code."""
    parser = argparse.ArgumentParser(prog="verifier.py", description="Check an audit bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("subject", nargs="?", help="a file, a text or an id")
    parser.add_argument("--key", help="the public key that must have signed, 64 hex digits")
    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    told = parser.parse_args(arguments)
    try:
        report = verify(told.bundle, told.subject, told.key)
    except UnreadableError as error:
        out.write(json.dumps({"error": str(error)}, ensure_ascii=False) + "\n")
        return 2
    if not told.json:
        whole, silent = not report.fault_count, report.found == []
        out.write("日志完整 the log is whole\n" if whole else "日志有误 the log is NOT whole\n")
        out.write("日志中没有此内容 the log tells nothing of it\n" if silent else "")
    line = json.dumps(asdict(report), ensure_ascii=False, indent=None if told.json else 2)
    out.write(line + "\n")
    return 1 if report.fault_count else 3 if report.found == [] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdout))
