"""Who may look at a recording when the incident is closed: the offices that the city's rules name."""

from collections.abc import Callable

from tests.hub_web.conftest import Hub


def test_the_page_and_the_file_keep_the_rule_that_the_profile_tells(make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(profile="default")
    incident = hub.press()
    page, file = f"/incidents/{incident}/recording?reason=x", f"/api/v1/incidents/{incident}/recording.mp4?reason=x"
    assert hub.sees("supervisor", page).status_code == 200
    assert hub.sees("supervisor", file).status_code == 404  # none is here yet
    head = hub.machine("section_head")
    for deed, said in (("contact", {"action": "ended"}), ("close", {"outcome": "not_harassment"})):
        assert hub.client().post(f"/api/v1/incidents/{incident}/{deed}", json=said, headers=head).status_code == 200
    assert [hub.sees("supervisor", path).status_code for path in (page, file)] == [403, 403]
    assert hub.sees("section_head", page).status_code == 200
    assert hub.sees("evidence_custodian", file).status_code == 404
