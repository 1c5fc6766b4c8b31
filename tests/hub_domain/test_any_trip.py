"""Whatever a team and its office say, and however long the hub sleeps: no time without word is passed over."""

import pytest
from hypothesis import settings

from tests.hub_domain.trip import Trip


class TestAnyTrip(Trip.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=150, stateful_step_count=25)


@pytest.mark.long_faults
class TestManyTrips(Trip.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=3000, stateful_step_count=60)
