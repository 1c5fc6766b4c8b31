"""What is wrong in a file that a person wrote: every problem at once, each with field, value and remedy, ja and en."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

_ModelT = TypeVar("_ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `field` is a dotted path, `value` what stands there ("" when nothing does)."""

    field: str
    value: str
    ja: str
    en: str

    def line(self) -> str:
        """The problem on one line, Japanese first."""
        shown = f" = {self.value}" if self.value else ""
        return f"{self.field}{shown}: {self.ja} / {self.en}"


def one_of(field: str, names: Sequence[str]) -> Problem:
    """`field` must hold one of `names`."""
    return Problem(field, "", f"{'、'.join(names)} のどれかにしてください。", f"must be one of {', '.join(names)}.")


class Refused(ValueError):
    """A file is not accepted. Carries every problem found in it."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{file}: {problem.line()}" for problem in self.problems))

    @classmethod
    def together(cls, refusals: "Sequence[Refused]") -> "Refused":
        """Several files that are not accepted, told at once. `refusals` is not empty."""
        whole = cls(refusals[0].file, [problem for one in refusals for problem in one.problems])
        whole.args = ("\n".join(str(one) for one in refusals),)
        return whole


def read_toml(model: type[_ModelT], text: str, file: str) -> _ModelT:
    """The settings in `text`. `file` is only named in errors.

    Raises:
        Refused: not TOML, unknown keys, missing or wrong values; all of them together.
    """
    try:
        return model.model_validate(table(text, file))
    except ValidationError as error:
        raise Refused(file, problems_from(error)) from error


def table(text: str, file: str) -> dict[str, Any]:
    """The TOML in `text` as plain values.

    Raises:
        Refused: not TOML; the problem names line and column.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or a number of thousands of digits
        reason = str(error).replace("at end of document", f"at end of document, {_end_of(text)}")
        raise Refused(
            file,
            [
                Problem(
                    "TOML",
                    "",
                    f"書式が正しくありません（{reason}）。引用符や括弧を確かめてください。",
                    f"not valid TOML ({reason}). Check quotes and brackets.",
                )
            ],
        ) from error


def _end_of(text: str) -> str:
    # tomllib names no line when something is left open at the end.
    lines = text.rstrip().splitlines() or [""]
    return f"line {len(lines)}, column {len(lines[-1]) + 1}"


def problems_from(error: ValidationError) -> list[Problem]:
    """Each problem of a pydantic error in words for the person who edits the file."""
    return [_problem(detail) for detail in error.errors(include_url=False)]


def _problem(detail: Any) -> Problem:
    field = ".".join(str(part) for part in detail["loc"]) or "file"
    kind: str = detail["type"]
    context: dict[str, Any] = detail.get("ctx", {})
    value = "" if kind == "missing" else _shown(detail["input"])
    ja, en = _WORDS.get(kind, ("{msg}", "{msg}"))
    facts = {**{name: str(fact) for name, fact in context.items()}, "msg": detail["msg"].removeprefix("Value error, ")}
    if kind == "value_error" and " / " in facts["msg"]:
        ja, en = facts["msg"].split(" / ", 1)
        return Problem(field, value, ja, en)
    return Problem(field, value, ja.format(**facts), en.format(**facts))


def _shown(value: object) -> str:
    return repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "…"


_WORDS: dict[str, tuple[str, str]] = {
    "extra_forbidden": (
        "この項目はありません。綴りを確かめるか、削除してください。",
        "no such key. Check the spelling or remove it.",
    ),
    "missing": ("必要な項目がありません。書き加えてください。", "is required. Add it."),
    "int_type": ("整数で書いてください。", "must be a whole number."),
    "int_parsing": ("整数で書いてください。", "must be a whole number."),
    "int_from_float": ("整数で書いてください。", "must be a whole number."),
    "string_type": ('文字列で書いてください（例: "…"）。', 'must be text in quotes ("…").'),
    "bool_type": ("true か false で書いてください。", "must be true or false."),
    "bool_parsing": ("true か false で書いてください。", "must be true or false."),
    "list_type": ("[ ] で囲んだ一覧で書いてください。", "must be a list in [ ]."),
    "tuple_type": ("[ ] で囲んだ一覧で書いてください。", "must be a list in [ ]."),
    "model_type": ("[見出し] の表で書いてください。", "must be a table ([heading])."),
    "dict_type": ("[見出し] の表で書いてください。", "must be a table ([heading])."),
    "literal_error": ("{expected} のどれかを書いてください。", "must be one of {expected}."),
    "enum": ("{expected} のどれかを書いてください。", "must be one of {expected}."),
    "greater_than_equal": ("{ge} 以上にしてください。", "must be {ge} or more."),
    "greater_than": ("{gt} より大きくしてください。", "must be more than {gt}."),
    "less_than_equal": ("{le} 以下にしてください。", "must be {le} or less."),
    "less_than": ("{lt} より小さくしてください。", "must be less than {lt}."),
    "string_pattern_mismatch": ("書き方が違います（{pattern}）。", "does not have the form {pattern}."),
    "string_too_short": ("{min_length} 文字以上にしてください。", "must have {min_length} characters or more."),
    "string_too_long": ("{max_length} 文字以下にしてください。", "must have {max_length} characters or fewer."),
    "too_short": ("{min_length} 個以上書いてください。", "needs {min_length} entries or more."),
    "date_type": (
        "日付を引用符なしで書いてください（例: 2026-04-01）。",
        "must be a date without quotes (2026-04-01).",
    ),
    "float_type": ("数で書いてください。", "must be a number."),
    "finite_number": ("有限の数で書いてください。", "must be a finite number."),
}
