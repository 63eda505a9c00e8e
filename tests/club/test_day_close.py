"""The close of a business day: the tills, the missing devices, and what keeps it open."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from kiosk.club.day_close import (
    Block,
    CloseReason,
    ClosingRules,
    DeviceDay,
    Pieces,
    SiteDay,
    TillDay,
    TillResult,
    close,
    counted,
    expected,
    missing_devices,
    should_drop,
)
from kiosk.core.errors import InvalidInput
from tests.club.builders_money import TODAY

RULES = ClosingRules()
OVER = datetime(2026, 11, 22, 20, tzinfo=UTC)


def make_till(**changes: object) -> TillDay:
    """Return a till with 500 yuan that was counted and fits."""
    till = TillDay("t1", 20_000, 40_000, 5_000, 5_000, (Pieces(10_000, 5),), "s1")
    return msgspec.structs.replace(till, **changes)


def make_device(**changes: object) -> DeviceDay:
    """Return a device of which everything has come."""
    return msgspec.structs.replace(DeviceDay("gate", 40, 40, OVER), **changes)


def make_day(**changes: object) -> SiteDay:
    """Return a day that can be closed."""
    day = SiteDay("demo", TODAY, OVER, (make_till(),), (make_device(),))
    return msgspec.structs.replace(day, **changes)


def blocks(day: SiteDay, now: datetime = OVER) -> list[Block]:
    """Return what keeps a day open."""
    return list(close(day, now, RULES).blocks)


def test_a_day_whose_tills_and_devices_are_complete_can_be_closed() -> None:
    found = close(make_day(pending=2), OVER, RULES)
    assert found.may_close
    assert (found.tills, found.missing, found.pending) == ((TillResult("t1", 50_000, 50_000),), (), 2)


@pytest.mark.parametrize(
    ("changes", "block"),
    [
        ({"closed": True}, Block(CloseReason.CLOSED_ALREADY, "2026-11-22")),
        ({"open_before": date(2026, 11, 20)}, Block(CloseReason.EARLIER_DAY_OPEN, "2026-11-20")),
        ({"proof_faults": None}, Block(CloseReason.PROOF_MISSING)),
        ({"proof_faults": ("trial_balance",)}, Block(CloseReason.PROOF_FAILED, "trial_balance")),
        ({"tills": (make_till(pieces=None),)}, Block(CloseReason.TILL_NOT_COUNTED, "t1")),
        ({"named": frozenset({"gate"})}, Block(CloseReason.NAMED_IN_VAIN, "gate")),
    ],
)
def test_each_thing_that_keeps_a_day_open_is_named(changes: dict[str, object], block: Block) -> None:
    assert blocks(make_day(**changes)) == [block]


def test_a_day_is_not_closed_before_it_is_over() -> None:
    early = OVER - timedelta(microseconds=1)
    assert blocks(make_day(), early) == [Block(CloseReason.DAY_NOT_OVER, "2026-11-22")]


@pytest.mark.parametrize(
    "device",
    [
        make_device(contiguous=39),
        make_device(complete_until=None),
        make_device(complete_until=OVER - timedelta(microseconds=1)),
    ],
)
def test_a_device_of_which_records_may_come_has_to_be_named(device: DeviceDay) -> None:
    day = make_day(devices=(make_device(device="pool"), device))
    assert missing_devices(day) == ("gate",)
    assert blocks(day) == [Block(CloseReason.DEVICE_NOT_NAMED, "gate")]
    named = close(msgspec.structs.replace(day, named=frozenset({"gate"})), OVER, RULES)
    assert (named.may_close, named.missing) == (True, ("gate",))


@pytest.mark.parametrize(
    ("count", "witness", "reason"),
    [
        (60, "", None),
        (61, "", CloseReason.SECOND_PERSON),
        (40, "", None),
        (39, "", CloseReason.SECOND_PERSON),
        (39, "s1", CloseReason.SAME_PERSON),
        (39, "s2", None),
    ],
)
def test_a_difference_above_the_limit_is_counted_by_two_people(
    count: int, witness: str, reason: CloseReason | None
) -> None:
    pieces = (Pieces(5_000, 9), Pieces(100, count), Pieces(1_000, 0))
    found = blocks(make_day(tills=(make_till(pieces=pieces, witnessed_by=witness),)))
    assert [each.reason for each in found] == ([reason] if reason else [])


@pytest.mark.parametrize(("cash_in", "notes", "two"), [(90_000, 10, False), (90_010, 10, True)])
def test_much_cash_is_counted_by_two_people(cash_in: int, notes: int, two: bool) -> None:
    till = make_till(cash_in_minor=cash_in, pieces=(Pieces(10_000, notes),))
    expected_blocks = [Block(CloseReason.SECOND_PERSON, "t1")] if two else []
    assert blocks(make_day(tills=(till,))) == expected_blocks


def test_what_should_be_in_a_till_and_what_is_over_or_short() -> None:
    assert expected(make_till()) == 20_000 + 40_000 - 5_000 - 5_000
    over = close(make_day(tills=(make_till(pieces=(Pieces(10_000, 5), Pieces(50, 3))),)), OVER, RULES).tills[0]
    assert over.over_short_minor == 150
    short = close(make_day(tills=(make_till(pieces=(Pieces(5_000, 9), Pieces(2_000, 2))),)), OVER, RULES).tills[0]
    assert short.over_short_minor == -1_000
    assert TillResult("t1", 5, None).over_short_minor == 0


@pytest.mark.parametrize("pieces", [(Pieces(300, 1),), (Pieces(100, 1), Pieces(100, 2))])
def test_a_count_of_money_that_there_is_not_or_twice_is_refused(pieces: tuple[Pieces, ...]) -> None:
    with pytest.raises(InvalidInput, match="which there is not, or twice"):
        counted(pieces, RULES)


@pytest.mark.parametrize(("cash", "drop"), [(200_000, False), (200_001, True)])
def test_a_full_till_is_emptied(cash: int, drop: bool) -> None:
    assert should_drop(cash, RULES) is drop
