"""Cards at the desk: what each step does to the card, the membership and every gate, in one change."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from kiosk.central.club import batches, card_credentials, card_replacing, cards, membership, points, stock
from kiosk.central.club.batches import BatchWish
from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.club.card_book import columns_of
from kiosk.central.club.card_credentials import Blank, GateKnows
from kiosk.central.club.card_tables import card, card_hand_over
from kiosk.central.club.composing import facts_of
from kiosk.central.club.refused import RuleRefused
from kiosk.central.club.tables import rule_amendment
from kiosk.central.tables import device
from kiosk.club.card_kinds import CardRules, Holder, Medium, Obtained, ReplaceReason, UseClass
from kiosk.club.card_stock import PointKind, PointOfSale
from kiosk.club.cards import CardState
from kiosk.club.life import StepRefused
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput
from kiosk.core.model import CredentialState
from tests.central.builders import ManualClock
from tests.central.club.builders import noted, told
from tests.central.club.builders_cards import (
    HASH_KEY,
    TODAY,
    answer,
    assign,
    credential,
    denied_now,
    do,
    encode,
    hand_over,
    kept,
    put_carried,
    put_club,
    put_special,
    put_stock,
    put_waiting,
    roster_card,
    uid,
)
from tests.central.club.builders_points import amend

DAY_S = 86400


def reason_of(caught: pytest.ExceptionInfo[RuleRefused]) -> str:
    return caught.value.reason


@pytest.mark.proves("R07", "R45", "S27")
def test_a_card_opens_the_gate_from_its_hand_over_and_the_membership_is_valid(both_books: Books) -> None:
    put_club(both_books)
    member = put_waiting(both_books)
    number = put_stock(both_books, quantity=1)[0]
    encode(both_books, number)
    assert answer(both_books, number) == "credential_not_enabled"
    assign(both_books, number, member)
    assert answer(both_books, number) == "card_not_collected"
    hand_over(both_books, number)
    assert answer(both_books, number) == "ok"
    with both_books.look() as look:
        assert facts_of(look, member).collected_on == TODAY
        row = look.connection.execute(select(card_hand_over)).mappings().one()
    assert (row["number"], row["member"], row["by"], row["point"]) == (number, member, "desk-1", "desk")
    assert next(each["template"] for each in told(both_books, member=member)) == "card_ready"
    assert [each["action"] for each in noted(both_books, thing="card")] == [
        "card.encode",
        "card.assign",
        "card.hand_over",
    ]


@pytest.mark.proves("R39")
def test_a_members_card_is_handed_over_against_an_identity_only(books: Books) -> None:
    put_club(books)
    number = put_stock(books, quantity=1)[0]
    encode(books, number)
    assign(books, number, put_waiting(books))
    with pytest.raises(RuleRefused) as caught:
        hand_over(books, number, identity_checked=False)
    assert reason_of(caught) == "identity_not_checked"
    assert answer(books, number) == "card_not_collected"


def test_a_card_that_no_reader_knows_is_not_handed_over(books: Books) -> None:
    put_club(books)
    number = put_stock(books, quantity=1)[0]
    assign(books, number, put_waiting(books))
    with pytest.raises(RuleRefused) as caught:
        hand_over(books, number)
    assert reason_of(caught) == cards.NOT_ENCODED
    encode(books, number)
    assert answer(books, number) == "card_not_collected"
    hand_over(books, number)
    assert answer(books, number) == "ok"


@pytest.mark.proves("R19", "S21")
def test_a_member_has_one_membership_card_at_a_time(books: Books) -> None:
    put_club(books)
    member = put_waiting(books)
    first, second = put_stock(books, quantity=1), put_stock(books, "annual", 1)
    assign(books, first[0], member)
    with pytest.raises(RuleRefused) as caught:
        assign(books, second[0], member)
    assert reason_of(caught) == "member_has_a_card"
    do(books, lambda change: cards.unassign(change, first[0], why="another kind"))
    assign(books, second[0], member)
    assert kept(books, first[0]).card.state is CardState.IN_STOCK


@pytest.mark.proves("R19")
def test_the_database_itself_takes_no_second_held_card_of_a_member(both_books: Books) -> None:
    put_club(both_books)
    member = put_waiting(both_books)
    first, second = put_stock(both_books, quantity=2)
    assign(both_books, first, member)

    def slip_past(change: Change, state: str) -> None:
        row = columns_of(kept(both_books, second)) | {"number": "99999999", "state": state, "member": member}
        change.connection.execute(insert(card).values(**row))

    for state in ("assigned", "handed_over", "suspended", "lost"):
        with pytest.raises(IntegrityError):
            do(both_books, lambda change, state=state: slip_past(change, state))


def test_somebody_who_was_not_approved_gets_no_card(books: Books) -> None:
    put_club(books)
    member = put_waiting(books, approved=False)
    number = put_stock(books, quantity=1)[0]
    encode(books, number)
    assign(books, number, member)
    with pytest.raises(RuleRefused) as caught:
        hand_over(books, number)
    assert reason_of(caught) == "not_approved"
    assert answer(books, number) == "card_not_collected"


@pytest.mark.proves("R21", "R22", "R23", "S23")
@pytest.mark.parametrize(
    ("kind", "last"),
    [
        ("annual", date(2027, 11, 23)),
        ("month", date(2026, 12, 23)),
        ("quarter", date(2027, 2, 23)),
        ("year", date(2027, 11, 23)),
        ("lifetime", None),
    ],
)
def test_a_cards_days_begin_when_it_is_handed_over_and_end_by_its_kind(
    books: Books, clock: ManualClock, kind: str, last: date | None
) -> None:
    put_club(books)
    number = put_stock(books, kind, 1)[0]
    encode(books, number)
    assign(books, number, put_waiting(books))
    clock.pass_s(2 * DAY_S)
    held = hand_over(books, number).card
    assert (held.valid_from, held.valid_until) == (TODAY + timedelta(days=2), last)
    if last is not None:
        assert answer(books, number, last) == "ok"
        assert answer(books, number, last + timedelta(days=1)) == "credential_expired"


@pytest.mark.proves("R21", "S57")
def test_an_annual_card_is_renewed_behind_the_days_it_has(books: Books, clock: ManualClock) -> None:
    put_club(books)
    number = put_carried(books, kind="annual")
    do(books, lambda change: cards.renew(change, number))
    assert answer(books, number, date(2028, 11, 21)) == "ok"
    assert answer(books, number, date(2028, 11, 22)) == "credential_expired"
    clock.pass_s(900 * DAY_S)
    held = do(books, lambda change: cards.renew(change, number)).card
    assert held.valid_from == TODAY + timedelta(days=900)
    assert answer(books, number) == "ok"


@pytest.mark.parametrize(("kind", "reason"), [("lifetime", "not_renewable"), ("ordinary", "not_renewable")])
def test_a_card_without_a_term_is_not_renewed(books: Books, kind: str, reason: str) -> None:
    put_club(books)
    number = put_carried(books, kind=kind)
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: cards.renew(change, number))
    assert reason_of(caught) == reason


@pytest.mark.proves("R24")
def test_a_points_card_is_not_sold(books: Books) -> None:
    put_club(books)
    member = put_waiting(books)
    number = put_stock(books, "points", 1)[0]
    with pytest.raises(RuleRefused) as caught:
        assign(books, number, member, way=Obtained.SALE)
    assert reason_of(caught) == "not_obtained_so"
    assert assign(books, number, member).card.state is CardState.ASSIGNED


@pytest.mark.proves("R24", "R91")
def test_a_points_card_costs_points_which_come_back_if_it_is_not_fetched(books: Books) -> None:
    put_club(books)
    member = put_waiting(books)
    number, other = put_stock(books, "points", 2)

    def left() -> int:
        with books.look() as look:
            return points.balance(look, member).available

    with pytest.raises(RuleRefused) as caught:
        assign(books, number, member, way=Obtained.POINTS)
    assert reason_of(caught) == "not_enough"
    assert kept(books, number).card.state is CardState.IN_STOCK
    books.change(Actor("f"), lambda change: points.adjust(change, member, 2500, "from the old system"))
    for _ in range(2):
        assert assign(books, number, member, way=Obtained.POINTS).card.state is CardState.ASSIGNED
        assert left() == 500
        do(books, lambda change: cards.unassign(change, number, why="not fetched"))
        assert left() == 2500
    assign(books, number, member)
    do(books, lambda change: cards.unassign(change, number, why="another kind"))
    assert left() == 2500
    assign(books, number, member, way=Obtained.POINTS)
    do(books, lambda change: cards.cancel(change, number, why="misprinted"))
    assert left() == 2500
    assign(books, other, member, way=Obtained.POINTS)
    encode(books, other)
    hand_over(books, other)
    do(books, lambda change: cards.cancel(change, other, why="left"))
    assert left() == 500 + 1000, "those of registration came with the card, those it cost do not come back"


@pytest.mark.proves("R38", "S32")
def test_a_dealer_gets_no_ordinary_card(books: Books) -> None:
    put_club(books)
    number = put_stock(books, quantity=1)[0]
    with pytest.raises(RuleRefused) as caught:
        assign(books, number, put_waiting(books), holder=Holder.DEALER)
    assert reason_of(caught) == "holder_not_allowed"


def test_a_lost_card_is_shut_at_every_gate_and_stays_so_when_it_is_found(books: Books) -> None:
    put_club(books)
    number = put_carried(books)
    do(books, lambda change: cards.report_lost(change, number, why="says the member"))
    assert (answer(books, number), denied_now(books)) == ("credential_revoked", {credential(number)})
    assert told(books, template="card_lost")
    do(books, lambda change: cards.report_found(change, number))
    assert answer(books, number) == "credential_not_enabled"
    do(books, lambda change: cards.restore(change, number, why="shown at the desk"))
    assert answer(books, number) == "ok"


def test_a_suspended_card_is_denied_at_once_and_opens_again_when_restored(books: Books) -> None:
    put_club(books)
    number = put_carried(books)
    do(books, lambda change: cards.suspend(change, number, why="lent"))
    assert (answer(books, number), denied_now(books)) == ("credential_not_enabled", {credential(number)})
    do(books, lambda change: cards.restore(change, number, why="talked"))
    assert answer(books, number) == "ok"


@pytest.mark.proves("R45")
def test_an_old_card_stays_shut_while_who_came_back_waits_for_a_new_one(books: Books) -> None:
    put_club(books)
    number = put_carried(books)
    member = str(kept(books, number).card.member)
    do(books, lambda change: membership.cancel(change, member, why="left"))
    do(books, lambda change: membership.admit(change, member, None, owes_fees=False, rejoins=True))
    assert answer(books, number) == "card_not_collected"
    do(books, lambda change: cards.suspend(change, number, why="in the drawer"))
    do(books, lambda change: cards.restore(change, number, why="found in the drawer"))
    assert answer(books, number) == "card_not_collected"


@pytest.mark.proves("R62")
def test_a_card_that_is_taken_back_opens_nothing_ever_again(books: Books) -> None:
    put_club(books)
    number = put_carried(books)
    do(books, lambda change: cards.take_back(change, number))
    assert (answer(books, number), denied_now(books)) == ("credential_revoked", {credential(number)})
    with pytest.raises(StepRefused):
        do(books, lambda change: cards.restore(change, number, why="no way"))
    do(books, lambda change: cards.cancel(change, number, why="left"))
    do(books, lambda change: cards.destroy(change, number))
    assert kept(books, number).card.state is CardState.DESTROYED


def put_replaced(books: Books, reason: ReplaceReason = ReplaceReason.LOST) -> tuple[str, str, bool]:
    old = put_carried(books, kind="annual")
    new = put_stock(books, "annual", 1)[0]
    encode(books, new)
    if reason is ReplaceReason.LOST:
        do(books, lambda change: cards.report_lost(change, old))
    done = do(books, lambda change: card_replacing.replace(change, old, new, reason))
    return old, new, done.charged


@pytest.mark.proves("R19")
@pytest.mark.parametrize(("reason", "charged"), [(ReplaceReason.LOST, True), (ReplaceReason.FAULTY, False)])
def test_a_replaced_card_is_denied_at_once_and_the_new_one_opens_from_its_hand_over(
    books: Books, clock: ManualClock, reason: ReplaceReason, charged: bool
) -> None:
    put_club(books)
    old, new, is_charged = put_replaced(books, reason)
    assert is_charged is charged
    assert (answer(books, old), answer(books, new)) == ("credential_revoked", "card_not_collected")
    assert denied_now(books) == {credential(old)}
    clock.pass_s(3 * DAY_S)
    hand_over(books, new)
    assert (answer(books, old), answer(books, new)) == ("credential_revoked", "ok")
    assert told(books, template="card_replaced")


def test_a_new_card_keeps_the_days_of_the_old_one_and_the_day_of_joining(books: Books, clock: ManualClock) -> None:
    put_club(books)
    old, new, _ = put_replaced(books)
    clock.pass_s(3 * DAY_S)
    held = hand_over(books, new).card
    was = kept(books, old).card
    assert (held.valid_from, held.valid_until, held.member) == (TODAY, was.valid_until, was.member)
    with books.look() as look:
        assert facts_of(look, str(held.member)).collected_on == TODAY


def test_an_old_card_that_turns_up_after_its_replacement_is_not_found(books: Books) -> None:
    put_club(books)
    old, new, _ = put_replaced(books)
    with pytest.raises(StepRefused):
        do(books, lambda change: cards.report_found(change, old))
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: cards.unassign(change, new, why="came back"))
    assert reason_of(caught) == "is_a_replacement"


@pytest.mark.proves("S20", "S28")
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_card_in_the_place_of_a_stopped_one_is_stopped_too_until_it_is_restored(books: Books, is_lost: bool) -> None:
    put_club(books)
    old = put_carried(books)
    new = put_stock(books, quantity=1)[0]
    encode(books, new)
    do(books, lambda change: cards.suspend(change, old, why="lent"))
    if is_lost:
        do(books, lambda change: cards.report_lost(change, old))
    do(books, lambda change: card_replacing.replace(change, old, new, ReplaceReason.LOST))
    hand_over(books, new)
    assert kept(books, new).card.state is CardState.SUSPENDED
    assert answer(books, new) == "credential_not_enabled"
    do(books, lambda change: cards.restore(change, new, why="talked"))
    assert (answer(books, new), answer(books, old)) == ("ok", "credential_revoked")
    third = put_stock(books, quantity=1)[0]
    encode(books, third)
    do(books, lambda change: card_replacing.replace(change, new, third, ReplaceReason.DAMAGED))
    hand_over(books, third)
    assert answer(books, third) == "ok"


def test_a_card_that_was_lost_and_found_passes_no_stop_on(books: Books) -> None:
    put_club(books)
    old = put_carried(books)
    new = put_stock(books, quantity=1)[0]
    encode(books, new)
    do(books, lambda change: cards.report_lost(change, old))
    do(books, lambda change: cards.report_found(change, old))
    do(books, lambda change: card_replacing.replace(change, old, new, ReplaceReason.DAMAGED))
    hand_over(books, new)
    assert answer(books, new) == "ok"


def test_a_card_is_replaced_by_one_of_its_kind(books: Books) -> None:
    put_club(books)
    old = put_carried(books)
    other = put_stock(books, "lifetime", 1)[0]
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: card_replacing.replace(change, old, other, ReplaceReason.DAMAGED))
    assert reason_of(caught) == "other_kind"
    assert answer(books, old) == "ok"


def test_the_desk_sees_which_gates_hold_the_roster_that_shuts_a_card(books: Books) -> None:
    put_club(books)
    number = put_carried(books)
    with books.look() as look:
        assert card_credentials.acknowledged(look, credential(number)) == ()
    do(books, lambda change: cards.report_lost(change, number))

    def put_devices(change: Change) -> int:
        from_deny: int = change.connection.exec_driver_sql("SELECT until_revision FROM deny").scalar_one()
        for name, revision in (("north", from_deny), ("south", from_deny - 1), ("never", None)):
            row: dict[str, Any] = {"name": name, "site": "demo", "public_key": name, "registered_at": "x"}
            change.connection.execute(insert(device).values(**row, roster_revision=revision))
        gone = {"name": "old", "site": "demo", "public_key": "o", "registered_at": "x", "replaced_by": "north"}
        change.connection.execute(insert(device).values(**gone, roster_revision=1))
        return from_deny

    needed = do(books, put_devices)
    with books.look() as look:
        assert card_credentials.acknowledged(look, credential(number)) == (
            GateKnows("north", needed, needed, heard=True),
            GateKnows("south", needed - 1, needed, heard=False),
        )


@pytest.mark.proves("S21")
def test_an_identifier_makes_one_card_only_ever(books: Books) -> None:
    put_club(books)
    first, second = put_stock(books, quantity=2)
    encode(books, first)
    do(books, lambda change: cards.cancel(change, first, why="bent"))

    def encode_again(change: Change) -> object:
        return card_credentials.encode(change, second, Blank(uid(first)), HASH_KEY)

    with pytest.raises(RuleRefused) as caught:
        do(books, encode_again)
    assert reason_of(caught) == card_credentials.IDENTIFIER_TAKEN
    encode(books, second)
    with pytest.raises(RuleRefused) as caught:
        encode(books, second)
    assert reason_of(caught) == card_credentials.ALREADY_ENCODED


def test_a_card_is_encoded_before_it_is_out_and_with_what_readers_say(books: Books) -> None:
    put_club(books)
    number = put_stock(books, quantity=1)[0]
    with pytest.raises(InvalidInput, match="not canonical"):
        do(books, lambda change: card_credentials.encode(change, number, Blank("04 aa"), HASH_KEY))
    do(books, lambda change: cards.cancel(change, number, why="bent"))
    with pytest.raises(RuleRefused) as caught:
        encode(books, number)
    assert reason_of(caught) == card_credentials.TOO_LATE


@pytest.mark.proves("S25")
def test_a_kind_says_what_its_cards_are_carried_by(books: Books) -> None:
    put_club(books)
    number = put_stock(books, quantity=1)[0]
    blank = Blank(uid(number), Medium.MAGNETIC_STRIPE)
    assert do(books, lambda change: card_credentials.encode(change, number, blank, HASH_KEY)).medium is blank.medium


@pytest.mark.proves("R34", "R35")
def test_special_cards_are_given_out_on_an_active_request_up_to_its_quantity(books: Books) -> None:
    put_club(books)
    first, second, third = put_stock(books, "special", 3)
    waiting = put_special(books, active=False)
    for wish, expected in (({}, "request_missing"), ({"request": waiting}, "not_active")):
        with pytest.raises(RuleRefused) as caught:
            assign(books, first, None, holder=Holder.STAFF, **wish)
        assert reason_of(caught) == expected
    request = put_special(books)
    assert assign(books, first, None, holder=Holder.STAFF, request=request).card.function_on
    with pytest.raises(RuleRefused) as caught:
        assign(books, second, None, holder=Holder.STAFF, request=request)
    assert reason_of(caught) == "all_issued"
    do(books, lambda change: cards.unassign(change, first, why="not wanted"))
    assert not kept(books, first).card.function_on
    assert assign(books, third, None, holder=Holder.STAFF, request=request).card.function_on


def write_past_the_checks(books: Books, rule: str, value: object) -> None:
    row = {
        "number": 1,
        "rule": rule,
        "value": canonical(msgspec.to_builtins(value)).decode(),
        "effective_on": TODAY.isoformat(),
    }
    row |= {"decided_by": "an older central", "why": "so", "recorded_at": "2026-11-22T08:00:00.000Z"}
    do(books, lambda change: change.connection.execute(insert(rule_amendment).values(**row)))


@pytest.mark.proves("S22")
@pytest.mark.parametrize(
    ("code", "fields", "words"),
    [
        ("quarter", None, "quarter is not in the book, and cards of it are in use"),
        ("quarter", {"use_class": UseClass.SPECIAL}, "cards of it are in use as ordinary"),
        ("annual", None, "annual is not in the book, and cards of it are in use"),
        ("month", None, "month is not in the book, and a point of sale should always have some"),
        ("ordinary", None, "cards that come with a list are of it"),
        ("gift", {"term_months": None}, "gift: gift_never_expires"),
        ("points", {"points_price": 0}, "points: bought_with_points_costs_none"),
    ],
)
def test_kinds_of_card_are_not_amended_into_what_cards_rest_on(
    books: Books, code: str, fields: dict[str, Any] | None, words: str
) -> None:
    put_club(books)
    put_carried(books, kind="quarter")
    do(books, lambda change: batches.order(change, BatchWish("annual", 2)))
    do(books, lambda change: stock.put_point(change, PointOfSale("hall", PointKind.KIOSK, "demo"), ["month"]))
    kinds = []
    for each in CardRules().kinds:
        if each.code != code:
            kinds.append(each)
        elif fields is not None:
            kinds.append(msgspec.structs.replace(each, **fields))
    with pytest.raises(RuleRefused, match=words):
        amend(books, cards__kinds=kinds)
    with books.look() as look:
        assert look.rules.cards == CardRules()


@pytest.mark.proves("S22")
def test_a_kind_may_leave_the_book_once_its_cards_are_over(books: Books) -> None:
    put_club(books)
    number = put_carried(books, kind="quarter")
    do(books, lambda change: stock.put_point(change, PointOfSale("desk", PointKind.DESK, "demo"), []))
    do(books, lambda change: cards.take_back(change, number))
    kinds = [each for each in CardRules().kinds if each.code != "quarter"]
    amend(books, cards__kinds=kinds)
    with books.look() as look:
        assert {each.code for each in look.rules.cards.kinds} == {each.code for each in kinds}


def test_a_card_whose_kind_left_the_rule_book_can_still_be_shut(books: Books) -> None:
    put_club(books)
    number = put_carried(books, kind="quarter")
    with books.look() as look:
        kinds = [each for each in look.rules.cards.kinds if each.code != "quarter"]
    write_past_the_checks(books, "cards.kinds", kinds)
    do(books, lambda change: cards.report_lost(change, number))
    row = roster_card(books, credential(number))
    assert row is not None
    assert row.state is CredentialState.LOST
