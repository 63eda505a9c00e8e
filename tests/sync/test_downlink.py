"""Rosters down: nothing unsigned, older or incomplete ever becomes the roster, and what is missing is asked for."""

from contextlib import closing
from datetime import timedelta

import msgspec
import pytest

from kiosk.central.database import Database
from kiosk.central.usage import used_number
from kiosk.core.clock import format_utc
from kiosk.core.codec import canonical, decode
from kiosk.core.errors import ConfigError, MessageRejected
from kiosk.core.roster import encode_row
from kiosk.sync.downlink import DELTAS_KIND
from kiosk.sync.fetching import PARTS_KIND
from kiosk.sync.requests import OPEN_MAX, TRIES_MAX
from kiosk.sync.trust import Trust
from kiosk.wire.messages import Response
from kiosk.wire.signing import SigningKey
from kiosk.wire.snapshot import data_parts
from tests.builders import CREDENTIAL, NOW, make_area, make_credential
from tests.central.builders import ManualClock
from tests.central.roster_builders import House, put_used
from tests.support.migrated import put_tables
from tests.sync.rosters import CentralRoster, RealCentral, Receiver


@pytest.fixture
def central(tmp_path):
    return CentralRoster(tmp_path / "central")


@pytest.fixture
def box(tmp_path, central):
    box = Receiver(tmp_path / "roster", central)
    yield box
    box.close()


@pytest.fixture
def filled(box, central):
    """A box that holds revision 1."""
    central.cut()
    box.downlink.on_head(central.head())
    box.talk(central)
    assert box.downlink.revision == 1
    return box


def crowd(count):
    return [make_credential(f"{number:08X}", greeting=f"{number:08X}" * 4) for number in range(count)]


def kinds(central):
    return [request.kind for request in central.asked]


def unsigned(payload):
    content = decode(payload)
    del content["sig"]
    return canonical(content)


def test_a_new_box_fetches_the_whole_roster(filled, central):
    reader = filled.reader()
    assert reader.find(CREDENTIAL).credential == make_credential()
    assert filled.roster.state.digest == central.digest
    reader.close()


@pytest.mark.parametrize("kind", ["head", "delta", "deny", "used"])
def test_nothing_unsigned_and_nothing_forged_is_taken(filled, central, kind):
    forger = SigningKey.generate()
    delta = central.change(make_area(id="sauna"))
    payloads = {
        "head": central.head(),
        "delta": central.key.seal(delta),
        "deny": central.deny(9, CREDENTIAL),
        "used": central.used(9, 0, CREDENTIAL),
    }
    before = filled.roster.state
    take = getattr(filled.downlink, f"on_{kind}")
    with pytest.raises(MessageRejected, match="without signature"):
        take(unsigned(payloads[kind]))
    resigned = decode(unsigned(payloads[kind]))
    resigned["sig"] = forger.sign(canonical(resigned))
    with pytest.raises(MessageRejected, match="signature does not hold"):
        take(canonical(resigned))
    changed = decode(payloads[kind])
    changed["site"] = "else"
    with pytest.raises(MessageRejected, match="signature does not hold"):
        take(canonical(changed))
    assert filled.roster.state == before


@pytest.mark.parametrize("kind", ["head", "delta", "deny", "used"])
def test_what_is_signed_for_another_site_is_not_taken(filled, central, kind):
    central.site = "elsewhere"
    payloads = {
        "head": lambda: central.head(),
        "delta": lambda: central.key.seal(central.change(make_area(id="sauna"))),
        "deny": lambda: central.deny(9, CREDENTIAL),
        "used": lambda: central.used(9, 0, CREDENTIAL),
    }
    before = filled.roster.state
    with pytest.raises(MessageRejected, match="elsewhere"):
        getattr(filled.downlink, f"on_{kind}")(payloads[kind]())
    assert filled.roster.state == before


def test_an_unknown_schema_keeps_what_is_held_and_says_so(filled, central):
    before = filled.roster.state
    with pytest.raises(MessageRejected, match="schema 2"):
        filled.downlink.on_head(central.head(schema=2, revision=7))
    filled.talk(central)
    assert filled.roster.state == before


def test_an_older_head_changes_nothing_not_even_the_time(filled, central):
    filled.downlink.on_delta(central.key.seal(central.change(make_area(id="sauna"))))
    before = filled.roster.state
    old = central.head(revision=1, issued_at=format_utc(NOW + timedelta(days=9)))
    with pytest.raises(MessageRejected, match="older"):
        filled.downlink.on_head(old)
    filled.talk(central)
    assert filled.roster.state == before


def test_an_earlier_signature_of_the_same_revision_changes_nothing(filled, central):
    late = central.head(issued_at=format_utc(NOW + timedelta(hours=1)))
    filled.downlink.on_head(late)
    before = filled.roster.state
    filled.downlink.on_head(central.head(serial=1, issued_at=format_utc(NOW + timedelta(days=30))))
    assert filled.roster.state == before


def test_a_head_with_a_time_that_is_none_is_refused(filled, central):
    before = filled.roster.state
    with pytest.raises(MessageRejected, match="3339"):
        filled.downlink.on_head(central.head(issued_at="tomorrow"))
    assert filled.roster.state == before


@pytest.mark.proves("S02")
def test_a_delta_reaches_the_roster_at_once(filled, central):
    filled.downlink.on_delta(central.key.seal(central.change(make_credential(tier="gold"))))
    assert filled.downlink.revision == 2
    reader = filled.reader()
    assert reader.find(CREDENTIAL).credential.tier == "gold"
    reader.close()


def test_a_delta_of_a_later_central_reaches_the_roster_with_all_its_fields(filled, central):
    card = decode(encode_row(make_credential(tier="gold"))) | {"locker": {"bank": "乙", "number": 7}}
    rest = {key: row for key, row in central.rows.items() if key != bytes.fromhex(CREDENTIAL)}
    central.rows = rest | {bytes.fromhex(CREDENTIAL): card}
    delta = central.change(ops=({"put": card},))
    filled.downlink.on_delta(central.key.seal(delta))
    assert (filled.downlink.revision, filled.roster.state.digest) == (2, central.digest)
    reader = filled.reader()
    assert reader.find(CREDENTIAL).credential == make_credential(tier="gold")
    reader.close()


def test_a_head_waits_a_moment_for_its_delta_before_anything_is_asked(filled, central):
    delta = central.change(make_area(id="sauna"))
    central.asked.clear()
    filled.downlink.on_head(central.head())
    filled.clock.advance(0.2)
    assert filled.due() == []
    filled.downlink.on_delta(central.key.seal(delta))
    filled.clock.advance(1)
    assert filled.due() == []
    assert filled.downlink.revision == 2


def test_a_missing_delta_is_asked_for(filled, central):
    for name in ("sauna", "bar", "court"):
        central.change(make_area(id=name))
    central.asked.clear()
    filled.downlink.on_delta(central.key.seal(central.deltas[-1]))
    assert filled.downlink.revision == 1
    filled.downlink.on_head(central.head())
    filled.talk(central)
    assert filled.downlink.revision == 4
    assert [(each.kind, each.args) for each in central.asked] == [(DELTAS_KIND, {"from": 1})]


def test_a_delta_that_begins_before_what_is_held_costs_no_whole_roster(filled, central):
    central.change(make_area(id="sauna"))
    central.change(make_area(id="bar"))
    filled.downlink.on_delta(central.key.seal(central.deltas[0]))
    merged = msgspec.structs.replace(
        central.deltas[1], from_revision=1, ops=central.deltas[0].ops + central.deltas[1].ops
    )
    filled.downlink.on_delta(central.key.seal(merged))
    filled.downlink.on_head(central.head())
    central.asked.clear()
    filled.talk(central)
    assert filled.downlink.revision == 3
    assert kinds(central) == [DELTAS_KIND]


def test_a_delta_that_comes_twice_or_late_changes_nothing(filled, central):
    payload = central.key.seal(central.change(make_area(id="sauna")))
    filled.downlink.on_delta(payload)
    filled.downlink.on_delta(central.key.seal(central.change(make_area(id="bar"))))
    before = filled.roster.state
    filled.downlink.on_delta(payload)
    assert filled.roster.state == before


def test_a_delta_with_a_wrong_digest_changes_nothing_and_the_whole_roster_is_fetched(filled, central):
    delta = central.change(make_area(id="sauna"), digest="ab" * 32)
    before = filled.roster.state
    with pytest.raises(MessageRejected, match="digest differs"):
        filled.downlink.on_delta(central.key.seal(delta))
    assert filled.roster.state == before
    central.cut()
    central.asked.clear()
    filled.downlink.on_head(central.head())
    filled.talk(central)
    assert set(kinds(central)) == {PARTS_KIND}
    assert (filled.downlink.revision, filled.roster.state.digest) == (2, central.digest)


def test_a_delta_with_ops_nobody_understands_leads_to_the_whole_roster(filled, central):
    delta = central.change(make_area(id="sauna"), ops=({"put": {"kind": "spaceship"}},))
    with pytest.raises(MessageRejected):
        filled.downlink.on_delta(central.key.seal(delta))
    central.cut()
    filled.downlink.on_head(central.head())
    filled.talk(central)
    assert filled.downlink.revision == 2


def test_a_box_too_far_behind_is_sent_to_the_whole_roster(filled, central):
    for name in ("sauna", "bar", "court"):
        central.change(make_area(id=name))
    central.deltas = central.deltas[2:]
    central.cut()
    filled.downlink.on_head(central.head())
    filled.talk(central)
    assert filled.downlink.revision == 4
    assert DELTAS_KIND in kinds(central)


def test_where_nobody_can_help_the_box_asks_every_three_seconds_not_all_the_time(filled, central):
    central.revision = 5
    central.asked.clear()
    filled.downlink.on_head(central.head())
    for _ in range(300):
        filled.clock.advance(0.1)
        for payload in filled.due():
            for answer in central.answer(payload):
                filled.downlink.on_response(answer)
    assert 5 <= len(central.asked) <= 12


def test_a_roster_that_differs_at_the_same_revision_is_replaced(filled, central):
    central.rows |= {b"\x00" * 4: make_area(id="sauna")}
    rows = {msgspec.json.encode(row): row for row in central.rows.values()}
    assert len(rows) == len(central.rows)
    central.cut()
    filled.downlink.on_head(central.head())
    filled.talk(central)
    assert filled.roster.state.digest == central.digest


def test_parts_with_a_flipped_bit_are_refused_and_fetched_again(box, central):
    central.rows |= {bytes([9]) + number.to_bytes(4, "big"): row for number, row in enumerate(crowd(3000))}
    central.cut()
    central.spoil_parts = 3
    box.downlink.on_head(central.head())
    box.talk(central)
    assert box.rejected == 3
    assert box.downlink.revision == 1
    assert box.roster.state.digest == central.digest


def test_a_snapshot_that_is_not_what_was_signed_is_never_switched_to(box, central):
    snapshot = central.cut()
    lie = msgspec.structs.replace(snapshot, digest="ab" * 32)
    box.downlink.on_head(central.head(snapshot=lie))
    box.talk(central)
    assert box.downlink.revision == 0
    assert list(box.folder.glob("snapshot-*.db")) == []


def test_a_snapshot_that_cannot_be_used_is_left_alone_for_a_while(box, central):
    lie = msgspec.structs.replace(central.cut(), digest="ab" * 32)
    box.downlink.on_head(central.head(snapshot=lie))
    builds = 0
    for _ in range(200):
        box.clock.advance(0.1)
        for payload in box.due():
            for answer in central.answer(payload):
                box.downlink.on_response(answer)
        if box.fetch.is_building:
            builds += 1
            box.downlink.on_fetched(*box.built.get(timeout=30))
    assert 2 <= builds <= 3


def test_an_index_that_does_not_add_up_is_refused(box, central):
    lie = msgspec.structs.replace(central.cut(), count=7)
    box.downlink.on_head(central.head(snapshot=lie))
    box.talk(central)
    assert box.downlink.revision == 0
    assert not box.fetch.is_building


def test_a_fetch_goes_on_after_a_restart_with_the_parts_that_are_here(box, central):
    central.rows |= {bytes([9]) + number.to_bytes(4, "big"): row for number, row in enumerate(crowd(5000))}
    snapshot = central.cut()
    head = central.head()
    box.downlink.on_head(head)
    box.talk(central, parts_max=8)
    assert box.downlink.revision == 0
    box.restart()
    central.sent_parts = 0
    box.downlink.on_head(head)
    box.talk(central)
    assert box.downlink.revision == 1
    assert central.sent_parts == snapshot.count + len(snapshot.parts) - 8


def test_a_snapshot_that_was_built_is_built_once(box, central):
    central.cut()
    box.downlink.on_head(central.head())
    for _ in range(20):
        box.clock.advance(0.4)
        for payload in box.due():
            for answer in central.answer(payload):
                box.downlink.on_response(answer)
    name, snapshot = box.built.get(timeout=30)
    box.due()
    assert box.built.empty()
    assert box.fetch.is_building
    box.downlink.on_fetched(name, snapshot)
    assert not box.fetch.is_building
    assert (box.folder / "parts").stat().st_size == 0
    assert box.downlink.revision == 1


def test_tidying_while_a_file_is_built_does_not_take_it_away(box, central):
    central.cut()
    box.downlink.on_head(central.head())
    for _ in range(20):
        box.clock.advance(0.4)
        for payload in box.due():
            for answer in central.answer(payload):
                box.downlink.on_response(answer)
    name, snapshot = box.built.get(timeout=30)
    box.downlink.tidy()
    assert (box.folder / name).exists()
    box.downlink.on_fetched(name, snapshot)
    assert box.downlink.revision == 1


def test_a_newer_roster_does_not_start_the_fetch_over(box, central):
    central.rows |= {bytes([9]) + number.to_bytes(4, "big"): row for number, row in enumerate(crowd(5000))}
    first = central.cut()
    box.downlink.on_head(central.head())
    box.talk(central, parts_max=8)
    central.change(make_area(id="sauna"))
    second = central.cut()
    central.asked.clear()
    box.downlink.on_head(central.head())
    box.talk(central)
    assert box.downlink.revision == 2
    wanted = {name for request in central.asked for name in request.args.get("parts", ())}
    assert wanted <= set(data_parts(first, central.parts)) | set(first.parts)
    assert not wanted & set(second.parts)


def test_a_snapshot_central_no_longer_has_gives_way_to_the_newest(box, central):
    central.cut()
    gone = msgspec.structs.replace(central.snapshot, parts=("00" * 32,))
    box.downlink.on_head(central.head(snapshot=gone))
    box.clock.advance(0.4)
    (payload,) = box.due()
    request = msgspec.convert({k: v for k, v in decode(payload).items() if k != "sig"}, dict)
    box.downlink.on_response(central.key.seal(Response(id=request["id"], kind="none", ok=False)))
    box.downlink.on_head(central.head())
    box.talk(central)
    assert box.downlink.revision == 1


def test_no_more_than_eight_questions_of_eight_parts_are_open(box, central):
    central.rows |= {bytes([9]) + number.to_bytes(4, "big"): row for number, row in enumerate(crowd(60000))}
    central.cut()
    box.downlink.on_head(central.head())
    most = 0
    for _ in range(6):
        box.clock.advance(0.4)
        payloads = box.due()
        asked = [decode(each)["args"]["parts"] for each in payloads]
        most = max(most, len(asked))
        assert all(len(parts) <= 8 for parts in asked)
        for payload in payloads:
            for answer in central.answer(payload):
                box.downlink.on_response(answer)
    assert most == 8


def test_a_deny_list_goes_forward_only(filled, central):
    filled.downlink.on_deny(central.deny(4, CREDENTIAL))
    filled.downlink.on_deny(central.deny(3))
    filled.downlink.on_deny(central.deny(4))
    reader = filled.reader()
    assert reader.find(CREDENTIAL).denied
    filled.downlink.on_deny(central.deny(5))
    reader.refresh()
    assert not reader.find(CREDENTIAL).denied
    reader.close()


def test_use_seen_elsewhere_is_taken_in_its_chain_and_a_gap_asks(filled, central):
    filled.downlink.on_used(central.used(1, 0, CREDENTIAL))
    filled.talk(central, 20)
    central.asked.clear()
    filled.downlink.on_used(central.used(4, 3, CREDENTIAL))
    assert filled.roster.state.used_version == 1
    central.used_answers = [central.make_used(4, 1, CREDENTIAL)]
    filled.talk(central)
    assert [(each.kind, each.args) for each in central.asked] == [("used", {"after": 1}), ("used", {"after": 4})]
    assert filled.roster.state.used_version == 4
    filled.downlink.on_used(central.used(2, 1, CREDENTIAL))
    assert filled.roster.state.used_version == 4


def test_every_connection_asks_for_use_once(filled, central):
    central.asked.clear()
    filled.downlink.connected()
    filled.downlink.connected()
    filled.talk(central)
    assert kinds(central) == ["used"]


@pytest.mark.parametrize("per_answer", [1, 2])
def test_use_is_asked_for_until_an_answer_is_empty(filled, central, per_answer):
    many = [f"{number:032x}" for number in range(4)]
    central.used_answers = [central.make_used(n + 1, n, each) for n, each in enumerate(many)]
    central.used_per_answer = per_answer
    central.asked.clear()
    filled.downlink.connected()
    filled.talk(central)
    assert [each.args["after"] for each in central.asked] == [*range(0, 4, per_answer), 4]
    reader = filled.reader()
    assert all(reader.find(each).used for each in many)
    reader.close()


def test_a_box_that_was_long_away_hears_from_the_real_central_of_all_use(tmp_path):
    with closing(Database(put_tables(tmp_path / "central.db"))) as database:
        house = House(database, tmp_path, ManualClock())
        central = RealCentral(house)
        box = Receiver(tmp_path / "roster", central)
        central.admit(box)
        for version in range(1, 351):
            put_used(database, version, [version], journals=150)
        box.downlink.connected()
        box.talk(central)
        assert box.roster.state.used_version == used_number(350)
        (rows,) = box.roster._connection.execute("SELECT count(*) FROM used").fetchone()
        assert rows == 350
        assert [len(each) > 1 for each in central.answers] == [True, True, True, False]
        box.close()
        house.close()


def test_an_answer_that_brings_nothing_new_is_not_asked_for_again(filled, central):
    filled.downlink.on_used(central.used(1, 0, CREDENTIAL))
    filled.downlink.connected()
    (question,) = filled.due()
    name = decode(question)["id"]
    body = central.sealed(central.make_used(1, 0, CREDENTIAL))
    filled.downlink.on_response(central.key.seal(Response(id=name, kind="used", body=body)))
    assert filled.due() == []


def test_the_next_key_is_taken_beside_the_old_one_until_a_head_is_signed_with_it(filled, central):
    coming = SigningKey.generate()
    filled.downlink.on_head(central.head(next_key=coming.public.to_text()))
    filled.downlink.on_deny(central.deny(2))
    filled.restart()
    filled.downlink.on_deny(central.deny(3))
    old, central.key = central.key, coming
    filled.downlink.on_deny(central.deny(4))
    assert filled.roster.state.deny_version == 4
    central.key = old
    filled.downlink.on_deny(central.deny(5))
    filled.downlink.on_head(central.head(key=coming))
    with pytest.raises(MessageRejected, match="signature"):
        filled.downlink.on_deny(central.deny(6))
    filled.restart()
    with pytest.raises(MessageRejected, match="signature"):
        filled.downlink.on_deny(central.deny(6))
    central.key = coming
    filled.downlink.on_deny(central.deny(7))
    assert filled.roster.state.deny_version == 7


def test_an_old_head_cannot_announce_a_key(filled, central):
    filled.downlink.on_head(central.head())
    stolen = SigningKey.generate()
    filled.downlink.on_head(central.head(serial=1, next_key=stolen.public.to_text()))
    with pytest.raises(MessageRejected):
        filled.downlink.on_head(central.head(key=stolen))


def test_a_newly_installed_key_is_taken_instead_of_those_learned_before(filled, central):
    coming, installed = SigningKey.generate(), SigningKey.generate()
    filled.downlink.on_head(central.head(next_key=coming.public.to_text()))
    filled.installed = installed.public.to_text()
    filled.restart()
    with pytest.raises(MessageRejected):
        filled.downlink.on_deny(central.deny(2))
    central.key = installed
    filled.downlink.on_deny(central.deny(3))
    assert filled.roster.state.deny_version == 3


def test_a_key_file_that_holds_no_key_is_named(filled):
    with pytest.raises(ConfigError, match="public key"):
        Trust("", "")


def test_an_announced_key_that_is_none_changes_nothing(filled, central):
    filled.downlink.on_head(central.head(next_key="not a key"))
    filled.downlink.on_deny(central.deny(2))
    assert filled.roster.state.deny_version == 2


def test_questions_are_asked_again_and_given_up_within_their_limits(filled):
    for number in range(OPEN_MAX + 3):
        assert bool(filled.questions.ask("x", {"n": number})) is (number < OPEN_MAX)
    sent = 0
    for _ in range(40):
        filled.clock.advance(3.1)
        sent += len(filled.due())
    assert sent == OPEN_MAX * TRIES_MAX
    assert filled.questions.given_up == OPEN_MAX


def test_a_question_the_link_would_not_take_was_not_asked(filled):
    filled.questions.ask("x", {})
    for _ in range(TRIES_MAX * 3):
        ((name, _),) = filled.questions.due(filled.clock.monotonic_ns())
        filled.questions.sent(name, filled.clock.monotonic_ns(), taken=False)
        assert filled.questions.due(filled.clock.monotonic_ns()) == []
        filled.clock.advance(0.06)
    assert len(filled.questions.due(filled.clock.monotonic_ns())) == 1


def test_an_answer_to_no_question_is_nothing(filled, central):
    before = filled.roster.state
    central.deltas.clear()
    delta = central.sealed(central.change(make_area(id="sauna")))
    filled.downlink.on_response(central.key.seal(Response(id="nobody", kind="roster.delta", body=delta)))
    assert filled.roster.state == before
