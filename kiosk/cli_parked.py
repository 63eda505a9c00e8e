"""What central could not use and keeps for a person: listed, shown, tried again, closed."""

import json
import sys

import click
import msgspec

from kiosk.cli_central import opened
from kiosk.core.codec import INTEGER_MAX
from kiosk.located import located


@click.group()
def parked() -> None:
    """What could not be used and waits for a person."""


@parked.command("list")
@click.option("--all", "every", is_flag=True, help="Closed ones too.")
@located
def parked_list(every: bool) -> None:
    """Print parked items, one JSON line each."""
    from kiosk.wiring_central import parked_items

    with opened() as (config, database, _keys, clock):
        for item in parked_items(config, database, clock).items(state=None if every else "open"):
            click.echo(msgspec.json.encode(item).decode())


@parked.command("show")
@click.argument("number", type=click.IntRange(1, INTEGER_MAX))
@located
def parked_show(number: int) -> None:
    """Print one parked item and what it holds."""
    from kiosk.wiring_central import parked_items

    with opened() as (config, database, _keys, clock):
        item, body = parked_items(config, database, clock).show(number)
    told = msgspec.to_builtins(item)
    told["body"] = body.decode(errors="backslashreplace")
    click.echo(json.dumps(told, ensure_ascii=False))


@parked.command("retry")
@click.argument("number", type=click.IntRange(1, INTEGER_MAX))
@located
def parked_retry(number: int) -> None:
    """Try a parked item again; exits 1 when it still cannot be used."""
    from kiosk.wiring_central import parked_items

    with opened() as (config, database, _keys, clock):
        used = parked_items(config, database, clock).retry(number)
    click.echo("used" if used else "still not usable", err=True)
    sys.exit(0 if used else 1)


@parked.command("close")
@click.argument("number", type=click.IntRange(1, INTEGER_MAX))
@located
def parked_close(number: int) -> None:
    """Say that a parked item is dealt with."""
    from kiosk.wiring_central import parked_items

    with opened() as (config, database, _keys, clock):
        parked_items(config, database, clock).close(number)
