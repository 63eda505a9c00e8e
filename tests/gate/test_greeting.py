"""What the gate tells its display beside a grant, from the roster row alone."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.clock import ClockReading, ClockState
from kiosk.core.model import MORE_TIME, UNNAMED, Note, Schedule, SpecialDay, Window
from kiosk.gate.display import decision_message
from kiosk.gate.tap import said_on
from kiosk.web.feed import Saying
from kiosk.web.shows import note_texts
from tests.builders import make_credential
from tests.gate.rig import Rig

TODAY = date(2026, 11, 22)
"""The local day of NOW in Shanghai."""

DAY = timedelta(days=1)
NOTES = (Note(UNNAMED), Note("birthday", TODAY, TODAY), Note("expires_soon", TODAY - DAY, TODAY + 3 * DAY, TODAY + DAY))
SAID = [{"code": "birthday", "days": None}, {"code": "expires_soon", "days": 1}]


def message(rig: Rig, reader: str = "in", state: ClockState = ClockState.OK, **tapped: Any) -> dict[str, Any]:
    """Tap a card and return what the display is told."""
    return decision_message(rig.tap(reader=reader, **tapped), ClockReading(rig.clock.now(), state))


@pytest.fixture
def noted(tmp_path: Path) -> Any:
    """A box whose roster has notes, and which never hears of central."""
    rig = Rig(tmp_path, make_credential(greeting="", notes=NOTES))
    yield rig
    rig.close()


@pytest.mark.proves("S40", "S57", "S76")
def test_a_gate_without_a_line_says_what_its_roster_notes_for_the_day(noted: Rig) -> None:
    told = message(noted)
    assert (told["granted"], told["greeting"], told["notes"]) == (True, "", SAID)
    noted.walk()
    message(noted, "out")
    noted.walk()
    noted.clock.advance(86400)
    assert message(noted)["notes"] == [{"code": "expires_soon", "days": 0}]


def test_on_the_way_out_there_is_nothing_else_to_say(noted: Rig) -> None:
    told = message(noted, "out")
    assert (told["granted"], told["notes"]) == (True, [])


def test_who_is_refused_hears_of_the_refusal_only(tmp_path: Path) -> None:
    rig = Rig(tmp_path, make_credential(notes=NOTES, paid_until=TODAY - DAY))
    told = message(rig)
    assert (told["reason"], told["notes"]) == ("fee_overdue", [])
    rig.close()


def test_a_clock_that_is_not_believed_speaks_of_no_day(noted: Rig) -> None:
    assert message(noted, state=ClockState.AHEAD)["notes"] == []


def test_notes_are_written_into_no_record(noted: Rig) -> None:
    message(noted)
    assert "birthday" not in str(noted.records())


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (Note("a", TODAY, TODAY), True),
        (Note("a", TODAY + DAY), False),
        (Note("a", None, TODAY - DAY), False),
        (Note("a", TODAY - DAY, TODAY + DAY), True),
        (Note("a"), True),
        (Note(UNNAMED), False),
    ],
)
def test_a_note_holds_from_its_first_day_to_its_last(note: Note, said: bool) -> None:
    assert bool(said_on([note], TODAY)) is said


@pytest.mark.proves("S51", "S40")
def test_every_member_is_told_of_a_member_day_on_its_day_and_a_guest_is_not(tmp_path: Path) -> None:
    sunday = Schedule("day.sunday", special_days=(SpecialDay(TODAY, (Window("00:00", "24:00"),)),))
    for folder, card, said in (
        ("a", make_credential(), [{"code": "member_day", "days": None}]),
        ("b", make_credential(guest_of="m-2"), []),
        ("c", make_credential(notes=NOTES[:2]), [SAID[0], {"code": "member_day", "days": None}]),
    ):
        rig = Rig(tmp_path / folder, sunday, card)
        assert message(rig)["notes"] == said
        rig.walk()
        message(rig, "out")
        rig.walk()
        rig.clock.advance(86400)
        assert {"code": "member_day", "days": None} not in message(rig)["notes"]
        rig.close()


@pytest.mark.proves("S36")
@pytest.mark.parametrize(("notes", "hold_s"), [((Note(MORE_TIME),), 7.0), ((), 3.0)])
def test_the_barrier_stays_open_longer_for_who_needs_more_time_and_nobody_reads_why(
    tmp_path: Path, notes: tuple[Note, ...], hold_s: float
) -> None:
    rig = Rig(tmp_path, make_credential(notes=notes))
    assert message(rig)["notes"] == []
    assert [each.hold_s for each in rig.turnstile.releases] == [hold_s]
    rig.close()


@pytest.mark.proves("S81")
def test_who_is_not_cleared_for_the_area_ahead_is_let_in_and_told_to_see_the_desk(tmp_path: Path) -> None:
    notes = (Note("not_cleared.club", TODAY), Note("not_cleared.pool"))
    rig = Rig(tmp_path, make_credential(notes=notes))
    told = message(rig)
    assert (told["granted"], told["notes"]) == (True, [{"code": "not_cleared", "days": None}])
    (text,) = note_texts([Saying("not_cleared")])
    assert ("服务台" in text["zh"], "desk" in text["en"]) == (True, True)
    assert "cleared" not in str(rig.records())
    rig.close()
