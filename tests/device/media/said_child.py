"""Says the notice and a cue through the real announcer and speaker while the real recorder keeps what is heard.

A process of its own, because PortAudio reads its configuration once. Prints one JSON object; the recorded sound goes to
the file named by the argument, as s16le mono 48 kHz.
"""

import json
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.studio import Diary, Studio, Watched, joined, new_id

from device.adapters.microphone_sounddevice import SounddeviceMicrophone
from device.adapters.speaker_sounddevice import SounddeviceSpeaker
from device.announcer import NOTICE, Announcer
from device.core.effects import Cue
from device.core.events import NoticeEnded, NoticeStarted, RecorderChanged
from device.notices import KINDS
from device.ports import Sealed, Segment
from device.sounds import ours


class Listener:
    """The `Sealer` port: keeps the plaintext for the test to hear."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def seal(self, segment: Segment) -> Sealed:
        self.kept.append(segment.content)
        return Sealed(segment.content, "record", "signature")

    def head(self, incident: str) -> tuple[int, str]:
        return len(self.kept), ""


def said(path: Path) -> dict[str, Any]:
    listener, speaker = Listener(), SounddeviceSpeaker()
    with TemporaryDirectory() as folder:
        studio = Studio(Path(folder), microphone=SounddeviceMicrophone(), sealer=listener)
        diary: Diary = studio.diary
        words = {kind: ours(kind, "ja") for kind in KINDS}
        announcer = Announcer(speaker, words, studio.clock, diary.post)
        announcer.start()
        studio.recorder.start()
        diary.wait(RecorderChanged, timeout_s=20)
        incident = new_id()
        studio.recorder.keep(incident, False)
        announcer.say(incident, NOTICE)
        announcer.say(incident, Cue.REMINDER.value)
        studio.recorder.allow_sound(incident, diary.wait(NoticeStarted, timeout_s=20).mono_ms)
        diary.wait(NoticeEnded, 2, timeout_s=40)
        threading.Event().wait(1.5)  # what was played last is still on its way through the sound server
        studio.stop(incident)
        announcer.close()
        studio.close()
        heard = Watched(joined(listener.kept))
    path.write_bytes(b"".join(block for _, block in heard.sound))
    return {
        "played": [[event.notice, event.ok, event.duration_ms] for event in diary.of(NoticeEnded)],
        "faults": diary.faults(),
    }


if __name__ == "__main__":
    print(json.dumps(said(Path(sys.argv[1]))))
