"""Questions to a running box over its socket, nonsense included."""

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from device.adapters.control_unix import LINE_BYTES_MAX, NAME, ControlSocket, NobodyAnswers, call


def add(question: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "sum": question["one"] + question["other"]}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[ControlSocket]:
    served = ControlSocket(tmp_path, {"add": add})
    served.start()
    yield served
    served.close()


def test_a_question_is_answered_and_only_the_boxs_own_user_may_ask(box: ControlSocket, tmp_path: Path) -> None:
    assert call(tmp_path, {"do": "add", "one": 2, "other": 3}, 5) == {"ok": True, "sum": 5}
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{\n", b"[]\n", b"7\n", b'{"do":"fly"}\n', b'{"do":"add"}\n', b'{"do":"add","one":1,"other":"x"}\n'],
)
def test_nonsense_is_answered_and_the_socket_lives_on(box: ControlSocket, tmp_path: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / NAME))
        connection.sendall(line)
        answer = json.loads(connection.makefile().readline())
    assert answer["ok"] is False
    assert call(tmp_path, {"do": "add", "one": 2, "other": 3}, 5)["sum"] == 5


def test_an_endless_line_is_cut(box: ControlSocket, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tmp_path / NAME))
        connection.sendall(b"a" * LINE_BYTES_MAX)
        assert json.loads(connection.makefile().readline())["ok"] is False


def test_without_a_box_the_caller_is_told(tmp_path: Path) -> None:
    with pytest.raises(NobodyAnswers):
        call(tmp_path, {"do": "add"}, 1)
    with pytest.raises(NobodyAnswers):
        call(tmp_path / "missing", {"do": "add"}, 1)


def test_a_folder_deeper_than_a_sockets_path_will_do(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 100) / ("b" * 100)
    deep.mkdir(parents=True)
    served = ControlSocket(deep, {"add": add})
    served.start()
    assert call(deep, {"do": "add", "one": 1, "other": 1}, 5)["sum"] == 2
    served.close()
