"""When the record of damage and injury is asked for, and what is left to see to then (SET-09, SET-10). Pure."""

from typing import Final

from contract.profile import PolicyProfile
from hub.domain.course import Course
from hub.domain.ladder import POLICE

CHECKS: Final = ("doctor_seen", "damage_reported", "accident_reported")
"""A doctor, the report to the police (被害届), the claim as an accident at work (公務災害)."""

PRIVATE: Final = frozenset({"doctor_seen", "accident_reported"})
"""What tells of a worker's health is for carers only (`hub.domain.tasks.CARERS`)."""


def asked(profile: PolicyProfile, course: Course) -> bool:
    """Whether something happened for which damage is recorded: a plainly unlawful act, the police, harm."""
    unlawful = {*profile.police.immediate_types, "violence"}
    return bool(
        unlawful & set(course.acts)
        or course.times(POLICE)
        or course.marks("police_called", "police_arrived", "injury", "damage")
    )
