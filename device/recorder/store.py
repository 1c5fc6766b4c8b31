"""Sealed segments on disk: one folder per incident, two files per segment.

`000000.seg` is the sealed content, `000000.json` the signed record. Both are written under a temporary name, synced and
renamed, the record first; the folder is synced last. A reader takes a segment only when both files are there, so
whatever a power cut leaves, a segment without its record is never seen. After `delete` the record stays as
`000000.gone`: the chain can go on after a crash although the content has left for the hub.
"""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Final

from contract.codec import MalformedMessage
from contract.evidence import CHAIN_START, SegmentRecord, head_of, read_record
from device.ports import Sealed, SpoolError

_INCIDENT: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_RECORD: Final = re.compile(r"(\d{6,})\.(json|gone)\Z")


class SegmentStore:
    """The segments of all incidents under `directory`. Safe from several threads as long as one writes an incident.

    An error of fsync means that the file is lost (the kernel may have dropped its pages and will not say so again):
    the caller must write a new file, never sync the old one again.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, incident: str, seq: int, sealed: Sealed) -> Path:
        """Make `sealed` durable as number `seq` and give the path of its content.

        Raises:
            SpoolError: it could not be made durable; nothing of it is left.
        """
        folder = self._directory / _checked(incident)
        content, record = folder / f"{seq:06d}.seg", folder / f"{seq:06d}.json"
        text = json.dumps({"record": sealed.record, "signature": sealed.signature})
        try:
            self._make(folder)
            _write_synced(record, text.encode("ascii"))
            _write_synced(content, sealed.content)
            _sync_folder(folder)
        except OSError as error:
            _remove(content, record)
            raise SpoolError(f"録画を保存できません / the recording cannot be stored: {error.strerror}") from error
        return content

    def read(self, incident: str, seq: int) -> Sealed:
        """A segment as stored.

        Raises:
            SpoolError: it is not there, or cannot be read.
        """
        folder = self._directory / _checked(incident)
        try:
            content = (folder / f"{seq:06d}.seg").read_bytes()
            record, signature = _signed(folder / f"{seq:06d}.json")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SpoolError(f"録画を読めません / segment {seq} cannot be read: {error}") from error
        return Sealed(content, record, signature)

    def segments(self, incident: str) -> list[int]:
        """Numbers of the segments whose content is still here, rising.

        Raises:
            SpoolError: the folder cannot be read.
        """
        return sorted(seq for seq, kind in self._listing(incident).items() if kind == "json")

    def tail(self, incident: str) -> SegmentRecord | None:
        """The newest durable record of an incident, deleted content included; None before the first.

        Raises:
            SpoolError: the folder cannot be read.
        """
        found = self._newest(incident)
        return None if found is None else found[0]

    def chain(self, incident: str) -> tuple[int, str, int]:
        """(number of segments, head of the chain, end in ms) of an incident, for going on after a crash.

        An unreadable record is passed over: the ones after it still carry the chain.

        Raises:
            SpoolError: the folder cannot be read.
        """
        found = self._newest(incident)
        if found is None:
            return 0, CHAIN_START, 0
        record, text = found
        return record.seq + 1, head_of(text), record.end_ms

    def incidents(self) -> list[str]:
        """Every incident that has a folder here.

        Raises:
            SpoolError: the directory cannot be read.
        """
        try:
            names = [entry.name for entry in self._directory.iterdir() if _INCIDENT.match(entry.name)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SpoolError(f"録画の場所を読めません / the store cannot be read: {error.strerror}") from error
        return sorted(names)

    def unfinished(self) -> list[str]:
        """Incidents whose recording was not closed: a crash or a power cut came between.

        Raises:
            SpoolError: the directory cannot be read.
        """
        tails = {incident: self.tail(incident) for incident in self.incidents()}
        return [incident for incident, record in tails.items() if record is None or not record.last]

    def delete(self, incident: str, seq: int) -> None:
        """Let go of a segment's content, which the hub has now. Its record stays. Twice is the same as once.

        Raises:
            SpoolError: it could not be deleted.
        """
        folder = self._directory / _checked(incident)
        record = folder / f"{seq:06d}.json"
        try:
            if record.exists():
                os.replace(record, folder / f"{seq:06d}.gone")
                _sync_folder(folder)
            (folder / f"{seq:06d}.seg").unlink(missing_ok=True)
        except OSError as error:
            raise SpoolError(f"録画を消せません / segment {seq} cannot be deleted: {error.strerror}") from error

    def forget(self, incident: str) -> None:
        """Remove all that is left of an incident. Only when the hub has every segment and the close.

        Raises:
            SpoolError: it could not be removed.
        """
        try:
            shutil.rmtree(self._directory / _checked(incident))
        except FileNotFoundError:
            return
        except OSError as error:
            raise SpoolError(f"録画を消せません / the incident cannot be removed: {error.strerror}") from error

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(self._directory)

    def _listing(self, incident: str) -> dict[int, str]:
        folder = self._directory / _checked(incident)
        try:
            names = {entry.name for entry in folder.iterdir()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SpoolError(f"録画の場所を読めません / the store cannot be read: {error.strerror}") from error
        found = [match for match in map(_RECORD.match, names) if match]
        return {int(match[1]): match[2] for match in found if match[2] == "gone" or f"{match[1]}.seg" in names}

    def _newest(self, incident: str) -> tuple[SegmentRecord, str] | None:
        folder = self._directory / _checked(incident)
        for seq, kind in sorted(self._listing(incident).items(), reverse=True):
            try:
                text, _ = _signed(folder / f"{seq:06d}.{kind}")
                record = read_record(text)
            except (OSError, MalformedMessage, ValueError, KeyError, TypeError):
                continue  # a damaged file must not end the chain; a verifier will show the hole
            if record.seq == seq and record.incident == incident:
                return record, text
        return None


def _checked(incident: str) -> str:
    if not _INCIDENT.match(incident):
        raise SpoolError("incident id is not a UUID")  # it becomes a folder's name
    return incident


def _signed(path: Path) -> tuple[str, str]:
    fields = json.loads(path.read_bytes())
    return str(fields["record"]), str(fields["signature"])


def _write_synced(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.unlink(missing_ok=True)  # what a crash left, or a file whose fsync failed: never the old one again
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            view = memoryview(content)
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(*paths: Path) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError:  # the disk that refused the write may refuse this too; readers do not take half a segment
            continue
