"""Whatever becomes of incidents, requests and promises: nothing that somebody needs is ever free to go (SHI-27)."""

import pytest
from hypothesis import settings

from tests.hub_domain.keeping import Keeping


class TestAnyKeeping(Keeping.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=100, stateful_step_count=30)


@pytest.mark.long_faults
class TestManyKeepings(Keeping.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(max_examples=3000, stateful_step_count=60)
