"""What an operator tells central or, through it, one device: that the clock is right, or what the gate is to do."""

import json
import sys
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

import click

from kiosk.cli_central import opened
from kiosk.core.clock import format_utc
from kiosk.core.errors import InvalidInput, Refused
from kiosk.located import located

ANSWER_S = 20.0
ANSWER_S_MAX = 300.0
ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "release": ("release", {}),
    "lockdown": ("lockdown", {"active": True}),
    "end-lockdown": ("lockdown", {"active": False}),
    "emergency": ("emergency", {"active": True}),
    "end-emergency": ("emergency", {"active": False}),
    "reload": ("reload", {}),
}
"""What an operator may ask of a gate, and the command and arguments that say so."""

UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))
WHY_NOT = {
    "expired": "the command waited there until its time was over, and was not run",
    "overrun": "too many commands wait there, and this one was not run",
    "already_ran": "the command was begun there before, and what became of it is lost: see its records",
}


@click.command()
@click.argument("device")
@click.argument("action")
@click.option("--access-point", default="", help="Whom to release: at which access point of the device.")
@click.option("--operator", default="", help="Whose word it is, as a staff id; stands in the record of a release.")
@click.option("--wait/--no-wait", default=True, help="Show what the device answers (so without either), or only send.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(0.1, ANSWER_S_MAX), default=ANSWER_S, show_default=True,
              help="How many seconds to wait and go on trying.")  # fmt: skip
@located
def command(device: str, action: str, access_point: str, operator: str, wait: bool, timeout_s: float) -> None:
    """Have a device's gate do something, and print as JSON what became of it.

    release lets one person through at an access point; lockdown shuts every way in, and emergency opens everything,
    until its end- is given, and over restarts; reload opens the roster anew. Exits 2 when it was not done.
    """
    from kiosk.central.commands import give_command, key_of, listening, make_command, send_command
    from kiosk.central.consumer import link_settings
    from kiosk.wire.mqtt import MqttLink

    op, args = _errand(action, access_point, operator)
    with opened() as (config, database, keys, _clock):
        with database.read() as connection:
            key = key_of(connection, device)
        given = make_command(device, op, args)
        told: dict[str, Any] = {"device": device, "action": action, "command": given.id}
        link = MqttLink(listening(link_settings(config), device))
        try:
            if not wait:
                send_command(link, keys.signing, given, timeout_s)
                click.echo(json.dumps(told))
                return
            result = give_command(link, keys.signing, key, given, timeout_s)
        finally:
            link.close()
    if not result.ok:
        code = str(result.body.get("code", ""))
        raise Refused(f"{device}: {result.body.get('message') or WHY_NOT.get(code, code)}")
    click.echo(json.dumps({**told, "result": result.body}, ensure_ascii=False))


@click.command("confirm-clock")
@click.option("--yes", is_flag=True, help="Do not ask: the clock was compared with another one that is right.")
@located
def confirm_clock(yes: bool) -> None:
    """Say that this machine's clock is right, where central refuses to sign rosters because of it.

    Shows what central compared. Run it on the machine of central; your word stands for a day, and from then on as long
    as central goes on signing. Exits 1 when you say no.
    """
    from kiosk.central.clockguard import clock_view
    from kiosk.central.clockguard import confirm_clock as confirm
    from kiosk.wiring_central import signing_refusal

    with opened() as (config, database, _keys, clock):
        now = clock.now()
        with database.read() as connection:
            view = clock_view(connection, now)
        refusal = signing_refusal(config, database, now)
        for line in _comparison(view, now, config.zone):
            click.echo(line, err=True)
        if not refusal:
            click.echo("central may sign with this clock: there is nothing to confirm", err=True)
            return
        click.echo(f"central         refuses to sign: {refusal}", err=True)
        if not (yes or _is_affirmed()):
            click.echo("nothing was changed", err=True)
            sys.exit(1)
        # The time that was shown, whatever the clock was set to meanwhile: a word for another time does not help.
        database.run(lambda connection: confirm(connection, now))
        if left := signing_refusal(config, database, clock.now()):
            raise InvalidInput(f"the clock was moved while you were asked: {left}", hint="Run this again")
    click.echo("written down; a central that runs signs rosters again at once", err=True)
    click.echo(json.dumps({"confirmed_at": format_utc(now), "was_refused": refusal}))


def _errand(action: str, access_point: str, operator: str) -> tuple[str, dict[str, Any]]:
    """Return the command and its arguments; raises InvalidInput."""
    if action not in ACTIONS:
        near = get_close_matches(action, ACTIONS, n=2) or ACTIONS
        raise InvalidInput(f"there is no action {action!r}", hint=f"Did you mean {' or '.join(near)}?")
    if action != "release" and access_point:
        raise InvalidInput(f"{action} is about all of the device's access points", hint="Leave out --access-point")
    if action == "release" and not access_point:
        raise InvalidInput("a release needs to know where", hint="Add --access-point NAME, as edge.toml has it")
    op, args = ACTIONS[action]
    named = {"access_point": access_point, "operator": operator} if action == "release" else {}
    return op, {**args, **{name: value for name, value in named.items() if value}}


def _comparison(view: Any, now: datetime, zone: str) -> list[str]:
    """Return what a clock was held against, as lines for an operator."""
    heard = "none came online within the last hour"
    if view.median is not None:
        heard = f"{len(view.offsets)} heard within the last hour, their median is {_beside(view.median)}"
    return [
        f"this clock      {format_utc(now)}, which is {now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} in {zone}",
        f"last signature  {_moment(view.signed_at, now)}",
        f"last confirmed  {_moment(view.confirmed_at, now)}",
        f"devices         {heard}",
    ]


def _moment(at: datetime | None, now: datetime) -> str:
    return f"{format_utc(at)}, {_beside(at - now)}" if at else "never"


def _beside(apart: timedelta) -> str:
    seconds = round(abs(apart).total_seconds())
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= 3 * size), (1, "seconds"))
    return f"{round(seconds / size)} {unit} {'behind' if apart < timedelta(0) else 'ahead of'} this clock"


def _is_affirmed() -> bool:
    try:
        return click.confirm("Is this clock right, and may rosters be signed with it?", err=True)
    except click.Abort as error:
        raise InvalidInput("nobody answered, and nothing was changed", hint="Answer, or give --yes") from error
