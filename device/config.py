"""The box's settings: `box.toml` of its bundle. Unknown keys are refused, all problems are told at once."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contract.messages import Name
from contract.problems import Problem, Refused, read_toml
from contract.profile import PolicyProfile, digest_of, load

HostPort = Annotated[str, StringConstraints(pattern=r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$")]


class Section(BaseModel):
    """Base of every table of `box.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HubAddress(Section):
    """Where the hub is, and whose receipts count."""

    mqtt: HostPort
    """Host and port of the broker (TLS, client certificate)."""
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^/]+$")]
    """Where segments are uploaded to, without a path."""
    receipt_keys: dict[str, str] = Field(min_length=1)
    """Key id -> raw Ed25519 public key, base64. A receipt signed by any other key is ignored."""


class Media(Section):
    """Picture and sound."""

    width: Annotated[int, Field(ge=160, le=1920, multiple_of=2)] = 1280
    """Pixels."""
    height: Annotated[int, Field(ge=120, le=1080, multiple_of=2)] = 720
    """Pixels."""
    frames_per_second: Annotated[int, Field(ge=5, le=30)] = 25
    video_kbps: Annotated[int, Field(ge=200, le=8000)] = 2500
    """Kilobits a second."""
    language: Literal["ja", "en"] = "ja"
    """Language of the spoken notice."""


class BoxSettings(Section):
    """`box.toml`."""

    site: Name
    box: Name
    counter: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    hub: HubAddress
    media: Media = Media()


class Bundle:
    """A folder made by `madomori-hub enroll`: settings, certificates, profile, and the box's own state."""

    def __init__(self, directory: Path) -> None:
        """Read and check the bundle.

        Raises:
            Refused: a file is missing or wrong; all problems of a file together.
        """
        self.directory = directory.resolve()
        missing = [
            Problem(
                name,
                "",
                "ファイルがありません。ハブで enroll をもう一度行い、フォルダごと写してください。",
                "is missing. Run enroll on the hub again and copy the whole folder.",
            )
            for name in ("box.toml", "profile.toml", "ca.crt", "box.crt", "box.key")
            if not (self.directory / name).is_file()
        ]
        if missing:
            raise Refused(str(directory), missing)
        self.settings = read_toml(
            BoxSettings, (self.directory / "box.toml").read_text("utf-8"), str(directory / "box.toml")
        )
        profile_text = (self.directory / "profile.toml").read_text("utf-8")
        self.profile: PolicyProfile = load(profile_text, str(directory / "profile.toml"))
        self.profile_digest = digest_of(profile_text)
        self.state = self.directory / "state"
        self.state.mkdir(mode=0o700, exist_ok=True)

    @property
    def mqtt_address(self) -> tuple[str, int]:
        """Host and port of the broker."""
        host, port = self.settings.hub.mqtt.rsplit(":", 1)
        return host.strip("[]"), int(port)
