"""The command line. Data goes to standard output, everything else to standard error; wrong usage exits 2."""

import importlib
import sys
from typing import Any, NoReturn

import click

from kiosk import __version__, wiring
from kiosk.core.errors import KioskError
from kiosk.located import EDGE, config_path, located

LATER = {
    "central": "kiosk.cli_central:central",
    "demo": "kiosk.demo.cli:demo",
    "doctor": "kiosk.cli_edge:doctor",
    "replay": "kiosk.cli_edge:replay",
    "journal": "kiosk.cli_edge:journal",
    "office": "kiosk.cli_central:office",
    "bench": "kiosk.bench.cli:bench",
}
"""Commands whose modules are imported only when they are called: `kiosk tap` must not wait for SQLAlchemy."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *LATER})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in LATER:
            module, name = LATER[cmd_name].split(":")
            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
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

    Exits 0 when granted, 1 when denied, 2 when it could not.
    """
    from kiosk.config import load_edge
    from kiosk.core.codec import canonical
    from kiosk.local.talk import ask

    args = {"identifier": identifier, "reader": reader, "operator": operator}
    answer = ask(load_edge(config_path(EDGE)).box.socket("gate"), "tap", {k: v for k, v in args.items() if v})
    if answer["record"] is None:
        click.echo(f"kiosk: {answer['reason']}; the journal took no record of it", err=True)
    else:
        click.echo(canonical(answer["record"]).decode())
    sys.exit(0 if answer["granted"] else 1)


def main() -> NoReturn:
    """Run the command line; every error is one sentence."""
    try:
        result: Any = cli(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        click.echo(f"kiosk: {error.format_message()}", err=True)
        sys.exit(2)
    except KioskError as error:
        click.echo(f"kiosk: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(result if isinstance(result, int) else 0)
