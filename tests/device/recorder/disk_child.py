"""Records one incident in real time and tells what happened. Run by test_slow_disk.py, most often under strace.

Arguments: folder, incident id, ms to record, limit of the backlog in bytes (0: none).
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from support.studio import SETTINGS, Studio

from device.core.events import RecorderChanged, RecordingBegan, RecordingEnded

if __name__ == "__main__":
    folder, incident, length_ms, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    studio = Studio(folder, replace(SETTINGS, backlog_bytes=limit or None))
    studio.recorder.start()
    studio.diary.wait(RecorderChanged)
    studio.let_pass(1_200)
    asked_ms = studio.now_ms()
    studio.recorder.keep(incident, True)
    studio.let_pass(length_ms)
    studio.recorder.stop(incident)
    stopped_ms = studio.now_ms()
    ended = studio.diary.wait(RecordingEnded, timeout_s=90, incident=incident)
    began = studio.diary.wait(RecordingBegan, incident=incident)
    print(
        json.dumps(
            {
                "faults": studio.diary.faults(),
                "given_ms": studio.camera.given_ms,
                "origin_ms": asked_ms - began.pre_roll_ms,
                "stopped_ms": stopped_ms,
                "count": ended.count,
            }
        )
    )
    studio.close()
