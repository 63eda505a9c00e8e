"""Personal data that rest sealed: what a thief of the database reads, and a new key while central runs."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from kiosk.central import rotating
from kiosk.central.club.people_tables import contact_failure, member_file, member_photo
from kiosk.central.database import Database
from kiosk.central.keys import FOLDER, init_keys
from kiosk.central.personal_keys import PERSONAL_FILE, KeyFile, load_seals
from kiosk.central.rotating import rotate, seal_all, stale_count
from kiosk.central.sealed import MARK, SealedBytes, SealedText, is_text
from kiosk.central.tables import member, metadata
from kiosk.club.privacy import sensitive_fields
from kiosk.club.privacy_plan import PLAN
from kiosk.core.errors import ConfigError, StoreDamaged
from tests.central.sealing import make_seals

PHONE, BORN, PHOTO = "13800001111", "1990-05-01", b"\xff\xd8 a face"
AT = "2026-11-22T08:31:07.412Z"

OPEN_FOR_A_REASON = {
    "member_file.photo": "the digest of a picture that rests sealed",
    "visit.at_ms": "a number under a random card id; counted and compared in the database",
    "card_tap.at_ms": "a number under a random card id; counted and compared in the database",
    "misuse_alert.places": "places under a random card id",
    "discipline_order.measure": "one of six codes, which lists count",
    "contact_log.topics": "codes of topics, which reports count",
}
"""What staff look at only when they have to and what rests in clear all the same (decision 0008)."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Central's home folder, with keys."""
    path = tmp_path / "home"
    init_keys(path)
    return path


def put(database: Database, count: int = 1, phone: str = PHONE) -> None:
    """Write down people with everything that is sealed."""
    with database.begin() as connection:
        for n in range(count):
            each = f"{n:016}"
            connection.execute(insert(member).values(id=each, member_no=f"M{n}", name="王小明"))
            file = {"member": each, "kind": "person", "phone": phone, "born": BORN, "email": f"{n}@example.cn"}
            connection.execute(insert(member_file).values(**file, opened_on="2026-01-01", changed_at=AT))
            connection.execute(insert(member_photo).values(member=each, kind="image/jpeg", body=PHOTO, set_at=AT))
            failure = {"member": each, "kind": "phone", "value": phone, "failures": 3, "failed_at": AT}
            connection.execute(insert(contact_failure).values(**failure))


def read(database: Database) -> list[tuple[Any, ...]]:
    """Return what there is of all, in clear."""
    query = select(member_file.c.phone, member_file.c.born, member_file.c.address, member_photo.c.body)
    with database.read() as connection:
        rows = connection.execute(query.join(member_photo, member_photo.c.member == member_file.c.member))
        return [(*row[:3], bytes(row[3])) for row in rows]


def resting(url: str, column: Any) -> list[Any]:
    """Return what a thief of the database sees of a column."""
    with closing(Database(url)) as stolen, stolen.read() as connection:
        return list(connection.execute(select(column).order_by(column)).scalars())


@pytest.mark.proves("S90", "R150")
def test_who_steals_the_database_reads_neither_phone_nor_birth_nor_face(database: Database, database_url: str) -> None:
    put(database)
    assert read(database) == [(PHONE, BORN, "", PHOTO)]
    for column in (member_file.c.phone, member_file.c.born, contact_failure.c.value):
        (stolen,) = resting(database_url, column)
        assert stolen.startswith(f"{MARK}00000001:")
        assert PHONE not in stolen
        assert BORN not in stolen
    (face,) = resting(database_url, member_photo.c.body)
    assert bytes(face).startswith(MARK.encode())
    assert PHOTO not in bytes(face)


def test_a_phone_is_found_and_held_against_another_column_and_a_birthday_is_not_to_be_guessed(
    database: Database, database_url: str
) -> None:
    put(database, 2)
    with database.read() as connection:
        query = select(member_file.c.member).order_by(member_file.c.member)
        found = connection.execute(query.where(is_text(connection, member_file.c.phone, PHONE))).scalars().all()
        assert found == [f"{n:016}" for n in range(2)]
        assert not connection.execute(query.where(is_text(connection, member_file.c.phone, "13800002222"))).all()
        joined = query.join(contact_failure, contact_failure.c.member == member_file.c.member)
        assert len(connection.execute(joined.where(contact_failure.c.value == member_file.c.phone)).all()) == 2
        assert len(connection.execute(query.where(member_file.c.address == "")).all()) == 2
    assert len(set(resting(database_url, member_file.c.phone))) == 1
    assert len(set(resting(database_url, member_file.c.born))) == 2


def test_what_was_sealed_for_one_purpose_or_with_another_key_does_not_open() -> None:
    seals, other = make_seals(), make_seals("00000002")
    for matched in (False, True):
        sealed = seals.seal_text(BORN, "born", matched=matched)
        assert seals.open_text(sealed, "born", matched=matched) == BORN
        for purpose, opener, how in (
            ("health", seals, matched),
            ("born", other, matched),
            ("born", seals, not matched),
        ):
            with pytest.raises(StoreDamaged):
                opener.open_text(sealed, purpose, matched=how)
        with pytest.raises(StoreDamaged):
            seals.open_text(sealed[:-8] + "AAAAAAA=", "born", matched=matched)
    sealed_photo = seals.seal_bytes(PHOTO, "photo")
    with pytest.raises(StoreDamaged):
        seals.open_bytes(sealed_photo[:-1] + bytes([sealed_photo[-1] ^ 1]), "photo")
    assert "00000001" in repr(seals.newest)
    assert "raw" not in repr(seals.newest)


def test_nobody_passes_a_sealed_text_off_as_the_own(database: Database, database_url: str) -> None:
    put(database)
    (stolen,) = resting(database_url, member_file.c.phone)
    with database.begin() as connection:
        connection.execute(update(member_file).values(address=stolen))
        assert connection.execute(select(member_file.c.address)).scalar_one() == stolen


def test_what_an_older_version_left_in_clear_is_read_and_then_sealed(database: Database, database_url: str) -> None:
    with closing(Database(database_url)) as older:
        put(older, 3)
    assert read(database) == [(PHONE, BORN, "", PHOTO)] * 3
    with database.read() as connection:
        assert (
            len(connection.execute(select(member_file).where(is_text(connection, member_file.c.phone, PHONE))).all())
            == 3
        )
    assert seal_all(database, make_seals()) == 9
    assert seal_all(database, make_seals()) == 0
    assert PHONE not in " ".join(resting(database_url, member_file.c.phone))
    assert read(database) == [(PHONE, BORN, "", PHOTO)] * 3


@pytest.mark.proves("S90", "R150")
def test_a_new_key_seals_everything_anew_and_the_old_one_goes(
    database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "ROWS_PER_STEP", 2)
    monkeypatch.setattr(rotating, "SETTLE_S", 0.01)
    seals, file = load_seals(home / FOLDER), KeyFile(home / FOLDER / PERSONAL_FILE)
    first = seals.newest.id
    with (
        closing(Database(database_url, seals)) as database,
        closing(Database(database_url, load_seals(home / FOLDER))) as office,
    ):
        put(database, 5)
        done = rotate(database, seals, file)
        assert (done.rows, done.dropped, done.kept) == (15, (first,), ())
        assert [each.id for each in file.read()] == [done.key]
        assert done.key != first
        with database.read() as connection:
            assert stale_count(connection, seals.newest) == 0
        # Another process follows without being told.
        assert read(office) == [(PHONE, BORN, "", PHOTO)] * 5
        with office.begin() as connection:
            connection.execute(update(member_file).values(born="2000-01-01"))
    assert {each[: len(MARK) + 8] for each in resting(database_url, member_file.c.born)} == {MARK + done.key}


def test_a_rotation_that_was_cut_off_goes_on_and_everything_is_found_meanwhile(
    database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "ROWS_PER_STEP", 2)
    monkeypatch.setattr(rotating, "SETTLE_S", 0.01)
    seals, file = load_seals(home / FOLDER), KeyFile(home / FOLDER / PERSONAL_FILE)

    class PulledThePlugError(Exception):
        """Not an error of ours."""

    def pull(table: str, count: int) -> None:
        if table == "member_file" and count >= 2:
            raise PulledThePlugError

    with closing(Database(database_url, seals)) as database:
        put(database, 5)
        with pytest.raises(PulledThePlugError):
            rotate(database, seals, file, pull)
        two = file.read()
        assert len(two) == 2
        assert read(database) == [(PHONE, BORN, "", PHOTO)] * 5
        with database.read() as connection:
            same = is_text(connection, member_file.c.phone, PHONE)
            assert len(connection.execute(select(member_file.c.member).where(same)).all()) == 5
            assert 0 < stale_count(connection, two[-1]) < 15
        done = rotate(database, seals, file)
        assert (done.key, done.dropped) == (two[1].id, (two[0].id,))
        assert read(database) == [(PHONE, BORN, "", PHOTO)] * 5


@pytest.mark.postgresql
def test_the_old_key_stays_while_somebody_may_still_write_with_it(
    request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "SETTLE_S", 0.01)
    monkeypatch.setattr(rotating, "WAIT_S", 0.5)
    server, template = request.getfixturevalue("postgresql"), request.getfixturevalue("migrated_name")
    name = server.create(template)
    seals, file = load_seals(home / FOLDER), KeyFile(home / FOLDER / PERSONAL_FILE)
    with closing(Database(server.url(name), seals)) as database:
        put(database)
        with closing(Database(server.url(name))) as slow, slow.begin() as connection:
            connection.execute(text("SELECT 1"))
            done = rotate(database, seals, file)
        assert (done.dropped, len(done.kept), len(file.read())) == ((), 1, 2)
        assert rotate(database, seals, file).dropped == done.kept
        assert len(file.read()) == 1
    server.drop(name)


def test_a_file_of_keys_that_is_open_or_damaged_is_refused(home: Path) -> None:
    path = home / FOLDER / PERSONAL_FILE
    good = path.read_text()
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="read by others"):
        load_seals(home / FOLDER)
    path.chmod(0o600)
    for wrong in ("", "nothing here\n", "0000000g AAAA\n", "00000001 AAAA\n"):
        path.write_text(wrong)
        with pytest.raises(ConfigError):
            load_seals(home / FOLDER)
    path.write_text(good)
    before = path.read_text()
    init_keys(home)
    assert path.read_text() == before


def test_everything_sensitive_rests_sealed_but_for_a_stated_reason() -> None:
    sealed = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, SealedText | SealedBytes)
    }
    there = {each for each in sensitive_fields(PLAN) if each.split(".")[0] in metadata.tables}
    assert there - sealed == set(OPEN_FOR_A_REASON)
    personal = {f"member_file.{name}" for name in ("phone", "email", "fixed_phone", "fax", "id_document", "health")}
    assert personal | {"staff.factor", "staff.factor_wanted", "audit.before", "audit.after"} <= sealed
