"""A recorder that keeps one incident until it is killed. Arguments: folder, incident id. Run by test_crash.py."""

import sys
import threading
from pathlib import Path

from support.studio import Studio

if __name__ == "__main__":
    studio = Studio(Path(sys.argv[1]))
    studio.recorder.start()
    studio.recorder.keep(sys.argv[2], True)
    threading.Event().wait(60)
