"""Asks the setting process for PDFs: one form at a time, within a time limit. Started when needed, or ahead."""

import subprocess
import sys
import threading
from typing import Final, Literal

LIMIT_S: Final = 20.0
LONG_BYTES: Final = 64 * 1024
"""A form may take `LIMIT_S` again for each so many bytes: one of 500 entries has 190,000 and 33 pages."""
QUEUE_S: Final = 15.0
NO_ENGINE: Final = 3
"""The exit code by which the process says that pango is missing."""

Why = Literal["engine", "font", "fetched", "slow", "busy", "broken"]


class NotMade(RuntimeError):
    """There is no PDF. `engine`: pango is not installed; `font`: no Japanese font; `fetched`: it asked for a file."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else why)
        self.why = why


class Setter:
    """The setting process and the way to it. Any thread; they take turns. `ahead`: whether it may start unasked."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self.ahead = False
        self._limit_s = limit_s
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def make(self, html: str) -> bytes:
        """The PDF of `html`.

        Raises:
            NotMade: see there.
        """
        if not self._turn.acquire(timeout=QUEUE_S):
            raise NotMade("busy")
        try:
            return self._asked(html.encode("utf-8", "replace"))
        finally:
            self._turn.release()

    def prepare(self) -> None:
        """Start the process for the form that is likely to be asked for soon. Does not wait."""
        if self.ahead and self._turn.acquire(blocking=False):  # whoever has it starts the process too
            try:
                self._running()
            finally:
                self._turn.release()

    def stop(self) -> None:
        """End the process; the next form starts another."""
        with self._turn:
            self._end()

    def _asked(self, html: bytes) -> bytes:
        process = self._running()
        late = threading.Timer(self._limit_s * (1 + len(html) // LONG_BYTES), process.kill)
        late.start()
        try:
            return _exchange(process, html)
        except (OSError, ValueError) as error:
            over = not late.is_alive()
            code = self._end()
            raise NotMade("slow" if over else "engine" if code == NO_ENGINE else "broken", str(error)) from error
        finally:
            late.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hub.reports.render"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        return self._process

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
        except OSError:
            pass  # what was not sent any more is lost with the process
        try:
            return process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _exchange(process: subprocess.Popen[bytes], html: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise ValueError("no pipes")
    process.stdin.write(b"%d\n" % len(html) + html)
    process.stdin.flush()
    *head, length = process.stdout.readline().decode("ascii").split() or [""]
    body = process.stdout.read(int(length))
    if head == ["pdf"] and len(body) == int(length):
        return body
    if head == ["no", "font"]:
        raise NotMade("font")
    if head == ["no", "fetched"]:
        raise NotMade("fetched", body.decode("utf-8", "replace"))
    raise ValueError("the answer is cut off")
