"""The order of the steps about a malicious post, and what counts as a copy of a screen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import profile as policy
from hub.domain import posts
from hub.domain.course import Course, Happened
from hub.domain.deed import Decision, DeedRefused, Facts, Person
from hub.domain.incident import Entry, Origin, State
from hub.domain.post_saying import Evidence, MeetingAsked, PostSaid, PostStep
from hub.domain.posts import STEPS
from hub.domain.screen_copy import kind_of
from hub.domain.tasks import Over, tasks

PROFILES = Path(policy.__file__).parent / "profiles"
SETAGAYA, YURIHONJO = (
    policy.load((PROFILES / f"{name}.toml").read_text("utf-8"), name) for name in ("setagaya", "yurihonjo")
)
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
WHO = Person("p1", "佐藤", "section_head")
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"x" * 20 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
KEPT = Happened(Entry.EVIDENCE_KEPT.value, NOW, {"number": 1})


def taken(step: str) -> Happened:
    return Happened(Entry.POST_STEP.value, NOW, {"step": step})


def said(what: PostSaid, *before: Happened, origin: Origin = Origin.POST) -> Decision:
    facts = Facts(State.CONTACT_ENDED, False, NOW, course=Course(entries=before), origin=origin)
    return posts.decide(facts, what, WHO, NOW, SETAGAYA)


def refused(what: PostSaid, *before: Happened) -> list[str]:
    with pytest.raises(DeedRefused) as caught:
        said(what, *before)
    return [one.field for one in caught.value.problems]


@given(st.permutations(STEPS))
def test_set_21_the_four_steps_go_in_order_or_with_a_reason(order: list[str]) -> None:
    course: list[Happened] = [KEPT]
    for step in order:
        early = set(STEPS[: STEPS.index(step)]) - {one.data.get("step") for one in course}  # type: ignore[arg-type]
        bare = PostStep(step=step)  # type: ignore[arg-type]
        if early and step != "police":
            assert refused(bare, *course) == ["reason"]
            decision = said(bare.model_copy(update={"reason": "相手が予告している"}), *course)
        else:
            decision = said(bare, *course)
        assert set(decision.data.get("left_out", ())) == early
        course.append(taken(step))


def test_set_21_nothing_stands_between_anybody_and_the_police_but_it_is_written_what_was_left_out() -> None:
    assert said(PostStep(step="police")).data["left_out"] == ["verify", "preserve"]


def test_set_21_to_preserve_there_must_be_evidence_or_a_reason() -> None:
    assert refused(PostStep(step="preserve"), taken("verify")) == ["reason"]
    assert said(PostStep(step="preserve"), taken("verify"), KEPT).data["count"] == 1


def test_the_police_get_only_evidence_that_there_is() -> None:
    before = (taken("verify"), KEPT, taken("preserve"))
    decision = said(PostStep(step="police", evidence=(1, 1), damage_report="filed"), *before)
    assert (decision.data["evidence"], decision.data["damage_report"]) == ([1], "filed")
    assert refused(PostStep(step="police", evidence=(1, 2)), *before) == ["evidence"]
    assert refused(PostStep(step="lawyer", reason="x", evidence=(1,)), *before) == ["step"]


def test_evidence_without_a_file_holds_an_address_or_the_words() -> None:
    assert refused(Evidence(provider="運営者")) == ["address"]
    assert refused(Evidence(verbatim="x", taken_at=(NOW + timedelta(hours=1)).isoformat())) == ["taken_at"]  # type: ignore[arg-type]
    assert said(Evidence(verbatim="x"), KEPT).data["number"] == 2
    full = [Happened(Entry.EVIDENCE_KEPT.value, NOW, {"number": one}) for one in range(1, posts.EVIDENCE_MAX + 1)]
    assert refused(Evidence(verbatim="x"), *full) == ["evidence"]


def test_what_is_said_about_posts_fits_no_call() -> None:
    with pytest.raises(DeedRefused):
        said(MeetingAsked(text="x"), origin=Origin.COUNTER)


def test_set_21_each_request_for_the_meeting_reaches_general_affairs_and_is_a_task() -> None:
    first = said(MeetingAsked(text="窓口の名前が広がっている"))
    [notice] = first.notices
    assert (notice.roles, notice.occasion, first.data["office"]) == (("general_affairs",), 1, "総務課長")
    asked = Happened(Entry.MEETING_ASKED.value, NOW, dict(first.data))
    assert said(MeetingAsked(text="x"), asked).notices[0].occasion == 2
    over = Over("1", State.CONTACT_ENDED, False, False, NOW, Origin.POST)
    found = {task.id: task for task in tasks(SETAGAYA, over, Course(entries=(asked,)))}
    assert found["meeting:1"].due_at == NOW
    done = Happened(Entry.TASK_DONE.value, NOW, {"task": "meeting:1"})
    again = {task.id: task for task in tasks(SETAGAYA, over, Course(entries=(asked, done)))}
    assert again["meeting:1"].done_at == NOW


def test_yur_05_the_police_step_of_a_post_is_the_report_to_the_police() -> None:
    seen = Happened(Entry.MARKED.value, NOW, {"mark": "act", "act": "online"})
    over = Over("1", State.CONTACT_ENDED, False, False, NOW, Origin.POST)

    def report(*more: Happened) -> datetime | None:
        found = tasks(YURIHONJO, over, Course(entries=(seen, *more)))
        return next(task.done_at for task in found if task.kind == "police_report")

    assert report() is None
    assert report(taken("verify")) is None
    assert report(taken("police")) == NOW


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0" + b"x" * 9 + b"\xff\xd9", "jpeg"),
        (b"%PDF-1.7\n...\n%%EOF\n", "pdf"),
        (PNG[:-1], None),
        (PNG + b"<script>", None),
        (b"<svg/>", None),
        (b"MZ%PDF-1.7%%EOF", None),
        (b"", None),
    ],
)
def test_a_copy_is_known_by_its_content(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind
