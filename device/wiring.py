"""The only place that chooses real or simulated parts and puts a box together."""

import fcntl
import os
import resource
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.messages import Level, ProfileRef
from contract.profile import Recording
from device import sounds
from device.adapters import sealer_age
from device.adapters.clock_system import SystemClock, new_id
from device.adapters.spool_sqlite import SpoolWriter
from device.adapters.wire_unix import BOX, UPLINK, Mailbox
from device.announcer import Announcer
from device.config import BoxSettings, Bundle, ButtonPins, BuzzerPin, LampPins, Role
from device.core.box import Box
from device.core.events import FaultSeen, SegmentWritten
from device.core.follow import Following
from device.core.lamp import LampKind
from device.core.recording import RecordingRules
from device.core.scribe import Identity
from device.guard import Guard
from device.housekeeping import make_room
from device.patient_button import PatientButton
from device.ports import (
    Button,
    Buzzer,
    Camera,
    EncodedCamera,
    Lamp,
    Microphone,
    PortError,
    Recorder,
    SealError,
    Speaker,
    SpeakerError,
    Watchdog,
)
from device.recorder.media_recorder import MediaRecorder
from device.recorder.sealer import SigningSealer, load_or_make_key
from device.recorder.settings import RecorderSettings
from device.recorder.store import SegmentStore
from device.runner import Runner
from device.selfcare import SelfCare, said, self_care
from device.simulated.lamp import SimulatedLamp
from device.upload import Ledger

_ANNOUNCED_AGAIN = 3
"""A crash may fall between the rename of a segment and the commit of its event; the hub knows a repeated one."""


class AlreadyRunning(PortError):
    """Another program holds this bundle."""

    fault = "running"


@dataclass(frozen=True, slots=True)
class Hardware:
    """The real parts that `box.toml` names. A beacon and a wall lamp have a lamp, and perhaps a buzzer."""

    button: Button | None
    lamp: Lamp
    buzzer: Buzzer | None
    camera: Camera | EncodedCamera | None
    microphone: Microphone | None
    speaker: Speaker | None


@dataclass(slots=True)
class Assembled:
    """A box ready to run. Without a recorder it calls and shows, and records nothing."""

    runner: Runner
    recorder: Recorder | None
    spool: SpoolWriter
    announcer: Announcer
    lamp: Lamp
    buzzer: Buzzer | None
    button: Button | None
    guard: Guard
    care: SelfCare
    lock: int

    def run(self) -> None:
        """Run until the runner is stopped, then close everything in order."""
        self.spool.start()
        self.announcer.start()
        try:
            self._start_parts()
            self.guard.start()
            self.care.start()
            self.runner.run(self.recorder)
        finally:
            self.guard.let_go()
            self.care.close()
            if self.button is not None:
                self.button.close()
            self.announcer.close()
            if self.recorder is not None:
                self.recorder.close()
            self.runner.finish()
            self.lamp.close()
            if self.buzzer is not None:
                self.buzzer.close()
            self.spool.close()
            self.guard.close()
            os.close(self.lock)

    def _start_parts(self) -> None:
        self.lamp.start(self.runner.post)
        if self.buzzer is not None:
            self.buzzer.start(self.runner.post)
        if self.button is not None:
            self.button.start(self.runner.post)
        if self.recorder is not None:
            self.recorder.start()


def assemble(
    bundle: Bundle,
    *,
    lamp: Lamp,
    button: Button | None = None,
    buzzer: Buzzer | None = None,
    speaker: Speaker | None = None,
    camera: Camera | EncodedCamera | None = None,
    microphone: Microphone | None = None,
    watchdog: Watchdog | None = None,
    watch_every_s: float | None = None,
) -> Assembled:
    """Put a box together from its bundle and its parts. A recorder needs a camera or a microphone.

    What the city's profile does not let be recorded is not even opened. `watchdog` is told every `watch_every_s` that
    all loops moved.

    Raises:
        AlreadyRunning: another program runs on this bundle.
        PortError: the spool or the evidence key cannot be opened.
    """
    lock = _lock(bundle.state)
    settings, clock = bundle.settings, SystemClock()
    key, key_fault = load_or_make_key(bundle.state / "evidence.key")
    leave_no_core()
    seal, seal_fault = sealer_age.choose(settings.evidence)
    store = SegmentStore(bundle.state / "segments")
    identity = _identity(bundle, key)
    late: list[Runner] = []  # the spool and the recorder post to a runner that is made after them

    def post(event: object) -> None:
        late[0].post(event)  # type: ignore[arg-type]

    guard = Guard(watchdog or _NoWatchdog(), clock, every_s=watch_every_s)
    spool = SpoolWriter(bundle.state / "spool.db", post, guard.pulse("spool"))
    announcements, unusable = sounds.load(bundle)
    announcer = Announcer(speaker or _NoSpeaker(), announcements, clock, post, guard.pulse("announcer"))
    mail, rules = Mailbox(bundle.state, BOX, UPLINK), RecordingRules.of(bundle.profile)
    runner = Runner(
        box=Box(identity, rules, new_id, spool.resume(), _following(settings.role, rules)),
        clock=clock,
        lamp=lamp,
        buzzer=buzzer,
        announcer=announcer,
        spool=spool,
        mail=mail,
        pulse=guard.pulse,
    )
    late.append(runner)
    camera, microphone = _allowed(bundle.profile.recording, camera, microphone)
    recorder = None
    if camera is not None or microphone is not None:
        recorder = MediaRecorder(
            camera=camera,
            microphone=microphone,
            sealer=SigningSealer(key, seal, settings.site, settings.box, identity.boot, clock, store.chain),
            store=store,
            post=runner.post,
            clock=clock,
            settings=RecorderSettings(
                pre_roll_ms=bundle.profile.recording.pre_roll_seconds * 1000,
                video_bit_rate=settings.media.video_kbps * 1000,
            ),
            pulse=guard.pulse,
        )
    care = self_care(
        bundle,
        runner=runner,
        identity=identity,
        recorder=recorder,
        camera=camera is not None,
        microphone=microphone is not None,
        frames_per_second=camera.frames_per_second if camera is not None else 0,
        announcer=announcer,
        spool=spool,
        clock=clock,
        guard=guard,
        tell=lambda payload: mail.send({"t": "health", "payload": payload}),
        make_room=lambda: make_room(store, Ledger(bundle.state), lambda: shutil.disk_usage(bundle.state).free),
    )
    guard.state = lambda: said(runner.box)
    if spool.unopened:
        runner.post(FaultSeen("spool", spool.unopened))
    if key_fault is not None:
        runner.post(FaultSeen("key", key_fault))
    if seal_fault is not None and settings.role.kind == "counter":  # the others record nothing
        runner.post(FaultSeen("seal" if seal.recipients else SealError.fault, seal_fault))
    if unusable:
        runner.post(FaultSeen(unusable[0].fault, "; ".join(map(str, unusable))))
    _announce_again(store, runner)
    return Assembled(runner, recorder, spool, announcer, lamp, buzzer, button, guard, care, lock)


def _allowed(
    recording: Recording, camera: Camera | EncodedCamera | None, microphone: Microphone | None
) -> tuple[Camera | EncodedCamera | None, Microphone | None]:
    """The devices of what may be recorded."""
    return camera if recording.video != "off" else None, microphone if recording.audio != "off" else None


def _following(role: Role, rules: RecordingRules) -> Following | None:
    if role.kind == "counter":
        return None
    return Following(quiet=role.kind == "wall_lamp" and rules.silent(Level.EMERGENCY))


def hardware(bundle: Bundle) -> Hardware:
    """The real parts that `box.toml` names. Libraries are imported here, so that a simulated box needs none of them.

    No part is opened here. One that cannot be used later is a fault, shown on the box and at the hub, and tried again:
    a box that does not start tells nobody.
    """
    from device.adapters.microphone_sounddevice import SounddeviceMicrophone
    from device.adapters.speaker_sounddevice import SounddeviceSpeaker

    settings = bundle.settings
    lamp, buzzer = _lamp(settings.lamp), _buzzer(settings.buzzer)
    if settings.role.kind != "counter":
        return Hardware(None, lamp, buzzer, None, None, None)
    return Hardware(
        _button(settings.button),
        lamp,
        buzzer,
        _camera(settings),
        SounddeviceMicrophone(settings.sound.microphone),
        SounddeviceSpeaker(settings.sound.speaker),
    )


def _button(pins: ButtonPins) -> Button:
    from device.adapters.button_gpiozero import GpiozeroButton

    return PatientButton(GpiozeroButton(pins.main_pin, pins.second_pin, pins.pull))


def _lamp(pins: LampPins) -> Lamp:
    if pins.kind == "none":
        return SimulatedLamp()
    from device.adapters.lamp_gpiozero import GpiozeroLamp

    return GpiozeroLamp(LampKind(pins.kind), pins.pins, active_high=pins.active_high)


def _buzzer(chosen: BuzzerPin) -> Buzzer | None:
    if chosen.pin is None:
        return None
    from device.adapters.buzzer_gpiozero import GpiozeroBuzzer

    return GpiozeroBuzzer(chosen.pin, chosen.kind)


def _camera(settings: BoxSettings) -> Camera | EncodedCamera | None:
    media = settings.media
    if settings.camera.kind == "picamera2":
        from device.adapters.camera_picamera2 import Picamera2Camera

        return Picamera2Camera(media.width, media.height, media.frames_per_second, media.video_kbps * 1000)
    if settings.camera.kind == "usb":
        from device.adapters.camera_av import AvCamera

        return AvCamera(settings.camera.device, media.width, media.height, media.frames_per_second)
    return None


class _NoWatchdog:
    """No service manager waits to be fed."""

    def ready(self) -> None:
        """See the `Watchdog` port."""

    def feed(self) -> None:
        """See the `Watchdog` port."""

    def tell(self, state: str) -> None:
        """See the `Watchdog` port."""


class _NoSpeaker:
    """What a beacon has: nothing is ever said there."""

    def play(self, wav: bytes, started: Callable[[int], None]) -> int:
        """See the `Speaker` port."""
        raise SpeakerError("この箱にはスピーカーがありません / this box has no speaker")

    def close(self) -> None:
        """See the `Speaker` port."""


def start_uplink(bundle: Bundle) -> "subprocess.Popen[bytes]":
    """The network process of a simulated box. It ends by itself when this process does, however it dies."""
    return subprocess.Popen(
        [sys.executable, "-m", "device", "uplink", str(bundle.directory), "--until-stdin-closes"],
        stdin=subprocess.PIPE,
    )


def _identity(bundle: Bundle, key: Ed25519PrivateKey) -> Identity:
    settings = bundle.settings
    try:
        software = f"madomori {version('madomori')}"
    except PackageNotFoundError:
        software = "madomori"
    return Identity(
        site=settings.site,
        box=settings.box,
        counter=settings.counter,
        boot=new_id(),
        profile=ProfileRef(id=bundle.profile.meta.id, digest=bundle.profile_digest),
        software=software,
        evidence_key=b64encode(key.public_key().public_bytes_raw()).decode("ascii"),
    )


def _announce_again(store: SegmentStore, runner: Runner) -> None:
    for incident in store.unfinished():
        for seq in store.segments(incident)[-_ANNOUNCED_AGAIN:]:
            sealed = store.read(incident, seq)
            runner.post(SegmentWritten(incident, seq, sealed.record, sealed.signature, ""))


def leave_no_core() -> None:
    """Keep pictures that are still in RAM out of a core dump: nothing unsealed may reach a disk."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def _lock(state: Path) -> int:
    descriptor = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise AlreadyRunning(
            f"{state.parent}: この箱はもう動いています。先に止めてください。"
            " / this box is running already. Stop it first."
        ) from error
    return descriptor
