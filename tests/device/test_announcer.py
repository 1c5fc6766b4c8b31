"""The box's voice: one at a time, the notice first, and whatever the speaker does is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from support.studio import Diary, WallClock, beep

from contract.messages import ClockState
from device.announcer import NOTICE, Announcer
from device.core.effects import Cue
from device.core.events import Instant, NoticeEnded, NoticeStarted
from device.ports import Speaker, SpeakerError
from device.simulated.room import Room
from device.simulated.speaker import SimulatedSpeaker
from device.sounds import Announcement

WORDS = {
    kind: Announcement(f"{kind}_ja", beep(seconds), round(seconds * 1000))
    for kind, seconds in {"notice": 0.3, "reminder": 0.2, "time_limit": 0.1}.items()
}


class HandSpeaker:
    """Plays until let go; can hang for good."""

    def __init__(self) -> None:
        self.played: list[bytes] = []
        self.playing = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.at_once = 0
        self.most_at_once = 0

    def play(self, wav: bytes, started: Callable[[int], None]) -> int:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.played.append(wav)
        started(1)
        self.playing.release()
        self.go_on.acquire()
        self.at_once -= 1
        return 100

    def close(self) -> None:
        self.go_on.release(10)


class QuickClock:
    """A second passes at each look: patience runs out without waiting."""

    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> Instant:
        self.ms += 1_000
        start = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
        return Instant(self.ms, start + timedelta(milliseconds=self.ms), ClockState.SYNCED)


@contextmanager
def announcing(speaker: Speaker, clock: WallClock | QuickClock | None = None) -> Iterator[tuple[Announcer, Diary]]:
    diary = Diary()
    announcer = Announcer(speaker, WORDS, clock or WallClock(), diary.post)
    announcer.start()
    try:
        yield announcer, diary
    finally:
        announcer.close()


def test_what_was_said_when_and_how_long_is_told() -> None:
    with announcing(SimulatedSpeaker(Room(murmur=False))) as (announcer, diary):
        announcer.say("one", NOTICE)
        began = diary.wait(NoticeStarted)
        ended = diary.wait(NoticeEnded)
        assert (ended.incident, ended.notice, ended.ok, ended.duration_ms) == ("one", "notice_ja", True, 300)
        assert diary.when(NoticeEnded) - began.mono_ms >= 300
        announcer.say("one", Cue.REMINDER.value)
        assert diary.wait(NoticeEnded, 2) == NoticeEnded("one", "reminder_ja", ok=True, duration_ms=200)
        assert len(diary.of(NoticeStarted)) == 1  # a cue allows no sound: only the notice does


def test_one_at_a_time_and_the_notice_goes_first() -> None:
    speaker = HandSpeaker()
    with announcing(speaker) as (announcer, diary):
        announcer.say("old", Cue.TIME_LIMIT.value)
        assert speaker.playing.acquire(timeout=5)
        announcer.say("old", Cue.REMINDER.value)
        announcer.say("new", NOTICE)
        for _ in range(3):
            speaker.go_on.release()
        diary.wait(NoticeEnded, 3)
    assert [event.notice for event in diary.of(NoticeEnded)] == ["time_limit_ja", "notice_ja", "reminder_ja"]
    assert speaker.most_at_once == 1


def test_a_speaker_that_fails_is_told_and_used_again() -> None:
    speaker = SimulatedSpeaker(Room(murmur=False))
    with announcing(speaker) as (announcer, diary):
        speaker.fail()
        announcer.say("one", NOTICE)
        assert not diary.wait(NoticeEnded).ok
        assert diary.of(NoticeStarted) == []
        speaker.come_back()
        announcer.say("one", NOTICE)
        assert diary.wait(NoticeEnded, 2).ok


def test_a_speaker_that_hangs_is_given_up_and_holds_up_nothing() -> None:
    speaker = HandSpeaker()
    with announcing(speaker, QuickClock()) as (announcer, diary):
        announcer.say("one", NOTICE)
        assert not diary.wait(NoticeEnded).ok
        announcer.say("one", Cue.REMINDER.value)
        assert diary.wait(NoticeEnded, 2, ok=False).notice == "reminder_ja"
        assert len(speaker.played) == 1  # no second thread goes into a driver that holds the first
        speaker.go_on.release()


def test_whatever_a_driver_raises_is_a_failed_notice() -> None:
    class Broken(HandSpeaker):
        def play(self, wav: bytes, started: Callable[[int], None]) -> int:
            raise ZeroDivisionError("a driver's own mistake")

    with announcing(Broken()) as (announcer, diary):
        announcer.say("one", NOTICE)
        assert not diary.wait(NoticeEnded).ok
        announcer.say("one", NOTICE)
        assert not diary.wait(NoticeEnded, 2).ok


def test_a_test_sound_waits_for_every_announcement_and_posts_nothing() -> None:
    speaker = HandSpeaker()
    answers: list[SpeakerError | None] = []
    answered = threading.Event()

    def answer(error: SpeakerError | None) -> None:
        answers.append(error)
        answered.set()

    with announcing(speaker) as (announcer, diary):
        announcer.say("one", Cue.TIME_LIMIT.value)
        assert speaker.playing.acquire(timeout=5)
        announcer.sound(Announcement("tone", b"tone", 100), answer)
        announcer.say("one", Cue.REMINDER.value)
        for _ in range(3):
            speaker.go_on.release()
        assert answered.wait(5)
    assert answers == [None]
    assert speaker.played[-1] == b"tone"
    assert len(diary.of(NoticeEnded)) == 2
