"""Generated files are what the source would make of them now."""

from pathlib import Path

import pytest

from tests import generated

pytestmark = pytest.mark.check


@pytest.mark.parametrize("path", generated.FILES)
def test_a_generated_file_is_fresh(path: str) -> None:
    if not generated.is_fresh(path):
        pytest.fail(
            f"{path} が古くなっています。make generate を実行してください / is stale: run make generate", pytrace=False
        )


def test_a_stale_file_is_named_and_remade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generated, "ROOT", tmp_path)
    monkeypatch.setattr(generated, "FILES", {"docs/one.md": lambda: "窓守\n"})
    assert generated.main([]) == 1
    assert capsys.readouterr().out == "docs/one.md\n"
    assert generated.main(["--write"]) == 0
    assert (tmp_path / "docs/one.md").read_text(encoding="utf-8") == "窓守\n"
    assert generated.main([]) == 0
