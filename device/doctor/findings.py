"""One thing that the doctor found, and how it is told."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Words:
    """The same in Japanese and in English."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` is stable. What is `grave` keeps the box from its work; the rest is worth knowing."""

    id: str
    found: Words
    means: Words
    remedy: Words
    grave: bool = True


@dataclass(slots=True)
class Report:
    """What was found, and what the machine has (for whoever fills in `box.toml`)."""

    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Nothing grave."""
        return not any(finding.grave for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"ok": self.ok, "findings": [asdict(finding) for finding in self.findings], "facts": self.facts}

    def as_text(self) -> str:
        """For a person at a terminal, Japanese first."""
        lines = []
        for finding in sorted(self.findings, key=lambda finding: not finding.grave):
            lines += [
                f"{'×' if finding.grave else '・'} {finding.found.ja} / {finding.found.en}",
                f"    意味: {finding.means.ja} / Means: {finding.means.en}",
                f"    対処: {finding.remedy.ja} / Remedy: {finding.remedy.en}",
            ]
        lines += [f"  {name}: {_shown(value)}" for name, value in self.facts.items()]
        grave = sum(finding.grave for finding in self.findings)
        lines.append(
            f"直すところが {grave} 件あります。 / {grave} to be mended."
            if grave
            else "箱は使えます。 / The box can do its work."
        )
        return "\n".join(lines)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) or "-" if isinstance(value, (list, tuple)) else str(value)


NO_CALL = Words("ボタンを押しても、助けを呼べません。", "A press calls nobody.")
NO_HUB = Words(
    "押された通報がハブに届きません。箱に記録され、直ったあとで届きます。",
    "Calls do not reach the hub. They are stored here and arrive once this is mended.",
)
NO_START = Words("箱が起動しません。", "The box does not start.")
NO_PICTURE = Words("通報はできますが、映像が残りません。", "Calling works, but no picture is kept.")
NO_SOUND = Words("通報はできますが、音声が残りません。", "Calling works, but no sound is kept.")
NO_NOTICE = Words(
    "お知らせが流れません。録音していることを、相手に伝えられません。",
    "The notice is not heard: people are not told that they are recorded.",
)
NO_EVIDENCE = Words("録画を証拠として残せません。", "Recordings cannot be kept as evidence.")
ENROLL = Words(
    "ハブで `madomori-hub enroll` をもう一度行い、フォルダごと写してください。",
    "Run `madomori-hub enroll` on the hub again and copy the whole folder.",
)
