"""Opens sealed segments and copies in RAM, for those who ask over the socket, and seals copies. Nothing opened is ever
written anywhere.
"""

import io
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyrage
from pyrage import x25519

from contract.evidence import digest
from hub.evidence import copies, mp4
from hub.evidence.mp4 import Layout, NotPlayable
from hub.evidence.protocol import SEAL_MARK, Ref, Why
from hub.evidence.storage import path_of

OPENED_BYTES: Final = 64 * 1024 * 1024
"""Opened segments kept for the next request: players ask for the same segment several times."""

LAYOUTS_KEPT: Final = 20_000
"""More than eleven hours of 2 s segments."""

_BAD_KEPT: Final = 10_000
_INITS_SHARED: Final = 64

_CHUNK: Final = 64 * 1024
_TAG: Final = 16
_NONCE: Final = 16
_HEADER_MAX: Final = 16 * 1024
_BEGINNING: Final = _HEADER_MAX + 2 * (_CHUNK + _TAG)
"""So much of a sealed file is read to see how it is built: its header, and chunks enough for a film's beginning."""

Key = tuple[str, int, str]
_Stamp = tuple[int, int, int]


class CannotOpen(Exception):
    """There is no answer; `why` says which kind of none."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Keyholder:
    """Holds the viewing key. `identity` is None where there is none; `without` then says why. Any thread.

    Segments are opened one after the other, so that many requests cannot fill the memory. `recipients`: public keys
    that copies of screens are sealed for.
    """

    def __init__(
        self, evidence: Path, identity: x25519.Identity | None, without: Why = "no-key", recipients: Sequence[str] = ()
    ) -> None:
        self._recipients = [x25519.Recipient.from_str(one) for one in recipients]
        self._evidence = evidence
        self._identity = identity
        self._without = without
        self._lock = threading.Lock()
        self._opened: OrderedDict[Key, bytes] = OrderedDict()
        self._opened_bytes = 0
        self._layouts: OrderedDict[Key, Layout] = OrderedDict()
        self._inits: dict[bytes, bytes] = {}
        self._found_bad: dict[Key, tuple[_Stamp, Why]] = {}

    def layout(self, incident: str, ref: Ref) -> Layout:
        """How a segment is built, from its first chunks: what they say is sealed, but only `content` proves the rest.

        Raises:
            CannotOpen: see there.
        """
        key = (incident, ref.seq, ref.ciphertext)
        with self._lock:
            if key not in self._layouts:
                self._remember(key, self._look(incident, ref, key))
            return self._layouts[key]

    def content(self, incident: str, ref: Ref, offset: int, length: int) -> memoryview:
        """Bytes of the opened segment, after the stored bytes and the opened ones proved to be what the box signed.

        Raises:
            CannotOpen: see there.
        """
        key = (incident, ref.seq, ref.ciphertext)
        with self._lock:
            if key not in self._opened:
                self._keep(key, self._open(incident, ref, key))
            self._opened.move_to_end(key)
            return memoryview(self._opened[key])[offset : offset + length]

    def copy(self, incident: str, sealed: str, sha256: str) -> bytes:
        """A sealed copy of a screen, opened, after stored and opened bytes proved to be those of its entry.

        Raises:
            CannotOpen: see there.
        """
        with self._lock:
            try:
                stored = copies.path_of(self._evidence, incident, sealed).read_bytes()
            except OSError as error:
                raise CannotOpen("missing") from error
            if digest(stored) != sealed:
                raise CannotOpen("damaged")
            plain = self._decrypt(stored)
            if digest(plain) != sha256:
                raise CannotOpen("damaged")
            return plain

    def seal(self, content: bytes) -> bytes:
        """`content` for the holders of the site's keys, and for nobody else.

        Raises:
            CannotOpen: no-recipient.
        """
        if not self._recipients:
            raise CannotOpen("no-recipient")
        with self._lock:
            return bytes(pyrage.encrypt(content, self._recipients))

    def _open(self, incident: str, ref: Ref, key: Key) -> bytes:
        path = self._path(incident, ref, key)
        try:
            stored = path.read_bytes()
        except OSError as error:
            raise CannotOpen("missing") from error
        # First the digest that the box signed: age cannot tell a wrong key from a damaged file.
        if digest(stored) != ref.ciphertext:
            raise self._bad(key, path, "damaged")
        plain = self._decrypt(stored) if stored.startswith(SEAL_MARK) else stored
        if digest(plain) != ref.plaintext:
            raise self._bad(key, path, "damaged")
        try:
            found = mp4.layout(io.BytesIO(plain), len(plain))
        except NotPlayable as error:
            raise self._bad(key, path, "unreadable") from error
        told = self._layouts.get(key)
        if told is not None and told != found:
            raise self._bad(key, path, "unreadable")  # whoever asked counts on the length that was told
        self._remember(key, found)
        return plain

    def _decrypt(self, stored: bytes) -> bytes:
        if self._identity is None:
            raise CannotOpen(self._without)
        try:
            return bytes(pyrage.decrypt(stored, [self._identity]))
        except pyrage.DecryptError as error:
            raise CannotOpen("sealed") from error

    def _look(self, incident: str, ref: Ref, key: Key) -> Layout:
        path = self._path(incident, ref, key)
        try:
            with path.open("rb") as file:
                beginning = file.read(_BEGINNING)
        except OSError as error:
            raise CannotOpen("missing") from error
        try:
            return self._beginning(beginning, ref.bytes)
        except NotPlayable:
            self._keep(key, self._open(incident, ref, key))  # perhaps it is only built in another way
            return self._layouts[key]

    def _beginning(self, beginning: bytes, length: int) -> Layout:
        if not beginning.startswith(SEAL_MARK):
            return mp4.beginning(beginning, length)
        if self._identity is None:
            raise CannotOpen(self._without)
        plain = io.BytesIO()
        try:
            pyrage.decrypt_io(io.BytesIO(beginning), plain, [self._identity])
        except (pyrage.DecryptError, OSError) as error:  # it was cut off, so this is nothing strange
            if not plain.tell():
                raise NotPlayable("not a chunk of it can be opened") from error
        return mp4.beginning(plain.getvalue(), _plain_length(beginning, length))

    def _path(self, incident: str, ref: Ref, key: Key) -> Path:
        """The place of a segment that is there, has its length, and was not found bad since it was last written."""
        path = path_of(self._evidence, incident, ref.seq)
        try:
            stamp = _stamp(path)
        except OSError as error:
            raise CannotOpen("missing") from error
        bad = self._found_bad.get(key)
        if bad is not None and bad[0] == stamp:
            raise CannotOpen(bad[1])
        if stamp[1] != ref.bytes:
            raise CannotOpen("damaged")
        return path

    def _bad(self, key: Key, path: Path, why: Why) -> CannotOpen:
        while len(self._found_bad) >= _BAD_KEPT:
            self._found_bad.pop(next(iter(self._found_bad)))
        self._found_bad[key] = (_stamp(path), why)
        self._layouts.pop(key, None)
        return CannotOpen(why)

    def _remember(self, key: Key, found: Layout) -> None:
        if len(self._inits) > _INITS_SHARED:
            self._inits.clear()
        init = self._inits.setdefault(found.init, found.init)  # one recording has thousands of the same
        self._layouts[key] = Layout(init, found.media, found.media_end)
        while len(self._layouts) > LAYOUTS_KEPT:
            self._layouts.popitem(last=False)

    def _keep(self, key: Key, plain: bytes) -> None:
        self._opened[key] = plain
        self._opened_bytes += len(plain)
        while self._opened_bytes > OPENED_BYTES and len(self._opened) > 1:
            _, old = self._opened.popitem(last=False)
            self._opened_bytes -= len(old)


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _plain_length(beginning: bytes, length: int) -> int:
    """Bytes that a sealed file of `length` bytes holds (age-encryption.org/v1: header, nonce, chunks with a tag)."""
    mac = beginning.find(b"\n---", 0, _HEADER_MAX)
    end = beginning.find(b"\n", mac + 1, _HEADER_MAX)
    if mac < 0 or end < 0:
        raise NotPlayable("no age header")
    payload = length - (end + 1) - _NONCE
    return payload - _TAG * max(1, -(-payload // (_CHUNK + _TAG)))
