"""The command line. Data goes to standard output, everything else to standard error; wrong usage exits 2."""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from kiosk import __version__, wiring
from kiosk.cli_later import LaterGroup
from kiosk.core.errors import KioskError
from kiosk.located import EDGE, config_path, located

LATER = {
    "central": "kiosk.cli_central:central",
    "demo": "kiosk.demo.cli:demo",
    "doctor": "kiosk.cli_edge:doctor",
    "replay": "kiosk.cli_edge:replay",
    "journal": "kiosk.cli_edge:journal",
    "attendant-pin": "kiosk.cli_edge:attendant_pin",
    "office": "kiosk.cli_central:office",
    "bench": "kiosk.bench.cli:bench",
    "hostile-provider": "kiosk.cli_hostile:hostile_provider",
}


@click.group(cls=LaterGroup, later=LATER, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kiosk")
@located
def cli() -> None:
    """Card-reader kiosk and access-control edge service."""


@cli.command()
@located
def gate() -> None:
    """Run the gate of a box: read cards, decide, record, open."""
    wiring.serve("gate", config_path(EDGE))


@cli.command()
@located
def sync() -> None:
    """Run the line to central: facts up, rosters down."""
    wiring.serve("sync", config_path(EDGE))


@cli.command()
@located
def web() -> None:
    """Serve the member's screens and the gate display."""
    wiring.serve("web", config_path(EDGE))


@cli.command()
@click.argument("identifier")
@click.option("--reader", default="", help="Which mock reader; the first one without.")
@click.option("--operator", default="", help="Let this person's word overrule a refusal that may be overruled.")
@located
def tap(identifier: str, reader: str, operator: str) -> None:
    """Present a card to a mock reader of the running gate and print the record.

    Exits 0 when granted, 1 when denied, 2 when it could not. At a reader of the screens, such as a kiosk's, nothing is
    decided: what was read is printed instead of a record, and the exit is 1 where it cannot be used.
    """
    from kiosk.config import load_edge
    from kiosk.core.codec import canonical
    from kiosk.local.talk import ask

    config = load_edge(config_path(EDGE))
    if reader in config.screen_readers:
        shown = ask(config.box.socket("web"), "tap", {"identifier": identifier, "reader": reader})
        click.echo(canonical(shown).decode())
        sys.exit(0 if shown["read"] else 1)
    args = {"identifier": identifier, "reader": reader, "operator": operator}
    answer = ask(config.box.socket("gate"), "tap", {k: v for k, v in args.items() if v})
    if answer["record"] is None:
        click.echo(f"kiosk: {answer['reason']}; the journal took no record of it", err=True)
    else:
        click.echo(canonical(answer["record"]).decode())
    sys.exit(0 if answer["granted"] else 1)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, with the process's own arguments unless some are given; every error is one sentence."""
    try:
        result: Any = cli(arguments, prog_name="kiosk", standalone_mode=False)
    except click.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        group = error.ctx.command_path if error.ctx else "kiosk"
        _fail(f"which command? See {group} --help")
    except click.ClickException as error:
        _fail(error.format_message())
    # An OSError is the last resort: what fails with a file or an address is for the person to put right, not for us.
    except (KioskError, OSError) as error:
        _fail(str(error))
    sys.exit(result if isinstance(result, int) else 0)


def _fail(text: str) -> NoReturn:
    click.echo(f"kiosk: {' '.join(text.split())}", err=True)
    sys.exit(2)
