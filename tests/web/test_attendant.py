"""The attendant: let in by PIN, shown the nearest miss, heard by the gate's journal; nobody else is any of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kiosk.core.clock import epoch_ms
from kiosk.core.errors import Refused
from kiosk.core.records import AccessGranted, AccessTaken, RosterMark
from kiosk.core.releases import ReleaseWhy
from kiosk.core.self_service import PhotoAsked, PhotoTold, Subject
from kiosk.local.pins import keep_pin
from kiosk.store import book
from kiosk.store.journal import Journal, JournalLimits
from kiosk.web import words_attendant
from kiosk.web.attendant_people import SESSION_S, SESSIONS_MAX, TRIES_MAX, TRIES_WINDOW_S, Attendants
from kiosk.web.feed import RECENT_MAX
from kiosk.web.self_asking import NoAnswer
from tests.builders import CREDENTIAL, NOW, FakeClock
from tests.support.wait import eventually
from tests.web.fakes import make_decision, make_state
from tests.web.posts import PIN, POINTS, Post


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """The post of an attendant called li."""
    found = Post(tmp_path)
    yield found
    found.close()


def test_without_a_sign_in_nothing_is_shown_and_nothing_is_done(post: Post) -> None:
    assert 'data-part="pin"' in post.client.get("/attendant").text
    assert post.client.get("/attendant/entrance").status_code == 302
    assert post.client.get("/attendant/entrance/events").status_code == 403
    assert post.client.get("/attendant/inside/club").status_code == 403
    assert post.post("entrance/release", {"why": "other"})[0] == 403
    assert post.post("emergency", {"what": "evacuate"})[0] == 403
    assert post.sign_in(PIN[:-1] + "0") == post.sign_in(code="wang") == post.sign_in(pin="") == 403
    assert post.commands == []
    assert post.sign_in() == 200
    assert post.client.get("/attendant/entrance?lang=en").status_code == 200
    assert post.client.get("/attendant/attic").status_code == 404
    assert post.post("sign-out", {})[0] == 200
    assert post.client.get("/attendant/entrance").status_code == 302


def test_a_pin_is_tried_a_few_times_only_and_a_shift_ends(post: Post) -> None:
    assert [post.sign_in("111222") for _ in range(TRIES_MAX)] == [403] * TRIES_MAX
    status, said = post.post("sign-in", {"code": "li", "pin": PIN})
    assert (status, 0 < said["wait_s"] <= TRIES_WINDOW_S) == (429, True)
    post.clock.advance(TRIES_WINDOW_S + 1)
    assert post.sign_in() == 200
    post.clock.advance(SESSION_S + 1)
    assert post.client.get("/attendant/entrance").status_code == 302


def test_who_knows_the_pin_signs_in_as_often_as_need_be_and_the_first_of_too_many_is_signed_out() -> None:
    people = Attendants({"li": keep_pin(PIN, cost=1024)}, FakeClock())
    tokens = [people.sign_in("li", PIN, "127.0.0.1") for _ in range(SESSIONS_MAX + 1)]
    assert [people.who(each) for each in tokens] == ["", *["li"] * SESSIONS_MAX]


def test_the_pages_are_the_boxs_own_unless_the_configuration_says_otherwise(tmp_path: Path, post: Post) -> None:
    far = {"environ_base": {"REMOTE_ADDR": "192.168.1.7"}, "base_url": "http://10.0.0.5:8000"}
    assert post.client.get("/attendant", **far).status_code == 403
    assert post.client.get("/attendant", base_url="http://evil.example").status_code == 403
    opened = Post(tmp_path / "open", from_network=True)
    try:
        assert opened.client.get("/attendant", **far).status_code == 200
        assert opened.post("sign-in", {"code": "li", "pin": PIN}, headers={"Origin": "http://evil.example"})[0] == 403
        plain = opened.client.post("/attendant/sign-in", data="{}", content_type="text/plain", **far)
        assert plain.status_code == 403
    finally:
        opened.close()


def test_the_list_shows_what_was_missing_in_both_languages_and_begins_with_the_last_taps(post: Post) -> None:
    for number in range(RECENT_MAX + 3):
        post.say(make_decision(seq=number + 1))
    missing = {"product": "gym", "per": "week", "used": 3, "limit": 3}
    post.say(
        make_decision(granted=False, reason="no_visits_left", detail=missing, seq=90, notes=[{"code": "birthday"}])
    )
    post.say(make_decision(access_point="pool", seq=91))
    eventually(lambda: [each.seq for each in post.feed._recent][-1:] == [91])
    post.sign_in()
    taps = [said for name, said in post.events("state") if name == "tap"]
    # The pool's tap has the last of the fifty places that the box keeps.
    assert (len(taps), taps[0]["seq"]) == (RECENT_MAX - 1, 6)
    last = taps[-1]
    assert (last["seq"], last["outcome"], last["greeting"], last["initial"]) == (90, "denied", "张女士", "张")
    assert last["explained"] == {"zh": "gym：本周次数已用完（3/3）。", "en": "gym: 3 of 3 visits this week used."}
    assert last["tier"] == {"zh": "金卡会员", "en": "Gold"}


def test_a_tap_at_another_access_point_is_not_in_the_list(post: Post) -> None:
    post.sign_in()
    with post.client.get("/attendant/entrance/events") as response:
        parts = iter(response.response)
        while b"event: state" not in next(parts):
            pass
        for seq, point in ((91, "pool"), (92, "entrance")):
            post.say(make_decision(access_point=point, seq=seq))
        said = next(parts)
        while b"event: tap" not in said:
            said = next(parts)
    assert b'"seq":92' in said


def test_a_release_goes_to_the_gate_with_the_operator_and_a_reason(post: Post) -> None:
    post.sign_in()
    assert post.post("entrance/release", {"why": "card_forgotten"}) == (200, {"seq": 41})
    args = {"access_point": "entrance", "operator": "li", "why": "card_forgotten"}
    assert post.commands == [{"op": "release", "args": args}]
    assert post.post("entrance/release", {})[0] == 422
    assert post.post("entrance/release", {"why": "bribed"})[0] == 422
    assert len(post.commands) == 1
    post.say(make_decision(reason="ok_forced", operator="li", why="card_forgotten", greeting="", tier="", tier_name={}))
    eventually(lambda: post.feed._recent)
    tap = next(said for name, said in post.events("state") if name == "tap")
    assert tap["released"] == {"zh": "li 放行：忘带卡", "en": "Released by li: Card forgotten"}


def test_drill_evacuation_and_their_end_go_to_the_gate_and_a_refusal_comes_back(post: Post) -> None:
    post.sign_in()
    for what in ("drill", "evacuate", "end"):
        assert post.post("emergency", {"what": what})[0] == 200
    assert [each["args"] for each in post.commands] == [
        {"active": True, "drill": True, "operator": "li"},
        {"active": True, "drill": False, "operator": "li"},
        {"active": False, "drill": False, "operator": "li"},
    ]
    post.answer = Refused("the emergency input is still active", hint="Reset the fire panel first, then clear again")
    status, said = post.post("emergency", {"what": "end"})
    assert (status, said["message"]) == (422, "the emergency input is still active")
    post.gate.close()
    assert post.post("emergency", {"what": "evacuate"}) == (503, {"why": "att_no_gate"})


@pytest.mark.parametrize(
    ("state", "mood"),
    [({}, "normal"), ({"lockdown": True}, "lockdown"), ({"emergency": True, "lockdown": True}, "emergency"),
     ({"emergency": True, "drill": True}, "drill")],
)  # fmt: skip
def test_how_the_gate_stands_is_said_and_a_gate_that_is_silent_is_lost(
    post: Post, state: dict[str, Any], mood: str
) -> None:
    post.say(make_state(**state))
    eventually(lambda: post.feed.situation().state.emergency is state.get("emergency", False)
               and post.feed.situation().state.lockdown is state.get("lockdown", False))  # fmt: skip
    post.sign_in()
    assert post.events("state")[-1][1]["mood"] == mood
    post.clock.advance(10)
    assert post.events("state")[-1][1]["mood"] == "lost"


def test_who_is_inside_is_counted_and_named_by_greeting_id_and_tier_alone(post: Post) -> None:
    post.sign_in()
    assert post.client.get("/attendant/inside/club").status_code == 503
    assert post.events("state")[-1][1]["inside"] is None
    journal = Journal(post.box.data / "gate.db", JournalLimits())
    granted = AccessGranted(
        clock="ok", access_point="entrance", reader="front", reason="ok", roster=RosterMark(1, 0), credential=CREDENTIAL
    )
    for at in (NOW - timedelta(hours=13), NOW - timedelta(minutes=5)):
        for credential in (CREDENTIAL, "ab" * 16) if at != NOW - timedelta(hours=13) else ("cd" * 16,):
            fact = replace(granted, credential=credential)
            grant = journal.append(fact, at, book.on_grant(fact, POINTS[0], epoch_ms(at)))
            assert grant is not None
            taken = AccessTaken(clock="ok", of=grant.seq, area_from="outside", area_to="club")
            journal.append(taken, at, book.on_taken(grant.seq, epoch_ms(at)))
    try:
        assert post.events("state")[-1][1]["inside"] == {"club": 2}
        people = post.client.get("/attendant/inside/club").get_json()["people"]
    finally:
        journal.close()
    since = "2026-11-22T08:26:07.412Z"
    silver = {"zh": "银卡", "en": "Silver"}
    assert sorted(people, key=lambda each: each["member"]) == [
        {"greeting": "", "member": "", "guest": False, "tier": {}, "since": since},
        {"greeting": "小林", "member": "m1", "guest": False, "tier": silver, "since": since},
    ]
    assert post.client.get("/attendant/inside/outside").status_code == 404


@pytest.mark.proves("S01", "S28")
def test_the_attendant_alone_sees_the_face_of_who_has_just_tapped_and_of_nobody_else(tmp_path: Path) -> None:
    asked: list[Any] = []

    def central(subject: Subject, question: Any, _told: Any) -> Any:
        asked.append((subject, question))
        return answers.pop(0)

    face = PhotoTold("image/png", b"\x89PNG")
    answers: list[Any] = [face, PhotoTold(), PhotoTold("text/html", b"<b>"), NoAnswer()]
    post = Post(tmp_path, central=central)
    journal = Journal(post.box.data / "gate.db", JournalLimits())
    granted = AccessGranted(
        clock="ok", access_point="entrance", reader="front", reason="ok", roster=RosterMark(1, 0), credential=CREDENTIAL
    )
    for fact in (granted, granted, replace(granted, credential=None)):
        assert journal.append(fact, NOW, book.on_grant(fact, POINTS[0], epoch_ms(NOW))) is not None
    for seq in (2, 3):
        post.say(make_decision(seq=seq))
    try:
        eventually(lambda: len(post.feed._recent) == 2)
        assert post.client.get("/attendant/entrance/photo/2").status_code == 403
        post.sign_in()
        shown = post.client.get("/attendant/entrance/photo/2")
        assert (shown.data, shown.mimetype, shown.headers["Cache-Control"]) == (face.body, "image/png", "no-store")
        # None, one that is no picture, no line; then a tap of long ago, one elsewhere, one without a card.
        assert [post.client.get("/attendant/entrance/photo/2").status_code for _ in range(3)] == [404] * 3
        for address in ("entrance/photo/1", "exit/photo/2", "entrance/photo/3"):
            assert post.client.get(f"/attendant/{address}").status_code == 404
        assert asked == [(Subject.PHOTO, PhotoAsked(CREDENTIAL))] * 4
    finally:
        journal.close()
        post.close()


def test_every_reason_for_a_release_has_its_text() -> None:
    assert list(words_attendant.RELEASE) == [each.value for each in ReleaseWhy]
