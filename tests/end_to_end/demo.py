"""`make demo`: the main job on this machine. `--check`: the same, headless, with figures as one JSON object."""

import argparse
import json
import signal
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from end_to_end.promises import check
from support.sinks import Arrival
from support.stage import ACCOUNTS, PASSWORD, Ports, Stage, StageError, running

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / ".demo"
PORTS = Ports(http=8080, mqtt=8883, smtp=8025, webhook=8026, pages=(8081, 8082))

ROLES = {
    "supervisor": "上司 / supervisor",
    "section_head": "所属長 / section head",
    "building_manager": "庁舎管理 / building manager",
    "guard": "警備 / guard",
    "evidence_custodian": "記録保管 / evidence custodian",
}


def main() -> int:
    """Run the demo or the check; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="headless, figures as JSON, exit 1 when a promise fails")
    arguments = parser.parse_args()
    return _check() if arguments.check else _show()


def _show() -> int:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with running(Stage(DEMO, PORTS, say=_say, told=_told)) as stage:
            print(_welcome(stage), flush=True)
            stopped.wait()
            _say("終わります / stopping")
    except OSError as error:
        print(
            f"\nデモを始められません。ほかのデモが動いていませんか。 / Cannot start: {error}. Is another demo running?"
        )
        return 1
    except StageError as error:
        print(f"\nデモを始められません / the demo cannot start:\n{error}", file=sys.stderr)
        return 1
    return 0


def _check() -> int:
    with tempfile.TemporaryDirectory(prefix="madomori-check-") as directory:
        stage = Stage(Path(directory), Ports.free(2), say=lambda text: print(f"  {text}", file=sys.stderr, flush=True))
        try:
            with running(stage):
                figures = check(stage)
        except (StageError, OSError, TimeoutError) as error:
            print(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False))
            return 1
    print(json.dumps(figures, ensure_ascii=False, indent=2))
    return 0 if figures["ok"] else 1


def _say(text: str) -> None:
    print(f"  {text} …", flush=True)


def _told(kind: str, arrival: Arrival) -> None:
    if kind == "mail":
        print(f"  ✉ {arrival.to}: {arrival.data['Subject']}", flush=True)
        return
    for alert in arrival.data.get("alerts", []):
        print(f"  ⇒ {arrival.to}: {alert.get('number')} {alert.get('counter')} {alert.get('level')}", flush=True)


def _welcome(stage: Stage) -> str:
    accounts = "\n".join(f"    {login:<8} {name}（{ROLES[role]}）" for login, name, role in ACCOUNTS)
    boxes = "\n".join(f"    {box.counter}  {box.url}" for box in stage.boxes)
    return f"""
窓守のデモが動いています。 / Madomori's demo is running.

  ダッシュボード / dashboard:  {stage.url}/
  パスワードは全員 / everybody's password: {PASSWORD}
{accounts}
    admin    管理者 / administrator

  箱（ボタンを押せます） / boxes, to be pressed:
{boxes}
    または / or:  .venv/bin/madomori-box press {stage.boxes[0].bundle.relative_to(ROOT)} --level emergency

  1. 別の窓でダッシュボードに入る。 / Sign in to the dashboard in another window.
  2. 箱のボタンを押す（短く＝応援、2秒以上か赤＝緊急）。 / Press a box: short = assist, 2 s or red = emergency.
  3. 「確認」、「向かいます」。箱の画面に名前が出ます。 / Acknowledge, then "I am coming": the box names you.
  届いたメールと Webhook はここに出ます。終わるには Ctrl-C。 / Mail and webhooks appear below. Ctrl-C ends.
"""


if __name__ == "__main__":
    sys.exit(main())
