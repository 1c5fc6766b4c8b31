"""A moment on the wire: UTC, to the millisecond, and never without its zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from contract.messages import utc_text


def test_a_moment_is_written_in_utc_to_the_millisecond() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert utc_text(datetime(2026, 11, 20, 11, 41, 36, 544_999, tokyo)) == "2026-11-20T02:41:36.544Z"
    assert utc_text(datetime(2026, 11, 20, tzinfo=UTC)) == "2026-11-20T00:00:00.000Z"


def test_a_moment_without_a_zone_is_refused_because_nobody_could_read_it_again() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        utc_text(datetime(2026, 11, 20))  # noqa: DTZ001 - that is the point
