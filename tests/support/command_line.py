"""The command line as it is shipped, in this process: click's runner around `kiosk.cli.main`."""

from collections.abc import Sequence
from typing import Any

from click.testing import CliRunner, Result

from kiosk.cli import main


class _Whole:
    """What the runner calls: everything from the arguments to the exit code, one-sentence errors included."""

    name = "kiosk"

    def main(self, args: Sequence[str], **_: Any) -> None:
        main(list(args))


def kiosk(*words: str, typed: str = "") -> Result:
    """Run `kiosk` with these words and return exit code, output and errors; `typed` is what standard input holds."""
    return CliRunner().invoke(_Whole(), words, input=typed)  # type: ignore[arg-type]  # asked for its name and main only
