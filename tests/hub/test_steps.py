"""The steps towards the police: what each asks for, and that nothing ever stands before the police."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import profile as policy
from contract.messages import CommandType
from hub.domain import ladder
from hub.domain.course import Course, Happened
from hub.domain.deed import DeedRefused, Facts, Person, decide, needed
from hub.domain.incident import Entry, State
from hub.domain.permissions import Role, allows
from hub.domain.saying import Contact, Decide, Mark, Said, StepTaken

NOW = datetime(2026, 11, 20, 2, 41, 36, tzinfo=UTC)
FOLDER = Path(policy.__file__).parent / "profiles"
PROFILES = {path.stem: policy.load(path.read_text("utf-8"), path.name) for path in FOLDER.glob("*.toml")}
SHINAGAWA = PROFILES["shinagawa"]
PEOPLE = {role.value: Person(role.value, "佐藤", role.value) for role in Role}
SUPERVISOR, MANAGER, HEAD = PEOPLE["supervisor"], PEOPLE["building_manager"], PEOPLE["section_head"]
GROUND = SHINAGAWA.ladder.leave.grounds[0]
ALL = tuple(SHINAGAWA.clock.circumstances)
COUNCIL = ("所属長 鈴木", "係長級 佐藤")


class Case:
    """An incident in the hands of people. `says` writes what is said; the clock is moved by hand."""

    def __init__(
        self, profile: Any = SHINAGAWA, site_type: str = "main", contacts: tuple[str, ...] = ("desk",)
    ) -> None:
        self.contacts, self.mail_works = contacts, True
        self.profile, self.site_type, self.now = profile, site_type, NOW
        self.state = State.ATTENDED
        self.entries: list[Happened] = []
        self.commands: list[CommandType] = []
        self.notices: list[str] = []
        self.told: list[tuple[str, ...]] = []

    def passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    def says(self, said: Said, who: Person = SUPERVISOR) -> dict[str, Any]:
        facts = Facts(self.state, False, NOW, course=Course(entries=tuple(self.entries)), site_type=self.site_type)
        decision = decide(facts, said, who, self.now, self.profile)
        self.state = decision.state
        self.entries.append(Happened(decision.entry.value, decision.at, decision.data))
        self.commands += [kind for kind, _ in decision.commands]
        self.notices += [notice.why for notice in decision.notices]
        self.told += [notice.roles for notice in decision.notices]
        self.entries += [
            Happened(Entry.NOTIFIED.value, decision.at, {"why": notice.why, "contacts": [*self.contacts]})
            for notice in decision.notices
        ]
        if self.contacts and self.mail_works:
            self.entries += [
                Happened(Entry.NOTICE_SENT.value, decision.at, {"why": notice.why, "contacts": [*self.contacts]})
                for notice in decision.notices
            ]
        return dict(decision.data)

    def refused(self, said: Said, who: Person = SUPERVISOR) -> set[str]:
        with pytest.raises(DeedRefused) as refusal:
            self.says(said, who)
        return {problem.field for problem in refusal.value.problems}

    def up_to(self, step: str) -> "Case":
        """Take what comes before `step` as the city wants it."""
        if step == "warn":
            return self
        self.says(StepTaken(step="warn"))
        self.says(Decide(about="stop", outcome="stop", persons=COUNCIL, circumstances=ALL))
        if step == "stop":
            return self
        self.says(StepTaken(step="stop", announcer="鈴木", acknowledged=True))
        if step == "cease":
            return self
        self.says(StepTaken(step="cease"))
        return self


def order(**more: Any) -> StepTaken:
    return StepTaken(step="leave", ground=GROUND, **more)


def test_shi_14_the_steps_run_in_the_citys_order_and_skipping_one_asks_for_a_reason() -> None:
    case = Case()
    assert "reason" in case.refused(StepTaken(step="cease"))
    assert case.says(StepTaken(step="cease", reason="大声が続いたため"))["skipped"] == ["warn", "stop"]
    assert Case().says(StepTaken(step="warn"))["count"] == 1


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_shi_19_the_police_step_is_open_to_anybody_at_any_moment(profile: str) -> None:
    for person in PEOPLE.values():
        said = StepTaken(step="police")
        may = all(allows(action, person.role) for action in needed(said))
        assert may is (person.role != "auditor")
        assert Case(PROFILES[profile]).says(said, person)["step"] == "police"


def test_shi_18_the_route_to_the_police_is_one_of_the_citys_three() -> None:
    for route in ("110", "所轄警察署", "#9110"):
        assert Case().says(StepTaken(step="police", route=route))["route"] == route
    assert Case().refused(StepTaken(step="police", route="119")) == {"route"}
    assert "final" in SHINAGAWA.ladder.steps


MATRIX = [
    ("main", "building_manager", True),
    ("main", "section_head", False),
    ("main", "supervisor", False),
    ("main", "guard", False),
    ("branch", "section_head", True),
    ("branch", "building_manager", False),
    ("branch", "staff", False),
]


@pytest.mark.parametrize(("site_type", "role", "own"), MATRIX)
def test_shi_15_only_the_offices_of_the_site_order_people_to_leave(site_type: str, role: str, own: bool) -> None:
    case = Case(site_type=site_type).up_to("leave")
    case.says(Mark(mark="manager_told"))
    if own:
        assert case.says(order(), PEOPLE[role])["issuer_name"] == "佐藤"
        return
    assert case.refused(order(), PEOPLE[role]) == {"issuer"}
    office = ladder.issuers(SHINAGAWA, site_type)[0]
    assert case.refused(order(issuer=office), PEOPLE[role]) == {"issuer_name"}
    written = case.says(order(issuer=office, issuer_name="山本"), PEOPLE[role])
    assert (written["issuer"], written["issuer_name"]) == (office, "山本")


def test_shi_15_an_order_keeps_the_name_of_the_offices_holder_also_when_they_name_the_office() -> None:
    case = Case().up_to("leave")
    written = case.says(order(issuer="庁舎管理者"), MANAGER)
    assert (written["issuer"], written["issuer_name"]) == ("庁舎管理者", "佐藤")
    case.passes(5)
    assert case.says(order(issuer="庁舎管理者", issuer_name="山本"), MANAGER)["issuer_name"] == "山本"


def test_shi_17_orders_are_numbered_and_one_too_soon_needs_a_reason() -> None:
    case = Case().up_to("leave")
    assert case.says(order(), MANAGER)["count"] == 1
    case.passes(3)
    assert case.refused(order(), MANAGER) == {"reason"}
    assert case.says(order(reason="人が増えたため"), MANAGER)["count"] == 2
    case.passes(5)
    assert case.says(order(), MANAGER)["count"] == 3
    case.passes(5)
    assert case.refused(order(), MANAGER) == {"reason"}  # the city's most is three


def test_shi_30_the_ground_is_one_of_the_citys_six() -> None:
    assert len(SHINAGAWA.ladder.leave.grounds) == 6
    case = Case().up_to("leave")
    assert case.refused(StepTaken(step="leave"), MANAGER) == {"ground"}
    assert case.refused(StepTaken(step="leave", ground="noise"), MANAGER) == {"ground"}
    assert case.says(order(), MANAGER)["ground"] == GROUND


def test_a_final_warning_before_the_orders_are_given_needs_a_reason() -> None:
    case = Case().up_to("leave")
    case.says(order(), MANAGER)
    assert case.refused(StepTaken(step="final"), MANAGER) == {"reason"}
    case.passes(5)
    case.says(order(), MANAGER)
    assert case.says(StepTaken(step="final"), MANAGER)["count"] == 1


@pytest.mark.parametrize(("site_type", "role", "own"), MATRIX)
def test_shi_15_the_final_warning_is_the_third_order_and_of_the_same_offices(
    site_type: str, role: str, own: bool
) -> None:
    case = Case(site_type=site_type).up_to("leave")
    case.says(Mark(mark="manager_told"))
    office = ladder.issuers(SHINAGAWA, site_type)[0]
    for _ in range(2):
        case.says(order(issuer=office, issuer_name="山本"))
        case.passes(5)
    final = StepTaken(step="final")
    if own:
        assert case.says(final, PEOPLE[role])["issuer_name"] == "佐藤"
        return
    assert case.refused(final, PEOPLE[role]) == {"issuer"}
    assert case.says(StepTaken(step="police"), PEOPLE[role])["count"] == 1  # that never waits for an office
    written = case.says(StepTaken(step="final", issuer=office, issuer_name="山本"), PEOPLE[role])
    assert (written["issuer"], written["issuer_name"]) == (office, "山本")


def test_shi_07_and_shi_13_stopping_is_decided_together_after_looking_at_the_circumstances() -> None:
    case = Case()
    case.says(StepTaken(step="warn"))
    told = StepTaken(step="stop", announcer="鈴木", acknowledged=True)
    assert case.refused(told) == {"decision"}
    decide_ = {"about": "stop", "outcome": "stop"}
    assert case.refused(Decide(**decide_, persons=COUNCIL, circumstances=ALL[:-1])) == {"circumstances"}  # type: ignore[arg-type]
    assert case.refused(Decide(**decide_, persons=COUNCIL[1:], circumstances=ALL)) == {"persons"}  # type: ignore[arg-type]
    assert case.refused(Decide(**decide_, persons=("係長級 佐藤", "主任 田中"), circumstances=ALL)) == {"persons"}  # type: ignore[arg-type]
    written = case.says(Decide(**decide_, persons=COUNCIL, circumstances=ALL))  # type: ignore[arg-type]
    assert written["circumstances"] == list(ALL)
    assert case.refused(StepTaken(step="stop")) == {"announcer", "acknowledged"}
    assert case.says(told)["announcer"] == "鈴木"


def test_shi_02_deputies_decide_only_when_the_head_is_said_to_be_absent() -> None:
    persons = ("庶務担当係長 佐藤", "係長級 田中")
    case = Case()
    said = {"about": "stop", "outcome": "stop", "persons": persons, "circumstances": ALL}
    assert case.refused(Decide(**said)) == {"persons"}  # type: ignore[arg-type]
    assert case.says(Decide(**said, head_absent=True))["head_absent"] is True  # type: ignore[arg-type]


def test_deciding_to_go_on_does_not_open_the_step() -> None:
    case = Case()
    case.says(StepTaken(step="warn"))
    case.says(Decide(about="stop", outcome="go_on", persons=COUNCIL, circumstances=ALL))
    assert "decision" in case.refused(StepTaken(step="stop", announcer="鈴木", acknowledged=True))


def test_shi_16_a_refusal_to_cease_tells_the_building_manager_who_may_then_order() -> None:
    case = Case().up_to("leave")
    case.says(Mark(mark="cease_refused"))
    assert case.notices == ["cease_refused"]
    assert case.told == [("building_manager",)]
    assert case.says(order(), MANAGER)["issuer"] == "庁舎管理者"


def test_shi_16_at_a_branch_its_own_head_manages_the_building_hears_of_the_refusal_and_orders() -> None:
    case = Case(site_type="branch").up_to("leave")
    case.says(Mark(mark="cease_refused"))
    assert case.told == [("section_head",)]
    assert case.says(order(), HEAD)["issuer"] == "所属長"
    alone = Case(site_type="branch", contacts=()).up_to("leave")
    assert alone.says(order(), HEAD)["issuer"] == "所属長", "there is no other office to tell first"


def test_set_07_a_message_to_the_manager_that_has_not_gone_out_has_told_nobody() -> None:
    case = Case(PROFILES["setagaya"])
    case.mail_works = False
    case.says(Mark(mark="cease_refused"))
    assert case.refused(StepTaken(step="leave", reason="急ぐため"), HEAD) == {"manager_told"}
    case.mail_works = True
    case.says(Mark(mark="cease_refused"))
    assert case.says(StepTaken(step="leave", reason="急ぐため"), HEAD)["issuer"] == "所属長"


@pytest.mark.parametrize(("name", "site_type"), [("setagaya", "main"), ("setagaya", "branch"), ("default", "branch")])
def test_set_07_where_the_head_orders_beside_a_manager_that_one_is_told_first(name: str, site_type: str) -> None:
    for contacts, told in ((("desk",), True), ((), False)):
        case = Case(PROFILES[name], site_type, contacts)
        early = StepTaken(step="leave", reason="急ぐため")
        assert case.refused(early, HEAD) == {"manager_told"}
        case.says(Mark(mark="cease_refused"))
        assert case.told == [("building_manager",)]
        if not told:  # nobody could be told: people tell the manager themselves
            assert case.refused(early, HEAD) == {"manager_told"}
            case.says(Mark(mark="manager_told"))
        assert case.says(early, HEAD)["issuer"] == "所属長"


def test_shi_08_a_slot_outside_the_range_is_stored_and_shown_as_such() -> None:
    case = Case()
    case.says(Mark(mark="long_hold_expected"))
    assert "outside_range" not in case.says(Mark(mark="slot_announced", minutes=30))
    assert case.says(Mark(mark="slot_announced", minutes=90))["outside_range"] is True


def test_shi_25_a_refusal_of_recording_is_logged_with_what_was_decided() -> None:
    case = Case()
    case.says(Mark(mark="recording_refused"))
    assert case.refused(Decide(about="recording", outcome="stop", persons=COUNCIL)) == {"outcome"}
    assert case.says(Decide(about="recording", outcome="end_talk", persons=COUNCIL))["outcome"] == "end_talk"


def test_set_04_a_limit_of_its_own_needs_a_reason() -> None:
    case = Case()
    assert case.refused(Decide(about="limit", clock="stalemate", minutes=45)) == {"text"}
    assert case.refused(Decide(about="limit", clock="leave_interval", text="x")) == {"clock", "minutes"}
    assert case.says(Decide(about="limit", clock="stalemate", minutes=45, text="通訳を待つため"))["minutes"] == 45


def test_set_06_a_telephone_call_ends_with_the_response() -> None:
    case = Case().up_to("leave")
    case.says(Contact.model_validate({"action": "started", "means": "phone"}))
    assert case.refused(order(), MANAGER) == {"step"}
    assert ladder.next_step(SHINAGAWA, Course(entries=tuple(case.entries)).counts, in_building=False) is None


def test_an_act_that_brings_the_guards_calls_them_at_once() -> None:
    case = Case()
    case.says(Mark(mark="act", act="violence"))
    assert case.notices == ["guards"]
    assert case.refused(Mark(mark="act")) == {"act"}


said_anything: st.SearchStrategy[Said] = st.one_of(
    st.builds(
        StepTaken,
        step=st.sampled_from(["warn", "stop", "cease", "leave", "final", "superior", "ask_leave", "announce_police"]),
        reason=st.sampled_from(["", "急ぐため"]),
        ground=st.sampled_from([None, GROUND]),
        announcer=st.sampled_from([None, "鈴木"]),
        acknowledged=st.booleans(),
        issuer=st.sampled_from([None, "所属長", "庁舎管理者"]),
        issuer_name=st.sampled_from([None, "山本"]),
    ),
    st.builds(
        Decide,
        about=st.just("stop"),
        outcome=st.sampled_from(["stop", "go_on"]),
        persons=st.just(COUNCIL),
        circumstances=st.just(tuple(sorted({*ALL, "work", "relationship", "content"}))),
    ),
    st.builds(Mark, mark=st.sampled_from(["manager_told", "cease_refused", "stalemate", "visitor_left"])),
)


@given(
    st.lists(st.tuples(said_anything, st.sampled_from(sorted(PEOPLE)), st.integers(0, 20)), max_size=30),
    st.sampled_from(sorted(PROFILES)),
    st.sampled_from(["main", "branch"]),
)
def test_whatever_people_say_every_step_on_paper_kept_the_citys_rules(
    life: list[tuple[Said, str, int]], name: str, site_type: str
) -> None:
    profile = PROFILES[name]
    case = Case(profile, site_type)
    for said, role, minutes in life:
        case.passes(minutes)
        before = Course(entries=tuple(case.entries))
        try:
            data = case.says(said, PEOPLE[role])
        except DeedRefused:
            assert tuple(case.entries) == before.entries
            continue
        if not isinstance(said, StepTaken):
            continue
        assert said.step in profile.ladder.steps
        if not said.reason:
            assert ladder.skipped(profile, before, said.step) == ()
        if said.step == "leave":
            offices = ladder.issuers(profile, site_type)
            assert not offices or data["issuer"] in offices
            until = ladder.wait_until(profile, before)
            assert said.reason or until is None or case.now >= until
    assert all(kind is not CommandType.RECORDING_STOP for kind in case.commands), "no step ends a recording"
