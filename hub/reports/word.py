"""A city's own Word file, filled in: `{{ name }}` where a fact belongs (docs/forms.md)."""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

NAME: Final = re.compile(r"[^\x00-\x1f./\\:]{1,60}")
"""What a city may call its forms: no dots and no slashes, so that no name leads out of the folder."""


class NoForm(LookupError):
    """There is no file of that name."""


class BadForm(ValueError):
    """The file cannot be filled in; `names` are the placeholders nobody knows, or what else is wrong."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def names(folder: Path) -> list[str]:
    """The forms in a site's folder, in order."""
    return sorted(path.stem for path in folder.glob("*.docx") if NAME.fullmatch(path.stem) and path.stem[0] != "~")


def filled(folder: Path, name: str, values: Mapping[str, str], mark: str = "") -> bytes:
    """The form `name` with `values` in their places. Text is put in as text: nothing in it is carried out.

    `mark` stands at the head of every page, whatever the file looks like: a drill's paper must never pass for a real
    one. A head in which the file has it already is left as it is.

    Raises:
        NoForm: see there.
        BadForm: see there.
    """
    path = folder / f"{name}.docx"
    if not NAME.fullmatch(name) or not path.is_file():
        raise NoForm(name)
    # Here, because reading them takes a tenth of the hub's start.
    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate

    from hub.reports.word_mark import marked

    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    try:
        template = DocxTemplate(path)
        unknown = template.get_undeclared_template_variables(environment) - set(values)
        if unknown:
            raise BadForm(tuple(sorted(f"{{{{ {one} }}}}" for one in unknown)))
        template.render({key: _plain(value) for key, value in values.items()}, environment, autoescape=True)
        out = BytesIO()
        template.save(out)
    except (TemplateError, PackageNotFoundError, BadZipFile, KeyError) as error:
        raise BadForm((str(error)[:200],)) from error
    return marked(out, _plain(mark)) if mark else out.getvalue()


def _plain(text: str) -> str:
    """Without what XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "", text)
