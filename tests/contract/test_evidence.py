"""A chain of records shows every change made to it afterwards, and where the first one is."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codec import MalformedMessage, canonical
from contract.evidence import (
    CHAIN_START,
    SEGMENT_CONTEXT,
    BrokenChain,
    check_chain,
    digest,
    head_of,
    read_record,
    signed_bytes,
)
from tests.contract import samples

Chain = list[tuple[str, str]]
FIRST = samples.sample("segment-record")
LONG = 6
STRANGER = b"madomori test: somebody else's key"


def sealed(words: bytes = samples.BOX_KEY_WORDS, **changed: Any) -> tuple[str, str]:
    """A record of the sample's incident, with something changed, and its signature."""
    text = canonical({**FIRST, **changed}).decode("ascii")
    return text, samples.sign(words, signed_bytes(text))


def chain_of(count: int, **changed: Any) -> Chain:
    """A chain as a box makes it."""
    links: Chain = []
    head = CHAIN_START
    for seq in range(count):
        times: dict[str, Any] = {"start_ms": 2000 * seq, "end_ms": 2000 * (seq + 1), "last": seq == count - 1}
        links.append(sealed(seq=seq, prev=head, ciphertext=digest(bytes([seq])), **times, **changed))
        head = head_of(links[-1][0])
    return links


def enrolled(key: str, message: bytes, signature: str) -> bool:
    """Only the box's own key counts, as at the hub."""
    return key == samples.BOX_PUBLIC_KEY and samples.verify(key, message, signature)


CLEAN = chain_of(LONG)
OTHER = chain_of(LONG, incident="01938f2e-6b0a-7c11-9a3e-3f2f8d5f0fff")


def broken_at(chain: Chain) -> int:
    with pytest.raises(BrokenChain) as broken:
        check_chain(chain, enrolled)
    return broken.value.seq


def test_a_clean_chain_holds_and_gives_its_head() -> None:
    assert check_chain(CLEAN, enrolled) == head_of(CLEAN[-1][0])
    assert check_chain(iter(OTHER), enrolled) == head_of(OTHER[-1][0])
    assert check_chain([], enrolled) == CHAIN_START


def test_a_missing_head_is_seen_at_the_start() -> None:
    assert broken_at(CLEAN[1:]) == 0


@pytest.mark.parametrize("seq", range(1, LONG - 1))
def test_a_missing_middle_is_seen_where_it_is_missing(seq: int) -> None:
    assert broken_at(CLEAN[:seq] + CLEAN[seq + 1 :]) == seq


def test_a_missing_tail_is_seen_in_the_head_and_the_last_mark() -> None:
    """The rest is a chain of its own: `recording.closed` says how many there were, and with which head it ended."""
    rest = CLEAN[:-1]
    assert check_chain(rest, enrolled) != head_of(CLEAN[-1][0])
    assert [read_record(text).last for text, _ in CLEAN] == [False] * (LONG - 1) + [True]


def test_a_swapped_tail_is_seen_at_the_first_of_the_two() -> None:
    assert broken_at([*CLEAN[:-2], CLEAN[-1], CLEAN[-2]]) == LONG - 2


@pytest.mark.parametrize("seq", range(LONG))
def test_a_record_sent_twice_is_seen_at_the_second(seq: int) -> None:
    assert broken_at(CLEAN[: seq + 1] + CLEAN[seq:]) == seq + 1


@pytest.mark.parametrize("seq", range(1, LONG))
def test_a_tail_of_another_recording_is_seen_where_it_begins(seq: int) -> None:
    assert broken_at(CLEAN[:seq] + OTHER[seq:]) == seq


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"incident": "01938f2e-6b0a-7c11-9a3e-3f2f8d5f0fff"}, "another incident"),
        ({"box": "counter-02"}, "another box"),
        ({"site": "minami"}, "another box"),
        ({"prev": CHAIN_START}, "does not follow"),
        ({"seq": 2}, "expected number 3"),
    ],
)
def test_a_record_fitted_in_with_the_right_key_is_still_seen(changed: dict[str, Any], reason: str) -> None:
    """Even whoever holds the box's key cannot join two recordings."""
    fitted = sealed(**{"seq": 3, "prev": head_of(CLEAN[2][0]), **changed})
    with pytest.raises(BrokenChain, match=reason) as broken:
        check_chain([*CLEAN[:3], fitted], enrolled)
    assert broken.value.seq == 3


def test_a_record_signed_by_a_stranger_is_seen() -> None:
    head = head_of(CLEAN[2][0])
    assert broken_at([*CLEAN[:3], sealed(STRANGER, seq=3, prev=head)]) == 3
    own = samples.private_key(STRANGER).public_key().public_bytes_raw()
    named = sealed(STRANGER, seq=3, prev=head, device_key=base64.b64encode(own).decode())
    assert broken_at([*CLEAN[:3], named]) == 3


@pytest.mark.parametrize("seq", range(LONG))
@pytest.mark.parametrize(
    "changed",
    [
        {"at": "2026-11-20T02:41:38.701Z"},
        {"mono_ms": 1},
        {"clock": "unsynced"},
        {"start_ms": 1},
        {"bytes": 1},
        {"ciphertext": CHAIN_START},
        {"plaintext": CHAIN_START},
        {"seal": "none"},
        {"video": False},
        {"audio": False},
        {"new_field": 1},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_edited_record_is_seen_at_its_number(seq: int, changed: dict[str, Any]) -> None:
    text, signature = CLEAN[seq]
    edited = canonical({**json.loads(text), **changed}).decode("ascii")
    assert edited != text
    assert broken_at([*CLEAN[:seq], (edited, signature), *CLEAN[seq + 1 :]]) == seq


@pytest.mark.parametrize("seq", range(LONG))
def test_another_record_s_signature_does_not_hold(seq: int) -> None:
    assert broken_at([*CLEAN[:seq], (CLEAN[seq][0], CLEAN[(seq + 1) % LONG][1])]) == seq


def test_a_signature_made_for_another_purpose_does_not_hold() -> None:
    text, _ = CLEAN[0]
    assert signed_bytes(text) == SEGMENT_CONTEXT + text.encode()
    assert broken_at([(text, samples.sign(samples.BOX_KEY_WORDS, text.encode()))]) == 0


@given(st.data())
def test_any_other_order_or_choice_of_the_records_is_seen(data: st.DataObject) -> None:
    every = [*CLEAN, *OTHER]
    picked = data.draw(st.lists(st.sampled_from(range(len(every))), min_size=1, max_size=LONG + 1))
    own = list(range(len(picked)))
    if picked in (own, [n + LONG for n in own]):
        check_chain([every[n] for n in picked], enrolled)
        return
    first = min(
        (seq for seq, n in enumerate(picked) if n % LONG != seq or n // LONG != picked[0] // LONG), default=len(picked)
    )
    assert broken_at([every[n] for n in picked]) == first


# --- the one spelling -------------------------------------------------------------------------------------------------

TEXT = CLEAN[0][0]
FIELDS = json.loads(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(FIELDS, sort_keys=True),
        json.dumps(dict(reversed(FIELDS.items())), separators=(",", ":")),
        TEXT + "\n",
        " " + TEXT,
        TEXT.replace('"kita"', '"kit\\u0061"'),
        TEXT.replace('"seq":0', '"seq":0.0'),
        TEXT.replace('"seq":0', '"seq":-0'),
        TEXT[:-1] + ',"x":"窓"}',
        TEXT[:-1] + ',"z":"\\u7A93"}',
        TEXT[:-1] + ',"z":1E2}',
        TEXT[:-1] + ',"z":1e999}',
        TEXT[:-1] + ',"z":NaN}',
        TEXT[:-1] + ',"v":1}',
        TEXT[:-1] + ',"z":' + "[" * 500 + "]" * 500 + "}",
        TEXT[:-1] + ',"z":' + "9" * 5000 + "}",
        "\ud800",
        "",
        "[]",
        "null",
    ],
)
def test_a_record_has_one_spelling(text: str) -> None:
    with pytest.raises(MalformedMessage):
        read_record(text)


def test_a_later_version_s_extra_fields_are_part_of_what_is_signed() -> None:
    text, signature = sealed(new_field={"b": [1.5, "窓"], "a": None})
    assert read_record(text).seq == 0
    assert check_chain([(text, signature)], enrolled) == head_of(text)


@given(st.text(max_size=200))
def test_any_text_is_a_record_or_malformed(text: str) -> None:
    with pytest.raises(MalformedMessage):
        read_record(text)


@given(st.integers(0, len(TEXT) - 1), st.characters(max_codepoint=255))
def test_a_damaged_text_is_malformed_or_no_longer_signed(place: int, letter: str) -> None:
    damaged = TEXT[:place] + letter + TEXT[place + 1 :]
    if damaged != TEXT:
        with pytest.raises((MalformedMessage, BrokenChain)):
            check_chain([(damaged, CLEAN[0][1])], enrolled)


def test_the_canonical_spelling_is_the_documented_one() -> None:
    assert canonical({"b": "窓", "a": [1, True, None], "c": {"z": 1, "y": 2}}) == (
        b'{"a":[1,true,null],"b":"\\u7a93","c":{"y":2,"z":1}}'
    )
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": float("nan")})
