"""A person with a Raspberry Pi on the desk: `pytest -m hardware -s tests/hardware --box /var/lib/madomori/box`.

Each test says what to do, waits for Enter, and reads the outcome from the running box. The list that these belong
to is docs/hardware-checklist.md. Run as the box's user or as root, with both services running.
"""

from pathlib import Path

import pytest
from support.desk_person import OnDesk

from device.adapters.control_unix import NobodyAnswers


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--box", type=Path, default=Path("/var/lib/madomori/box"), help="the bundle of the running box")


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> OnDesk:
    model = Path("/proc/device-tree/model")
    if not model.exists() or "Raspberry Pi" not in model.read_text(errors="replace"):
        pytest.skip("needs a Raspberry Pi")
    on_desk = OnDesk(request.config.getoption("--box"))
    try:
        on_desk.state()
    except NobodyAnswers:
        pytest.fail("箱が動いていません（systemctl start madomori-box） / no box is running")
    on_desk.note("model", model.read_text(errors="replace").rstrip("\0"))
    return on_desk
