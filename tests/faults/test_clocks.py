"""A worker that begins anew ten thousand times, and a machine that is booted, while the wall clock is thrown about by
years: no limit of the policy and no agreed time of a visit is off by more than a second (faults H11, D23).

A thousand of them run in `tests/hub/test_limits.py` on every change; here with boots, visits and several clocks at
once.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from support.hubs import make_site

from hub.domain import visit_saying as saying
from hub.store.schema import policy_clock, timeline, visit, visit_clock, visit_entry
from tests.hub.rounds import CONTACTS
from tests.hub.test_limits import MINUTE, Site, seen
from tests.hub.test_visit_limits import Trip

LIVES: Final = 200
MOMENTS: Final = 50
"""Restarts in a life; each comes with a wall clock that is set by up to 400 days, or with a boot."""

LATEST_S: Final = 1.0
FAR: Final = 86400.0 * 400


def lived(one: Site | Trip, watch: Callable[[], Any], chance: random.Random, length_s: float, looked: Any) -> None:
    """Turn the clocks of `one` for `length_s` as the engine does, through restarts, boots and jumps.

    After a boot nothing but the wall clock knows how long it has been (`hub.store.limits`), so it is right then.
    """
    passed_s, right = 0.0, one.at
    moments = sorted(chance.uniform(0.1, length_s) for _ in range(MOMENTS))
    while passed_s < length_s:
        wait_s, fired = watch().cycle(one.at, one.mono_s)
        if fired:
            looked(passed_s)
        step_s = max(0.01, min(wait_s, (moments[0] if moments else length_s) - passed_s))
        one.passes(step_s)
        passed_s += step_s
        if moments and passed_s >= moments[0]:
            moments.pop(0)
            if chance.random() < 0.1:
                one.at, one.mono_s = right + timedelta(seconds=passed_s), chance.uniform(5, 500)
                one.boot = f"boot-{chance.random()}"
            else:
                one.at += timedelta(seconds=chance.uniform(-FAR, FAR))
            one.restart()
    one.at = right + timedelta(seconds=passed_s)


def forget(one: Site | Trip, *tables: Any) -> None:
    """Empty these tables, so that no life reads through those before it."""
    with one.database.begin() as connection:
        for table in tables:
            connection.execute(table.delete())


@pytest.mark.long_faults
@pytest.mark.timeout(1200)
def test_h11_ten_thousand_restarts_boots_and_jumps_leave_every_limit_within_a_second(tmp_path: Path) -> None:
    site = Site(make_site(tmp_path / "site", profile="shinagawa"))
    site.restart()
    chance, errors = random.Random(20261129), []
    due = {
        ("clock.lead", "stalemate"): 10 * MINUTE, ("clock.due", "stalemate"): 15 * MINUTE,
        ("clock.lead", "slot"): 25 * MINUTE, ("clock.due", "slot"): 30 * MINUTE, ("clock.due", "overrun"): 45 * MINUTE,
    }  # fmt: skip
    for _ in range(LIVES):
        call, came = seen(site), dict[tuple[str, str], float]()
        site.mark(call, "stalemate")
        site.mark(call, "slot_announced", minutes=30)

        def looked(passed_s: float, call: str = call, came: dict[tuple[str, str], float] = came) -> None:
            came |= {one: passed_s for one in site.fired(call) if one not in came}

        lived(site, lambda: site.engine._limits, chance, 46 * MINUTE, looked)
        assert sorted(site.fired(call)) == sorted(due), "each prompt once"
        errors += [abs(came[one] - at_s) for one, at_s in due.items()]
        site.answer(call, contact_ended_at=site.at, state="closed", changed_at=site.at)
        forget(site, timeline, policy_clock)
    site.database.dispose()
    print(f"limits: {len(errors)} prompts over {LIVES * MOMENTS} restarts, largest error {max(errors):.3f} s")
    assert max(errors) <= LATEST_S


@pytest.mark.long_faults
@pytest.mark.timeout(1200)
def test_shi_12_h11_ten_thousand_restarts_boots_and_jumps_leave_every_agreed_time_within_a_second(
    tmp_path: Path,
) -> None:
    trip = Trip(make_site(tmp_path / "site", profile="shinagawa", extra=CONTACTS))
    trip.restart()
    chance, errors = random.Random(20261130), []
    due = {
        ("checkin.asked", 0): 10 * MINUTE, ("checkin.missed", 0): 15 * MINUTE, ("checkin.asked", 1): 20 * MINUTE,
        ("checkin.missed", 1): 25 * MINUTE, ("limit.lead", 0): 25 * MINUTE, ("limit.due", 0): 30 * MINUTE,
    }  # fmt: skip
    for _ in range(LIVES):
        trip.plan(10, 20, limit=30)
        trip.say(saying.Arrived())
        came: dict[tuple[str, int], float] = {}

        def looked(passed_s: float, came: dict[tuple[str, int], float] = came) -> None:
            for kind in {kind for kind, _ in due}:
                came |= {(kind, n): passed_s for n in range(len(trip.entries(kind))) if (kind, n) not in came}

        lived(trip, lambda: trip.engine._visits, chance, 31 * MINUTE, looked)
        assert sorted(came) == sorted(due), "each prompt once"
        errors += [abs(came[one] - at_s) for one, at_s in due.items()]
        assert len(trip.calls()) >= 1
        trip.say(saying.Back())
        forget(trip, visit_entry, visit_clock)
    assert [row.state for row in trip.rows(visit)] == ["back"] * LIVES
    trip.database.dispose()
    print(f"visits: {len(errors)} prompts over {LIVES * MOMENTS} restarts, largest error {max(errors):.3f} s")
    assert max(errors) <= LATEST_S
