"""Signs that a card is not used by its own member alone: pure findings over the taps of one card (S28, R39).

Taps may come late and in any order. The same window gives the same alerts, each with a key of its own: an alert
whose key is known is the old one, perhaps with more evidence; one that is missing was explained by a late tap.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import msgspec

from kiosk.club.discipline import Evidence
from kiosk.club.misuse_rules import (
    MisuseRules,
    StaffReport,
    Tap,
    longest_travel_minutes,
    look_back,
    minutes_between,
    place_of,
)


class Misuse(StrEnum):
    """What it looks like. Wire format."""

    TWO_PLACES = "two_places"
    TOO_FAST = "too_fast"
    LENT = "lent"
    AFTER_LOSS = "after_loss"
    PHOTO_MISMATCH = "photo_mismatch"


class Alert(msgspec.Struct, frozen=True):
    """A suspicion for staff to look into, never a penalty by itself. `key` is of kind, card and UTC day, or record."""

    key: str
    misuse: Misuse
    credential: str
    first_at: datetime
    last_at: datetime
    places: tuple[str, ...]
    evidence: tuple[Evidence, ...]


class _Finding(msgspec.Struct, frozen=True):
    misuse: Misuse
    day: date
    taps: tuple[Tap, ...]


def alerts(
    credential: str,
    taps: Iterable[Tap],
    since: datetime,
    until: datetime,
    rules: MisuseRules,
    lost_at: datetime | None = None,
) -> tuple[Alert, ...]:
    """Return what the taps of one card from `since` to before `until` look like, by key (S28, R39, seeds 000:263).

    `taps` also hold those of `look_back` before; a record given twice counts once. `lost_at` is when the card was
    reported lost, None = it was not, or was found.
    """
    once = {(each.journal, each.seq): each for each in taps if since - look_back(rules) <= each.at < until}
    ordered = sorted(once.values(), key=lambda each: (each.at, each.journal, each.seq))
    findings = [*_too_fast(ordered, rules), *_two_places(ordered, rules), *_lent(ordered, rules)]
    findings += _after_loss(ordered, lost_at, rules)
    by_key: dict[str, list[_Finding]] = {}
    for each in findings:
        if each.taps[-1].at >= since:
            by_key.setdefault(f"{each.misuse}.{credential}.{each.day.isoformat()}", []).append(each)
    return tuple(_alert(key, credential, by_key[key]) for key in sorted(by_key))


def _alert(key: str, credential: str, findings: Sequence[_Finding]) -> Alert:
    found = {(tap.journal, tap.seq): tap for each in findings for tap in each.taps}
    taps = sorted(found.values(), key=lambda each: (each.at, each.journal, each.seq))
    return Alert(
        key=key,
        misuse=findings[0].misuse,
        credential=credential,
        first_at=taps[0].at,
        last_at=taps[-1].at,
        places=tuple(dict.fromkeys(place_of(each) for each in taps)),
        evidence=tuple(Evidence(each.journal, each.seq) for each in taps),
    )


def _too_fast(taps: Sequence[Tap], rules: MisuseRules) -> Iterator[_Finding]:
    """Yield each two passages that are nearer in time than their places; all pairs, so that a late one hides none."""
    reach = timedelta(minutes=longest_travel_minutes(rules))
    passed = [each for each in taps if each.passed]
    start = 0
    for index, later in enumerate(passed):
        while later.at - passed[start].at >= reach and start < index:
            start += 1
        for earlier in passed[start:index]:
            least = timedelta(minutes=minutes_between(earlier, later, rules), seconds=-rules.clock_tolerance_s)
            if later.at - earlier.at < least:
                yield _finding(Misuse.TOO_FAST, (earlier, later))


def _two_places(taps: Sequence[Tap], rules: MisuseRules) -> Iterator[_Finding]:
    """Yield each way in at a site while the card is still inside another one."""
    inside: dict[str, Tap] = {}
    for tap in taps:
        if not tap.passed:
            continue
        for other in inside.values():
            near = tap.at - other.at < timedelta(minutes=rules.inside_minutes)
            if near and other.site != tap.site and not tap.way_out:
                yield _finding(Misuse.TWO_PLACES, (other, tap))
        inside.pop(tap.site, None)
        if not tap.way_out and tap.site not in rules.sites_without_way_out:
            inside[tap.site] = tap


def _after_loss(taps: Sequence[Tap], lost_at: datetime | None, rules: MisuseRules) -> Iterator[_Finding]:
    """Yield each passage after the card was reported lost: a gate that had no line did not know it yet."""
    for tap in taps:
        if lost_at is not None and tap.passed and tap.at - lost_at > timedelta(seconds=rules.clock_tolerance_s):
            yield _finding(Misuse.AFTER_LOSS, (tap,))


def _lent(taps: Sequence[Tap], rules: MisuseRules) -> Iterator[_Finding]:
    """Yield each repeated way in that completes the number of them in the days before it."""
    again = list(_again(taps, rules))
    window = timedelta(days=rules.again_window_days)
    start = 0
    for index, (_, repeat) in enumerate(again):
        while repeat.at - again[start][1].at >= window:
            start += 1
        if index - start + 1 >= rules.again_times:
            last = again[index - rules.again_times + 1 : index + 1]
            yield _finding(Misuse.LENT, tuple(dict.fromkeys(tap for pair in last for tap in pair)))


def _again(taps: Sequence[Tap], rules: MisuseRules) -> Iterator[tuple[Tap, Tap]]:
    by_site: dict[str, list[Tap]] = {}
    for tap in taps:
        if tap.site not in rules.sites_without_way_out:
            by_site.setdefault(tap.site, []).append(tap)
    found = [
        (earlier, later)
        for each in by_site.values()
        for earlier, later in pairwise(each)
        if not earlier.way_out
        and not later.way_out
        and earlier.area == later.area
        and later.at - earlier.at < timedelta(minutes=rules.again_minutes)
    ]
    return iter(sorted(found, key=lambda pair: (pair[1].at, pair[1].journal, pair[1].seq)))


def _finding(misuse: Misuse, taps: tuple[Tap, ...]) -> _Finding:
    return _Finding(misuse, taps[-1].at.date(), taps)


def photo_alert(credential: str, report: StaffReport) -> Alert:
    """Return the alert for a photo that staff found not to fit (S28, §6.15)."""
    return Alert(
        key=f"{Misuse.PHOTO_MISMATCH}.{report.journal}.{report.seq}",
        misuse=Misuse.PHOTO_MISMATCH,
        credential=credential,
        first_at=report.at,
        last_at=report.at,
        places=(report.site,),
        evidence=(Evidence(report.journal, report.seq),),
    )
