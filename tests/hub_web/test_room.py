"""Recordings leave room for calls: a floor under the disk, a share for each box, and both are seen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.evidence.room import NoRoom, OverQuota, Room
from hub.store.schema import segment as segments
from tests.hub_web.conftest import NOW, Hub
from tests.hub_web.sealing import SigningBox, segment

SIZE = len(segment(0))
ONE_AND_A_HALF = f"[evidence]\nkeep_free_bytes = 0\nbox_bytes_per_day = {SIZE * 3 // 2}\n"
NO_DISK_HAS_IT = "[evidence]\nkeep_free_bytes = 9_000_000_000_000_000\n"


def offer(hub: Hub, signer: SigningBox, incident: str, seq: int = 0) -> Any:
    content = segment(seq)
    return hub.client().put(
        f"/api/v1/incidents/{incident}/segments/{seq}",
        data=content,
        headers=signer.headers(signer.record(incident, seq, content)),
        content_type="application/octet-stream",
    )


def test_below_the_floor_a_recording_waits_and_it_is_said_everywhere(make_hub: Callable[..., Hub]) -> None:
    hub, signer = make_hub(more=NO_DISK_HAS_IT), SigningBox()
    incident = hub.press(hub.box(evidence_key=signer.public))
    answer = offer(hub, signer, incident)
    assert (answer.status_code, answer.json["type"]) == (507, "urn:madomori:problem:disk-full")
    assert answer.json["ja"]["detail"] != answer.json["en"]["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    assert not (hub.directory / "evidence").exists()
    assert hub.rows(segments) == []
    for page in ("/", "/boxes"):
        assert "録画の保存場所が足りず" in hub.signed_in("administrator").get(page).text
    hub.beats()
    ready = hub.client().get("/readyz")
    assert (ready.status_code, ready.json["notices"]) == (200, ["evidence_full"]), "a press is still taken"
    figures = hub.client().get("/metrics").text
    assert 'madomori_evidence_refused_total{reason="disk"} 1.0' in figures
    assert "madomori_evidence_free_bytes" in figures


def test_with_room_nothing_is_said_and_the_recording_is_taken(make_hub: Callable[..., Hub]) -> None:
    hub, signer = make_hub(more="[evidence]\nkeep_free_bytes = 0\n"), SigningBox()
    assert offer(hub, signer, hub.press(hub.box(evidence_key=signer.public))).status_code == 201
    assert "録画の保存場所" not in hub.signed_in("administrator").get("/").text
    assert hub.client().get("/readyz").json["notices"] == []


def test_a_box_that_fills_its_share_waits_a_day_is_shown_and_disturbs_no_other(make_hub: Callable[..., Hub]) -> None:
    hub, signer, other = make_hub(more=ONE_AND_A_HALF), SigningBox(), SigningBox(name="counter-02")
    incident = hub.press(hub.box(signer.name, evidence_key=signer.public))
    others = hub.press(hub.box(other.name, evidence_key=other.public))
    assert offer(hub, signer, incident, 0).status_code == 201
    answer = offer(hub, signer, incident, 1)
    assert (answer.status_code, answer.json["type"]) == (429, "urn:madomori:problem:over-quota")
    assert int(answer.headers["Retry-After"]) > 0
    assert offer(hub, other, others).status_code == 201
    faults = {
        box["name"]: box["faults"] for box in hub.client().get("/api/v1/boxes", headers=hub.machine()).json["boxes"]
    }
    assert faults == {"counter-01": ["evidence_quota"], "counter-02": []}
    assert "録画が一日に預かる量を超え" in hub.signed_in().get("/").text
    hub.time.moves(hours=24, seconds=1)
    assert offer(hub, signer, incident, 1).status_code == 201
    assert "録画が一日に預かる量を超え" not in hub.signed_in().get("/").text


def test_uploads_under_way_count_as_written(tmp_path: Path) -> None:
    free = Room(tmp_path, 0, 10**18).free_bytes()
    room = Room(tmp_path, free // 2, 10**18)
    with room.lent("counter-01", free // 3, 0, NOW), pytest.raises(NoRoom), room.lent("counter-02", free // 3, 0, NOW):
        pass
    with room.lent("counter-02", free // 3, 0, NOW):
        pass
    room = Room(tmp_path, 0, 100)
    with room.lent("counter-01", 60, 0, NOW):
        with pytest.raises(OverQuota), room.lent("counter-01", 60, 0, NOW):
            pass
        with room.lent("counter-02", 60, 0, NOW):
            pass


def test_pages_are_told_once_of_a_refusal_that_repeats(make_hub: Callable[..., Hub]) -> None:
    from hub.store.schema import change

    hub, signer = make_hub(more=NO_DISK_HAS_IT), SigningBox()
    incident = hub.press(hub.box(evidence_key=signer.public))
    before = len(hub.rows(change))
    for _ in range(3):
        assert offer(hub, signer, incident).status_code == 507
    assert len(hub.rows(change)) == before + 1
