"""Whoever comes, goes, answers or sleeps: a call is quiet once it is answered, and climbs until then."""

import pytest
from hypothesis import settings

from tests.hub_domain.watch import Watch


class TestAnyCall(Watch.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=120, stateful_step_count=30)


@pytest.mark.long_faults
class TestManyCalls(Watch.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=5000, stateful_step_count=60)
