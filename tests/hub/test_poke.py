"""Wake-ups: never in the way, however deep the site lies."""

import socket
import threading
from pathlib import Path

import pytest

from hub.poke import Listener, poke


def test_a_poke_wakes_and_many_count_as_one(tmp_path: Path) -> None:
    with Listener(tmp_path, "web") as listener:
        assert not listener.wait(0)
        for _ in range(5):
            poke(tmp_path, "web")
        assert listener.wait(5)
        assert not listener.wait(0)


def test_a_poke_from_another_thread_ends_the_sleep(tmp_path: Path) -> None:
    with Listener(tmp_path, "web") as listener:
        threading.Timer(0.05, poke, (tmp_path, "web")).start()
        assert listener.wait(10)


def test_without_a_listener_nothing_happens(tmp_path: Path) -> None:
    poke(tmp_path, "web")
    (tmp_path / "run").mkdir()
    poke(tmp_path, "web")
    with Listener(tmp_path, "web"):
        pass
    poke(tmp_path, "web")
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    dead.bind(str(tmp_path / "run" / "web.sock"))
    dead.close()  # its name stays, as after a kill
    poke(tmp_path, "web")


def test_a_full_queue_does_not_block(tmp_path: Path) -> None:
    with Listener(tmp_path, "web") as listener:
        for _ in range(2000):
            poke(tmp_path, "web")
        assert listener.wait(0)


def test_a_deep_folder_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with Listener(deep, "worker") as listener:
        poke(deep, "worker")
        assert listener.wait(5)


@pytest.mark.parametrize("first_closes", [True, False])
def test_a_new_listener_takes_the_name_over(tmp_path: Path, first_closes: bool) -> None:
    first = Listener(tmp_path, "web")
    with Listener(tmp_path, "web") as second:
        if first_closes:
            first.close()
        poke(tmp_path, "web")
        assert second.wait(5)
    if not first_closes:
        first.close()
