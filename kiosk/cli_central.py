"""Commands of the central office."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from kiosk.core.errors import InvalidInput
from kiosk.located import CENTRAL, config_path, located

WAIT_S = 60.0
PAGE = 1000


@click.group(invoke_without_command=True)
@located
@click.pass_context
def central(context: click.Context) -> None:
    """Run central, or one of its commands."""
    if context.invoked_subcommand is None:
        from kiosk.wiring_central import serve_central

        serve_central(config_path(CENTRAL))


@click.command()
@located
def office() -> None:
    """Serve the staff web and the REST API."""
    from kiosk.wiring_central import serve_office

    serve_office(config_path(CENTRAL))


@central.command()
@located
def init() -> None:
    """Make the database, the keys, and the first staff token, where they are missing."""
    from kiosk.central.keys import init_keys
    from kiosk.central.schema import migrate
    from kiosk.wiring_central import load_central

    config = load_central(config_path(CENTRAL))
    config.home_path.mkdir(parents=True, exist_ok=True)
    migrate(config.database_url)
    init_keys(config.home_path)
    if config.office is not None:
        _first_token(config.path(str(config.office.token_file)))
    click.echo(f"central is ready: {config.database_url}", err=True)


@central.command("add-device")
@click.argument("name")
@click.option("--site", required=True, help="Whose roster the device follows.")
@click.option("--replaces", help="The device whose journals may go on under the new name.")
@located
def add_device(name: str, site: str, replaces: str | None) -> None:
    """Register a device and print, once, what it needs: JSON with broker account, keys and certificate."""
    from kiosk.wiring_central import registrar

    with _opened() as (config, database, keys, clock):
        told = registrar(config, database, keys, clock).add_device(name, site, replaces)
    click.echo(json.dumps(told, ensure_ascii=False))


@central.command("import-policy")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@located
def import_policy(file: Path) -> None:
    """Make sites, areas, tiers, products and schedules those of a policy file (see config/club.toml)."""
    from kiosk.central.policy import apply_policy, load_policy

    with _opened() as (_config, database, _keys, clock), database.begin() as connection:
        revision = apply_policy(connection, load_policy(file), at=clock.now())
    click.echo(f"roster revision {revision}", err=True)


@central.command("import-members")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--partial", is_flag=True, help="Take the good rows although others are bad.")
@located
def import_members(file: Path, partial: bool) -> None:
    """Take members and cards from CSV or XLSX (docs/import.md); names every row that cannot be taken."""
    from kiosk.central.importing import import_members as run

    with _opened() as (_config, database, keys, clock):
        report = run(database, keys, file, clock=clock, partial=partial, progress=_progress)
    for problem in report.problems:
        where = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
        click.echo(f"{file.name}: {where}: {problem.reason}" + (f". {problem.hint}" if problem.hint else ""), err=True)
    if report.problem_count > len(report.problems):
        click.echo(f"{report.problem_count - len(report.problems)} more problems", err=True)
    counts = msgspec.to_builtins(report)
    counts.pop("problems")
    click.echo(json.dumps(counts))
    sys.exit(1 if report.refused else 0)


@central.command()
@located
def devices() -> None:
    """Print the fleet, one JSON line a device."""
    from kiosk.central.devices import list_devices

    with _opened() as (_config, database, _keys, _clock):
        for device in list_devices(database):
            click.echo(msgspec.json.encode(device).decode())


@central.command()
@click.option("--device", help="Only this device's.")
@click.option("--after", default=0, help="Only records behind this n.")
@located
def records(device: str | None, after: int) -> None:
    """Print what central has stored, in order, one JSON line a record."""
    from kiosk.central.streams import read_records

    with _opened() as (_config, database, _keys, _clock):
        while True:
            with database.read() as connection:
                page = read_records(connection, after, PAGE, device)
            for row in page:
                click.echo(msgspec.json.encode(row).decode())
            if len(page) < PAGE:
                return
            after = page[-1]["n"]


@central.command()
@click.option("--wait", "wait", is_flag=True, help="Return when the online devices have the newest revision.")
@located
def publish(wait: bool) -> None:
    """Say how far the roster has spread; changes publish by themselves."""
    from kiosk.central.devices import list_devices
    from kiosk.central.roster import roster_state

    with _opened() as (_config, database, _keys, clock):
        deadline_ns = clock.monotonic_ns() + int(WAIT_S * 1e9)
        while True:
            with database.read() as connection:
                newest = roster_state(connection).revision
            online = [each for each in list_devices(database) if each.state == "online"]
            behind = [each.device for each in online if (each.roster_revision or 0) < newest]
            if not behind or not wait:
                break
            if clock.monotonic_ns() > deadline_ns:
                raise InvalidInput(f"revision {newest} has not reached {', '.join(behind)} in {WAIT_S:.0f} s",
                                   hint="See kiosk central devices")  # fmt: skip
            _pause()
    click.echo(json.dumps({"revision": newest, "online": len(online), "behind": behind}))


@central.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@located
def backup(file: Path) -> None:
    """Write a consistent copy of database and keys to a new file while central runs."""
    from kiosk.central.backup import backup as run

    with _opened() as (config, database, _keys, clock):
        manifest = run(database, config.home_path, file, clock)
    click.echo(msgspec.json.encode(manifest).decode())


@central.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@located
def restore(file: Path) -> None:
    """Bring a backup back into an empty machine."""
    from kiosk.central.backup import restore as run
    from kiosk.local.clock import SystemClock
    from kiosk.wiring_central import load_central

    config = load_central(config_path(CENTRAL))
    config.home_path.mkdir(parents=True, exist_ok=True)
    click.echo(msgspec.json.encode(run(file, config.database_url, config.home_path, SystemClock())).decode())


@central.group()
def parked() -> None:
    """What could not be used and waits for a person."""


@parked.command("list")
@click.option("--all", "every", is_flag=True, help="Closed ones too.")
@located
def parked_list(every: bool) -> None:
    """Print parked items, one JSON line each."""
    from kiosk.wiring_central import parked_items

    with _opened() as (config, database, _keys, clock):
        for item in parked_items(config, database, clock).items(state=None if every else "open"):
            click.echo(msgspec.json.encode(item).decode())


@parked.command("show")
@click.argument("number", type=int)
@located
def parked_show(number: int) -> None:
    """Print one parked item and what it holds."""
    from kiosk.wiring_central import parked_items

    with _opened() as (config, database, _keys, clock):
        item, body = parked_items(config, database, clock).show(number)
    told = msgspec.to_builtins(item)
    told["body"] = body.decode(errors="backslashreplace")
    click.echo(json.dumps(told, ensure_ascii=False))


@parked.command("retry")
@click.argument("number", type=int)
@located
def parked_retry(number: int) -> None:
    """Try a parked item again; exits 1 when it still cannot be used."""
    from kiosk.wiring_central import parked_items

    with _opened() as (config, database, _keys, clock):
        used = parked_items(config, database, clock).retry(number)
    click.echo("used" if used else "still not usable", err=True)
    sys.exit(0 if used else 1)


@parked.command("close")
@click.argument("number", type=int)
@located
def parked_close(number: int) -> None:
    """Say that a parked item is dealt with."""
    from kiosk.wiring_central import parked_items

    with _opened() as (config, database, _keys, clock):
        parked_items(config, database, clock).close(number)


@contextmanager
def _opened() -> Iterator[tuple[Any, Any, Any, Any]]:
    """Open what central.toml names: configuration, database, keys and the clock."""
    from kiosk.local.clock import SystemClock
    from kiosk.wiring_central import load_central, open_central

    config = load_central(config_path(CENTRAL))
    with open_central(config) as (database, keys):
        yield config, database, keys, SystemClock()


def _first_token(path: Path) -> None:
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w") as stream:
        stream.write(secrets.token_urlsafe(24) + "\n")


def _progress(what: str, count: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{what} {count} rows", err=True, nl=False)


def _pause() -> None:
    import threading

    threading.Event().wait(0.2)
