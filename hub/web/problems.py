"""Errors for people and for programs: RFC 9457 problem documents on the API, a page with the same words elsewhere."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Flask, Response, g, has_request_context, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from contract.problems import Problem
from hub.wording import N_, say

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of trouble: HTTP status, what happened, what to do next."""

    status: int
    title: str
    detail: str


KINDS: Final[dict[str, Kind]] = {
    "bad-request": Kind(400, N_("要求を読めません"), N_("要求の形が正しくありません。画面を開き直してください。")),
    "wrong-host": Kind(400, N_("この名前では開けません"), N_("ハブの決められた名前（アドレス）で開き直してください。")),
    "not-json": Kind(400, N_("JSON として読めません"), N_("本文を JSON のオブジェクトにしてください。")),
    "sign-in": Kind(401, N_("ログインが必要です"), N_("ログインし直してください。機械はトークンを付けてください。")),
    "not-allowed": Kind(
        403, N_("権限がありません"), N_("この操作はあなたの役割ではできません。管理者に尋ねてください。")
    ),
    "forged": Kind(
        403,
        N_("操作を確かめられません"),
        N_("画面が古いか、別の場所から送られました。画面を開き直して、もう一度操作してください。"),
    ),
    "bad-seal": Kind(
        403, N_("署名を確かめられません"), N_("この記録は、登録された箱の署名と合いません。受け取っていません。")
    ),
    "not-found": Kind(404, N_("見つかりません"), N_("アドレスか番号を確かめてください。")),
    "incident-unknown": Kind(404, N_("その案件はまだありません"), N_("案件が届いてから、もう一度送ってください。")),
    "no-recording": Kind(
        404, N_("見られる録画がありません"), N_("録画がまだ届いていないか、このハブでは開けない封がされています。")
    ),
    "viewing-off": Kind(
        409,
        N_("このハブでは録画を開けません"),
        N_("この庁舎では、録画を証拠保管者の機械だけで開く決まりです。必要なときは証拠保管者に頼んでください。"),
    ),
    "viewing-key": Kind(
        409,
        N_("閲覧用の鍵で開けません"),
        N_(
            "ハブの閲覧用の鍵がないか、別の鍵です。管理者に知らせてください。録画は失われておらず、証拠保管者の鍵で開けます。"
        ),
    ),
    "no-copy": Kind(
        404, N_("証拠のファイルがありません"), N_("この証拠は文字だけの記録か、ファイルが失われています。")
    ),
    "copy-sealed": Kind(
        409,
        N_("このハブでは証拠のファイルを開けません"),
        N_("使える閲覧用の鍵がハブにありません。ファイルは失われていません。証拠保管者の鍵で開けます。"),
    ),
    "copy-damaged": Kind(
        409,
        N_("証拠のファイルが壊れています"),
        N_("残したときのものと合わないので、見せていません。証拠保管者と管理者に知らせてください。"),
    ),
    "no-recipient": Kind(
        409,
        N_("証拠に封をする鍵がありません"),
        N_(
            "ファイルは保存していません。管理者に、証拠保管者の鍵の登録を頼んでください。文字だけの記録は今も残せます。"
        ),
    ),
    "sealing-away": Kind(
        503,
        N_("証拠に封をする係が動いていません"),
        N_("ファイルは保存していません。数秒待って、もう一度送ってください。急ぐときは、文字だけでも先に残せます。"),
    ),
    "no-form": Kind(
        404,
        N_("その様式はありません"),
        N_("ハブのフォルダーの forms に %(name)s.docx を置くか、様式の名前を確かめてください。"),
    ),
    "bad-form": Kind(
        422,
        N_("Word の様式を使えません"),
        N_("様式の中の %(names)s を直してください。使える名前は docs/forms.md にあります。"),
    ),
    "form-engine": Kind(
        503,
        N_("PDF を作る部品が足りません"),
        N_("管理者に、libpangoft2-1.0-0 と fonts-morisawa-bizud-gothic をハブの機械に入れるよう頼んでください。"),
    ),
    "form-late": Kind(
        503,
        N_("PDF を作れませんでした"),
        N_(
            "ほかの書類を作っているか、時間がかかりすぎました。少し待ってから、もう一度お試しください。記録は失われていません。"
        ),
    ),
    "wrong-method": Kind(405, N_("この操作はできません"), N_("別の方法（GET・POST など）で送ってください。")),
    "too-slow": Kind(408, N_("時間がかかりすぎました"), N_("もう一度送ってください。")),
    "not-possible": Kind(
        409,
        N_("今の状態ではできません"),
        N_("「%(state)s」の間は、この操作はできません。案件の今の状態を確かめてください。"),
    ),
    "not-now": Kind(
        409,
        N_("この段階ではできません"),
        N_("この開示の求めは「%(state)s」です。その画面を開き直して、できることを確かめてください。"),
    ),
    "visit-state": Kind(
        409,
        N_("今の状態ではできません"),
        N_("「%(state)s」の訪問では、この操作はできません。訪問の今の状態を確かめてください。"),
    ),
    "segment-differs": Kind(
        409, N_("同じ番号の別の録画があります"), N_("先に届いたものを残し、今のものは受け取っていません。")
    ),
    "wrong-offset": Kind(
        409, N_("その位置からは続けられません"), N_("どこから続けるかを HEAD でもう一度尋ねてから送ってください。")
    ),
    "length-needed": Kind(411, N_("長さが必要です"), N_("Content-Length を付けてください。")),
    "too-large": Kind(413, N_("大きすぎます"), N_("決められた大きさを超えています。分けて送るか、短くしてください。")),
    "wrong-type": Kind(415, N_("この形式は受け取れません"), N_("Content-Type を application/json にしてください。")),
    "range": Kind(416, N_("その範囲はありません"), N_("範囲を一つだけ、全体の中で指定してください。")),
    "invalid": Kind(422, N_("書き方に誤りがあります"), N_("示された項目を直して、もう一度送ってください。")),
    "key-reused": Kind(
        422,
        N_("先に送った内容が、もう届いています"),
        N_(
            "今の内容は、まだ受け取っていません。経過を確かめて、残すときはもう一度送ってください"
            "（API では新しい Idempotency-Key で）。"
        ),
    ),
    "people-only": Kind(
        409,
        N_("人のアカウントだけの操作です"),
        N_("予定表のアドレスは、ログインした人が自分のために作ります。機械はトークンを付けて /tasks.ics を読めます。"),
    ),
    "too-many-tries": Kind(429, N_("続けて失敗しました"), N_("数分待ってから、もう一度お試しください。")),
    "over-quota": Kind(
        429,
        N_("この箱から一日に預かる量を超えました"),
        N_("一日たつと、また預かれます。箱は録画を残し、送り続けます。多すぎるときは箱を調べてください。"),
    ),
    "internal": Kind(
        500,
        N_("ハブの中で誤りが起きました"),
        N_("箱からの呼び出しは別に動いています。もう一度操作してください。続くときは番号 %(id)s を管理者へ。"),
    ),
    "busy": Kind(503, N_("今は受け付けられません"), N_("少し待ってから、もう一度お試しください。")),
    "evidence-away": Kind(
        503,
        N_("録画を開く係が動いていません"),
        N_("録画は失われていません。数秒待って開き直してください。続くときは管理者に知らせてください。"),
    ),
    "stream-cap": Kind(
        503,
        N_("同時に見られる画面の数を超えました"),
        N_("15 秒ごとの更新に切り替えて、しばらくしてからつなぎ直してください。"),
    ),
    "disk-full": Kind(507, N_("保存する場所がありません"), N_("ハブの空き容量を増やしてください。箱は送り続けます。")),
}

_BY_STATUS: Final = {
    400: "bad-request",
    401: "sign-in",
    403: "not-allowed",
    404: "not-found",
    405: "wrong-method",
    408: "too-slow",
    411: "length-needed",
    413: "too-large",
    415: "wrong-type",
    416: "range",
    422: "invalid",
    429: "too-many-tries",
    503: "busy",
}


@dataclass
class Trouble(Exception):
    """A request that cannot be served, in the words of `KINDS`."""

    kind: str
    facts: Mapping[str, object] = field(default_factory=dict)
    errors: Iterable[Problem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None


def language() -> str:
    """The language of the running request's reader."""
    return str(g.get("language", "ja")) if has_request_context() else "ja"


def document(trouble: Trouble) -> dict[str, Any]:
    """`trouble` as a problem document: in the reader's language, and in both under `ja` and `en`."""
    kind = KINDS[trouble.kind]
    both = {
        tongue: {
            "title": say(tongue, kind.title),
            "detail": say(tongue, kind.detail, **{name: _said(tongue, fact) for name, fact in trouble.facts.items()}),
        }
        for tongue in ("ja", "en")
    }
    fields: dict[str, Any] = {
        "type": f"urn:madomori:problem:{trouble.kind}",
        "status": trouble.status or kind.status,
        **both[language()],
        **both,
    }
    errors = [{"field": problem.field, "ja": problem.ja, "en": problem.en} for problem in trouble.errors]
    return {**fields, "errors": errors} if errors else fields


def _said(tongue: str, fact: object) -> object:
    return say(tongue, fact) if isinstance(fact, str) else fact


def answer(trouble: Trouble) -> Response:
    """The response for `trouble`: a page for somebody who looks at pages, else a problem document."""
    fields = document(trouble)
    if _reads_pages():
        response = Response(render_template("error.html", problem=fields), fields["status"], mimetype="text/html")
    else:
        response = Response(json.dumps(fields, ensure_ascii=False), fields["status"], mimetype=MEDIA_TYPE)
    response.headers.update(trouble.headers)
    return response


def _reads_pages() -> bool:
    machine = request.path.startswith(("/api/", "/healthz", "/readyz", "/metrics", "/static/"))
    return not machine and request.headers.get("X-Requested-With") != "madomori"


def register(app: Flask) -> None:
    """Every error of `app` leaves through here; the last resort shows a number and no trace."""

    @app.errorhandler(Trouble)
    def _trouble(error: Trouble) -> Response:
        return answer(error)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if error.code is not None and error.code < 400:
            return app.make_response(error.get_response())  # a redirect, not an error
        return answer(_from_http(error))

    @app.errorhandler(OperationalError)
    def _database(error: OperationalError) -> Response:
        log.warning("database_silent", error=str(error.orig))
        return answer(Trouble("busy", headers={"Retry-After": "2"}))

    @app.errorhandler(Exception)
    def _anything(error: Exception) -> Response:
        number = secrets.token_hex(4)
        log.error("unexpected", id=number, method=request.method, path=_place(), exc_info=error)
        return answer(Trouble("internal", {"id": number}))


def _place() -> str:
    """Where a request went, for the log. Of an address that is a secret in itself only its pattern."""
    rule = request.url_rule
    return rule.rule if rule is not None and "secret" in rule.arguments else request.path


def _from_http(error: HTTPException) -> Trouble:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR.value
    if isinstance(error, RequestEntityTooLarge):
        return Trouble("too-large", headers={"Connection": "close"})
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After", "Content-Range")}
    kind = _BY_STATUS.get(status, "bad-request" if status < 500 else "busy")
    return Trouble(kind, headers=kept, status=status)
