"""The words of an alert that a visit sent: where to, who is out, since when, and what to do now (SHI-12)."""

from datetime import datetime
from typing import Final

from hub.alerts.channel import Trip
from hub.domain.intake import JAPAN


def what_ja(place: str, trip: Trip) -> str:
    """What happened, in Japanese, without urgency and number."""
    who = f"{place}（{trip.team}、{_time(trip.since_at)} から）"
    if trip.agreed_at is None:
        return f"訪問先で助けを求めています: {who}"
    return f"訪問先から連絡がありません: {who} 約束は {_time(trip.agreed_at)}、待っている人は {trip.contact}"


def what_en(place: str, trip: Trip) -> str:
    """The same in English."""
    who = f"{place} ({trip.team}, out since {_time(trip.since_at)})"
    if trip.agreed_at is None:
        return f"a team on a visit asks for help: {who}"
    return f"no word from a visit: {who}, agreed for {_time(trip.agreed_at)}, {trip.contact} waits for it"


MISSED_JA: Final = (
    "・画面で「確認」を押してから、訪問に出ている全員に電話してください。\n"
    "・誰も出ないときは、二人以上で向かうか、警察に電話するかを決めてください。電話は人がします。\n"
    "・無事が分かったら、画面で「無事を確かめた」を押してください。誰かが答えるまで、この連絡は繰り返されます。"
)
MISSED_EN: Final = (
    "- Press “Seen” on the page, then ring everybody who is out.\n"
    "- If nobody answers, decide: two or more go there, or somebody calls the police. People make that call.\n"
    "- Once you know that they are safe, press “Found safe” on the page. This alert is repeated until somebody answers."
)
TROUBLE_JA: Final = (
    "・訪問先で職員が助けを求めています。行ける人は「向かいます」を押し、二人以上で訪問先へ向かってください。\n"
    "・身の危険があるときは、誰の判断も待たずに近くの人が警察に電話してください。\n"
    "・職員を必ず庁舎に呼び戻し、戻ったら話を聞いてください。誰かが向かうまで、この連絡は繰り返されます。"
)
TROUBLE_EN: Final = (
    "- Colleagues on a visit ask for help. If you can go, press “I am going”, and go there, two or more.\n"
    "- In danger whoever is near calls the police without waiting for anybody.\n"
    "- Call them back to the office, always, and hear them. This alert is repeated until somebody is going."
)


def to_do_ja(trip: Trip) -> str:
    """What to do about it, in Japanese."""
    return TROUBLE_JA if trip.agreed_at is None else MISSED_JA


def to_do_en(trip: Trip) -> str:
    """The same in English."""
    return TROUBLE_EN if trip.agreed_at is None else MISSED_EN


def _time(at: datetime) -> str:
    return at.astimezone(JAPAN).strftime("%H:%M")
