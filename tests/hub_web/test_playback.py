"""A recording plays as one file, after the reason was written down."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from hub.evidence import mp4
from hub.evidence.ranges import Unsatisfiable, one_range
from hub.store.schema import access, recording
from tests.hub_web.conftest import Hub
from tests.hub_web.sealing import INIT, SigningBox, atom, segment

REASON = "?reason=現場の様子を確かめるため"


@pytest.fixture
def box() -> SigningBox:
    return SigningBox()


@pytest.fixture
def incident(hub: Hub, box: SigningBox) -> str:
    return hub.press(hub.box(box.name, evidence_key=box.public))


def put(hub: Hub, box: SigningBox, incident: str, seq: int, content: bytes) -> None:
    answer = hub.client().put(
        f"/api/v1/incidents/{incident}/segments/{seq}",
        data=content,
        headers=box.headers(box.record(incident, seq, content)),
    )
    assert answer.status_code == 201, answer.text


def whole(count: int) -> bytes:
    return INIT + b"".join(segment(seq).removeprefix(INIT) for seq in range(count))


def look(hub: Hub, incident: str, headers: dict[str, str], query: str = REASON, **arguments: Any) -> Any:
    return hub.client().get(f"/api/v1/incidents/{incident}/recording.mp4{query}", headers=headers, **arguments)


def test_the_segments_play_as_one_file(hub: Hub, box: SigningBox, incident: str) -> None:
    for seq in range(3):
        put(hub, box, incident, seq, segment(seq))
    answer = look(hub, incident, hub.machine())
    assert answer.status_code == 200
    assert answer.mimetype == "video/mp4"
    assert answer.data == whole(3)
    assert int(answer.headers["Content-Length"]) == len(whole(3))
    shown = hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine()).json["recordings"][0]
    assert (shown["playable_segments"], shown["playable_ms"], shown["stops"]) == (3, 6000, "growing")


def test_a_hole_ends_the_recording_there_and_says_so(hub: Hub, box: SigningBox, incident: str) -> None:
    for seq in (0, 1, 3):
        put(hub, box, incident, seq, segment(seq))
    assert look(hub, incident, hub.machine()).data == whole(2)
    shown = hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine()).json["recordings"][0]
    assert (shown["stored_segments"], shown["playable_segments"], shown["stops"]) == (3, 2, "missing")


def test_a_closed_recording_is_whole_when_all_of_it_is_here(hub: Hub, box: SigningBox, incident: str) -> None:
    with hub.engine.begin() as connection:
        connection.execute(insert(recording).values(incident=incident, box=box.name, count=1, closed_at=hub.time()))
    detail = f"/api/v1/incidents/{incident}"
    assert hub.client().get(detail, headers=hub.machine()).json["recordings"][0]["stops"] == "missing"
    put(hub, box, incident, 0, segment(0))
    assert hub.client().get(detail, headers=hub.machine()).json["recordings"][0]["stops"] is None


@pytest.mark.parametrize(
    ("content", "stops"),
    [
        (segment(1, init=INIT + b""[:0]).replace(b"every", b"other"), "format_changed"),
        (b"age-encryption.org/v1\n-> X25519 ...", "sealed"),
        (b"not a film", "unreadable"),
        (struct.pack(">I4s", 2**31, b"ftyp") + b"x", "unreadable"),
    ],
)
def test_what_cannot_follow_ends_the_recording_and_says_why(
    hub: Hub, box: SigningBox, incident: str, content: bytes, stops: str
) -> None:
    put(hub, box, incident, 0, segment(0))
    put(hub, box, incident, 1, content)
    put(hub, box, incident, 2, segment(2))
    assert look(hub, incident, hub.machine()).data == whole(1)
    shown = hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine()).json["recordings"][0]
    assert (shown["playable_segments"], shown["stops"]) == (1, stops)


def test_the_reason_is_written_down_before_a_byte_is_shown(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0, segment(0))
    headers = hub.machine(name="佐藤")
    for query in ("", "?reason=", "?reason=%20", "?reason=a%00b", "?reason=" + "x" * 201):
        assert look(hub, incident, headers, query).status_code == 422
    assert hub.rows(access) == []
    answer = look(hub, incident, headers, buffered=False)
    [row] = hub.rows(access)  # the answer's body has not been read yet
    assert (row.act, row.actor_name, row.reason, row.incident) == (
        "recording.viewed", "佐藤", "現場の様子を確かめるため", incident,
    )  # fmt: skip
    answer.close()


def test_one_look_is_one_row_for_ten_minutes(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0, segment(0))
    headers = hub.machine()
    for _ in range(3):
        look(hub, incident, {**headers, "Range": "bytes=0-9"})
    assert len(hub.rows(access)) == 1
    look(hub, incident, headers, "?reason=報告書を書くため")
    look(hub, incident, hub.machine())
    assert len(hub.rows(access)) == 3
    hub.time.moves(minutes=11)
    look(hub, incident, headers)
    assert len(hub.rows(access)) == 4


def test_when_the_log_cannot_be_written_nothing_is_shown(
    hub: Hub, box: SigningBox, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def locked(*_: Any) -> None:
        raise OperationalError("", {}, Exception("disk full"))

    put(hub, box, incident, 0, segment(0))
    headers = hub.machine()
    monkeypatch.setattr("hub.web.api.recording.begin_write", locked)
    answer = look(hub, incident, headers)
    assert answer.status_code == 503
    assert b"mdat" not in answer.data


@pytest.mark.parametrize("role", ["staff", "guard", "building_manager", "general_affairs", "auditor", "administrator"])
def test_others_do_not_see_recordings(hub: Hub, box: SigningBox, incident: str, role: str) -> None:
    put(hub, box, incident, 0, segment(0))
    assert look(hub, incident, hub.machine(role)).status_code == 403
    assert hub.rows(access) == []


def test_nothing_recorded_is_not_found(hub: Hub, incident: str) -> None:
    answer = look(hub, incident, hub.machine())
    assert (answer.status_code, answer.json["type"]) == (404, "urn:madomori:problem:no-recording")


def test_a_head_tells_the_length_and_an_etag_saves_the_rest(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0, segment(0))
    headers = hub.machine()
    head = hub.client().head(f"/api/v1/incidents/{incident}/recording.mp4{REASON}", headers=headers)
    assert (head.status_code, head.data) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(whole(1))
    again = look(hub, incident, {**headers, "If-None-Match": head.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_growing_recording_keeps_its_length_while_it_is_watched(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0, segment(0))
    headers = hub.machine()
    before = look(hub, incident, headers, REASON + "&until=1")
    put(hub, box, incident, 1, segment(1))
    after = look(hub, incident, headers, REASON + "&until=1")
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])
    assert look(hub, incident, headers).data == whole(2)
    stale = look(hub, incident, {**headers, "Range": "bytes=0-3", "If-Range": before.headers["ETag"]})
    assert (stale.status_code, stale.data) == (200, whole(2))


@pytest.mark.parametrize("count", [6, 1000])
def test_many_ranges_at_once_are_refused(hub: Hub, box: SigningBox, incident: str, count: int) -> None:
    put(hub, box, incident, 0, segment(0))
    many = "bytes=" + ",".join(f"{place}-{place + 5}" for place in range(count))
    answer = look(hub, incident, {**hub.machine(), "Range": many})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(whole(1))}"


def test_every_range_is_exactly_that_part(hub: Hub, box: SigningBox, incident: str) -> None:
    for seq in range(3):
        put(hub, box, incident, seq, segment(seq, size=30))
    content = INIT + b"".join(segment(seq, size=30).removeprefix(INIT) for seq in range(3))
    headers = hub.machine()
    with hub.app.test_client() as client:

        @given(st.integers(0, len(content) + 5), st.one_of(st.none(), st.integers(0, len(content) + 5)))
        def check(start: int, end: int | None) -> None:
            answer = client.get(
                f"/api/v1/incidents/{incident}/recording.mp4{REASON}",
                headers={**headers, "Range": f"bytes={start}-{'' if end is None else end}"},
            )
            if end is not None and end < start:
                assert (answer.status_code, answer.data) == (200, content)
            elif start >= len(content):
                assert answer.status_code == 416
            else:
                last = len(content) - 1 if end is None else min(end, len(content) - 1)
                assert (answer.status_code, answer.data) == (206, content[start : last + 1])
                assert answer.headers["Content-Range"] == f"bytes {start}-{last}/{len(content)}"
                assert int(answer.headers["Content-Length"]) == len(answer.data)

        check()


@given(st.text(max_size=60), st.integers(1, 10_000))
def test_any_range_header_is_answered(header: str, length: int) -> None:
    for text in (header, "bytes=" + header):
        try:
            found = one_range(text, length)
        except Unsatisfiable:
            continue
        if found is not None:
            start, size = found
            assert 0 <= start < length
            assert 0 < size <= length - start


@given(st.binary(max_size=200))
def test_any_bytes_are_a_layout_or_not_playable(content: bytes) -> None:
    import io

    for candidate in (content, INIT + content, INIT + atom(b"moof", b"") + content):
        try:
            found = mp4.layout(io.BytesIO(candidate), len(candidate))
        except mp4.NotPlayable:
            continue
        assert len(found.init) <= found.media < found.media_end <= len(candidate)
