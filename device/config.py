"""The box's settings: `box.toml` of its bundle. Unknown keys are refused, all problems are told at once."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

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


Pin = Annotated[int, Field(ge=0, le=27)]
"""A GPIO number (BCM), not the number on the header."""

DeviceName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Role(Section):
    """What this box is for."""

    kind: Literal["counter", "beacon", "wall_lamp"] = "counter"
    """A counter has a button and records. A beacon (lamp and buzzer) and a wall lamp only show whose call stands."""
    follow: tuple[Name, ...] = ()
    """Boxes whose calls a beacon or wall lamp shows; none named: all of the site."""


class ButtonPins(Section):
    """The buttons. A pressed button connects its pin to ground (`pull = "up"`) or to 3.3 V (`pull = "down"`)."""

    main_pin: Pin = 17
    second_pin: Pin | None = None
    """The emergency button of a box with two."""
    pull: Literal["up", "down"] = "up"


class LampPins(Section):
    """The lamp."""

    kind: Literal["rgb", "tower", "single", "none"] = "rgb"
    pins: tuple[Pin, ...] = (22, 27, 24)
    """rgb: red, green, blue. tower: red, amber, green lamp. single: one pin. none: no pin."""
    active_high: bool = True

    @model_validator(mode="after")
    def _pins_fit(self) -> "LampPins":
        wanted = {"rgb": 3, "tower": 3, "single": 1, "none": 0}[self.kind]
        if self.kind != "none" and len(self.pins) != wanted:
            raise ValueError(f"pins: {self.kind} needs {wanted} pins, found {len(self.pins)}")
        return self


class BuzzerPin(Section):
    """What confirms a press to the hand, and sounds at a beacon."""

    pin: Pin | None = None
    kind: Literal["vibration", "buzzer"] = "vibration"
    """A buzzer stays off in a silent emergency; a vibration motor does not."""


class CameraSource(Section):
    """Where the picture comes from."""

    kind: Literal["picamera2", "usb", "none"] = "picamera2"
    device: DeviceName = "/dev/video0"
    """Of a USB camera."""


class Sound(Section):
    """Microphone, loudspeaker, and what is said."""

    microphone: DeviceName | None = None
    """Part of the device's name as `madomori-box doctor` lists it; missing: the system's default."""
    speaker: DeviceName | None = None
    notice: DeviceName | None = None
    """A WAV file in the bundle to play instead of the notice that comes with the program."""
    reminder: DeviceName | None = None
    time_limit: DeviceName | None = None


class Evidence(Section):
    """For whom recordings are sealed (age public keys, `age1...`). At least two; the box itself can open none.

    Whatever is written here is taken, because wrong keys must not keep a box from calling and recording (fault D24):
    `device.adapters.sealer_age.choose` finds the usable ones and says what is wrong.
    """

    recipients: tuple[str, ...] = ()
    escrow: str | None = None
    """The key in the sealed envelope: used alone when `recipients` cannot be."""
    odd: tuple[str, ...] = ()
    """What is written here and has no meaning. Not a key of its own."""

    @model_validator(mode="before")
    @classmethod
    def _take_anything(cls, raw: Any) -> Any:
        written = raw if isinstance(raw, dict) else {}
        listed, escrow = written.get("recipients", []), written.get("escrow")
        recipients = listed if isinstance(listed, (list, tuple)) else [listed]
        odd = [str(name) for name in written if name not in ("recipients", "escrow")]
        if not isinstance(raw, dict):
            odd.append(str(raw))
        return {
            "recipients": tuple(str(one) for one in recipients),
            "escrow": escrow if isinstance(escrow, str) else None,
            "odd": tuple(odd),
        }


class Care(Section):
    """How the box looks after itself."""

    selftest_at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "07:30"
    """Local time of the daily self-test."""
    selftest_tone: bool = True
    """The self-test plays a soft melody of 0.7 s and listens for it; without it a dead speaker shows at a call."""
    press_every_days: Annotated[int, Field(ge=1, le=90)] = 7
    """A person presses at least so often, as a drill; otherwise the box shows that it is overdue."""


class BoxSettings(Section):
    """`box.toml`."""

    site: Name
    box: Name
    counter: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    hub: HubAddress
    media: Media = Media()
    role: Role = Role()
    button: ButtonPins = ButtonPins()
    lamp: LampPins = LampPins()
    buzzer: BuzzerPin = BuzzerPin()
    camera: CameraSource = CameraSource()
    sound: Sound = Sound()
    evidence: Evidence = Evidence()
    care: Care = Care()

    @model_validator(mode="after")
    def _pins_differ(self) -> "BoxSettings":
        named = [("button.main_pin", self.button.main_pin), ("button.second_pin", self.button.second_pin)]
        named += [(f"lamp.pins[{place}]", pin) for place, pin in enumerate(self.lamp.pins) if self.lamp.kind != "none"]
        named += [("buzzer.pin", self.buzzer.pin)]
        taken: dict[int, str] = {}
        for name, pin in named:
            if pin is not None and taken.setdefault(pin, name) != name:
                raise ValueError(f"{name} = {pin} is the pin of {taken[pin]} as well")
        return self


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
