"""Where everything lies in a site's folder, and how a file becomes durable there."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie in a site's folder. Only names; nothing is opened here."""

    directory: Path

    @property
    def settings(self) -> Path:
        """The settings, mode 600: they may hold a database password."""
        return self.directory / "hub.toml"

    @property
    def profile(self) -> Path:
        """The city's rules."""
        return self.directory / "profile.toml"

    @property
    def units(self) -> Path:
        """The units' own rules, one file each."""
        return self.directory / "units"

    @property
    def ca_key(self) -> Path:
        """The private CA's key, mode 600."""
        return self.directory / "ca" / "ca.key"

    @property
    def ca_certificate(self) -> Path:
        """What boxes and the broker trust."""
        return self.directory / "ca" / "ca.crt"

    @property
    def crl(self) -> Path:
        """Certificates that are no longer accepted."""
        return self.directory / "ca" / "crl.pem"

    @property
    def server_certificate(self) -> Path:
        """Shown by the broker, and by the pages when they use TLS."""
        return self.directory / "tls" / "server.crt"

    @property
    def server_key(self) -> Path:
        """Its key, mode 600."""
        return self.directory / "tls" / "server.key"

    @property
    def client_certificate(self) -> Path:
        """CN=hub: by this the broker knows the hub."""
        return self.directory / "tls" / "hub.crt"

    @property
    def client_key(self) -> Path:
        """Its key, mode 600."""
        return self.directory / "tls" / "hub.key"

    @property
    def receipt_key(self) -> Path:
        """Ed25519 key that signs receipts, PEM, mode 600."""
        return self.directory / "keys" / "receipt.key"

    @property
    def viewing_key(self) -> Path:
        """The site's age key for looking at recordings, mode 600. Read by the evidence process alone."""
        return self.directory / "keys" / "viewing.key"

    @property
    def hand_over(self) -> Path:
        """Private keys that `init` made for others. They must leave this machine."""
        return self.directory / "hand-over"

    def left_behind(self) -> list[Path]:
        """Private keys that still lie in `hand_over`."""
        return sorted(self.hand_over.glob("*.key"))

    @property
    def web_secret(self) -> Path:
        """Secret of the pages' sessions, hexadecimal text, mode 600."""
        return self.directory / "keys" / "web.secret"

    @property
    def database(self) -> Path:
        """The SQLite file, unless `[database] url` says otherwise."""
        return self.directory / "madomori.db"

    @property
    def broker(self) -> Path:
        """Generated broker settings and the broker's own data."""
        return self.directory / "broker"

    @property
    def run(self) -> Path:
        """Locks, process numbers and wake-up sockets of running programs."""
        return self.directory / "run"


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`, for this user alone. A crash leaves the old file or the new one, never half of one.

    Raises:
        OSError: the disk refuses.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(handle, 0o600)  # an old file may have been wider
        with open(handle, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
