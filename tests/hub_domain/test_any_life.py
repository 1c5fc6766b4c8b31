"""Whatever people say, in whatever order and at whatever hour: the city's rules are kept, and no clock acts."""

import pytest
from hypothesis import settings

from tests.hub_domain.life import Life


class TestAnyLife(Life.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=100, stateful_step_count=30)


@pytest.mark.long_faults
class TestManyLives(Life.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=3000, stateful_step_count=60)
