"""What may be spent where central cannot be asked comes down beside the roster, and the revision does not change."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kiosk.core.spending import SpendLimits
from kiosk.core.tills import Funds
from kiosk.store.roster_reader import RosterReader
from kiosk.wire.messages import Used, UsedRow
from kiosk.wire.signing import SigningKey
from tests.builders import CREDENTIAL
from tests.sync.rosters import SITE, CentralRoster, Receiver

JOURNAL = "ab" * 16
TOLD = Funds("m1", 5_000, {JOURNAL: 3})
LIMITS = Funds("", limits=SpendLimits(tap_minor=777))


class OldUsed(msgspec.Struct, frozen=True):
    """Changed use as boxes knew it before there were tills."""

    schema: int
    site: str
    version: int
    previous: int
    rows: tuple[UsedRow, ...]


@pytest.fixture
def central(tmp_path: Path) -> CentralRoster:
    """Central, which signs."""
    return CentralRoster(tmp_path / "central")


@pytest.fixture
def box(tmp_path: Path, central: CentralRoster) -> Iterator[Receiver]:
    """A box with the roster's first revision."""
    found = Receiver(tmp_path / "roster", central)
    central.cut()
    found.downlink.on_head(central.head())
    found.talk(central)
    yield found
    found.close()


def held(box: Receiver, owner: str) -> tuple[Funds | None, SpendLimits | None]:
    """Return what a till of the box reads."""
    with closing(RosterReader(box.folder, SITE, "Asia/Shanghai", 14 * 86400)) as reader:
        return reader.funds(owner)


def test_figures_and_limits_are_kept_and_the_revision_stays(box: Receiver, central: CentralRoster) -> None:
    assert held(box, "m1") == (None, None)
    box.downlink.on_used(central.used(1, 0, CREDENTIAL, funds=(TOLD, LIMITS)))
    assert held(box, "m1") == (TOLD, SpendLimits(tap_minor=777))
    assert held(box, "m2") == (None, SpendLimits(tap_minor=777))
    assert box.roster.state.revision == 1
    box.downlink.on_used(central.used(2, 1, funds=(msgspec.structs.replace(TOLD, available_minor=4_000),)))
    assert held(box, "m1")[0] == Funds("m1", 4_000, {JOURNAL: 3})


def test_an_older_figure_a_forged_one_and_another_sites_change_nothing(box: Receiver, central: CentralRoster) -> None:
    box.downlink.on_used(central.used(2, 0, funds=(TOLD,)))
    box.downlink.on_used(central.used(1, 0, funds=(Funds("m1", 9_999),)))
    for wrong in (
        SigningKey.generate().seal(Used(site=SITE, version=9, previous=0, rows=(), funds=(Funds("m1", 9_999),))),
        central.used(9, 0, funds=(Funds("m1", 9_999),), site="island"),
    ):
        with pytest.raises(Exception, match=r"signature|meant for site"):
            box.downlink.on_used(wrong)
    assert held(box, "m1")[0] == TOLD


def test_figures_that_were_missed_are_asked_for_and_taken_to_the_last_one(
    box: Receiver, central: CentralRoster
) -> None:
    central.used_answers = [central.make_used(n, n - 1, funds=(Funds(f"m{n}", n),)) for n in range(1, 40)]
    central.used_per_answer = 3
    box.downlink.on_used(central.used(40, 39, funds=(Funds("m40", 40),)))
    box.talk(central)
    assert [held(box, f"m{n}")[0] for n in (1, 17, 39)] == [Funds("m1", 1), Funds("m17", 17), Funds("m39", 39)]


def test_a_box_from_before_there_were_tills_passes_over_figures(central: CentralRoster) -> None:
    said = central.used(1, 0, CREDENTIAL, funds=(TOLD, LIMITS))
    old = msgspec.json.decode(said, type=OldUsed)
    assert [each.credential for each in old.rows] == [CREDENTIAL]


def test_a_box_that_learns_of_tills_asks_for_everything_it_had_passed_over(
    box: Receiver, central: CentralRoster
) -> None:
    box.downlink.on_used(central.used(7, 0, CREDENTIAL, funds=(TOLD,)))
    box.close()
    with closing(sqlite3.connect(box.folder / "overlay.db")) as overlay, overlay:
        overlay.execute("DROP TABLE funds")
    box.open()
    central.used_answers = [central.make_used(7, 0, CREDENTIAL, funds=(TOLD,))]
    box.downlink.connected()
    box.talk(central)
    assert held(box, "m1")[0] == TOLD


def test_no_row_of_money_names_more_than_owner_amount_and_places() -> None:
    assert msgspec.to_builtins(TOLD) == {"owner": "m1", "available_minor": 5_000, "folded": {JOURNAL: 3}}
