"""These tests need the genuine picamera2 and are run by `make test-camera`; the other tests pass them by."""

import os

collect_ignore_glob = []
if "MADOMORI_TEST_CAMERA" in os.environ:
    import standins  # type: ignore[import-not-found]

    standins.put_in()
else:
    collect_ignore_glob = ["test_*.py"]
