"""Commands for an operator who looks after what rests at central: keys for personal data, and whether all holds."""

import sys

import click
import msgspec

from kiosk.cli_central import opened
from kiosk.located import located


@click.command()
@located
def rotate_key() -> None:
    """Seal personal data with a new key while central runs, and drop the old one; run again where it was cut off.

    Exit 1: everything is sealed anew, and the old key is kept because somebody may still write with it.
    """
    from kiosk.central.club.books import Actor, Books
    from kiosk.central.keys import FOLDER
    from kiosk.central.personal_keys import PERSONAL_FILE, KeyFile, load_seals
    from kiosk.central.rotating import rotate

    with opened() as (config, database, _keys, clock):
        folder = config.home_path / FOLDER
        seals = load_seals(folder)
        done = rotate(database, seals, KeyFile(folder / PERSONAL_FILE), _progress)
        told = {"rows": done.rows, "dropped": done.dropped, "kept": done.kept}
        Books(database, clock).change(
            Actor("operator", "cli"), lambda change: change.note("keys.rotate", "personal_key", done.key, after=told)
        )
    click.echo(msgspec.json.encode(done).decode())
    if done.kept:
        click.echo("kiosk: the old key is kept: run this again when what runs long is over", err=True)
        sys.exit(1)


@click.command()
@located
def prove() -> None:
    """Prove ledger and journals now, as after a restore. Exit 1: something does not hold, and is printed.

    So are nights whose seal was written down outside the database and is missing in it, or differs.
    """
    from kiosk.central.club.books import Actor, Books
    from kiosk.central.journal_checks import check_journals
    from kiosk.central.money import anchor
    from kiosk.central.money.proof import prove_now

    with opened() as (config, database, _keys, clock):
        books = Books(database, clock)
        proof = books.change(Actor("operator", "cli"), prove_now)
        breaks = check_journals(database)
        with books.look() as look:
            lost = anchor.against(look, config.seals_path)
    told = {"postings": proof.postings, "ledger": proof.found, "journals": breaks, "seals": lost}
    click.echo(msgspec.json.encode(told).decode())
    if breaks or lost or not proof.holds:
        sys.exit(1)


def _progress(table: str, count: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{table} {count} rows", err=True, nl=False)
