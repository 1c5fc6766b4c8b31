"""What the evidence process does, on threads of this process: real keys, a real socket."""

from pathlib import Path

from hub.config import load
from hub.evidence.process import Listening, Server, holder


class Opening:
    """Opens recordings of the site in `directory` until it is stopped."""

    def __init__(self, directory: Path) -> None:
        config = load(directory)
        self._listening = Listening(config.places.run)
        self._server = Server(holder(config), self._listening)
        self._server.start()

    def stop(self) -> None:
        """End as if the process were gone. Twice is the same as once."""
        self._server.stop()
        self._listening.__exit__()
