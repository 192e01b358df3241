"""The last label: a C2PA manifest, signed over all that was written before it."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO, Final

from c2pa import (
    Builder,
    C2paBuilderIntent,
    C2paDigitalSourceType,
    C2paError,
    C2paSignerInfo,
    C2paSigningAlg,
    Context,
    Settings,
    Signer,
)
from cryptography.x509 import Certificate, load_pem_x509_certificates

from labelling.content import MediaType
from labelling.errors import LabellingError, SignerUnavailableError

_SETTINGS: Final = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    # A thumbnail adds up to a megabyte, and shows what the file shows.
    "builder": {"thumbnail": {"enabled": False}},
}
_SOON: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A certificate chain in PEM, leaf first, with the way to sign for its leaf."""

    chain: str
    key: str = field(default="", repr=False)
    """The leaf's private key in PEM; empty where `callback` signs."""
    callback: Callable[[bytes], bytes] | None = None
    """Signs where the key cannot be had, such as in a KMS: bytes in, DER or raw signature out."""
    algorithm: str = "ES256"
    timestamps: str = ""
    """Address of an RFC 3161 time-stamp authority."""

    def leaf(self) -> Certificate:
        """Give the certificate that signs.

        Raises:
            LabellingError: The chain holds no certificate.
        """
        try:
            return load_pem_x509_certificates(self.chain.encode())[0]
        except ValueError as error:
            msg = "the signer's chain holds no certificate in PEM"
            raise LabellingError(msg) from error


class ManifestSigner:
    """Signs manifests with one set of credentials."""

    def __init__(self, credentials: Credentials, *, generator: str = "zhanggui") -> None:
        """`generator` names the program that claims.

        Raises:
            LabellingError: The credentials cannot be used.
        """
        if bool(credentials.key) == bool(credentials.callback):
            msg = "a signer has either a key or a callback"
            raise LabellingError(msg)
        if credentials.algorithm not in C2paSigningAlg.__members__:
            msg = f"{credentials.algorithm!r} is no algorithm of C2PA"
            raise LabellingError(msg)
        self.expires: datetime = credentials.leaf().not_valid_after_utc
        self._credentials = credentials
        self._context = Context(Settings.from_dict(_SETTINGS))
        self._definition = {"claim_generator_info": [{"name": generator}]}

    def warning(self, now: datetime) -> str:
        """Say what will become of the signatures; empty where nothing needs to be done.

        Without a time stamp by an authority, a signature dies with its certificate.
        """
        if now >= self.expires:
            return f"the signer's certificate expired on {self.expires:%Y-%m-%d}: renew it"
        if not self._credentials.timestamps:
            return (
                f"no time-stamp authority is configured: signatures read as expired after "
                f"{self.expires:%Y-%m-%d}"
            )
        if now >= self.expires - _SOON:
            return f"the signer's certificate expires on {self.expires:%Y-%m-%d}: renew it"
        return ""

    def sign(self, content: bytes, media_type: MediaType, ancestor: bytes | None = None) -> bytes:
        """Give the content with a manifest that says a model made it.

        Args:
            content: Labelled otherwise already; whatever changes later breaks the signature.
            media_type: One of `MANIFEST_MEDIA`.
            ancestor: What the content was made from, which the manifest names as its ingredient.

        Raises:
            LabellingError: The content cannot take a manifest.
            SignerUnavailableError: The key or the time-stamp authority gave no answer.
        """
        target = io.BytesIO()
        upstream = None if ancestor is None else io.BytesIO(ancestor)
        self.sign_stream(io.BytesIO(content), media_type, target, upstream)
        return target.getvalue()

    def sign_stream(
        self,
        source: BinaryIO,
        media_type: MediaType,
        target: BinaryIO,
        ancestor: BinaryIO | None = None,
    ) -> None:
        """Do what `sign` does from stream to stream; the target is open for reading and writing.

        Raises:
            LabellingError: The content cannot take a manifest.
            SignerUnavailableError: The key or the time-stamp authority gave no answer.
        """
        failures: list[Exception] = []
        try:
            with self._signer(failures) as signer, Builder(self._definition, self._context) as made:
                if ancestor is None:
                    made.set_intent(
                        C2paBuilderIntent.CREATE, C2paDigitalSourceType.TRAINED_ALGORITHMIC_MEDIA
                    )
                else:
                    made.set_intent(C2paBuilderIntent.EDIT)
                    ingredient = {"relationship": "parentOf", "title": "ancestor"}
                    made.add_ingredient(ingredient, media_type.value, ancestor)
                made.sign(signer, media_type.value, source, target)
        except C2paError as error:
            if failures or isinstance(error, C2paError.Signature):
                msg = "the signer of manifests gave no answer"
                raise SignerUnavailableError(msg) from (failures or [error])[0]
            msg = f"a manifest cannot be written into this {media_type.value!r}"
            raise LabellingError(msg) from error

    def _signer(self, failures: list[Exception]) -> Signer:
        held = self._credentials
        algorithm = C2paSigningAlg[held.algorithm]
        stamps = held.timestamps or None
        if held.callback is None:
            info = C2paSignerInfo(
                held.algorithm.lower().encode(), held.chain.encode(), held.key.encode(), stamps
            )
            return Signer.from_info(info)
        sign = held.callback

        def guarded(data: bytes) -> bytes:
            # The library turns any error into one of its own, which no longer says whose it was.
            try:
                return sign(data)
            except Exception as error:
                failures.append(error)
                raise

        return Signer.from_callback(guarded, algorithm, held.chain, stamps)
