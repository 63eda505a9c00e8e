"""What a process writes is for its own account, whoever starts it and however open the machine is."""

import os
import stat
from pathlib import Path

from kiosk.core.model import AccessPoint
from tests.support.command_line import kiosk
from tests.support.edge_home import EdgeHome

OPEN_TO_ALL = 0o022


def test_nobody_else_may_read_what_a_gate_that_was_started_by_hand_writes(tmp_path: Path) -> None:
    box = EdgeHome(tmp_path / "box", [AccessPoint("entrance", "in", "gate", "outside", "club")])
    before = os.umask(OPEN_TO_ALL)
    try:
        gate = box.start("gate")
    finally:
        os.umask(before)
    with gate:
        box.tap("04FFFFFFFFFF02")
        made = [box.data, *box.data.rglob("*")]
        assert {"gate.db", "gate.db.lock", "gate.sock"} <= {path.name for path in made}
        assert [path.name for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_a_central_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "central.toml").write_text('home = "home"\n')
    before = os.umask(OPEN_TO_ALL)
    try:
        assert kiosk("central", "init", f"--config={tmp_path / 'central.toml'}").exit_code == 0
    finally:
        os.umask(before)
    made = [tmp_path / "home", *(tmp_path / "home").rglob("*")]
    assert "central.db" in {path.name for path in made}
    assert [path.name for path in made if path.stat().st_mode & 0o077] == []
