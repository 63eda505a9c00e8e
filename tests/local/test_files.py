"""Secrets on disk: for their owner alone, whole, and still there after a power cut."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.core.errors import ConfigError
from kiosk.local.files import change_file, make_folder, write_secret
from tests.support.needs import needs


def test_a_secret_is_for_its_owner_alone_and_takes_the_place_of_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("open to all\n")
    path.chmod(0o644)
    with path.open() as before:
        write_secret(path, "secret")
        assert before.read() == "open to all\n"
    assert path.read_text() == "secret\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["key"]


def test_a_secret_that_is_to_be_kept_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for text in ("first", "second"):
        write_secret(path, text, keep=True)
    assert path.read_text() == "first\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["key"]


def test_a_place_that_cannot_be_written_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "key" / "inside").mkdir(parents=True)
    for path in (tmp_path / "key", tmp_path / "nowhere" / "key"):
        with pytest.raises(ConfigError, match=rf"{path} cannot be written"):
            write_secret(path, "secret")
    assert os.listdir(tmp_path) == ["key"]


def test_the_content_is_on_the_disk_before_the_name_and_the_name_before_the_return(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from kiosk.local.files import *; write_secret(Path(sys.argv[1]), 'x')"
    )
    trace = tmp_path / "trace"
    calls = "trace=fsync,rename,renameat,renameat2"
    command = [needs("strace", "strace"), "-f", "-o", trace, "-e", calls, sys.executable, "-c", script]
    subprocess.run([*command, tmp_path / "key"], check=True, capture_output=True, cwd=Path(__file__).parents[2])
    assert re.findall(r"(fsync|rename)\w*\(", trace.read_text()) == ["fsync", "rename", "fsync"]


def test_a_folder_is_made_for_its_owner_alone_and_one_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "a" / "b") == make_folder(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(ConfigError, match=rf"{path} cannot be made"):
            make_folder(path)


def test_a_changed_file_keeps_mode_owner_and_the_link_that_leads_to_it(tmp_path: Path) -> None:
    path, link = tmp_path / "real", tmp_path / "link"
    path.write_text("one\n")
    path.chmod(0o640)
    owner = (1234, 1235) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(path, *owner)
    link.symlink_to(path)
    change_file(link, lambda text: text + "two\n")
    assert path.read_text() == "one\ntwo\n"
    assert link.is_symlink()
    after = path.stat()
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o640, *owner)
    assert sorted(os.listdir(tmp_path)) == ["link", "real"]


def test_a_change_that_fails_leaves_the_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    path.write_text("one\n")
    for wrong, error in (
        (lambda text: text + "\ud800", UnicodeEncodeError),
        (lambda text: 1 // len(""), ZeroDivisionError),
    ):
        with pytest.raises(error):
            change_file(path, wrong)
    with pytest.raises(ConfigError, match="cannot be written"):
        change_file(tmp_path / "nowhere" / "accounts", lambda text: text)
    assert path.read_text() == "one\n"
    assert os.listdir(tmp_path) == ["accounts"]


def test_two_processes_that_change_a_file_at_once_both_count(tmp_path: Path) -> None:
    path = tmp_path / "count"
    script = (
        "import sys; from pathlib import Path; from kiosk.local.files import *\n"
        "for _ in range(50): change_file(Path(sys.argv[1]), lambda text: str(int(text or 0) + 1))"
    )
    command = [sys.executable, "-c", script, str(path)]
    both = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert path.read_text() == "100"
