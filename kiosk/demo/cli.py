"""`kiosk demo`: a whole club on this machine, nothing to configure."""

import os
from pathlib import Path

import click

from kiosk.located import home as given_home
from kiosk.located import located

PORT = 8470
HOME = "demo-home"


@click.command()
@click.option("--port", default=PORT, show_default=True, help="Screens; office and MQTT take the next two.")
@click.option("--members", default=240, type=click.IntRange(1), show_default=True, help="How many the sample club has.")
@click.option("--exit-after", type=float, help="Stop by itself after so many seconds.")
@located
def demo(port: int, members: int, exit_after: float | None) -> None:
    """Run broker, central, office, a gate with a mock reader, and the screens, with a sample club.

    Without --home everything is kept in ./demo-home. A second start goes on where the first stopped.
    """
    from kiosk.demo.ports import find_ports
    from kiosk.demo.setup import prepare
    from kiosk.demo.supervisor import Supervisor
    from kiosk.local.files import OURS_ALONE
    from kiosk.local.process import stop_event

    os.umask(OURS_ALONE)
    stop = stop_event()
    folder = (given_home() or Path(HOME)).resolve()
    ports = find_ports(port)
    click.echo(f"Setting up {folder} …", err=True)
    prepare(folder, ports, members)
    supervisor = Supervisor(folder, ports, lambda text: click.echo(text, err=True))
    try:
        supervisor.start(stop)
        if not stop.is_set():
            _announce(folder, port, ports.provider)
            supervisor.watch(stop, exit_after)
    finally:
        click.echo("Stopping …", err=True)
        supervisor.stop()


def _announce(folder: Path, port: int, provider: int) -> None:
    from kiosk.demo.counter import ATTENDANT, DIGITS

    token = (folder / "token").read_text().strip()
    shown = folder if " " not in str(folder) else f"'{folder}'"
    for line in (
        f"Gate display   http://127.0.0.1:{port}/gate/entrance",
        f"Kiosk          http://127.0.0.1:{port}/self   lay a card on it: kiosk tap … --reader kiosk",
        f"Till           http://127.0.0.1:{port}/till   any staff code; show it a card: kiosk tap … --reader till",
        f"Attendant      http://127.0.0.1:{port}/attendant   code {ATTENDANT}, PIN {DIGITS}",
        f"Pay a code     http://127.0.0.1:{provider}/   the telephone of whoever tops up at the kiosk; no real money",
        f"Tap a card     http://127.0.0.1:{port}/demo",
        f"Office         http://127.0.0.1:{port + 1}/   sign in with {token}",
        f"MQTT           127.0.0.1:{port + 2}",
        "",
        "Try, in another terminal (cards.csv lists every card and what it answers):",
        f"  .venv/bin/kiosk tap 04FFFFFFFFFF02 --home {shown}",
        f"  .venv/bin/kiosk central records --home {shown}",
        f"  .venv/bin/kiosk doctor --home {shown}",
        "Stop with Ctrl-C.",
    ):
        click.echo(line)
