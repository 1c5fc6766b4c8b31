"""Seals segments at the source: encrypted, hashed, chained and signed with the box's own evidence key."""

import base64
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from contract.evidence import SegmentRecord, digest, head_of, signed_bytes
from device.ports import Clock, Sealed, Segment, SpoolError

_INCIDENTS_KEPT: Final = 8

Encrypt = Callable[[bytes], bytes]
"""What was recorded -> what may be stored. Raises `SealError`, and then nothing is stored."""

Chain = Callable[[str], tuple[int, str, int]]
"""Incident -> (segments durable, head, end in ms), as `SegmentStore.chain`."""


class SigningSealer:
    """The `Sealer` port: Ed25519 signature over a canonical record that names the record before it.

    `encrypt` seals the content first, in RAM; the record names both digests. `chain` says where an incident stood
    before this program started; it is asked once per incident. Used by the recorder's disk thread alone.
    """

    def __init__(
        self,
        key: Ed25519PrivateKey,
        encrypt: Encrypt,
        site: str,
        box: str,
        boot: str,
        clock: Clock,
        chain: Chain,
    ) -> None:
        self._key = key
        self._encrypt = encrypt
        self._public = public_key(key)
        self._site, self._box, self._boot = site, box, boot
        self._clock = clock
        self._chain = chain
        self._heads: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def seal(self, segment: Segment) -> Sealed:
        """The `Sealer` port.

        Raises:
            SpoolError: the chain so far cannot be read, or the record would break the contract.
            SealError: nobody could open it.
        """
        seq, prev = self.head(segment.incident)
        now = self._clock.now()
        stored = self._encrypt(segment.content)
        try:
            record = SegmentRecord(
                incident=segment.incident,
                site=self._site,
                box=self._box,
                device_key=self._public,
                boot=self._boot,
                seq=seq,
                prev=prev,
                at=now.wall,
                mono_ms=now.mono_ms,
                clock=now.clock,
                start_ms=segment.start_ms,
                end_ms=segment.end_ms,
                seal="age",
                bytes=len(stored),
                ciphertext=digest(stored),
                plaintext="sha256:" + segment.sha256_hex,
                video=segment.video,
                audio=segment.audio,
                last=segment.last,
                gaps=segment.gaps or None,
            )
        except ValidationError as error:
            raise SpoolError(f"録画の記録を作れません / the record cannot be made: {error}") from error
        text = record.signed_text()
        signature = base64.b64encode(self._key.sign(signed_bytes(text))).decode("ascii")
        self._remember(segment.incident, seq + 1, head_of(text))
        return Sealed(stored, text, signature)

    def head(self, incident: str) -> tuple[int, str]:
        """The `Sealer` port.

        Raises:
            SpoolError: the chain so far cannot be read.
        """
        if incident not in self._heads:
            count, head, _ = self._chain(incident)
            self._remember(incident, count, head)
        return self._heads[incident]

    def _remember(self, incident: str, count: int, head: str) -> None:
        self._heads[incident] = (count, head)
        self._heads.move_to_end(incident)
        while len(self._heads) > _INCIDENTS_KEPT:
            self._heads.popitem(last=False)


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half, raw, base64: what `box.started` carries as `evidence_key`."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii")


def load_or_make_key(path: Path) -> tuple[Ed25519PrivateKey, str | None]:
    """The box's evidence key from `path` (PEM, mode 0600), made there when missing.

    A damaged file is put aside as `*.broken` and a fresh key made, because a box that does not record protects nobody;
    the second value then says so (Japanese and English), to be shown as a fault: the new key must be enrolled.

    Raises:
        SpoolError: the key can neither be read nor stored.
    """
    try:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return _make_key(path), None
        key = _parsed(content)
        if key is not None:
            return key, None
        os.replace(path, path.with_name(path.name + ".broken"))
        return _make_key(path), (
            "証拠用の鍵が壊れていたため新しく作りました。ハブに登録し直してください / "
            "the evidence key was damaged and a new one was made; enrol it at the hub again"
        )
    except OSError as error:
        raise SpoolError(f"証拠用の鍵を使えません / the evidence key cannot be used: {error.strerror}") from error


def _parsed(content: bytes) -> Ed25519PrivateKey | None:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None


def _make_key(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key
