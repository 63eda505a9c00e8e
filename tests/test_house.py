"""The house's own tools: what tests stand on, and what `make` does before it runs anything."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""To import the plugins that are installed costs twice what a run of these few tests does."""


def run_pytest(folder: Path, source: str, **env: str) -> tuple[int, str]:
    """Run a test file under this project's conftest, with no plugin besides; return exit code and output."""
    (folder / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        [*command, "--rootdir", str(folder), "-q", str(folder)],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "CI"} | ALONE | env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_test_that_leaves_a_thread_or_a_process_behind_fails(tmp_path: Path) -> None:
    source = """
import subprocess, threading
def test_thread(): threading.Thread(target=threading.Event().wait, args=(8,), name="left").start()
def test_daemon(): threading.Thread(target=threading.Event().wait, args=(20,), daemon=True).start()
def test_process(): globals()["left"] = subprocess.Popen(["sleep", "987"])
def test_waited(): subprocess.run(["sleep", "0"])
def test_after(): assert left.wait(30) == -9
"""
    code, output = run_pytest(tmp_path, source)
    assert code == 1
    assert "AssertionError: the test left running: thread left" in output
    assert "(sleep 987)" in output
    assert "5 passed, 2 errors" in output


def test_what_a_wider_fixture_keeps_running_is_no_leak(tmp_path: Path) -> None:
    source = """
import subprocess, pytest
@pytest.fixture(scope="module")
def server():
    process = subprocess.Popen(["sleep", "987"])
    yield process
    process.kill(); process.wait()
def test_one(server): pass
def test_two(server): assert server.poll() is None
"""
    assert run_pytest(tmp_path, source)[0] == 0


NEEDS = """
from tests.support.needs import needs, needs_module
def test_program(): needs("no-such-program", "a-package")
def test_module(): needs_module("no_such_module", "a-distribution")
def test_file(): needs("/etc/no-such-*.file", "a-library")
def test_there(): assert needs("sh", "dash").name == "sh" and needs("/etc/pass*d", "base").name == "passwd"
"""


def test_a_missing_program_skips_a_test_and_names_the_package(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path, NEEDS, PYTEST_ADDOPTS="-rs")
    assert code == 0
    assert "needs no-such-program: apt-get install a-package" in output
    assert "needs the Python module no_such_module: pip install a-distribution" in output
    assert "needs /etc/no-such-*.file: apt-get install a-library" in output
    assert "1 passed, 3 skipped" in output


def test_a_missing_program_fails_a_test_in_ci(tmp_path: Path) -> None:
    code, output = run_pytest(tmp_path, NEEDS, CI="true")
    assert code == 1
    assert "3 failed, 1 passed" in output


def test_a_skipped_test_or_module_makes_a_run_fail_in_ci_only(tmp_path: Path) -> None:
    source = "import pytest\ndef test_skipped():\n    pytest.skip('x')\ndef test_passes():\n    pass\n"
    other = tmp_path / "test_other.py"
    other.write_text("import pytest\npytest.skip('x', allow_module_level=True)\n")
    assert run_pytest(tmp_path, source)[0] == 0
    code, output = run_pytest(tmp_path, source, CI="true")
    assert code == 1
    assert "CI: 2 skipped, which counts as failed" in output
    other.unlink()
    assert run_pytest(tmp_path, "def test_passes():\n    pass\n", CI="true")[0] == 0


def make_machine(folder: Path, programs: dict[str, str]) -> dict[str, str]:
    """Return the environment of a machine with a shell, a few plain tools, and `programs` (name and shell text)."""
    for name in ("sh", "env", "cat", "sha256sum", "cut", "tr", "awk", "rm", "dirname"):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def make_clone(folder: Path) -> Path:
    """Return a copy of what set-up reads."""
    for name in ("tools", "requirements"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize("has_python", [True, False], ids=["no venv", "no python"])
def test_without_venv_set_up_says_one_sentence_and_exits_2(tmp_path: Path, has_python: bool) -> None:
    machine = tmp_path / "bin"
    machine.mkdir()
    without_ensurepip = f'case "$*" in *ensurepip*) exit 1;; *) exec {sys.executable} "$@";; esac'
    env = make_machine(machine, {"python3": without_ensurepip} if has_python else {})
    clone = make_clone(tmp_path / "clone")
    for what in ("base", "test"):
        done = subprocess.run([clone / "tools/setup", what], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "apt-get install python3-venv" in done.stderr
        assert not (clone / ".venv").exists()


def packages_named(path: Path) -> set[str]:
    """Return the Debian packages that a test file asks for by `needs(program, package)`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    named = [each.args[1] for each in calls if isinstance(each.func, ast.Name) and each.func.id == "needs"]
    return {str(each.value).partition(",")[0] for each in named if isinstance(each, ast.Constant)}


def test_what_the_tests_need_of_the_machine_is_what_make_test_installs() -> None:
    text = (ROOT / "tools/packages").read_text(encoding="utf-8")
    installed = set(text.partition('PACKAGES="')[2].partition('"')[0].split())
    part_of_every_debian = {"mount"}
    named = set[str]().union(*map(packages_named, (ROOT / "tests").rglob("*.py")))
    assert {"mosquitto", "mosquitto-clients", "chromium"} <= named
    assert named <= installed | part_of_every_debian


DPKG = 'case "$*" in *mosquitto|*strace) exit 1;; *) printf installed;; esac'


def run_packages(folder: Path, uid: int) -> tuple[int, str, str]:
    """Run tools/packages where mosquitto and strace are missing; return exit code, messages and apt-get's calls."""
    programs = {"dpkg-query": DPKG, "apt-get": f'echo "$DEBIAN_FRONTEND" "$@" >>{folder}/calls', "id": f"echo {uid}"}
    machine = folder / "bin"
    machine.mkdir()
    env = make_machine(machine, programs)
    done = subprocess.run([ROOT / "tools/packages"], env=env, capture_output=True, text=True, check=False)
    calls = folder / "calls"
    return done.returncode, done.stderr, calls.read_text() if calls.exists() else ""


def test_without_root_missing_packages_are_named_and_nothing_installed(tmp_path: Path) -> None:
    code, said, calls = run_packages(tmp_path, uid=1000)
    assert code == 0
    assert "Missing Debian packages: mosquitto strace - tests that need them are skipped." in said
    assert calls == ""


def test_as_root_only_what_is_missing_is_installed(tmp_path: Path) -> None:
    code, said, calls = run_packages(tmp_path, uid=0)
    assert code == 0
    assert calls.splitlines()[:2] == [
        "noninteractive update -qq",
        "noninteractive install -y -qq --no-install-recommends mosquitto strace",
    ]
    assert "Missing Debian packages: mosquitto strace" in said


def test_the_committed_files_name_no_package_index() -> None:
    for name in ("Makefile", "tools/setup", "tools/packages", "tools/lock", "requirements/lock.sh"):
        assert "://" not in (ROOT / name).read_text(), name
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text(), lock.name
        assert "--hash=sha256:" in lock.read_text()


def test_ci_runs_make_test_with_skips_counted() -> None:
    text = (ROOT / ".ci/run").read_text()
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert text.index("set -euo pipefail") < text.index("export CI=true") < text.index("make test")
