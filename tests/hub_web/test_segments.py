"""Segments come in whole, signed and once; anything else stays outside."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.evidence import signed_bytes
from hub.evidence import storage
from hub.store.schema import access, change
from hub.store.schema import segment as segments
from tests.hub_web.conftest import Hub
from tests.hub_web.sealing import SigningBox, segment


@pytest.fixture
def box() -> SigningBox:
    return SigningBox()


@pytest.fixture
def incident(hub: Hub, box: SigningBox) -> str:
    return hub.press(hub.box(box.name, evidence_key=box.public))


def put(hub: Hub, incident: str, seq: int, content: bytes, headers: dict[str, str]) -> Any:
    return hub.client().put(
        f"/api/v1/incidents/{incident}/segments/{seq}",
        data=content,
        headers=headers,
        content_type="application/octet-stream",
    )


def files(hub: Hub) -> list[str]:
    return sorted(path.relative_to(hub.directory).as_posix() for path in (hub.directory / "evidence").rglob("*.*"))


def test_a_segment_is_stored_once_and_a_second_time_is_no_harm(hub: Hub, box: SigningBox, incident: str) -> None:
    content = segment(0)
    headers = box.headers(box.record(incident, 0, content))
    first = put(hub, incident, 0, content, headers)
    assert (first.status_code, first.json["stored"]) == (201, True), first.text
    changes = len(hub.rows(change))
    assert put(hub, incident, 0, content, headers).status_code == 200
    assert len(hub.rows(change)) == changes
    assert files(hub) == [f"evidence/{incident}/0.seg"]
    assert (hub.directory / "evidence" / incident / "0.seg").read_bytes() == content
    [row] = hub.rows(segments)
    assert (row.seq, row.bytes, row.stored_at is not None) == (0, len(content), True)


def test_a_different_segment_under_the_same_number_never_replaces_the_first(
    hub: Hub, box: SigningBox, incident: str
) -> None:
    put(hub, incident, 0, segment(0), box.headers(box.record(incident, 0, segment(0))))
    other = segment(9)
    answer = put(hub, incident, 0, other, box.headers(box.record(incident, 0, other)))
    assert (answer.status_code, answer.json["type"]) == (409, "urn:madomori:problem:segment-differs")
    assert (hub.directory / "evidence" / incident / "0.seg").read_bytes() == segment(0)


def test_a_segment_waits_until_its_incident_is_known(hub: Hub, box: SigningBox) -> None:
    hub.box(box.name, evidence_key=box.public)
    unknown = "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02"
    answer = put(hub, unknown, 0, segment(0), box.headers(box.record(unknown, 0, segment(0))))
    assert (answer.status_code, answer.json["type"]) == (404, "urn:madomori:problem:incident-unknown")
    assert answer.headers["Retry-After"]
    assert not (hub.directory / "evidence").exists()


def test_after_a_crash_between_disk_and_database_the_second_try_writes_it_down(
    hub: Hub, box: SigningBox, incident: str
) -> None:
    content = segment(0)
    text = box.record(incident, 0, content)
    storage.put(hub.site.evidence, incident, 0, [content], len(content), storage_digest(content))
    assert put(hub, incident, 0, content, box.headers(text)).status_code == 200
    assert hub.rows(segments)[0].stored_at is not None


def storage_digest(content: bytes) -> str:
    from contract.evidence import digest

    return digest(content)


FORGED: dict[str, dict[str, Any]] = {
    "other incident": {"incident": "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a09"},
    "other number": {"seq": 1},
    "other site": {"site": "minami"},
    "other box": {"box": "counter-02"},
    "other digest": {"ciphertext": "sha256:" + "0" * 64},
    "other length": {"bytes": 5},
    "another's key": {"device_key": SigningBox().public},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_record_that_does_not_fit_stays_outside(
    hub: Hub, box: SigningBox, incident: str, forged: dict[str, Any]
) -> None:
    content = segment(0)
    clean = SigningBox(key=box.key)
    answer = put(hub, incident, 0, content, box.headers(box.record(incident, 0, content, **forged)))
    assert (answer.status_code, answer.json["type"]) == (403, "urn:madomori:problem:bad-seal")
    assert hub.rows(segments) == []
    assert files_of(hub) == []
    assert put(hub, incident, 0, content, clean.headers(clean.record(incident, 0, content))).status_code == 201


def files_of(hub: Hub) -> list[Path]:
    folder = hub.directory / "evidence"
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_tampering_with_bytes_signature_or_spelling_is_noticed(hub: Hub, box: SigningBox, incident: str) -> None:
    content = segment(0)
    text = box.record(incident, 0, content)
    good = box.headers(text)
    flipped = bytearray(content)
    flipped[-1] ^= 1
    signature = bytearray(box.key.sign(signed_bytes(text)))
    signature[5] ^= 1
    spelled = base64.b64encode(text.replace(",", ", ").encode()).decode()
    for body, headers in (
        (bytes(flipped), good),
        (content[:-1], good),
        (content + b"x", good),
        (content, box.headers(text, bytes(signature))),
        (content, box.headers(text, SigningBox().key.sign(signed_bytes(text)))),
        (content, box.headers(text, box.key.sign(text.encode()))),  # signed, but for another purpose
        (content, {**good, "Madomori-Record": spelled}),
        (content, {**good, "Madomori-Record": "%%%"}),
        (content, {"Madomori-Record": good["Madomori-Record"]}),
        (content, {}),
    ):
        answer = put(hub, incident, 0, body, headers)
        assert (answer.status_code, answer.json["type"]) == (403, "urn:madomori:problem:bad-seal")
    assert hub.rows(segments) == []
    assert files_of(hub) == []
    assert put(hub, incident, 0, content, good).status_code == 201


def test_a_revoked_box_and_one_without_a_key_are_not_believed(hub: Hub, box: SigningBox) -> None:
    unbelieved: list[tuple[str, dict[str, Any]]] = [
        ("gone", {"evidence_key": box.public, "revoked_at": hub.time()}),
        ("keyless", {}),
    ]
    for name, columns in unbelieved:
        signer = SigningBox(name=name, key=box.key)
        incident = hub.press(hub.box(name, **columns))
        answer = put(hub, incident, 0, segment(0), signer.headers(signer.record(incident, 0, segment(0))))
        assert answer.status_code == 403


def test_another_boxs_incident_is_closed(hub: Hub, box: SigningBox, incident: str) -> None:
    other = SigningBox(name="counter-02")
    hub.box(other.name, evidence_key=other.public)
    answer = put(hub, incident, 0, segment(0), other.headers(other.record(incident, 0, segment(0))))
    assert answer.status_code == 403


def test_a_segment_has_a_limit(hub: Hub, box: SigningBox, incident: str) -> None:
    content = b"x" * (16 * 1024 * 1024 + 1)
    answer = put(hub, incident, 0, content, box.headers(box.record(incident, 0, content)))
    assert answer.status_code == 413
    assert files_of(hub) == []


@pytest.mark.parametrize(
    "path",
    [
        "../../../etc/passwd/segments/0",
        "%2e%2e/segments/0",
        "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02/segments/-1",
        "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02/segments/99999999",
        "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02/segments/0%00",
        "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02%00/segments/0",
        "０1938f2e-6b0a-7c11-9a3e-3f2f8d5f0a02/segments/0",
        "a" * 3000 + "/segments/0",
    ],
)
def test_no_path_leads_out_of_the_store(hub: Hub, path: str) -> None:
    answer = hub.client().put(f"/api/v1/incidents/{path}", data=b"x", headers=hub.machine("administrator"))
    assert answer.status_code in (403, 404, 405)
    assert not (hub.directory / "evidence").exists()
    assert hub.rows(access) == []


@pytest.mark.parametrize("incident", ["..", "../x", "", "a/b", "01938F2E-6B0A-7C11-9A3E-3F2F8D5F0A02"])
def test_the_store_itself_knows_no_such_place(tmp_path: Path, incident: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        storage.path_of(tmp_path, incident, 0)


def test_a_full_disk_is_told_as_such(hub: Hub, box: SigningBox, incident: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hub.evidence.storage.os.fsync", full)
    answer = put(hub, incident, 0, segment(0), box.headers(box.record(incident, 0, segment(0))))
    assert (answer.status_code, answer.json["type"]) == (507, "urn:madomori:problem:disk-full")
    assert files_of(hub) == []
    assert hub.rows(segments) == []


def test_what_a_crash_left_is_swept_and_nothing_else(hub: Hub, box: SigningBox, incident: str) -> None:
    put(hub, incident, 0, segment(0), box.headers(box.record(incident, 0, segment(0))))
    (hub.site.evidence / incident / ".1.abc.part").write_bytes(b"half")
    assert storage.sweep(hub.site.evidence) == 1
    assert files_of(hub) == [hub.site.evidence / incident / "0.seg"]


LONG = segment(0) + bytes(2_000)


def break_off(hub: Hub, incident: str, content: bytes, at: int) -> None:
    """An upload that ends in the middle."""

    def chunks() -> Iterator[bytes]:
        yield content[:at]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        storage.put(hub.site.evidence, incident, 0, chunks(), len(content), storage_digest(content))


def ask(hub: Hub, incident: str, headers: dict[str, str]) -> Any:
    return hub.client().head(f"/api/v1/incidents/{incident}/segments/0", headers=headers)


@pytest.mark.parametrize("at", [0, 1, 700, -1])
def test_w08_an_upload_that_broke_off_goes_on_where_it_was(hub: Hub, box: SigningBox, incident: str, at: int) -> None:
    content = LONG
    at %= len(content)
    headers = box.headers(box.record(incident, 0, content))
    assert ask(hub, incident, headers).headers["Upload-Offset"] == "0"
    break_off(hub, incident, content, at)
    told = ask(hub, incident, headers)
    assert (told.status_code, told.headers["Upload-Offset"]) == (204, str(at))
    assert put(hub, incident, 0, content[at:], headers | {"Upload-Offset": str(at)}).status_code == 201
    assert (hub.site.evidence / incident / "0.seg").read_bytes() == content
    assert files(hub) == [f"evidence/{incident}/0.seg"]


def test_an_upload_may_begin_afresh_after_it_broke_off(hub: Hub, box: SigningBox, incident: str) -> None:
    content = LONG
    break_off(hub, incident, content, 500)
    assert put(hub, incident, 0, content, box.headers(box.record(incident, 0, content))).status_code == 201
    assert (hub.site.evidence / incident / "0.seg").read_bytes() == content


@pytest.mark.parametrize(("offset", "status"), [("501", 409), ("-1", 403), ("999999999", 403)])
def test_nothing_goes_on_from_where_nothing_is(
    hub: Hub, box: SigningBox, incident: str, offset: str, status: int
) -> None:
    content = LONG
    headers = box.headers(box.record(incident, 0, content))
    break_off(hub, incident, content, 500)
    answer = put(hub, incident, 0, content[max(0, int(offset)) :] or b"?", headers | {"Upload-Offset": offset})
    assert answer.status_code == status
    assert hub.rows(segments) == []


def test_a_changed_beginning_is_found_at_the_end_and_nothing_of_it_kept(
    hub: Hub, box: SigningBox, incident: str
) -> None:
    content = LONG
    headers = box.headers(box.record(incident, 0, content))
    break_off(hub, incident, content, 500)
    [part] = (hub.site.evidence / incident).iterdir()
    part.write_bytes(b"?" * 500)
    assert put(hub, incident, 0, content[500:], headers | {"Upload-Offset": "500"}).status_code == 403
    assert files_of(hub) == []
    assert ask(hub, incident, headers).headers["Upload-Offset"] == "0"


def test_where_to_go_on_is_told_to_the_box_alone(hub: Hub, box: SigningBox, incident: str) -> None:
    content = LONG
    break_off(hub, incident, content, 500)
    assert ask(hub, incident, {}).status_code == 403
    stranger = SigningBox()
    assert ask(hub, incident, stranger.headers(stranger.record(incident, 0, content))).status_code == 403
