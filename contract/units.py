"""A unit's own rules: a file that wins over the city's profile for the boxes of that unit, each value signed.

[unit]
id = "kokuho"
label_ja = "国保年金課"
label_en = "Health insurance"
site_type = "main"            # or "branch": then the offices of `issuer_branch` order leaving
boxes = ["counter-01"]

[set.clock.stalemate]
minutes = 20

[source]
"clock.stalemate.minutes" = { by = "国保年金課長", on = 2026-04-01, why = "申請の説明が長い" }
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, Strict, StringConstraints, ValidationError

from contract.problems import Problem, Refused, problems_from, table
from contract.profile import PolicyProfile, Section, Word, checked, digest_of, said
from contract.profile_lint import leaves
from contract.topics import is_name

SiteType = Literal["main", "branch"]

OVERRIDABLE: Final = ("clock", "ladder", "staffing", "report", "display", "aftercare")
"""What a unit may fit to its own work (Setagaya 手引 2(1)②, 3(1)①)."""

_WHOLE_CITY: Final = ("市全体の決まりです。", "holds for the whole city.")
_WHOLE_HOUSE: Final = ("庁舎全体の決まりです。", "holds for the whole building.")
_THE_BOX: Final = (
    "箱は市のプロファイルに従うので、部署ごとには変わりません。",
    "is followed by the boxes, which know the city's profile only.",
)
_THE_HUB: Final = ("ハブ全体で一つです。", "is one for the whole hub.")
NOT_FOR_UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "meta": ("部署は市ではありません。[unit] に書いてください。", "names the city. A unit is named in [unit]."),
    "roles": _THE_HUB,
    "judgement": _WHOLE_CITY,
    "police": _WHOLE_CITY,
    "guards": _WHOLE_HOUSE,
    "recording": _THE_BOX,
    "visitor_recording": _WHOLE_HOUSE,
    "routing": _WHOLE_CITY,
    "sns": _WHOLE_CITY,
    "alert": _THE_HUB,
}
"""Why a unit may not change the rest."""


def _box(name: str) -> str:
    if not is_name(name):
        raise ValueError(
            "箱の名前（英小文字・数字・ハイフン）ではありません。 / is no box's name (a-z, 0-9 and hyphen)."
        )
    return name


class Unit(Section):
    """Which unit, in what kind of building, with which boxes."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    label_ja: Word
    label_en: Word
    site_type: SiteType = "main"
    boxes: tuple[Annotated[str, AfterValidator(_box)], ...] = ()


class Decided(Section):
    """Who decided on a value, and when."""

    by: Word
    on: Annotated[date, Strict()]
    why: Word | None = None


class UnitFile(Section):
    """The whole of a unit's file. `set` has the tables of a profile."""

    unit: Unit
    set: dict[str, Any] = Field(default_factory=dict)
    source: dict[Word, Decided] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Override:
    """A value that the unit changed. `old` is None where the city says nothing."""

    field: str
    old: Any
    new: Any
    decided: Decided


@dataclass(frozen=True, slots=True)
class UnitRules:
    """A unit's rules as they stand: the city's profile with the unit's changes. `digest`: of both files together."""

    unit: Unit
    profile: PolicyProfile
    overrides: tuple[Override, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rules hold at which box. A box that is in no unit follows the city and stands in a main building."""

    city: PolicyProfile
    digest: str = ""
    units: tuple[UnitRules, ...] = ()
    _by_box: Mapping[str, UnitRules] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_box", {box: one for one in self.units for box in one.unit.boxes})

    def of(self, box: str) -> PolicyProfile:
        """The rules that hold at `box`."""
        found = self._by_box.get(box)
        return found.profile if found else self.city

    def unit_of(self, box: str) -> Unit | None:
        """The unit that `box` belongs to."""
        found = self._by_box.get(box)
        return found.unit if found else None

    def site_type(self, box: str) -> SiteType:
        """The kind of building that `box` stands in."""
        found = self._by_box.get(box)
        return found.unit.site_type if found else "main"

    def digest_at(self, box: str) -> str:
        """Tells apart which version of the rules held at `box`."""
        found = self._by_box.get(box)
        return found.digest if found else self.digest

    def unit(self, unit_id: str) -> UnitRules | None:
        """A unit by its id."""
        return next((one for one in self.units if one.unit.id == unit_id), None)


@dataclass(frozen=True, slots=True)
class Written:
    """A unit's file as it was read. `name` is the file's name without its ending, `file` is named in errors."""

    name: str
    file: str
    text: str


def rules(city_text: str, city_file: str, units: Sequence[Written] = ()) -> Rules:
    """The rules of the city and of all its units.

    Raises:
        Refused: every problem of every file, together.
    """
    refusals: list[Refused] = []
    values: dict[str, Any] = {}
    city: PolicyProfile | None = None
    try:
        values = table(city_text, city_file)
        city = checked(values, city_file)
    except Refused as refusal:
        refusals.append(refusal)
    found: list[UnitRules] = []
    for written in units:
        try:
            made = _merged(city, values, digest_of(city_text), written)
        except Refused as refusal:
            refusals.append(refusal)
        else:
            found += [made] if made else []
    refusals += _shared_boxes(units, found)
    if refusals or city is None:
        raise Refused.together(refusals)
    return Rules(city, digest_of(city_text), tuple(found))


def _merged(city: PolicyProfile | None, values: Mapping[str, Any], digest: str, written: Written) -> UnitRules | None:
    """The unit's rules; None when there is no city to lay them over, and the file by itself is sound.

    Raises:
        Refused: every problem of the unit's file, those of the merged profile included.
    """
    own = table(written.text, written.file)
    problems: list[Problem] = []
    unit: UnitFile | None = None
    try:
        unit = UnitFile.model_validate(own)
    except ValidationError as error:
        problems += problems_from(error)
    given = own.get("set")
    wanted = given if isinstance(given, dict) else {}
    problems += _not_for_units(wanted)
    if unit:
        problems += [*_unsigned(wanted, unit.source), *_misnamed(unit.unit, written.name)]
    merged = None
    if city is not None:
        merged, beside = _tried(values, wanted, unit, written.file)
        problems += beside
    if problems:
        raise Refused(written.file, problems)
    if city is None or unit is None or merged is None:
        return None
    return UnitRules(
        unit.unit,
        merged,
        tuple(_overrides(city, merged, unit)),
        digest_of(f"{digest} {digest_of(written.text)}"),
    )


def _tried(
    values: Mapping[str, Any], wanted: Mapping[str, Any], unit: UnitFile | None, file: str
) -> tuple[PolicyProfile | None, list[Problem]]:
    """The city's values with the unit's laid over them, looked at as a profile is."""
    allowed = {name: part for name, part in wanted.items() if name in OVERRIDABLE}
    laid = _laid_over(values, allowed)
    laid["source"] = {**values["source"], **{one: _signed(unit, one) for one in leaves(allowed)}}
    try:
        return checked(laid, file), []
    except Refused as refusal:
        return None, [
            Problem(f"set.{one.field}", one.value, one.ja, one.en)
            for one in refusal.problems
            if not one.field.startswith("source.")  # a table that was replaced; its shape is told already
        ]


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    laid = dict(below)
    for name, value in above.items():
        under = laid.get(name)
        laid[name] = _laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return laid


def _signed(unit: UnitFile | None, field_name: str) -> str:
    decided = unit.source.get(field_name) if unit else None
    return f"{unit.unit.label_ja}（{decided.by}、{decided.on.isoformat()}）" if unit and decided else "?"


def _overrides(city: PolicyProfile, merged: PolicyProfile, unit: UnitFile) -> Iterator[Override]:
    before, after = said(city), said(merged)
    for name in leaves(unit.set):
        yield Override(name, before.get(name), after.get(name), unit.source[name])


def _not_for_units(wanted: Mapping[str, Any]) -> Iterator[Problem]:
    for name in wanted:
        if name not in OVERRIDABLE:
            may = ", ".join(OVERRIDABLE)
            why_ja, why_en = NOT_FOR_UNITS.get(name, ("この項目はありません。", "is no such key."))
            yield Problem(
                f"set.{name}", "", f"{why_ja}部署で変えられるのは {may} です。", f"{why_en} A unit may change {may}."
            )


def _unsigned(wanted: Mapping[str, Any], source: Mapping[str, Decided]) -> Iterator[Problem]:
    written = set(leaves(wanted))
    for name in sorted(written - set(source)):
        yield Problem(
            f"source.{name}",
            "",
            '誰がいつ決めたかを書いてください（{ by = "…", on = 2026-04-01 }）。',
            'say who decided this, and when ({ by = "...", on = 2026-04-01 }).',
        )
    for name in sorted(set(source) - written):
        yield Problem(
            f"source.{name}",
            "",
            "この値は [set] にありません。行を消してください。",
            "there is no such value in [set]. Remove this line.",
        )


def _misnamed(unit: Unit, name: str) -> Iterator[Problem]:
    if unit.id != name:
        yield Problem(
            "unit.id",
            unit.id,
            f"ファイルの名前（{name}.toml）と同じにしてください。",
            f"must be the file's: {name}.toml.",
        )
    twice = sorted({box for box in unit.boxes if unit.boxes.count(box) > 1})
    if twice:
        yield Problem("unit.boxes", ", ".join(twice), "同じ箱が二度あります。", "names a box twice. Keep one.")


def _shared_boxes(written: Sequence[Written], units: Sequence[UnitRules]) -> list[Refused]:
    owner: dict[str, str] = {}
    refusals: list[Refused] = []
    files = {one.name: one.file for one in written}
    for one in units:
        for box in one.unit.boxes:
            if box in owner:
                problem = Problem(
                    "unit.boxes",
                    box,
                    f"この箱は {owner[box]} にもあります。どちらかから消してください。",
                    f"belongs to {owner[box]} already. Remove it from one of the two.",
                )
                refusals.append(Refused(files[one.unit.id], [problem]))
            owner.setdefault(box, one.unit.id)
    return refusals
