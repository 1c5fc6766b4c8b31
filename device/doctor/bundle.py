"""The bundle: files, rights, settings, certificates, keys, own sounds, and what the box keeps there."""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from contract.problems import Problem, Refused, read_toml
from contract.profile import PolicyProfile, digest_of, load
from device import hub_rules
from device.config import BoxSettings
from device.core.health import PROFILE_MISMATCH
from device.doctor.findings import ENROLL, NO_EVIDENCE, NO_HUB, NO_START, Finding, Report, Words

NEEDED: Final = ("box.toml", "profile.toml", "ca.crt", "box.crt", "box.key")
SOON: Final = timedelta(days=30)


@dataclass(slots=True)
class Seen:
    """What of the bundle could be read."""

    directory: Path
    settings: BoxSettings | None = None
    profile: PolicyProfile | None = None


def look(directory: Path, report: Report, now: datetime | None = None) -> Seen:
    """Everything in the folder, as far as it can be read."""
    seen = Seen(directory)
    missing = [name for name in NEEDED if not (directory / name).is_file()]
    report.findings += [
        Finding("file_missing", Words(f"{name} がありません。", f"{name} is missing."), NO_START, ENROLL)
        for name in missing
    ]
    seen.settings = _settings(directory, report)
    seen.profile = _profile(directory, report)
    _office_in_notice(seen, report)
    _rights(directory, report)
    _certificates(seen, report, now or datetime.now(UTC))
    _kept(directory / "state", report)
    return seen


def _settings(directory: Path, report: Report) -> BoxSettings | None:
    path = directory / "box.toml"
    try:
        return read_toml(BoxSettings, path.read_text("utf-8"), "box.toml")
    except Refused as error:
        report.findings += [_problem("settings", "box.toml", problem) for problem in error.problems]
    except FileNotFoundError:
        return None  # told already
    except (OSError, UnicodeDecodeError) as error:
        report.findings.append(_unreadable("box.toml", error))
    return None


def _profile(directory: Path, report: Report) -> PolicyProfile | None:
    path = directory / "profile.toml"
    try:
        text = path.read_text("utf-8")
        profile = load(text, "profile.toml")
    except Refused as error:
        report.findings += [_problem("profile", "profile.toml", problem) for problem in error.problems]
    except FileNotFoundError:
        return None  # told already
    except (OSError, UnicodeDecodeError) as error:
        report.findings.append(_unreadable("profile.toml", error))
    else:
        report.facts["profile"] = f"{profile.meta.id} {digest_of(text)}"
        _same_as_the_hub(directory / "state", digest_of(text), report)
        return profile
    return None


def _same_as_the_hub(state: Path, own: str, report: Report) -> None:
    """Whether these are the rules that the hub said last (decision 0010). One that never said any is left alone."""
    hub = hub_rules.read(state)
    if hub in (None, own):
        return
    report.findings.append(
        Finding(
            PROFILE_MISMATCH,
            Words(
                f"profile.toml（市の決まり）が、ハブのものと違います。ハブが最後に知らせたのは {hub} です。",
                f"profile.toml, the city's rules, is not the hub's. The hub said last that it follows {hub}.",
            ),
            Words(
                "通報も録音・録画も続きますが、この箱の決まりで行います。止めたはずの録音を続けているおそれがあります。",
                "Calls and recordings go on, but by the rules of this box. It may record what the city stopped.",
            ),
            Words(
                "ハブの DIR/profile.toml をこの箱のフォルダに写し、箱を起動し直してください"
                "（`systemctl restart madomori-box`）。箱のものが新しいときは、ハブの側を直して起動し直します。",
                "Copy DIR/profile.toml of the hub into this folder and start the box anew"
                " (`systemctl restart madomori-box`). If this one is the newer, mend the hub's and start the hub anew.",
            ),
        )
    )


def _office_in_notice(seen: Seen, report: Report) -> None:
    """The notice that we ship names no office; some cities' rules want it named (SAP-01)."""
    if seen.settings is None or seen.profile is None:
        return
    wanted = "office" in seen.profile.recording.notice_elements and seen.settings.role.kind == "counter"
    if wanted and seen.settings.sound.notice is None:
        report.findings.append(
            Finding(
                "notice_office",
                Words("お知らせの音声が部署を名のりません。", "The spoken notice does not name the office."),
                Words(
                    "市の決まりは、録音・録画の前に部署の名も伝えることを求めています。",
                    "The city's rules ask that the office is named too before anything is recorded.",
                ),
                Words(
                    "部署の名を入れた音声（WAV）を箱のフォルダに置き、box.toml の [sound] notice に書いてください。"
                    "それまでは、職員が口頭で名のってください。",
                    "Put a WAV file that names the office into the box's folder, and its name into [sound] notice. "
                    "Until then, staff say the name themselves.",
                ),
                grave=False,
            )
        )


def _problem(kind: str, file: str, problem: Problem) -> Finding:
    shown = f" = {problem.value}" if problem.value else ""
    where = f"{file} の {problem.field}{shown}", f"{problem.field}{shown} in {file}"
    return Finding(
        kind,
        Words(f"{where[0]} が正しくありません。", f"{where[1]} is not right."),
        NO_START,
        Words(problem.ja, problem.en),
    )


def _unreadable(name: str, error: OSError | UnicodeDecodeError) -> Finding:
    reason = error.strerror if isinstance(error, OSError) else "UTF-8"
    return Finding(
        "unreadable",
        Words(f"{name} を読めません（{reason}）。", f"{name} cannot be read ({reason})."),
        NO_START,
        Words(
            "箱を動かす利用者が読めるようにしてください（UTF-8 の文字で）。",
            "Let the user that runs the box read it (as UTF-8).",
        ),
    )


def _rights(directory: Path, report: Report) -> None:
    key = directory / "box.key"
    if key.is_file() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        report.findings.append(
            Finding(
                "key_open",
                Words("box.key をほかの利用者も読めます。", "Other users can read box.key."),
                Words("鍵を写した人が、この箱になりすませます。", "Whoever copies the key can pose as this box."),
                Words(f"`chmod 600 {key}` を行ってください。", f"Run `chmod 600 {key}`."),
            )
        )
    state = directory / "state"
    place = state if state.exists() else directory
    if not os.access(place, os.W_OK | os.X_OK):
        report.findings.append(
            Finding(
                "not_writable",
                Words(f"{place} に書き込めません。", f"{place} cannot be written to."),
                NO_START,
                Words(
                    "フォルダの持ち主を、箱を動かす利用者にしてください（`chown -R madomori`）。",
                    "Make the user that runs the box the owner of the folder (`chown -R madomori`).",
                ),
            )
        )


def _certificates(seen: Seen, report: Report, now: datetime) -> None:
    authority = _certificate(seen.directory / "ca.crt", report)
    own = _certificate(seen.directory / "box.crt", report)
    key = _key(seen.directory / "box.key", report)
    for name, certificate in (("ca.crt", authority), ("box.crt", own)):
        if certificate is not None:
            _term(name, certificate, report, now)
    if own is None:
        return
    report.facts["certificate"] = f"{own.subject.rfc4514_string()}, {own.not_valid_after_utc:%Y-%m-%d}"
    if key is not None and key.public_key() != own.public_key():
        report.findings.append(
            _wrong("key_mismatch", "box.key は box.crt の鍵ではありません。", "box.key is not the key of box.crt.")
        )
    if authority is not None and not _issued(own, authority):
        report.findings.append(
            _wrong("wrong_authority", "box.crt は ca.crt の認証局のものではありません。", "box.crt is not from ca.crt.")
        )
    named = [str(part.value) for part in own.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    if seen.settings is not None and seen.settings.box not in named:
        report.findings.append(
            _wrong(
                "wrong_name",
                f"box.crt は {', '.join(named) or '-'} のもので、box.toml の箱は {seen.settings.box} です。",
                f"box.crt belongs to {', '.join(named) or '-'}, but box.toml says {seen.settings.box}.",
            )
        )


def _wrong(name: str, ja: str, en: str) -> Finding:
    return Finding(name, Words(ja, en), NO_HUB, ENROLL)


def _certificate(path: Path, report: Report) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None  # told already
    except OSError as error:
        report.findings.append(_unreadable(path.name, error))
    except ValueError:
        report.findings.append(_wrong("damaged", f"{path.name} が壊れています。", f"{path.name} is damaged."))
    return None


def _key(path: Path, report: Report) -> Any:
    try:
        return serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        return None  # told already
    except OSError as error:
        report.findings.append(_unreadable(path.name, error))
    except (ValueError, TypeError):
        report.findings.append(_wrong("damaged", f"{path.name} が壊れています。", f"{path.name} is damaged."))
    return None


def _issued(own: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        own.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _term(name: str, certificate: x509.Certificate, report: Report, now: datetime) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if end < now:
        report.findings.append(
            _wrong("expired", f"{name} の期限は {end:%Y-%m-%d} に切れました。", f"{name} expired on {end:%Y-%m-%d}.")
        )
    elif start > now:
        report.findings.append(
            Finding(
                "not_yet_valid",
                Words(
                    f"{name} は {start:%Y-%m-%d %H:%M} (UTC) からです。この機械の時計は {now:%Y-%m-%d %H:%M} です。",
                    f"{name} is valid from {start:%Y-%m-%d %H:%M} UTC; this machine's clock says {now:%Y-%m-%d %H:%M}.",
                ),
                NO_HUB,
                Words("時計（NTP）を合わせてください。", "Set the clock (NTP)."),
            )
        )
    elif end - now < SOON:
        days = (end - now).days
        report.findings.append(
            Finding(
                "expires_soon",
                Words(f"{name} の期限はあと {days} 日です。", f"{name} expires in {days} days."),
                Words("期限が切れると、ハブにつながらなくなります。", "After that the box cannot reach the hub."),
                ENROLL,
                grave=False,
            )
        )


def _kept(state: Path, report: Report) -> None:
    key = state / "evidence.key"
    if key.is_file():
        try:
            serialization.load_pem_private_key(key.read_bytes(), None)
        except (ValueError, TypeError, OSError):
            report.findings.append(
                Finding(
                    "evidence_key",
                    Words("証拠に署名する鍵が壊れています。", "The key that signs the evidence is damaged."),
                    NO_EVIDENCE,
                    Words(
                        "箱を起動し直すと新しい鍵ができます。ハブの管理者に、箱の鍵が変わったことを知らせてください。",
                        "Start the box anew: it makes a new key. Tell the hub's administrator that it changed.",
                    ),
                )
            )
    spool = state / "spool.db"
    if spool.is_file():
        try:
            with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True, timeout=2)) as connection:
                waiting = connection.execute("SELECT count(*) FROM event").fetchone()[0]
        except sqlite3.Error as error:
            report.findings.append(
                Finding(
                    "spool_damaged",
                    Words(f"通報の控え（spool.db）を読めません（{error}）。", f"spool.db cannot be read ({error})."),
                    Words(
                        "箱は新しい控えを作って動きますが、届いていない通報が失われたおそれがあります。",
                        "The box makes a new one and works, but calls that were not delivered may be lost.",
                    ),
                    Words(
                        "SD カードを替え、ハブの一覧で通報が抜けていないか確かめてください。",
                        "Change the SD card, and see at the hub whether a call is missing.",
                    ),
                )
            )
        else:
            report.facts["calls and events waiting for the hub"] = waiting
