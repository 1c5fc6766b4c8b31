"""The conversation on the wire as an AsyncAPI 3.0 document, drawn from the models, topics and samples.

Operations are told from the hub's side. `asyncapi.yaml` is this document, written out by `make generate`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic.json_schema import models_json_schema

from contract import topics
from contract.codec import PAYLOAD_BYTES_MAX
from contract.evidence import SegmentRecord
from contract.messages import (
    BODIES,
    AlarmState,
    Command,
    Envelope,
    Health,
    HubPresence,
    Message,
    Presence,
    Receipt,
)
from contract.topics import Kind

BINDING: Final = "0.2.0"
"""Of the MQTT binding."""

PACKET_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + 1024
"""The broker's limit: a payload at its own limit, with topic and header around it."""

BOX_KEEP_ALIVE_S: Final = 5
HUB_KEEP_ALIVE_S: Final = 10
HUB_SESSION_S: Final = 7 * 24 * 3600

Samples = Mapping[str, Mapping[str, Any]]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """A title and an explanation for people, in both languages."""

    title_ja: str
    title_en: str
    ja: str
    en: str

    def title(self) -> str:
        """The title, Japanese first."""
        return f"{self.title_ja} / {self.title_en}"

    def text(self) -> str:
        """The explanation, Japanese first, a paragraph each."""
        return f"{self.ja}\n\n{self.en}\n"


@dataclass(frozen=True, slots=True)
class Talk:
    """A channel, and what the hub does on it."""

    channel: str
    address: str
    messages: tuple[str, ...]
    hub: Literal["send", "receive", "nothing"]
    qos: int
    retain: bool
    words: Words


_EVENT_WORDS: Final[dict[str, Words]] = {
    "alarm.raised": Words(
        "押された",
        "Pressed",
        "助けを呼ぶボタンが押されました。事案の番号（incident）はここで生まれます。",
        "A press for help. The incident's id is born here.",
    ),
    "alarm.repeated": Words(
        "もう一度押された",
        "Pressed again",
        "続いている事案の中で、もう一度押されました。level は今の段階です。",
        "A further press in a running incident; level is the level the alarm has now.",
    ),
    "alarm.turned": Words(
        "訓練が本物になった",
        "Drill turned real",
        "訓練の呼び出しを、人が「本物」と言いました。箱の警報は緊急として続きます。押されたのではありません。",
        "People said that a drill is real: the alarm stands on as an emergency. Nobody pressed.",
    ),
    "alarm.ended": Words(
        "警報が終わった",
        "Alarm ended",
        "箱の警報が終わりました。終えるのは人だけです。訓練だけは、決めた時間で終わります。",
        "The alarm no longer stands at the box. Only people end it; a drill alone ends after the time that was set.",
    ),
    "notice.played": Words(
        "お知らせを流した",
        "Notice played",
        "録音・録画のお知らせを最後まで流したか、流せなかったかを記します。",
        "The audible notice was played to its end, or could not be.",
    ),
    "recording.started": Words(
        "録音・録画を始めた",
        "Recording started",
        "pre_roll_ms は実際に残った長さで、求めた長さではありません。",
        "Capture is being kept. pre_roll_ms is what was delivered, not what was asked for.",
    ),
    "segment.sealed": Words(
        "一区切りを封じた",
        "Segment sealed",
        "録音・録画の一区切りが箱に保存されました。record は署名されたそのままの文字列（SegmentRecord の JSON）です。",
        "A piece of the recording is durable at the box. record is exactly the text that was signed "
        "(SegmentRecord as JSON).",
    ),
    "recording.closed": Words(
        "録音・録画を閉じた",
        "Recording closed",
        "区切りの数と、鎖の最後の値です。",
        "The end of a chain: so many segments, this head.",
    ),
    "fault.raised": Words(
        "不具合が起きた", "Fault raised", "守るための何かが働いていません。", "Something protective does not work."
    ),
    "fault.cleared": Words("不具合が直った", "Fault cleared", "また働いています。", "It works again."),
    "selftest.finished": Words(
        "自己点検を終えた", "Self-test finished", "端から端までの点検の結果です。", "The end-to-end self-test ended."
    ),
    "box.started": Words(
        "箱が動き始めた",
        "Box started",
        "箱のプログラムが起動しました。evidence_key は録画記録の署名を確かめる公開鍵です。",
        "A boot of the box's program. evidence_key is the public key of its segment records.",
    ),
}

_OTHERS: Final[dict[str, tuple[type[Message], Words]]] = {
    "alarm": (
        AlarmState,
        Words(
            "警報の今の状態",
            "Alarm state",
            "ハブがなくても、表示灯や壁のランプはこれに従います。",
            "Beacons and wall lamps follow it, with or without a hub.",
        ),
    ),
    "presence": (
        Presence,
        Words(
            "箱の在・不在",
            "Box presence",
            "古い遺言が新しい接続を隠さないように、session が大きいものを信じます。",
            "The higher session wins, so that an old will cannot hide a new birth.",
        ),
    ),
    "health": (
        Health,
        Words(
            "箱の調子",
            "Box health",
            "5 秒ごとの、箱から見た自分の様子です。",
            "The box's own view of itself, every 5 s.",
        ),
    ),
    "receipt": (
        Receipt,
        Words(
            "受領証",
            "Receipt",
            "これらの出来事はハブに保存されました。署名（Ed25519）は、signature 以外の全ての項目の正規の JSON"
            "（キーの順、空白なし、ASCII）に対するものです。",
            "These events are durable in the hub. The signature (Ed25519) covers the canonical JSON "
            "(sorted keys, no spaces, ASCII) of all other fields.",
        ),
    ),
    "command": (
        Command,
        Words(
            "ハブからの指示",
            "Command",
            "同じものが二度届いても、新しいことは起きません。",
            "Sending one twice does nothing new.",
        ),
    ),
    "hub-presence": (
        HubPresence,
        Words(
            "ハブの在・不在",
            "Hub presence",
            "誰かが聞いているか、今応答できる人が何人いるか、箱がどの市の決まりに従うべきか。",
            "Whether anyone listens, how many people can respond now, and which rules the boxes must follow.",
        ),
    ),
}

_SITE, _BOX = "{site}", "{box}"
_TALKS: Final = (
    Talk(
        "boxEvent",
        topics.box_topic(_SITE, _BOX, Kind.EVENT),
        tuple(f"event.{kind}" for kind in BODIES),
        "receive",
        1,
        False,
        Words(
            "出来事",
            "Events",
            "受領証の要るもの全て。箱はハブの受領証が届くまで保存し、送り直します。"
            "ブローカーの PUBACK は何の証明にもなりません。"
            "同じ id は同じ出来事です。",
            "Everything that needs a receipt. The box stores an event and sends it again until the hub's receipt; "
            "a broker's PUBACK proves nothing. Same id twice is the same thing.",
        ),
    ),
    Talk(
        "boxAlarm",
        topics.box_topic(_SITE, _BOX, Kind.ALARM),
        ("alarm",),
        "nothing",
        1,
        True,
        Words(
            "警報",
            "Alarm",
            "箱の警報の今の状態。箱が保持付き（retain）で送り、表示灯と壁のランプが読みます。ハブは要りません。",
            "One box's alarm as it stands now, published retained; beacons and wall lamps read it without a hub.",
        ),
    ),
    Talk(
        "boxPresence",
        topics.box_topic(_SITE, _BOX, Kind.PRESENCE),
        ("presence",),
        "receive",
        1,
        True,
        Words("箱の在・不在", "Box presence", "接続の時と、遺言として。", "At birth, and as the will."),
    ),
    Talk(
        "boxHealth",
        topics.box_topic(_SITE, _BOX, Kind.HEALTH),
        ("health",),
        "receive",
        0,
        False,
        Words(
            "箱の調子",
            "Box health",
            "次の知らせがすぐに来るので、失われてもよいものです。",
            "The next one comes soon, so one may be lost.",
        ),
    ),
    Talk(
        "boxReceipt",
        topics.box_topic(_SITE, _BOX, Kind.RECEIPT),
        ("receipt",),
        "send",
        1,
        False,
        Words(
            "受領証", "Receipts", "データベースへの確定（commit）の後にだけ送ります。", "Sent only after the commit."
        ),
    ),
    Talk(
        "boxCommand",
        topics.box_topic(_SITE, _BOX, Kind.COMMAND),
        ("command",),
        "send",
        1,
        False,
        Words("指示", "Commands", "人やハブの時計から、一つの箱へ。", "From people, or the hub's clocks, to one box."),
    ),
    Talk(
        "hubPresence",
        topics.hub_presence(_SITE),
        ("hub-presence",),
        "send",
        1,
        True,
        Words(
            "ハブの在・不在",
            "Hub presence",
            "箱はこれを見て「誰も聞いていない」ことや、決まりがハブと違うことを窓口に示します。",
            "By it a box shows its counter that nobody listens, or that its rules are not the hub's.",
        ),
    ),
)

_PARAMETERS: Final = {
    "site": {"description": "庁舎の名前 / the site", "examples": ["kita"]},
    "box": {
        "description": "箱の名前（証明書の名前） / the box, as its certificate names it",
        "examples": ["counter-01"],
    },
}

_OVERVIEW: Final = Words(
    "窓守の電文",
    "Madomori on the wire",
    "窓口の箱とハブが MQTT で話すこと。MQTT 5 で、安全に関わる所は 3.1.1 の機能だけ。"
    "電文は UTF-8 の JSON、64 KiB まで。"
    "知らない項目は無視します。知らない版の出来事は、id と送り手が分かれば、呼び出しだけを受け取ります。"
    "操作（operations）はハブの側から書いています。",
    "What the box at a counter and the hub say to each other over MQTT 5, with plain 3.1.1 features only in what "
    "safety needs. Payloads are UTF-8 JSON up to 64 KiB. Unknown fields are ignored; of an event of an unknown major "
    "version the call for help alone has an effect. Operations are told from the hub's side.",
)


def document(samples: Samples) -> Json:
    """The whole document. `samples` are the golden samples by file name, such as `event.alarm.raised`."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": _OVERVIEW.title(),
            "version": "1.0.0",
            "description": _OVERVIEW.text(),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(samples),
        "channels": {talk.channel: _channel(talk) for talk in _TALKS},
        "operations": {_operation_name(talk): _operation(talk) for talk in _TALKS if talk.hub != "nothing"},
        "components": {
            "parameters": {name: dict(words) for name, words in _PARAMETERS.items()},
            "messages": dict(_messages(samples)),
            "schemas": _schemas(samples),
            "securitySchemes": {
                "certificate": {
                    "type": "X509",
                    "description": "ハブの認証局が出した証明書。その名前が箱の名前です。 / "
                    "A certificate of the hub's own authority. Its name is the box's name.",
                }
            },
        },
    }


def _servers(samples: Samples) -> Json:
    hub_gone = {**samples["hub-presence"], "state": "offline", "beat": 0, "responders": 0}
    box_gone = {**samples["presence"], "state": "offline"}
    return {
        "hub": _server(
            "ハブがブローカーへつなぐとき / As the hub connects to the broker",
            {
                "clientId": "hub",
                "cleanSession": False,
                "lastWill": _will(topics.hub_presence(_SITE), hub_gone, HubPresence),
                "keepAlive": HUB_KEEP_ALIVE_S,
                "sessionExpiryInterval": HUB_SESSION_S,
            },
        ),
        "box": _server(
            "箱がブローカーへつなぐとき（clientId は証明書の名前） / "
            "As a box connects (clientId is its certificate's name)",
            {
                "clientId": _BOX,
                "cleanSession": True,
                "lastWill": _will(topics.box_topic(_SITE, _BOX, Kind.PRESENCE), box_gone, Presence),
                "keepAlive": BOX_KEEP_ALIVE_S,
                "sessionExpiryInterval": 0,
            },
        ),
    }


def _server(description: str, mqtt: Json) -> Json:
    return {
        "host": "{host}:{port}",
        "protocol": "secure-mqtt",
        "protocolVersion": "5",
        "description": description,
        "variables": {
            "host": {"description": "ハブの名前か住所 / the hub's name or address", "examples": ["hub.example"]},
            "port": {"default": "8883", "description": "ポート番号 / port"},
        },
        "security": [{"$ref": "#/components/securitySchemes/certificate"}],
        "bindings": {"mqtt": {**mqtt, "maximumPacketSize": PACKET_BYTES_MAX, "bindingVersion": BINDING}},
    }


def _will(topic: str, fields: Mapping[str, Any], model: type[Message]) -> Json:
    return {"topic": topic, "qos": 1, "message": model.model_validate(fields).model_dump_json(), "retain": True}


def _channel(talk: Talk) -> Json:
    named = [name for name in _PARAMETERS if f"{{{name}}}" in talk.address]
    return {
        "address": talk.address,
        "title": talk.words.title(),
        "description": talk.words.text(),
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in named},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in talk.messages},
    }


def _operation_name(talk: Talk) -> str:
    return f"{talk.hub}{talk.channel[0].upper()}{talk.channel[1:]}"


def _operation(talk: Talk) -> Json:
    ja, en = ("送る", "sends") if talk.hub == "send" else ("受け取る", "receives")
    return {
        "action": talk.hub,
        "channel": {"$ref": f"#/channels/{talk.channel}"},
        "title": f"ハブが{ja}: {talk.words.title_ja} / The hub {en}: {talk.words.title_en.lower()}",
        "bindings": {"mqtt": {"qos": talk.qos, "retain": talk.retain, "bindingVersion": BINDING}},
        "messages": [{"$ref": f"#/channels/{talk.channel}/messages/{name}"} for name in talk.messages],
    }


def _messages(samples: Samples) -> Iterator[tuple[str, Json]]:
    for kind in BODIES:
        yield f"event.{kind}", _message(f"event.{kind}", _event_schema_name(kind), _EVENT_WORDS[kind], samples)
    for name, (model, words) in _OTHERS.items():
        yield name, _message(name, model.__name__, words, samples)


def _message(name: str, schema: str, words: Words, samples: Samples) -> Json:
    exact = name.startswith("event.")  # else `receipt` also takes `receipt.witness`
    examples = {
        key: value for key, value in samples.items() if key == name or (not exact and key.startswith(f"{name}."))
    }
    return {
        "name": name,
        "title": words.title(),
        "description": words.text(),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{schema}"},
        "bindings": {"mqtt": {"contentType": "application/json", "bindingVersion": BINDING}},
        "examples": [{"name": key, "payload": dict(value)} for key, value in sorted(examples.items())],
    }


def _event_schema_name(kind: str) -> str:
    return BODIES[kind].__name__ + "Event"


def _schemas(samples: Samples) -> Json:
    models: list[type[Message]] = [Envelope, *BODIES.values(), *(model for model, _ in _OTHERS.values()), SegmentRecord]
    _, drawn = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: Json = {name: _without_titles(schema) for name, schema in drawn["$defs"].items()}
    for kind, words in _EVENT_WORDS.items():
        schemas[_event_schema_name(kind)] = {
            "title": words.title(),
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": kind},
                        "body": {"$ref": f"#/components/schemas/{BODIES[kind].__name__}"},
                    },
                    "required": ["type", "body"],
                },
            ],
        }
    schemas["SegmentRecord"]["examples"] = [dict(samples["segment-record"])]
    return dict(sorted(schemas.items()))


def _without_titles(schema: Json) -> Json:
    """pydantic's titles only repeat the names of the fields."""
    properties = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties} if properties else schema
