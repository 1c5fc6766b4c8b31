"""A recording plays as one file, after the reason was written down."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrage import decrypt, x25519
from sqlalchemy import insert
from support.opening import Opening

from hub.config import load
from hub.evidence import mp4
from hub.evidence.client import EvidenceClient, NotOpened
from hub.evidence.keys import load_viewing_key, make_pair
from hub.evidence.protocol import PIECE_MAX
from hub.evidence.ranges import Unsatisfiable, one_range
from hub.store.schema import access, recording
from tests.hub_web.conftest import Hub
from tests.hub_web.sealing import INIT, SigningBox, atom, segment

REASON = "?reason=現場の様子を確かめるため"


@pytest.fixture
def box(hub: Hub) -> SigningBox:
    """Seals for everybody the site seals for."""
    return SigningBox(recipients=load(hub.directory).evidence.recipients)


@pytest.fixture(autouse=True)
def opened(hub: Hub, opening: Callable[[Path], Opening]) -> Opening:
    return opening(hub.directory)


@pytest.fixture
def incident(hub: Hub, box: SigningBox) -> str:
    return hub.press(hub.box(box.name, evidence_key=box.public))


def put(hub: Hub, box: SigningBox, incident: str, seq: int, content: bytes) -> None:
    send(hub, box, incident, seq, *box.sealed(incident, seq, content))


def send(hub: Hub, box: SigningBox, incident: str, seq: int, stored: bytes, record: str) -> None:
    answer = hub.client().put(f"/api/v1/incidents/{incident}/segments/{seq}", data=stored, headers=box.headers(record))
    assert answer.status_code == 201, answer.text


def place(hub: Hub, incident: str, seq: int) -> Path:
    return hub.directory / "evidence" / incident / f"{seq}.seg"


def turn_a_bit(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def shown(hub: Hub, incident: str) -> dict[str, Any]:
    return dict(hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine()).json["recordings"][0])


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
    told = shown(hub, incident)
    assert (told["playable_segments"], told["playable_ms"], told["stops"]) == (3, 6000, "growing")


def test_a_hole_ends_the_recording_there_and_says_so(hub: Hub, box: SigningBox, incident: str) -> None:
    for seq in (0, 1, 3):
        put(hub, box, incident, seq, segment(seq))
    assert look(hub, incident, hub.machine()).data == whole(2)
    told = shown(hub, incident)
    assert (told["stored_segments"], told["playable_segments"], told["stops"]) == (3, 2, "missing")


def test_a_closed_recording_is_whole_when_all_of_it_is_here(hub: Hub, box: SigningBox, incident: str) -> None:
    with hub.engine.begin() as connection:
        connection.execute(insert(recording).values(incident=incident, box=box.name, count=1, closed_at=hub.time()))
    detail = f"/api/v1/incidents/{incident}"
    assert hub.client().get(detail, headers=hub.machine()).json["recordings"][0]["stops"] == "missing"
    put(hub, box, incident, 0, segment(0))
    assert hub.client().get(detail, headers=hub.machine()).json["recordings"][0]["stops"] is None


def test_shi_22_officers_are_told_of_a_recording_as_far_as_it_can_be_shown_to_them(
    hub: Hub, box: SigningBox, incident: str
) -> None:
    said = {"mark": "police_called"}
    assert hub.client().post(f"/api/v1/incidents/{incident}/mark", json=said, headers=hub.machine()).status_code == 200
    page = f"/incidents/{incident}"
    assert "書いた記録があります" in hub.sees("supervisor", page).text
    with hub.engine.begin() as connection:
        connection.execute(insert(recording).values(incident=incident, box=box.name, video=True, audio=True))
    assert "録音・録画があります。お渡しする手続き" in hub.sees("supervisor", page).text
    put(hub, box, incident, 0, segment(0))
    assert "録音・録画があります。この場でお見せできます" in hub.sees("supervisor", page).text


@pytest.mark.parametrize(
    ("content", "stops"),
    [
        (segment(1, init=INIT + b""[:0]).replace(b"every", b"other"), "format_changed"),
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
    told = shown(hub, incident)
    assert (told["playable_segments"], told["stops"]) == (1, stops)


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


def test_the_hub_stores_no_picture_in_the_clear(hub: Hub, box: SigningBox, incident: str) -> None:
    for seq in range(3):
        put(hub, box, incident, seq, segment(seq))
    assert look(hub, incident, hub.machine()).data == whole(3)
    for path in hub.directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"ftyp" not in content, path
            assert b"moof" not in content, path


def test_the_custodian_and_the_envelope_each_open_it_alone(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0, segment(0))
    stored = place(hub, incident, 0).read_bytes()
    assert stored.startswith(b"age-encryption.org/v1\n")
    for name in ("custodian", "escrow"):
        secret = (hub.directory / "hand-over" / f"{name}.key").read_text().splitlines()[-1]
        assert decrypt(stored, [x25519.Identity.from_str(secret)]) == segment(0)


@pytest.mark.parametrize(("size", "at", "at_once"), [(200, 10, True), (200, -1, True), (300_000, -1, False)])
def test_d06_e18_a_damaged_segment_is_named_and_left_out_and_the_others_play(
    hub: Hub, box: SigningBox, incident: str, size: int, at: int, at_once: bool
) -> None:
    for seq in range(4):
        put(hub, box, incident, seq, segment(seq, size))
    everything = INIT + b"".join(segment(seq, size).removeprefix(INIT) for seq in range(4))
    rest = INIT + b"".join(segment(seq, size).removeprefix(INIT) for seq in (0, 1, 3))
    turn_a_bit(place(hub, incident, 2), at)
    headers = hub.machine()
    if not at_once:
        with pytest.raises(NotOpened, match="damaged"):
            _ = look(hub, incident, headers).data  # the connection ends at this place: never a wrong byte
    assert look(hub, incident, headers).data == rest
    assert shown(hub, incident)["damaged_segments"] == [2]
    assert "3 番目の部分" in hub.signed_in().get(f"/incidents/{incident}").text
    turn_a_bit(place(hub, incident, 2), at)  # put back from a backup
    assert look(hub, incident, headers).data == everything
    assert shown(hub, incident)["damaged_segments"] == []


def test_d06_a_first_segment_that_is_damaged_or_gone_is_passed_over(hub: Hub, box: SigningBox, incident: str) -> None:
    for seq in range(3):
        put(hub, box, incident, seq, segment(seq))
    turn_a_bit(place(hub, incident, 0), -1)
    place(hub, incident, 1).unlink()
    assert look(hub, incident, hub.machine()).data == segment(2)
    assert shown(hub, incident)["damaged_segments"] == [0, 1]


def test_what_was_not_sealed_for_the_viewing_key_ends_it_and_says_so(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0, segment(0))
    box.recipients = box.recipients[:2]
    put(hub, box, incident, 1, segment(1))
    assert look(hub, incident, hub.machine()).data == whole(1)
    assert (shown(hub, incident)["playable_segments"], shown(hub, incident)["stops"]) == (1, "sealed")


def problem(answer: Any) -> tuple[int, str]:
    """Its status and kind; it is told in both languages and leaks nothing."""
    assert answer.json["ja"]["detail"]
    assert answer.json["en"]["detail"] != answer.json["ja"]["detail"]
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def test_while_the_evidence_process_is_away_it_says_so_and_plays_again_after(
    hub: Hub, box: SigningBox, incident: str, opened: Opening, opening: Callable[[Path], Opening]
) -> None:
    put(hub, box, incident, 0, segment(0))
    headers = hub.machine()
    assert look(hub, incident, headers).status_code == 200
    opened.stop()
    assert problem(look(hub, incident, headers)) == (503, "evidence-away")
    assert shown(hub, incident)["playable_segments"] == 1  # the rest of the hub does not mind
    opening(hub.directory)
    assert look(hub, incident, headers).data == whole(1)


@pytest.mark.parametrize("trouble", ["lost", "broken", "another"])
def test_a_wrong_viewing_key_is_told_plainly_and_the_segment_is_not_called_damaged(
    hub: Hub, box: SigningBox, incident: str, opened: Opening, opening: Callable[[Path], Opening], trouble: str
) -> None:
    put(hub, box, incident, 0, segment(0))
    opened.stop()
    key = hub.directory / "keys" / "viewing.key"
    kept = key.read_bytes()
    if trouble == "lost":
        key.unlink()
    else:
        key.write_bytes(kept[:80] if trouble == "broken" else make_pair("another").file)
    wrong = opening(hub.directory)
    assert problem(look(hub, incident, hub.machine())) == (409, "viewing-key")
    assert shown(hub, incident)["damaged_segments"] == []
    assert shown(hub, incident)["playable_segments"] == 1
    wrong.stop()
    key.write_bytes(kept)
    opening(hub.directory)
    assert look(hub, incident, hub.machine()).data == whole(1)


def test_a_systemd_credential_comes_before_the_file(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = load(hub.directory).places
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    ours = load_viewing_key(places)[1]
    pair = make_pair("credential")
    (tmp_path / "credentials" / "viewing.key").write_bytes(pair.file)
    assert load_viewing_key(places)[1] == pair.recipient != ours


def test_a_strict_site_opens_nothing_and_says_who_can(make_hub: Callable[..., Hub], time: Any) -> None:
    hub = make_hub(more="[evidence]\nviewing = false\n")
    config = load(hub.directory)
    assert len(config.evidence.recipients) == 2
    box = SigningBox(recipients=config.evidence.recipients)
    incident = hub.press(hub.box(box.name, evidence_key=box.public))
    put(hub, box, incident, 0, segment(0))
    assert problem(look(hub, incident, hub.machine())) == (409, "viewing-off")
    assert (shown(hub, incident)["playable_segments"], shown(hub, incident)["stops"]) == (0, "sealed")
    page = hub.signed_in().get(f"/incidents/{incident}").text
    assert "証拠保管者の鍵で開けます" in page
    assert [row for row in hub.rows(access) if row.act == "recording.viewed"] == []


def test_the_log_entry_stands_before_the_viewing_key_is_used(
    hub: Hub, box: SigningBox, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries: list[tuple[str, list[int]]] = []
    asked = EvidenceClient._ask

    def watched(self: EvidenceClient, question: Any) -> Any:
        entries.append((question.do, [row.id for row in hub.rows(access)]))
        assert question.look == entries[-1][1][-1]
        return asked(self, question)

    monkeypatch.setattr(EvidenceClient, "_ask", watched)
    put(hub, box, incident, 0, segment(0))
    hub.client().get(f"/api/v1/incidents/{incident}", headers=hub.machine())
    hub.signed_in().get(f"/incidents/{incident}")
    assert entries == []  # the incident's page opens nothing
    assert look(hub, incident, hub.machine()).data == whole(1)
    assert [do for do, _ in entries] == ["layouts", "content"]


def test_a_segment_may_be_larger_than_one_answer(hub: Hub, box: SigningBox, incident: str) -> None:
    big = segment(0, size=3 * PIECE_MAX + 17)
    put(hub, box, incident, 0, big)
    headers = hub.machine()
    assert look(hub, incident, headers).data == big
    for start in (len(INIT) - 1, PIECE_MAX - 1, 2 * PIECE_MAX + 5, len(big) - 3):
        part = look(hub, incident, {**headers, "Range": f"bytes={start}-{start + PIECE_MAX + 9}"})
        assert part.data == big[start : start + PIECE_MAX + 10]


def test_the_last_segment_may_hold_nothing(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, box, incident, 0, segment(0))
    put(hub, box, incident, 1, INIT)
    assert look(hub, incident, hub.machine()).data == whole(1)
    assert shown(hub, incident)["playable_segments"] == 2


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
        assert len(found.init) <= found.media <= found.media_end <= len(candidate)


@given(st.binary(max_size=200), st.integers(0, 300))
def test_the_first_bytes_of_any_film_tell_its_layout_or_nothing(content: bytes, cut: int) -> None:
    import io

    for candidate in (content, INIT + content, INIT + atom(b"moof", content), INIT):
        try:
            found = mp4.beginning(candidate[:cut], len(candidate))
        except mp4.NotPlayable:
            continue
        assert found.init == candidate[: found.media]
        assert found.media <= found.media_end == len(candidate)
    whole_film = segment(3)
    assert mp4.beginning(whole_film[: len(INIT) + 8], len(whole_film)) == mp4.layout(
        io.BytesIO(whole_film), len(whole_film)
    )
