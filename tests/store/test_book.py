"""What a gate knows of a card's use: central's numbers, own passages they lack, and grants nobody has used yet."""

from zoneinfo import ZoneInfo

from kiosk.core.model import Presence
from kiosk.core.visits import Usage
from kiosk.store import book
from kiosk.store.book import UsedNumbers
from tests.builders import CREDENTIAL, NOW, at_ms, make_exit, make_point
from tests.store.builders import make_granted, make_journal, make_not_taken, make_taken

ZONE = ZoneInfo("Asia/Shanghai")


def grant(journal, seconds=0.0, **fields):
    event = make_granted(**fields)
    return journal.append(event, NOW, book.on_grant(event, make_point(), at_ms(NOW, seconds))).seq


def take(journal, seq, seconds=0.0):
    return journal.append(make_taken(seq), NOW, book.on_taken(seq, at_ms(NOW, seconds))).seq


def stand(journal, used=None, capacity=None, point=None, seconds=100.0):
    point = point or make_point()
    return book.standing(journal, CREDENTIAL, point, used or {}, ZONE, at_ms(NOW, seconds), capacity=capacity)


def test_a_grant_reserves_its_visit_and_presence(tmp_path):
    journal = make_journal(tmp_path)
    grant(journal)
    standing = stand(journal)
    assert standing.usage["e1"].total == 1
    assert standing.presence == Presence("club", at_ms(NOW))
    journal.close()


def test_a_grant_nobody_used_costs_nothing(tmp_path):
    journal = make_journal(tmp_path)
    seq = grant(journal)
    journal.append(make_not_taken(seq), NOW, book.on_not_taken(seq))
    assert stand(journal).usage == {}
    assert stand(journal).presence is None
    assert book.open_grants(journal) == []
    journal.close()


def test_a_passage_counts_once_and_says_where_the_card_is(tmp_path):
    journal = make_journal(tmp_path)
    take(journal, grant(journal), 5)
    assert stand(journal).usage["e1"].total == 1
    assert stand(journal).presence == Presence("club", at_ms(NOW, 5))
    assert book.open_grants(journal) == []
    journal.close()


def test_a_passage_without_a_counted_entitlement_uses_no_visit(tmp_path):
    journal = make_journal(tmp_path)
    take(journal, grant(journal, entitlement=None))
    assert stand(journal).usage == {}
    assert stand(journal).presence is not None
    journal.close()


def test_own_passages_that_central_has_counted_are_not_counted_again(tmp_path):
    journal = make_journal(tmp_path)
    first = take(journal, grant(journal), 1)
    take(journal, grant(journal), 2)
    folded = UsedNumbers(Usage(total=4, days=2, day=2, week=4, month=4, year=4, last_ms=at_ms(NOW, 1)), None, 0,
                         {journal.id: first})  # fmt: skip
    assert stand(journal, {"e1": folded}).usage["e1"].total == 5
    elsewhere = UsedNumbers(Usage(total=4, last_ms=at_ms(NOW, 1)), None, 0, {"ff" * 16: 99})
    assert stand(journal, {"e1": elsewhere}).usage["e1"].total == 6
    journal.close()


def test_the_later_of_own_and_foreign_presence_counts(tmp_path):
    journal = make_journal(tmp_path)
    take(journal, grant(journal), 10)
    left = UsedNumbers(Usage(), "outside", at_ms(NOW, 20), {})
    came = UsedNumbers(Usage(), "pool", at_ms(NOW, 5), {})
    assert stand(journal, {"": left}).presence == Presence("outside", at_ms(NOW, 20))
    assert stand(journal, {"": came}).presence == Presence("club", at_ms(NOW, 10))
    journal.close()


def test_occupancy_counts_who_is_inside_and_who_is_coming_but_not_who_is_forgotten(tmp_path):
    journal = make_journal(tmp_path)
    take(journal, grant(journal, credential="01" * 16), 0)
    take(journal, grant(journal, credential="02" * 16), 0)
    grant(journal, credential="03" * 16)
    assert stand(journal, capacity=10).occupancy == 3
    assert stand(journal).occupancy == 0
    point = make_point(presence_s=50)
    assert stand(journal, capacity=10, point=point, seconds=49).occupancy == 3
    assert stand(journal, capacity=10, point=point, seconds=51).occupancy == 1
    journal.close()


def test_going_out_moves_the_presence_and_uses_no_visit(tmp_path):
    journal = make_journal(tmp_path)
    take(journal, grant(journal), 1)
    event = make_granted(reason="ok_exit", entitlement=None)
    seq = journal.append(event, NOW, book.on_grant(event, make_exit(), at_ms(NOW, 2))).seq
    take(journal, seq, 3)
    assert stand(journal).presence.area == make_exit().area_to
    assert stand(journal).usage["e1"].total == 1
    journal.close()


def test_a_passage_dated_by_a_clock_that_was_ahead_keeps_nobody_out(tmp_path):
    journal = make_journal(tmp_path)
    take(journal, grant(journal), 10 * 86400)
    assert stand(journal).presence is None
    assert stand(journal, capacity=10).occupancy == 0
    later = stand(journal, capacity=10, seconds=10 * 86400 - 299)
    assert (later.presence, later.occupancy) == (Presence("club", at_ms(NOW, 10 * 86400)), 1)
    journal.close()


def test_central_s_word_on_a_passage_to_come_counts_as_little_as_our_own(tmp_path):
    journal = make_journal(tmp_path)
    own = take(journal, grant(journal), 10)
    ahead = UsedNumbers(Usage(), "pool", at_ms(NOW, 10 * 86400), {journal.id: own})
    assert stand(journal, {"": ahead}).presence == Presence("club", at_ms(NOW, 10))
    journal.close()


def test_central_s_word_that_contains_our_own_passage_is_the_newer_one(tmp_path):
    journal = make_journal(tmp_path)
    own = take(journal, grant(journal), 10)
    contained = UsedNumbers(Usage(), "outside", at_ms(NOW, 5), {journal.id: own})
    assert stand(journal, {"": contained}).presence == Presence("outside", at_ms(NOW, 5))
    before = UsedNumbers(Usage(), "outside", at_ms(NOW, 5), {journal.id: own - 1})
    assert stand(journal, {"": before}).presence == Presence("club", at_ms(NOW, 10))
    journal.close()


def test_a_grant_forgets_the_visits_that_central_has_counted_and_no_others(tmp_path):
    journal = make_journal(tmp_path)
    counted = [take(journal, grant(journal), second) for second in (1, 2)]
    later = take(journal, grant(journal), 3)
    other = take(journal, grant(journal, entitlement="e2"), 4)
    stranger = take(journal, grant(journal, credential="02" * 16), 5)
    used = {
        "e1": UsedNumbers(Usage(total=2), None, 0, {"ff" * 16: 99, journal.id: counted[-1]}),
        "e2": UsedNumbers(Usage(), None, 0, {"ff" * 16: 99}),
    }
    before = stand(journal, used).usage
    event = make_granted()
    seq = journal.append(event, NOW, book.on_grant(event, make_point(), at_ms(NOW, 6), used)).seq
    assert journal.query("SELECT seq FROM visit ORDER BY seq") == [(later,), (other,), (stranger,)]
    journal.append(make_not_taken(seq), NOW, book.on_not_taken(seq))
    assert stand(journal, used).usage == before
    journal.close()


def test_whom_nobody_has_seen_for_long_is_forgotten(tmp_path):
    journal = make_journal(tmp_path)
    take(journal, grant(journal, credential="01" * 16), 0)
    take(journal, grant(journal, credential="02" * 16), 60)
    journal.update(book.forget_presence(at_ms(NOW, 60)))
    assert journal.query("SELECT credential FROM presence") == [("02" * 16,)]
    journal.close()
