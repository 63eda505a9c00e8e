"""Commands on a box's files: replay a trace, show and verify the journals, look after its health."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

from kiosk.core.codec import INTEGER_MAX, canonical, decode
from kiosk.located import CENTRAL, EDGE, config_path, home, located


@click.command()
@click.argument("trace", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--journal", "journal_path", type=click.Path(path_type=Path), help="Keep the journal in this new file.")
@located
def replay(trace: Path, journal_path: Path | None) -> None:
    """Feed recorded taps (at,access_point,identifier) through the gate's rules and print each record."""
    from kiosk.config import load_edge
    from kiosk.core.errors import InvalidInput
    from kiosk.gate.replay import read_trace
    from kiosk.gate.replay import replay as run
    from kiosk.store.journal import Journal
    from kiosk.store.roster_reader import RosterReader

    config = load_edge(config_path(EDGE))
    if journal_path is not None and journal_path.exists():
        raise InvalidInput(f"{journal_path} exists already", hint="A replay always writes a new journal")
    roster = RosterReader(config.box.roster, config.box.site, config.box.zone, config.box.roster_age_max_s)
    with contextlib.ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-replay-")))
        journal = Journal(journal_path or folder / "replay.db", config.journal_limits)
        held.callback(journal.close)
        lines = read_trace(trace, config.access_point)
        for body in run(lines, config.access_point, config.reader, roster, journal, config.box.hash_key()):
            click.echo(body.decode())


@click.group()
def journal() -> None:
    """Show or verify the journals of a box."""


@journal.command()
@click.option("--file", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="One journal file.")
@click.option("--after", default=0, type=click.IntRange(0, INTEGER_MAX), help="Only records behind this seq.")
@located
def show(path: Path | None, after: int) -> None:
    """Print the journals as JSON lines: the journal's id and the record."""
    from kiosk.store.reading import JournalReader

    for each in [path] if path else _journals():
        with contextlib.closing(JournalReader(each)) as reader:
            name = reader.mark().journal
            for record in reader.walk(after):
                click.echo(canonical({"journal": name, "record": decode(record.body)}).decode())


@journal.command()
@click.option("--file", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="One journal file.")
@located
def verify(path: Path | None) -> None:
    """Check the hash chains; exits 1 where one breaks, and says where."""
    from kiosk.store.reading import JournalReader
    from kiosk.store.reading import verify as walk

    broken = False
    for each in [path] if path else _journals():
        with contextlib.closing(JournalReader(each)) as reader:
            name = reader.mark().journal
        held, fault = walk(each)
        broken = broken or fault is not None
        click.echo(f"{each.name}: journal {name}: {held} records hold" + (f", then {fault}" if fault else ""))
    sys.exit(1 if broken else 0)


@click.command()
@located
def doctor() -> None:
    """Look at everything the box needs: a line each with ok, warn or fail, and what to do. Exits 1 on fail.

    Of central, when its central.toml is named, or lies in the folder named by --home: the payment providers.
    """
    from kiosk.config import load_edge
    from kiosk.doctor import Finding, examine

    path = config_path(EDGE)
    central = path if path.name == CENTRAL else path.parent / CENTRAL if home() else None
    looks: list[Iterator[Finding]] = [] if central == path else [examine(load_edge(path))]
    if central is not None and central.exists():
        # A box has neither central's parts nor what they stand on.
        from kiosk.doctor_central import examine_central
        from kiosk.wiring_central import load_central

        looks.append(examine_central(load_central(central)))
    failed = False
    for finding in chain.from_iterable(looks):
        failed = failed or finding.grade == "fail"
        click.echo(
            f"{finding.grade:<5} {finding.what:<14} {finding.said}" + (f" — {finding.hint}" if finding.hint else "")
        )
    sys.exit(1 if failed else 0)


def _journals() -> list[Path]:
    from kiosk.config import load_edge
    from kiosk.core.errors import InvalidInput

    data = load_edge(config_path(EDGE)).box.data
    found = sorted(data.glob("gate*.db")) + sorted(data.glob("web*.db"))
    if not found:
        raise InvalidInput(f"no journal in {data}", hint="Start the gate once")
    return found


@click.command("attendant-pin")
@click.argument("code")
def attendant_pin(code: str) -> None:
    """Ask for an attendant's PIN twice, or read it from a pipe, and print the line of [attendant] pins for CODE."""
    from kiosk.local.pins import keep_pin

    if sys.stdin.isatty():
        pin = click.prompt("PIN", hide_input=True, confirmation_prompt=True, err=True)
    else:
        pin = sys.stdin.readline().strip()
    click.echo(f'{code} = "{keep_pin(pin)}"')
