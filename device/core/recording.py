"""What of a recording may be kept: the notice comes first, what was before it is silent unless the policy says so."""

from dataclasses import dataclass

from contract.messages import Level
from contract.profile import PolicyProfile
from device.core.effects import AllowSound, Effect, KeepRecording, PlayNotice


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """The part of the city's profile that the box obeys while it records."""

    keep: bool
    pre_roll_sound: bool
    notice: bool
    emergency_silent: bool
    reminder_ms: int | None = None
    time_limit_cue: bool = False

    @classmethod
    def of(cls, profile: PolicyProfile) -> "RecordingRules":
        """The rules written in `profile`."""
        recording = profile.recording
        return cls(
            keep=recording.audio != "off" or recording.video != "off",
            pre_roll_sound=recording.pre_roll_sound,
            notice=recording.notice_required,
            emergency_silent=recording.emergency_silent,
            reminder_ms=recording.reminder_minutes and recording.reminder_minutes * 60_000,
            time_limit_cue=recording.time_limit_cue,
        )

    def silent(self, level: Level) -> bool:
        """Whether nothing may be heard from the box during a call of `level`."""
        return self.emergency_silent and level is Level.EMERGENCY


def begin(rules: RecordingRules, incident: str, level: Level, now_ms: int) -> list[Effect]:
    """What a new alarm asks of speaker and recorder, in order: the notice before anything is kept (promise 6)."""
    if not rules.keep:
        return []
    if rules.silent(level) or not rules.notice:
        return [KeepRecording(incident, rules.pre_roll_sound), AllowSound(incident, now_ms)]
    return [PlayNotice(incident), KeepRecording(incident, rules.pre_roll_sound)]
