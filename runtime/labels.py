"""The labelling stage and the signer of the audit log, made from settings."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.marking import Marker
from labelling.output import LabelRecord
from labelling.propagation import Propagation
from labelling.stage import LabellingStage
from runtime import clock
from runtime.errors import ConfigurationError
from runtime.ids import new_content_id, new_id
from runtime.settings import Environment, Settings
from runtime.store.accounts import Brands
from runtime.store.waivers import Waivers, note_waived

if TYPE_CHECKING:
    from labelling.evidence.heads import HeadSigner
    from labelling.manifest import ManifestSigner

_CHAIN, _KEY, _ROOT = "manifest-chain.pem", "manifest-key.pem", "manifest-root.pem"
_HEAD_KEY = "evidence-key.pem"


def make_stage(settings: Settings, now: Callable[[], datetime]) -> LabellingStage:
    """Make the labelling stage.

    Raises:
        ProducerCodeInvalidError: The provider code cannot be one.
    """
    return LabellingStage(
        ProducerCode.parse(settings.labelling.producer_code or DUMMY_CODE),
        now=now,
        new_content_id=new_content_id,
        marker=Marker(manifests=cache(lambda: manifest_signer(settings, now()))),
    )


def manifest_signer(settings: Settings, now: datetime) -> "ManifestSigner | None":
    """Make the signer of manifests; None where production has no certificate set.

    Development gets a chain of its own, kept in the data folder.

    Raises:
        ConfigurationError: The files that are set cannot be read.
        LabellingError: They hold no chain and key.
    """
    from labelling.manifest import Credentials, ManifestSigner

    labelling = settings.labelling
    if labelling.manifest_chain and labelling.manifest_key:
        chain, key = _read(labelling.manifest_chain), _read(labelling.manifest_key)
    elif settings.environment is Environment.PRODUCTION:
        return None
    else:
        chain, key = _own_chain(settings.data, now)
    return ManifestSigner(
        Credentials(
            chain, key, algorithm=labelling.manifest_algorithm, timestamps=labelling.timestamps
        )
    )


def head_signer(settings: Settings) -> "HeadSigner | None":
    """Make the signer of the audit log's heads; None where production has no key set.

    Raises:
        ConfigurationError: The file that is set cannot be read.
        HeadError: It holds no private key for Ed25519.
    """
    from labelling.evidence.heads import HeadSigner

    if settings.labelling.evidence_key:
        return HeadSigner.of_pem(_read(settings.labelling.evidence_key).encode())
    if settings.environment is Environment.PRODUCTION:
        return None
    path = settings.data / _HEAD_KEY
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _keep(path, made.decode())
    return HeadSigner.of_pem(path.read_bytes())


def _own_chain(folder: Path, now: datetime) -> tuple[str, str]:
    chain, key = folder / _CHAIN, folder / _KEY
    if not chain.exists():
        from labelling.certificates import self_made

        made = self_made("zhanggui development", now)
        _keep(key, made.key)
        _keep(folder / _ROOT, made.root)
        # Last: where it is, the others are.
        _keep(chain, made.chain)
    return chain.read_text(), key.read_text()


def _keep(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{str(path)!r} cannot be read"
        raise ConfigurationError(msg) from error


async def label_file(
    settings: Settings,
    source: Path,
    target: Path,
    *,
    ancestor: Path | None = None,
    waiver: tuple[str, str] | None = None,
) -> LabelRecord:
    """Label a file that a model made.

    Args:
        settings: Of this installation.
        source: What the model made.
        target: Where it goes.
        ancestor: What it was made from.
        waiver: Reference and brand of a waiver; the output is on record before it exists.

    Raises:
        LabellingError: It could not be labelled; the target is as it was before.
        NotFoundError: There is no such waiver or brand.
    """
    if waiver is None:
        stage = make_stage(settings, clock.now)
        return stage.label_file(source, target, output_id=new_id(), ancestor=ancestor)
    from runtime.container import build

    reference, brand = waiver
    async with build(settings) as container:
        with _aside(target) as made:
            async with container.database.begin() as session:
                owner = await Brands(session).get(brand)
                granted = await Waivers(session, container.vault).get(reference, brand=owner.id)
                record = container.stage.label_file(
                    source, made, output_id=new_id(), ancestor=ancestor, waiver=granted
                )
                await note_waived(session, record)
            return record


async def propagate_file(
    settings: Settings, source: Path, target: Path, *, declared: bool
) -> Propagation:
    """Take on a file that others made; without any trace of AI it is copied as it is.

    Raises:
        LabellingError: It could not be read or written; the target is as it was before.
    """
    return make_stage(settings, clock.now).propagate_file(source, target, declared=declared)


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Give a path beside the target, which becomes the target when all went well."""
    with tempfile.TemporaryDirectory(prefix=".label-", dir=target.absolute().parent) as folder:
        made = Path(folder) / target.name
        yield made
        made.replace(target)
