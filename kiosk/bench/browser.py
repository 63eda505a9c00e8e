"""A browser for a benchmark: Chromium without a window, told what to do over two pipes (its DevTools protocol)."""

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kiosk.core.errors import CannotStart

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--mute-audio",
    "--window-size=1280,800", "--remote-debugging-pipe",
)  # fmt: skip
ANSWER_S = 20.0
READ_BYTES = 64 * 1024
PIPES_FROM = 50
"""The browser wants its pipes as 3 and 4: ours begin well above, so that neither is in the other's way."""

_START = "import os,sys;os.dup2(int(sys.argv[1]),3);os.dup2(int(sys.argv[2]),4);os.execv(sys.argv[3],sys.argv[3:])"


class _Refused(CannotStart):
    """The browser answers that it cannot do that now."""


class Browser:
    """One page in a browser of its own; raises CannotStart where there is none, or it does not answer."""

    def __init__(self, folder: Path, url: str) -> None:
        program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
        if program is None:
            raise CannotStart("no browser is installed", hint="apt-get install chromium")
        theirs_in, self._to = _pipe()
        self._from, theirs_out = _pipe()
        command = [sys.executable, "-c", _START, str(theirs_in), str(theirs_out), program, *FLAGS]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={folder}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._heard = b""
        self._calls = 0
        self._session = ""
        target = self._call("Target.createTarget", url=url)["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def evaluate(self, script: str) -> Any:
        """Return what an expression is worth in the page."""
        return self._call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait(self, script: str, timeout_s: float = ANSWER_S) -> Any:
        """Return what an expression is worth as soon as that is anything; raises CannotStart when it never is."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            # A page that is only just coming has nothing to evaluate in.
            with contextlib.suppress(_Refused):
                if found := self.evaluate(script):
                    return found
        raise CannotStart(f"the page never came to {script}")

    def close(self) -> None:
        """End the browser."""
        os.close(self._to)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._from)

    def _call(self, method: str, **params: Any) -> Any:
        self._calls += 1
        said: dict[str, Any] = {"id": self._calls, "method": method, "params": params}
        if self._session:
            said["sessionId"] = self._session
        os.write(self._to, json.dumps(said).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_S
        while True:
            answer = json.loads(self._next(deadline))
            if answer.get("id") == self._calls:
                if "error" in answer:
                    raise _Refused(f"the browser refused {method}: {answer['error'].get('message')}")
                return answer["result"]

    def _next(self, deadline: float) -> bytes:
        while b"\0" not in self._heard:
            ready, _, _ = select.select([self._from], [], [], max(deadline - time.monotonic(), 0))
            more = os.read(self._from, READ_BYTES) if ready else b""
            if not more:
                raise CannotStart("the browser does not answer")
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\0")
        return line


def _pipe() -> tuple[int, int]:
    ends = os.pipe()
    moved = (
        fcntl.fcntl(ends[0], fcntl.F_DUPFD_CLOEXEC, PIPES_FROM),
        fcntl.fcntl(ends[1], fcntl.F_DUPFD_CLOEXEC, PIPES_FROM),
    )
    for each in ends:
        os.close(each)
    return moved
