"""Making a site's evidence keys: for whom boxes seal, and what must be handed over and leave this machine."""

import re
from dataclasses import dataclass

from hub.evidence.keys import make_pair
from hub.places import Places, write_private


@dataclass(frozen=True, slots=True)
class Recipients:
    """The public halves."""

    custodian: str
    escrow: str
    viewing_recipient: str


def make(
    places: Places, custodian: str | None = None, escrow: str | None = None, viewing: str | None = None
) -> Recipients:
    """Make what is not given. Private halves of the custodian's and the escrow key go into the folder to hand over.

    Raises:
        OSError: the disk refuses.
    """
    places.viewing_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if viewing is None:
        pair = make_pair("Madomori: 閲覧用の鍵 / viewing key of this site")
        write_private(places.viewing_key, pair.file)
        viewing = pair.recipient
    if custodian is None:
        custodian = _hand_over(places, "custodian", "Madomori: 証拠保管者の鍵 / the evidence custodian's key")
    if escrow is None:
        escrow = _hand_over(places, "escrow", "Madomori: 控えの鍵（封筒に入れる）/ the escrow key (sealed envelope)")
    return Recipients(custodian, escrow, viewing)


def written(settings: str, made: Recipients) -> str:
    """`hub.toml` with the public halves in its `[evidence]` table, in place of those that stand there."""
    lines = [f'{name} = "{getattr(made, name)}"' for name in Recipients.__slots__]
    rest = re.sub(rf"(?m)^({'|'.join(Recipients.__slots__)}) *=.*\n", "", settings)
    told = "# 録画を開ける鍵（公開鍵）/ whose keys open recordings (public halves)\n" + "\n".join(lines) + "\n"
    if re.search(r"(?m)^\[evidence\][ \t]*(#.*)?$", rest):
        return re.sub(r"(?m)^\[evidence\][ \t]*(#.*)?\n", lambda found: found[0] + told, rest, count=1)
    return f"{rest.rstrip()}\n\n[evidence]\n{told}"


def _hand_over(places: Places, name: str, what: str) -> str:
    pair = make_pair(what)
    places.hand_over.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(places.hand_over / f"{name}.key", pair.file)
    write_private(places.hand_over / "README.txt", _README.encode())
    return pair.recipient


_README = """\
この中の鍵を、今日のうちにこの機械から移してください。

ここにある *.key は、録画を開くための秘密の鍵です。ハブの機械に置いたままにすると、
この機械を乗っ取った人が、すべての録画を開けます。

1. custodian.key（証拠保管者の鍵）
   証拠保管者が使う、ハブとは別の機械か USB メモリーに写してください。その人だけが読める場所に置きます。
2. escrow.key（控えの鍵）
   USB メモリーに写すか紙に印刷し、封筒に入れて封をし、custodian.key とは別の金庫に入れてください。
   custodian.key を失くしたときは、これだけが録画を開けます。
3. 写したものが読めることを確かめてから、ここの *.key を消してください。
       shred -u custodian.key escrow.key
   残っている間は、ハブを始めるたびに知らせます。

鍵は age の形式です。Madomori がなくても開けます。   age -d -i custodian.key 000000.seg > 000000.mp4
二つとも失くすと、閲覧用の鍵を切った録画は、誰にも開けません。

--------------------------------------------------------------------------------------------------

Move the keys in this folder off this machine today.

The *.key files here are private keys that open recordings. As long as they lie on the hub's machine, whoever takes
over this machine can open every recording.

1. custodian.key (the evidence custodian's key)
   Copy it to the custodian's own machine or a USB stick, not to the hub, where only that person can read it.
2. escrow.key (the escrow key)
   Copy it to a USB stick or print it, put it into an envelope, seal that, and keep it in another safe than
   custodian.key. When custodian.key is lost, only this one opens recordings.
3. Make sure that the copies can be read, then delete the *.key files here:
       shred -u custodian.key escrow.key
   As long as they are here, the hub says so every time it starts.

The keys are in age's own format and work without Madomori:   age -d -i custodian.key 000000.seg > 000000.mp4
When both are lost, nobody can open recordings of a site whose viewing key is switched off.
"""
