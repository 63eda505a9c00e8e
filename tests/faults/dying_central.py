"""A central process that dies at a commit of a batch: `python -m tests.faults.dying_central central --config FILE`.

`KIOSK_DIES` says when: `before:3` is right before its third commit that stores records takes effect, `after:3` right
after, when nothing of it was told to anybody.
"""

import os
import signal

from sqlalchemy import Connection

from kiosk.central import ingest
from kiosk.cli import main


def arm(moment: str, at: int) -> None:
    """Let the process kill itself at the `at`th storing of records."""
    store, commit = ingest.store_records, Connection.commit
    stored = 0
    deadly: list[Connection] = []

    def counting(connection: Connection, *args: object) -> None:
        nonlocal stored
        store(connection, *args)
        stored += 1
        if stored == at:
            deadly.append(connection)

    def dying(connection: Connection) -> None:
        if connection not in deadly:
            commit(connection)
            return
        if moment == "after":
            commit(connection)
        os.kill(os.getpid(), signal.SIGKILL)

    ingest.store_records = counting
    Connection.commit = dying  # type: ignore[method-assign]  # the moment cannot be hit from outside


if __name__ == "__main__":
    told_moment, _, told_at = os.environ["KIOSK_DIES"].partition(":")
    arm(told_moment, int(told_at))
    main()
