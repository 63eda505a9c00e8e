"""Who may write and read what, and the shipped ACL that says the same."""

from pathlib import Path

import pytest

from kiosk.wire import topics
from kiosk.wire.access import CENTRAL, central_rights, covers, device_rights, matches, mosquitto_lines

ACL = Path(__file__).parents[2] / "config" / "mosquitto" / "acl"


@pytest.mark.parametrize(
    ("allowed", "wanted", "covered"),
    [
        ("a/#", "a/#", True),
        ("a/#", "a", True),
        ("a/#", "a/+/c", True),
        ("a/#", "#", False),
        ("a/+", "a/b", True),
        ("a/+", "a/+", True),
        ("a/+", "a/#", False),
        ("a/b", "a/+", False),
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
        ("#", "$share/g/a", False),
        ("+/b", "$SYS/b", False),
    ],
)
def test_a_filter_covers_another_when_everything_that_fits_the_other_fits_it(
    allowed: str, wanted: str, covered: bool
) -> None:
    assert covers(allowed, wanted) is covered


@pytest.mark.proves("S90", "S93")
def test_a_device_writes_its_own_and_reads_its_own_and_its_site() -> None:
    rights = device_rights("north-1", "north")
    assert rights.write == ("kiosk/v1/d/north-1/state", "kiosk/v1/d/north-1/up/#")
    assert rights.read == ("kiosk/v1/d/north-1/dn/#", "kiosk/v1/s/north/#")
    assert not any(matches(allowed, topics.state("north-10")) for allowed in rights.write + rights.read)


def test_central_may_do_everything_of_ours_and_nothing_else() -> None:
    rights = central_rights()
    for topic in (topics.state("a"), topics.up("a", "req"), topics.dn("a", "ack"), topics.site("s", "used")):
        assert any(matches(allowed, topic) for allowed in rights.write)
        assert any(matches(allowed, topic) for allowed in rights.read)
    assert not any(matches(allowed, "other/v1/x") for allowed in rights.write)


def test_the_shipped_acl_says_what_the_rights_say() -> None:
    lines = [line for line in ACL.read_text().splitlines() if line and not line.startswith("#")]
    rights = device_rights("%u", "north")
    patterns = {f"pattern write {topic}" for topic in rights.write} | {f"pattern read {rights.read[0]}"}
    assert set(lines) == {f"user {CENTRAL}", f"topic readwrite {central_rights().write[0]}"} | patterns
    assert mosquitto_lines("north-1", "north").split("\n")[1:3] == ["user north-1", f"topic read {rights.read[1]}"]
