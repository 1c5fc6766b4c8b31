"""The simulated camera, room, microphone and speaker keep the promises of their ports."""

import threading
import time
from itertools import islice, pairwise

import pytest
from support.studio import beep, peak

from device.ports import CameraError, MicrophoneError, SpeakerError
from device.simulated.camera import SimulatedCamera
from device.simulated.microphone import SimulatedMicrophone
from device.simulated.room import Room
from device.simulated.scene import Scene
from device.simulated.speaker import SimulatedSpeaker


def test_pictures_come_in_their_own_time_and_move() -> None:
    camera = SimulatedCamera("TEST", 320, 180, 25)
    begun = time.monotonic()
    pictures = list(islice(camera.frames(), 10))
    assert time.monotonic() - begun >= 9 * 0.04 - 0.005
    steps = [later - earlier for (earlier, _), (later, _) in pairwise(pictures)]
    assert all(step >= 39 for step in steps)
    assert all(abs(step / 40 - round(step / 40)) < 0.05 for step in steps)
    assert len({bytes(frame.planes[0]) for _, frame in pictures}) == 10
    assert {(frame.width, frame.height, frame.format.name) for _, frame in pictures} == {(320, 180, "yuv420p")}


def test_the_burnt_in_clock_can_be_read_back() -> None:
    scene = Scene(320, 180, "BOX-1")
    first, same, later = (scene.picture(3, text)[0] for text in ("12:34:56.789", "12:34:56.789", "12:34:56.790"))
    assert first == same
    changed = [n for n in range(len(first)) if first[n] != later[n]]
    assert changed
    assert all(16 <= n // 320 < 44 for n in changed)  # only the line of the clock
    assert all(n % 320 >= 16 + 10 * 24 for n in changed)  # only its last two digits


@pytest.mark.parametrize("grain", [False, True])
def test_drawing_is_cheap(grain: bool) -> None:
    camera = SimulatedCamera("TEST", grain=grain)
    begun = time.process_time()
    for number in range(50):
        camera.picture(number, 1.0)
    assert (time.process_time() - begun) / 50 < 0.010  # a quarter of the time of one picture, on a slow machine


def test_a_camera_can_vanish_go_black_freeze_and_be_closed() -> None:
    camera = SimulatedCamera("TEST", 320, 180, 25)
    camera.go_black()
    assert max(bytes(next(camera.frames())[1].planes[0])) == 16
    camera.vanish()
    with pytest.raises(CameraError):
        next(camera.frames())
    camera.come_back()
    camera.freeze()
    threading.Timer(0.2, camera.close).start()
    assert list(camera.frames()) == []


def test_what_is_played_is_heard_when_it_is_played() -> None:
    room = Room(murmur=False)
    microphone, speaker = SimulatedMicrophone(room), SimulatedSpeaker(room)
    started: list[int] = []
    player = threading.Thread(target=speaker.play, args=(beep(0.3), started.append))
    player.start()
    heard = list(islice(microphone.blocks(), 30))
    player.join()
    loud = [at_ms for at_ms, block in heard if peak(block) > 3_000]
    assert all(later - earlier == 20 for earlier, later in pairwise(at_ms for at_ms, _ in heard))
    assert abs(loud[0] - started[0]) <= 20
    assert loud[-1] - loud[0] == pytest.approx(300, abs=40)
    assert max(peak(block) for at_ms, block in heard if at_ms < started[0] - 20 or at_ms > started[0] + 340) < 100


def test_a_speaker_takes_as_long_as_the_sound_fails_when_told_and_can_be_interrupted() -> None:
    speaker = SimulatedSpeaker(Room(murmur=False))
    begun = time.monotonic()
    assert speaker.play(beep(0.2), lambda at_ms: None) == 200
    assert time.monotonic() - begun >= 0.2
    speaker.fail()
    with pytest.raises(SpeakerError):
        speaker.play(beep(0.2), lambda at_ms: pytest.fail("it said that it had started"))
    speaker.come_back()
    with pytest.raises(SpeakerError, match="interrupted"):
        speaker.play(beep(10), lambda at_ms: threading.Thread(target=speaker.close).start())


@pytest.mark.parametrize("wav", [b"", b"RIFF", b"\0" * 100])
def test_a_file_that_is_no_wav_is_refused(wav: bytes) -> None:
    with pytest.raises(SpeakerError):
        SimulatedSpeaker(Room(murmur=False)).play(wav, lambda at_ms: None)


def test_a_microphone_can_vanish_and_be_closed() -> None:
    microphone = SimulatedMicrophone(Room())
    microphone.vanish()
    with pytest.raises(MicrophoneError):
        next(microphone.blocks())
    microphone.come_back()
    threading.Timer(0.1, microphone.close).start()
    assert len(list(microphone.blocks())) < 50
