"""What an operator does with the keys for personal data, and how a restored central is proved, by the command line."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import delete, select, update

from kiosk.central.club.books import Actor, Books
from kiosk.central.club.file_reading import search
from kiosk.central.club.files import change_file
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.tables import audit
from kiosk.central.database import Database
from kiosk.central.members import MemberRecord, save_members
from kiosk.central.money import proof
from kiosk.central.money.ledger import post
from kiosk.central.money.tables import ledger_balance, ledger_seal
from kiosk.central.personal_keys import PERSONAL_FILE, load_seals
from kiosk.central.sealed import MARK
from kiosk.local.clock import SystemClock
from tests.central.money.builders import cash_top_up
from tests.faults.club import make_policy
from tests.support.central_home import CentralHome
from tests.support.command_line import kiosk
from tests.support.ports import free_ports

PHONE = "13800001111"


@pytest.fixture
def home(tmp_path: Path) -> CentralHome:
    """An installed central."""
    made = CentralHome(tmp_path / "central", broker_port=free_ports())
    made.create(make_policy())
    return made


@pytest.fixture
def database(home: CentralHome) -> Iterator[Database]:
    """Its database as it rests."""
    with closing(Database(home.url)) as opened:
        yield opened


def central(home: CentralHome, *words: str) -> Result:
    """Run a command of central."""
    return kiosk("central", *words, "--config", str(home.config))


def fill(database: Database) -> None:
    """Write a member down as an older version did, in clear, who has money."""
    books = Books(database, SystemClock())

    books.change(Actor("d"), lambda change: save_members(change.connection, [MemberRecord("m1", "M1", "王")]))
    books.change(Actor("d"), lambda change: change_file(change, "m1", {"phone": PHONE}))
    books.change(Actor("d"), lambda change: post(change, cash_top_up("t1", 10000)))


def phone_at_rest(database: Database) -> str:
    with database.read() as connection:
        return str(connection.execute(select(member_file.c.phone)).scalar_one())


@pytest.mark.proves("S90", "R150")
def test_an_update_seals_what_rests_in_clear_and_a_new_key_takes_over(home: CentralHome, database: Database) -> None:
    fill(database)
    assert phone_at_rest(database) == PHONE
    done = central(home, "init")
    assert done.exit_code == 0, done.output
    first = phone_at_rest(database)
    assert first.startswith(MARK)
    (folder,) = {path.parent for path in home.folder.rglob(PERSONAL_FILE)}
    old = load_seals(folder).newest.id
    done = central(home, "rotate-key")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["dropped"], told["kept"]) == ([old], [])
    assert phone_at_rest(database).startswith(f"{MARK}{told['key']}:")
    assert (folder / PERSONAL_FILE).read_text().startswith(told["key"])
    with closing(Database(home.url, load_seals(folder))) as opened, Books(opened, SystemClock()).look() as look:
        assert [each.member for each in search(look, PHONE)] == ["m1"]
        query = select(audit.c.actor, audit.c.thing_id).where(audit.c.action == "keys.rotate")
        assert look.connection.execute(query).all() == [("operator", told["key"])]


@pytest.mark.proves("R150")
def test_prove_says_whether_the_books_hold_and_are_those_whose_seals_were_kept(
    home: CentralHome, database: Database
) -> None:
    fill(database)
    seals, books = home.folder / "seals.log", Books(database, SystemClock())
    for day in (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 23)):
        books.change(Actor("d"), lambda change, day=day: post(change, cash_top_up(f"t{day}", 5000)))
        step = proof.run(books, day, "", seals)
        while not step.finished:
            step = proof.run(books, day, step.place, seals)
    assert [line.split()[:2] for line in seals.read_text().splitlines()] == [["2026-11-22", "1"], ["2026-11-23", "2"]]
    assert seals.stat().st_mode & 0o777 == 0o600
    done = central(home, "prove")
    assert (done.exit_code, json.loads(done.stdout)["ledger"]) == (0, [])
    # Somebody puts an older database back, in which the second night is missing and the first was another one.
    with database.begin() as connection:
        connection.execute(delete(ledger_seal).where(ledger_seal.c.number == 2))
        connection.execute(delete(ledger_seal).where(ledger_seal.c.number == 1))
    done = central(home, "prove")
    assert (done.exit_code, json.loads(done.stdout)["ledger"]) == (1, [])
    assert json.loads(done.stdout)["seals"] == ["2026-11-22: seal 1 is missing", "2026-11-23: seal 2 is missing"]
    books.change(Actor("d"), lambda change: post(change, cash_top_up("t9", 5000)))
    step = proof.run(books, date(2026, 11, 23), "", seals)
    while not step.finished:
        step = proof.run(books, date(2026, 11, 23), step.place, seals)
    told = json.loads(central(home, "prove").stdout)["seals"]
    assert told == ["2026-11-22: seal 1 differs", "2026-11-23: seal 2 is missing"]
    with database.begin() as connection:
        connection.execute(update(ledger_balance).values(balance=ledger_balance.c.balance + 1))
    done = central(home, "prove")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["ledger"]
