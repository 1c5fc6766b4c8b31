"""What every test shares: little, on purpose. A fixture belongs next to the tests that use it."""

import os

from hypothesis import HealthCheck, settings

# The same examples on every run, so that a red test is red for its change. No deadline: it would measure
# the machine.
settings.register_profile("steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# HYPOTHESIS_PROFILE=search looks for new counter-examples, at length.
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
