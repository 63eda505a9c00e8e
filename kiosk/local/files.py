"""Small files that must be whole after a power cut, folders of ours, and who may look into them."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kiosk.core.errors import ConfigError

OURS_ALONE = 0o077
"""The umask of every process: what it writes is for its own account."""


def make_folder(path: Path) -> Path:
    """Make a folder of mode 0700, and those above it, where it is missing; raises ConfigError. Returns the path."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be made ({error.strerror})", hint="Check the folder above it and the disk"
        ) from error
    return path


def write_secret(path: Path, text: str, *, keep: bool = False) -> None:
    """Write a text and a line end into a file of mode 0600, whole or not at all, durably.

    With `keep` a file that is there stays as it is. Raises ConfigError where it cannot be written.
    """
    with _translated(path):
        _write(path, text + "\n", None, keep=keep)


def change_file(path: Path, change: Callable[[str], str]) -> None:
    """Replace a text file by what `change` makes of it, whole or not at all, durably; a missing one is empty.

    Its mode and owner stay; a new one has mode 0600. Whoever else changes it so waits. Raises ConfigError.
    """
    with _translated(path), folder_lock(path.resolve().parent):
        real = path.resolve()
        standing = real.stat() if real.exists() else None
        before = real.read_text(encoding="utf-8") if standing else ""
        after = change(before)
        if after != before or standing is None:
            _write(real, after, standing)


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Keep every other process that asks the same from changing files in a folder; raises OSError."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def sync_folder(path: Path) -> None:
    """Make new names in a folder durable; raises OSError."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(path: Path, text: str, standing: os.stat_result | None, *, keep: bool = False) -> None:
    file, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # its mode is 0600
    draft = Path(name)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            if standing is not None:
                _belong(stream.fileno(), standing)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if keep:
            with suppress(FileExistsError):
                os.link(draft, path)
        else:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _belong(file: int, standing: os.stat_result) -> None:
    made = os.fstat(file)
    if (made.st_uid, made.st_gid) != (standing.st_uid, standing.st_gid):
        os.fchown(file, standing.st_uid, standing.st_gid)
    os.fchmod(file, standing.st_mode & 0o7777)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror})", hint="Check its folder and the disk"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not text: {error.reason}") from error
