"""What a box says, one event after another, and a hub's intake that hears it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from contract.evidence import CHAIN_START, SegmentRecord, head_of
from contract.messages import BODIES, ClockState, Event, ProfileRef, UnknownBody
from hub.domain.intake import Intake, Known, KnownBox, Rules
from tests.hub_domain.life import PROFILES
from tests.hub_domain.watch import Person

NOW: Final = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
BOOT: Final = "01938f00-0000-7000-8000-000000000001"
CALL: Final = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"
OTHER_CALL: Final = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a03"
KEY, OTHER_KEY, SIGNED, FORGED = "a2V5", "b3RoZXI=", "Z29vZA==", "YmFk"
SHA: Final = "sha256:" + "a" * 64
CHIEF, HEAD = Person("chief", "supervisor"), Person("head", "section_head")

_ids = count(1)


def new_id() -> str:
    """An id that no event had before."""
    return f"01938f2e-6b0a-7c11-9a3e-{next(_ids):012x}"


def event(kind: str, box: str = "counter-01", *, seq: int | None = None, at: datetime = NOW, **said: Any) -> Event:
    """An event as a box sends it; `said` is its body, `clock` apart."""
    clock = said.pop("clock", ClockState.SYNCED)
    number = next(_ids)
    body: Any = BODIES[kind](**said) if kind in BODIES else UnknownBody()
    return Event.model_construct(
        v=1, id=new_id(), type=kind, site="kita", box=box, boot=BOOT, seq=number if seq is None else seq, at=at,
        mono_ms=1000, clock=clock, profile=ProfileRef(id="shinagawa", digest="x"), body=body,
    )  # fmt: skip


def pressed(call: str = CALL, level: str = "assist", **more: Any) -> Event:
    """A press."""
    return event("alarm.raised", **({"incident": call, "level": level, "gesture": "short"} | more))


def record(seq: int = 0, prev: str = CHAIN_START, **changed: Any) -> str:
    """A segment's record, as it is signed."""
    values = {
        "incident": CALL, "site": "kita", "box": "counter-01", "device_key": KEY, "boot": BOOT, "seq": seq,
        "prev": prev, "at": NOW, "mono_ms": 1000, "clock": "synced", "start_ms": seq * 2000,
        "end_ms": seq * 2000 + 2000, "seal": "age", "bytes": 1000 + seq, "ciphertext": SHA, "plaintext": SHA,
        "video": True, "audio": True,
    }  # fmt: skip
    return SegmentRecord.model_validate(values | changed).signed_text()


def records(how_many: int) -> list[str]:
    """A chain of records."""
    found: list[str] = []
    for seq in range(how_many):
        found.append(record(seq, head_of(found[-1]) if found else CHAIN_START))
    return found


def sealed(text: str, signature: str = SIGNED, **more: Any) -> Event:
    """A segment is durable at the box."""
    return event("segment.sealed", **({"incident": CALL, "record": text, "signature": signature} | more))


def verify(key: str, _message: bytes, signature: str) -> bool:
    """Whether a signature holds: the test's word for it."""
    return key in (KEY, OTHER_KEY) and signature == SIGNED


RULES: Final = Rules(PROFILES["shinagawa"].alert, [CHIEF, HEAD], "shinagawa", "sha256:rules")


def intake(now: datetime = NOW, boxes: Mapping[str, KnownBox] | None = None, **known: Any) -> Intake:
    """A batch; without `boxes` two enrolled ones."""
    usual = {"counter-01": KnownBox("2階 3番", KEY, ()), "counter-02": KnownBox("2階 4番", None, ("microphone_lost",))}
    return Intake(Known(boxes=usual if boxes is None else boxes, **known), RULES, now, new_id, verify)


def hears(batch: Intake, *said: Any) -> Intake:
    """Take each, then finish."""
    for one in said:
        batch.take(one, "payload")
    batch.finish()
    return batch


def seconds(number: float) -> datetime:
    """So many seconds after `NOW`."""
    return NOW + timedelta(seconds=number)
