"""Commands of the central office."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kiosk.cli_later import LaterGroup
from kiosk.core.codec import INTEGER_MAX
from kiosk.core.errors import InvalidInput
from kiosk.located import CENTRAL, config_path, located

if TYPE_CHECKING:
    from kiosk.wiring_central import CentralConfig

WAIT_S = 60.0
PAGE = 1000
LATER = {
    "command": "kiosk.cli_operator:command",
    "confirm-clock": "kiosk.cli_operator:confirm_clock",
    "parked": "kiosk.cli_parked:parked",
    "prove": "kiosk.cli_keys:prove",
    "rotate-key": "kiosk.cli_keys:rotate_key",
}


@click.group(cls=LaterGroup, later=LATER, invoke_without_command=True)
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
    """Make the database, the keys, the first admin and the staff token, where they are missing."""
    from kiosk.central.keys import init_keys
    from kiosk.central.schema import migrate
    from kiosk.local.files import OURS_ALONE, make_folder, write_secret
    from kiosk.wiring_central import load_central, seal_what_rests_in_clear

    config = load_central(config_path(CENTRAL))
    os.umask(OURS_ALONE)
    make_folder(config.home_path)
    migrate(config.database_url)
    init_keys(config.home_path)
    if sealed := seal_what_rests_in_clear(config, _progress):
        click.echo(f"{sealed} rows with personal data were sealed", err=True)
    if config.office is not None and config.office.token_file is not None:
        write_secret(config.path(str(config.office.token_file)), secrets.token_urlsafe(24), keep=True)
    _open_first_admin(config)
    click.echo(f"central is ready: {config.database_url}", err=True)


def _open_first_admin(config: "CentralConfig") -> None:
    """Print, once, how the first admin signs in to the office; nothing where there are accounts already."""
    from kiosk.central.club.books import Books
    from kiosk.central.club.staff import first_admin
    from kiosk.local.clock import SystemClock
    from kiosk.wiring_central import open_central

    with open_central(config) as (database, _keys):
        password = first_admin(Books(database, SystemClock()))
    if password is not None:
        click.echo(json.dumps({"login": "admin", "password": password}))


@central.command("add-device")
@click.argument("name")
@click.option("--site", required=True, help="Whose roster the device follows.")
@click.option("--replaces", help="The device whose journals may go on under the new name.")
@located
def add_device(name: str, site: str, replaces: str | None) -> None:
    """Register a device and print, once, what it needs: JSON with broker account, keys and certificate."""
    from kiosk.wiring_central import registrar

    left: list[str] = []
    with opened() as (config, database, keys, clock):
        told = registrar(config, database, keys, clock, left.append).add_device(name, site, replaces)
    click.echo(json.dumps(told, ensure_ascii=False))
    for warning in left:
        click.echo(f"kiosk: {warning}", err=True)


@central.command("import-policy")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@located
def import_policy(file: Path) -> None:
    """Make sites, areas, tiers, products and schedules those of a policy file (see config/club.toml)."""
    from kiosk.central.club.benefits import load_policy as put_policy
    from kiosk.central.club.books import Actor, Books
    from kiosk.central.policy import load_policy

    with opened() as (_config, database, _keys, clock):
        policy = load_policy(file)
        revision = Books(database, clock).change(Actor("operator", "cli"), lambda change: put_policy(change, policy))
    click.echo(f"roster revision {revision}", err=True)


@central.command("import-members")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--partial", is_flag=True, help="Take the good rows although others are bad.")
@click.option("--preview", is_flag=True, help="Say what would happen and take nothing.")
@located
def import_members(file: Path, partial: bool, preview: bool) -> None:
    """Take members and cards from CSV or XLSX (docs/import.md); names every row that cannot be taken."""
    from kiosk.central.importing import import_members as run

    with opened() as (_config, database, keys, clock):
        report = run(database, keys, file, clock=clock, partial=partial, preview=preview, progress=_progress)
    for problem in report.problems:
        where = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
        click.echo(f"{file.name}: {where}: {problem.reason}" + (f". {problem.hint}" if problem.hint else ""), err=True)
    if report.problem_count > len(report.problems):
        click.echo(f"{report.problem_count - len(report.problems)} more problems", err=True)
    for remark in report.remarks:
        where = f"line {remark.line}, {remark.column}"
        click.echo(f"{file.name}: {where}: {remark.reason}. {remark.hint}", err=True)
    counts = msgspec.to_builtins(report)
    counts.pop("problems")
    counts.pop("remarks")
    click.echo(json.dumps(counts))
    sys.exit(1 if report.refused else 0)


@central.command()
@located
def devices() -> None:
    """Print the fleet, one JSON line a device, and on standard error why no roster can be signed, if so."""
    from kiosk.central.devices import list_devices

    with opened() as (config, database, _keys, clock):
        for device in list_devices(database):
            click.echo(msgspec.json.encode(device).decode())
        _say_refusal(config, database, clock)


@central.command()
@located
def exposure() -> None:
    """Print what offline spending can cost at worst, one JSON line a site, amounts in fen (docs/operations.md)."""
    from kiosk.central.club.books import Look
    from kiosk.central.money.exposure import bounds

    with opened() as (_config, database, _keys, clock), database.read() as connection:
        for bound in bounds(Look(connection, clock.now())):
            click.echo(msgspec.json.encode(bound).decode())


@central.command()
@click.option("--device", help="Only this device's.")
@click.option("--after", default=0, type=click.IntRange(0, INTEGER_MAX), help="Only records behind this n.")
@located
def records(device: str | None, after: int) -> None:
    """Print what central has stored, in order, one JSON line a record."""
    from kiosk.central.streams import read_records

    with opened() as (_config, database, _keys, _clock):
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

    with opened() as (config, database, _keys, clock):
        _say_refusal(config, database, clock)
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

    with opened() as (config, database, _keys, clock):
        manifest = run(database, config.home_path, file, clock)
    click.echo(msgspec.json.encode(manifest).decode())


@central.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@located
def restore(file: Path) -> None:
    """Bring a backup back into an empty machine."""
    from kiosk.central.backup import restore as run
    from kiosk.local.clock import SystemClock
    from kiosk.local.files import OURS_ALONE, make_folder
    from kiosk.wiring_central import load_central

    config = load_central(config_path(CENTRAL))
    os.umask(OURS_ALONE)
    make_folder(config.home_path)
    click.echo(msgspec.json.encode(run(file, config.database_url, config.home_path, SystemClock())).decode())


@contextmanager
def opened() -> Iterator[tuple[Any, Any, Any, Any]]:
    """Open what central.toml names: configuration, database, keys and the clock."""
    from kiosk.local.clock import SystemClock
    from kiosk.wiring_central import load_central, open_central

    config = load_central(config_path(CENTRAL))
    with open_central(config) as (database, keys):
        yield config, database, keys, SystemClock()


def _say_refusal(config: Any, database: Any, clock: Any) -> None:
    from kiosk.wiring_central import signing_refusal

    if refusal := signing_refusal(config, database, clock.now()):
        click.echo(f"rosters are not signed: {refusal}. See kiosk central confirm-clock", err=True)


def _progress(what: str, count: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{what} {count} rows", err=True, nl=False)


def _pause() -> None:
    import threading

    threading.Event().wait(0.2)
