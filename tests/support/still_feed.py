"""A feed that a film stands for: the packets come from elsewhere, and nothing is opened."""

from device.recorder.feeding import Feed


class StillFeed(Feed):
    """What a writer is given for a device whose packets the test puts into the inbox itself."""

    def __init__(self) -> None:
        self.reopened = 0

    def reopen(self) -> None:
        """Counted only."""
        self.reopened += 1

    def _pump(self) -> None:
        raise AssertionError("a still feed never runs")
