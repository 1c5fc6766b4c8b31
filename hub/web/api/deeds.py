"""People's deeds. Each takes an Idempotency-Key and answers the incident as it now stands."""

import hashlib
import re
from collections.abc import Callable
from typing import Final

from flask import Response, request

from hub.deeds import Once
from hub.domain import post_saying, saying
from hub.web import shapes
from hub.web.acting import act
from hub.web.api.described import Api, Given, Operation, as_json, read_body
from hub.web.api.incidents import detail
from hub.web.problems import Trouble

KEY: Final = re.compile(r"[\x21-\x7e]{1,200}\Z")

DEEDS: Final[dict[str, tuple[type[saying.Said], str]]] = {
    "acknowledge": (saying.Acknowledge, "確認しました / seen; the first one counts, a second is told who it was"),
    "respond": (saying.Respond, "向かいます / I am going there"),
    "contact": (saying.Contact, "応対の始まり・終わり / the contact started or ended"),
    "mark": (saying.Mark, "印を付ける / mark something that clocks and reports look at"),
    "steps": (saying.StepTaken, "段階を伝えた / a step of the ladder was said"),
    "decisions": (saying.Decide, "複数で決めた / what several people decided while the contact goes on"),
    "notes": (saying.Note, "書き留める / a note"),
    "accounts": (saying.Account, "対応の記録・受けた職員の話 / the written record, or the account of who was harmed"),
    "considerations": (
        saying.Considered,
        "質問の流れの答え / answers to the question flow, an aid to judging together; it finds nothing",
    ),
    "judgement": (saying.Judgement, "判断 / what several people found"),
    "report": (saying.Report, "報告した / the report went to the office that the profile names"),
    "promises": (saying.Promise, "約束した回答・相談の予定 / an answer promised, or somebody to consult, by a day"),
    "tasks": (saying.TaskDone, "済ませた / something that was left to do has been done"),
    "case": (saying.Link, "市の案件番号を付ける・外す / give it the number of the city's case, or take it off"),
    "case_note": (saying.CaseNote, "この案件の対応の方針 / the line that the unit holds to in this case"),
    "first_report": (
        post_saying.FirstReport,
        "投稿の第一報の項目 / fields of the first report of a post, as far as known",
    ),
    "first_report_sent": (
        post_saying.FirstReportSent,
        "第一報を送った / the first report of a post went to these offices",
    ),
    "evidence": (post_saying.Evidence, "証拠を文字で残す / keep what was posted, in words, without a file"),
    "post_steps": (post_saying.PostStep, "悪質な投稿への手順 / one of the four steps about a malicious post"),
    "meeting": (post_saying.MeetingAsked, "緊急対策会議を求める / ask for the emergency meeting"),
    "real": (saying.TurnReal, "これは訓練ではない / this drill is real: everybody is called at once"),
    "close": (saying.Close, "終了 / close with an outcome"),
}


def once() -> Once | None:
    """The request's Idempotency-Key with the digest of what it asks for.

    Raises:
        Trouble: a key that is no key.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not KEY.match(key):
        raise Trouble("bad-request")
    asked = b"\0".join((request.method.encode(), request.path.encode(), request.get_data(cache=True)))
    return Once(key, hashlib.sha256(asked).hexdigest())


def _view(model: type[saying.Said]) -> Callable[[str], Response]:
    def perform(incident_id: str) -> Response:
        key = once()
        act(incident_id, read_body(model), key)
        return as_json(detail(incident_id))

    return perform


def register(api: Api) -> None:
    """Add the routes of this file."""
    for name, (model, summary) in DEEDS.items():
        api.add(
            Operation(
                f"post_{name}", "POST", f"/incidents/<uuid_text:incident_id>/{name}", summary,
                {200: shapes.IncidentDetail}, model.action, body=model,
                given=[Given("Idempotency-Key", "header", {"type": "string", "maxLength": 200})],
                troubles=("not-json", "forged", "not-found", "not-possible", "invalid", "key-reused"),
            ),
            _view(model),
        )  # fmt: skip
