"""A device's account at mosquitto: its password and rights, kept beside others', and no stranger's process touched."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.core.errors import ConfigError
from kiosk.mosquitto import MosquittoFiles, add_account, with_rights
from tests.support.command_line import kiosk
from tests.support.edge_home import ROOT
from tests.support.mosquitto import SHIPPED, Mosquitto
from tests.support.needs import needs
from tests.support.wait import eventually

SHIPPED_ACL = (SHIPPED / "acl").read_text()
BEFORE = "gate-1:$7$101$before\n"


@pytest.fixture(autouse=True)
def program() -> Path:
    return needs("mosquitto_passwd", "mosquitto")


@pytest.fixture
def files(tmp_path: Path) -> MosquittoFiles:
    made = MosquittoFiles(tmp_path / "passwords", tmp_path / "acl", tmp_path / "mosquitto.pid")
    made.passwords.write_text(BEFORE)
    (tmp_path / "acl").write_text(SHIPPED_ACL)
    return made


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with it, and that SIGHUP would end."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def refused(files: MosquittoFiles) -> str:
    """Fail to add an account; return why, and see that nothing was changed."""
    with pytest.raises(ConfigError) as caught:
        add_account(files, "gate-1", "new", "demo", print)
    assert files.passwords.read_text() == BEFORE
    return caught.value.message


@pytest.mark.parametrize("content", [None, "", "nobody\n", "0\n", "-1\n", "4194399\n", "1" * 5000])
def test_a_pid_file_that_names_no_process_stops_before_the_password_is_replaced(
    files: MosquittoFiles, content: str | None
) -> None:
    if content is not None and files.pid_file is not None:
        files.pid_file.write_text(content)
    assert "names no running mosquitto" in refused(files)


def test_a_process_that_is_no_mosquitto_is_sent_nothing(
    files: MosquittoFiles, bystander: subprocess.Popen[bytes]
) -> None:
    assert files.pid_file is not None
    files.pid_file.write_text(f"{bystander.pid}\n")
    assert "no mosquitto" in refused(files)
    with pytest.raises(subprocess.TimeoutExpired):
        bystander.wait(0.1)


def test_a_running_mosquitto_knows_a_new_device_and_its_site_at_once(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, {"central": "c"}) as broker:
        assert broker._process is not None
        pid_file = tmp_path / "pid"
        pid_file.write_text(str(broker._process.pid))
        folder = tmp_path / "mosquitto"
        add_account(MosquittoFiles(folder / "passwords", folder / "acl", pid_file), "gate-9", "p", "demo", print)
        assert "gate-9:" in (folder / "passwords").read_text()
        command = [str(needs("mosquitto_pub", "mosquitto-clients")), "-p", str(broker.port), "-u", "gate-9"]
        command += ["-P", "p", "-q", "1", "-t", "kiosk/v1/d/gate-9/state", "-m", "{}"]
        eventually(lambda: subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0)


def test_a_broker_that_cannot_be_told_is_a_warning_beside_an_account_that_stands(
    files: MosquittoFiles, tmp_path: Path
) -> None:
    said: list[str] = []

    def kill(_pid: int, number: int) -> None:
        assert number == signal.SIGHUP
        raise PermissionError(1, "Operation not permitted")

    with Mosquitto(tmp_path, {}) as broker:
        assert files.pid_file is not None
        assert broker._process is not None
        files.pid_file.write_text(str(broker._process.pid))
        add_account(files, "gate-1", "new", "demo", said.append, tell=kill)
    assert said == ["mosquitto was not told of gate-1 (Operation not permitted): reload it"]
    assert files.passwords.read_text() != BEFORE


@pytest.mark.parametrize("missing", ["acl", "folder"])
def test_files_that_are_not_there_are_named(tmp_path: Path, missing: str) -> None:
    (tmp_path / "passwords").write_text(BEFORE)
    files = {
        "acl": MosquittoFiles(tmp_path / "passwords", tmp_path / "acl"),
        "folder": MosquittoFiles(tmp_path / "none" / "passwords"),
    }[missing]
    with pytest.raises(ConfigError, match=str(tmp_path)):
        add_account(files, "gate-1", "new", "demo", print)
    assert (tmp_path / "passwords").read_text() == BEFORE


def test_a_device_that_moves_reads_its_new_site_alone_and_others_keep_theirs() -> None:
    text = with_rights(with_rights(SHIPPED_ACL, "gate-1", "north"), "gate-10", "north")
    moved = with_rights(text, "gate-1", "south")
    assert moved.count("user gate-1\n") == 1
    assert moved.endswith("user gate-1\ntopic read kiosk/v1/s/south/#\n")
    assert "user gate-10\ntopic read kiosk/v1/s/north/#\n" in moved
    assert moved.startswith(SHIPPED_ACL.rstrip("\n"))
    assert with_rights(moved, "gate-1", "south") == moved


def test_rights_of_one_device_never_fall_to_the_one_above_it() -> None:
    its_own = "user b\n", "topic read y\n", "topic read w\n"
    text = (
        f"user a\ntopic read x\n\n{its_own[0]}# hall\n\n{its_own[1]}pattern read z\n{its_own[2]}user c\ntopic read v\n"
    )
    kept = "user a\ntopic read x\n\n# hall\n\npattern read z\nuser c\ntopic read v\n"
    assert with_rights(text, "b", "s") == kept + "\nuser b\ntopic read kiosk/v1/s/s/#\n"


def test_the_acl_keeps_its_mode_and_two_writers_lose_nothing_of_each_others(files: MosquittoFiles) -> None:
    assert files.acl is not None
    files.acl.chmod(0o640)
    script = (
        "import sys; from pathlib import Path; from kiosk.mosquitto import *\n"
        "files = MosquittoFiles(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "for n in range(5): add_account(files, f'{sys.argv[3]}-{n}', 'x', sys.argv[3], print)"
    )
    command = [sys.executable, "-c", script, str(files.passwords), str(files.acl)]
    both = [subprocess.Popen([*command, site], cwd=ROOT) for site in ("north", "south")]
    assert [process.wait(60) for process in both] == [0, 0]
    wanted = {f"user {site}-{n}" for site in ("north", "south") for n in range(5)}
    assert wanted <= set(files.acl.read_text().splitlines())
    assert {name.removeprefix("user ") for name in wanted} <= {
        line.partition(":")[0] for line in files.passwords.read_text().splitlines()
    }
    assert files.acl.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(files.acl.parent)) == ["acl", "passwords"]


def test_add_device_names_a_stale_pid_file_in_one_sentence_and_registers_nothing(
    files: MosquittoFiles, tmp_path: Path
) -> None:
    (tmp_path / "central.toml").write_text(
        'home = "home"\n[provision]\nmosquitto_passwords = "passwords"\nmosquitto_pid_file = "mosquitto.pid"\n'
    )
    config = f"--config={tmp_path / 'central.toml'}"
    assert kiosk("central", "init", config).exit_code == 0
    done = kiosk("central", "add-device", "gate-1", "--site=demo", config)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kiosk: {tmp_path / 'mosquitto.pid'} names no running mosquitto")
    assert done.stderr.count("\n") == 1
    assert files.passwords.read_text() == BEFORE
    assert kiosk("central", "devices", config).stdout == ""
