"""What is wished at a kiosk is done once for its id, by the rules of the books, and as the device."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from kiosk.central.care.complaints import complaint_page, records_of
from kiosk.central.care.surveys import feedback_page
from kiosk.central.club import membership, points, rewards
from kiosk.central.club.application_book import application_of, number_of
from kiosk.central.club.books import Books, Look
from kiosk.central.club.people_tables import application
from kiosk.central.club.sign_ins import signed_in_for
from kiosk.central.club.tables import audit
from kiosk.central.requests import Declined
from kiosk.central.self_service.answers import (
    APPLICATIONS_AN_HOUR,
    ASKED_OTHERWISE,
    NOT_POSSIBLE,
    TOO_OFTEN,
    WISHES_A_MINUTE,
)
from kiosk.club.discipline import Evidence
from kiosk.club.joining import Channel, Consent
from kiosk.core.self_service import (
    ApplyAsked,
    ConfirmAsked,
    Done,
    FeedbackAsked,
    OrderAsked,
    OrderNamed,
    OrderState,
    PayFor,
    RedeemAsked,
    SignInAsked,
    Subject,
)
from tests.builders import NOW
from tests.central.builders import ManualClock, make_access
from tests.central.club.builders import noted
from tests.central.club.builders_activities import Boxes, card
from tests.central.club.builders_people import ended
from tests.central.money.builders_fees import TODAY, do
from tests.central.self_service.builders import CARD, KIOSK, TOMORROW, Kiosk, give_everything, join, open_house

BORN = TODAY.replace(year=1996)
CONSENTS = ("purpose:2026", "charter", "regulations:2026", "privacy:2026-11")


@pytest.fixture
def kiosk(books: Books) -> Kiosk:
    """A kiosk of a club that is open."""
    open_house(books)
    return Kiosk(books)


def make_feedback(words: str = "门口太慢", **fields: Any) -> FeedbackAsked:
    """Make what a member complains of."""
    return FeedbackAsked(**{"id": "wish-0001", "words": words, "matter": "service", "credential": CARD, **fields})


def make_application(**fields: Any) -> ApplyAsked:
    """Make a pre-registration with everything that an applicant says at a kiosk."""
    said: dict[str, Any] = {"id": "wish-0001", "name": "赵新", "phone": "13900007777", "birth": BORN, "kind": "person"}
    return ApplyAsked(**{**said, "consents": CONSENTS, **fields})


def audited(look: Look) -> int:
    """Return how many entries the audit trail has: how much was done."""
    return int(look.connection.execute(select(func.count()).select_from(audit)).scalar_one())


Make = Callable[[str], tuple[Subject, msgspec.Struct, msgspec.Struct]]
WISHES: dict[str, Make] = {
    "feedback": lambda _activity: (Subject.FEEDBACK, make_feedback(), make_feedback("门口很快")),
    "suggestion": lambda _activity: (
        Subject.FEEDBACK, make_feedback(matter="suggestion", credential=""), make_feedback(),
    ),
    "sign_in": lambda activity: (
        Subject.SIGN_IN, SignInAsked("wish-0001", CARD, activity), SignInAsked("wish-0001", CARD, "another"),
    ),
    "redeem": lambda _activity: (
        Subject.REDEEM, RedeemAsked("wish-0001", CARD, "towel"), RedeemAsked("wish-0001", CARD, "bike"),
    ),
    "confirm": lambda _activity: (
        Subject.CONFIRM, ConfirmAsked("wish-0001", CARD, True), ConfirmAsked("wish-0001", CARD, False),
    ),
    "apply": lambda _activity: (Subject.APPLY, make_application(), make_application(name="赵旧")),
}  # fmt: skip


@pytest.mark.parametrize("family", WISHES)
def test_a_wish_is_done_once_for_its_id_and_another_wish_under_it_is_refused(
    kiosk: Kiosk, books: Books, clock: ManualClock, family: str
) -> None:
    activity = give_everything(books, clock, join(books))
    subject, wish, other = WISHES[family](activity)
    done = kiosk.ask(subject, wish)
    assert isinstance(done, Done)
    assert done.done
    with books.look() as look:
        after = audited(look)
    assert kiosk.ask(subject, wish) == done
    with pytest.raises(Declined) as caught:
        kiosk.ask(subject, other)
    assert caught.value.code == ASKED_OTHERWISE
    with books.look() as look:
        assert audited(look) == after
    (last,) = noted(books, actor=f"device:{KIOSK}")[-1:]
    assert last["via"] == "kiosk"


@pytest.mark.proves("S42", "S48", "R116")
def test_what_was_wished_stands_in_the_books(kiosk: Kiosk, books: Books, clock: ManualClock) -> None:
    member = join(books)
    activity = give_everything(books, clock, member)
    assert kiosk.ask(Subject.SIGN_IN, SignInAsked("wish-0001", CARD, activity)).done
    redeemed = kiosk.ask(Subject.REDEEM, RedeemAsked("wish-0002", CARD, "towel"))
    assert kiosk.ask(Subject.CONFIRM, ConfirmAsked("wish-0003", CARD, True)).done
    wrong = kiosk.ask(Subject.CONFIRM, ConfirmAsked("wish-0004", CARD, False))
    with books.look() as look:
        assert [each.activity for each in signed_in_for(look, [member])] == [activity]
        (kept,) = rewards.waiting(look)
        assert (kept.member, kept.reward) == (member, "towel")
        assert number_of(kept.id) == redeemed.number
        assert points.balance(look, member).available == 1_405
        assert [number_of(each.id) for each in feedback_page(look)] == [wrong.number]
    view = kiosk.view()
    assert view.activities[0].signed_in
    assert view.confirmed_on == TOMORROW


def test_what_a_rule_refuses_is_an_answer_with_its_reason(kiosk: Kiosk, books: Books, clock: ManualClock) -> None:
    activity = give_everything(books, clock, join(books))
    assert kiosk.ask(Subject.SIGN_IN, SignInAsked("wish-0001", CARD, activity)).done
    for subject, wish, reason in (
        (Subject.SIGN_IN, SignInAsked("wish-0002", CARD, activity), "already_signed_in"),
        (Subject.SIGN_IN, SignInAsked("wish-0003", CARD, "nowhere"), NOT_POSSIBLE),
        (Subject.SIGN_IN, SignInAsked("wish-0004", card(9), activity), "credential_not_found"),
        (Subject.REDEEM, RedeemAsked("wish-0005", CARD, "bike"), "not_enough_points"),
        (Subject.REDEEM, RedeemAsked("wish-0006", CARD, "moon"), NOT_POSSIBLE),
        (Subject.CONFIRM, ConfirmAsked("wish-0007", card(9), True), "credential_not_found"),
        (Subject.FEEDBACK, make_feedback("  ", id="wish-0008"), "no_words"),
        (Subject.FEEDBACK, make_feedback(id="wish-0009", matter="weather"), "no_such_matter"),
        (Subject.APPLY, make_application(id="wish-0010", birth=TODAY), "too_young"),
        (Subject.APPLY, make_application(id="wish-0011", consents=("charter:1999",)), "consent_outdated"),
        (Subject.APPLY, make_application(id="wish-0012", consents=()), "consent_missing"),
        (Subject.APPLY, make_application(id="wish-0013", kind="emperor"), "no_such_kind"),
    ):
        assert kiosk.ask(subject, wish) == Done(wish.id, False, reason), wish
    with pytest.raises(msgspec.ValidationError):
        kiosk.service.answers()["reward.redeem"](KIOSK, "demo", {"id": "short"})


def test_who_has_left_confirms_nothing_and_opens_no_order(kiosk: Kiosk, books: Books, clock: ManualClock) -> None:
    member = join(books)
    do(books, membership.end, member, ended(TODAY), why="asked")
    clock.pass_s(86_400)
    assert kiosk.ask(Subject.CONFIRM, ConfirmAsked("wish-0001", CARD, True)).reason == "not_a_member"
    asked = OrderAsked("order-001", CARD, PayFor.TOP_UP, 10_000, "wechat")
    assert kiosk.ask(Subject.OPEN_ORDER, asked).reason == "not_a_member"


def test_the_same_id_from_another_device_is_another_wish(kiosk: Kiosk, books: Books, clock: ManualClock) -> None:
    give_everything(books, clock, join(books))
    numbers = set()
    for device in (kiosk, kiosk.other()):
        assert device.ask(Subject.FEEDBACK, make_feedback(f"at {device.device}")).done
        numbers.add(device.ask(Subject.REDEEM, RedeemAsked("wish-0002", CARD, "towel")).number)
    with books.look() as look:
        assert {number_of(each.id) for each in rewards.waiting(look)} == numbers
        assert len(complaint_page(look)) == len(numbers) == 2


def test_a_device_asks_for_so_many_orders_a_minute_and_no_more(kiosk: Kiosk, books: Books, clock: ManualClock) -> None:
    join(books)
    asked = OrderAsked("order-001", CARD, PayFor.TOP_UP, 10_000, "wechat")
    for _ in range(WISHES_A_MINUTE):
        assert kiosk.ask(Subject.OPEN_ORDER, asked).state is OrderState.OPENING
    for subject, wish in ((Subject.OPEN_ORDER, asked), (Subject.CONFIRM, ConfirmAsked("wish-0001", CARD, True))):
        with pytest.raises(Declined, match=TOO_OFTEN):
            kiosk.ask(subject, wish)
    assert kiosk.ask(Subject.LOOK_AT_ORDER, OrderNamed("order-001")).state is OrderState.OPENING
    clock.pass_s(61)
    assert kiosk.ask(Subject.OPEN_ORDER, asked).state is OrderState.OPENING


@pytest.mark.proves("S88", "R125")
def test_a_complaint_is_tied_to_the_refused_tap_of_the_member_and_to_no_other(
    kiosk: Kiosk, books: Books, clock: ManualClock
) -> None:
    member = join(books)
    join(books, 2)
    boxes = Boxes(books, clock)
    for number in (1, 2):
        access = make_access(reason="fee_overdue", credential=card(number))
        boxes.at_demo.append("access.denied", access, NOW)
    boxes.send(boxes.at_demo)
    mine, theirs = (f"{boxes.at_demo.id}:{seq}" for seq in (1, 2))
    wish = make_feedback(matter="entry", about=mine, call_back=True)
    done = kiosk.ask(Subject.FEEDBACK, wish)
    with books.look() as look:
        (found,) = complaint_page(look)
        assert records_of(look, found.id) == (Evidence(boxes.at_demo.id, 1),)
    assert (number_of(found.id), found.member, found.place) == (done.number, member, "demo")
    assert found.words.startswith("门口太慢")
    assert "进场" in found.words
    assert "回电" in found.words
    assert found.received_by == f"device:{KIOSK}"
    for number, spoilt in enumerate(({"about": theirs}, {"credential": "", "about": mine}, {"about": f"{'0' * 32}:1"})):
        fields = {"matter": "entry", "id": f"wish-100{number}", **spoilt}
        assert kiosk.ask(Subject.FEEDBACK, make_feedback(**fields)).reason == "not_yours"


@pytest.mark.proves("S03", "R17")
def test_an_application_at_a_kiosk_tells_nothing_of_who_is_known_and_waits_for_the_desk(
    kiosk: Kiosk, books: Books
) -> None:
    join(books)
    first = kiosk.ask(Subject.APPLY, make_application(phone="13800001234", referred_by="99999999"))
    again = kiosk.ask(Subject.APPLY, make_application(id="wish-0002", phone="13800001234", kind="annual"))
    assert first.done
    assert again.done
    with books.look() as look:
        query = select(application.c.id).where(application.c.channel == Channel.KIOSK.value)
        views = [application_of(look, each) for each in look.connection.execute(query).scalars()]
    assert {number_of(each.id) for each in views} == {first.number, again.number}
    said = {each.applicant.card_kind: each.applicant for each in views}
    assert set(said) == {"ordinary", "annual"}
    for each in said.values():
        assert (each.born, each.referred_by, each.consents[Consent.CHARTER]) == (BORN, None, "2026")
    for number in range(APPLICATIONS_AN_HOUR - 2):
        kiosk.ask(Subject.APPLY, make_application(id=f"wish-1{number:03}", phone=f"1370000{number:04}"))
    with pytest.raises(Declined, match=TOO_OFTEN):
        kiosk.ask(Subject.APPLY, make_application(id="wish-9999"))


def test_an_order_answers_to_the_device_alone_that_opened_it(kiosk: Kiosk, books: Books) -> None:
    join(books)
    asked = OrderAsked("order-001", CARD, PayFor.TOP_UP, 10_000, "wechat")
    opened = kiosk.ask(Subject.OPEN_ORDER, asked)
    assert (opened.state, opened.amount_minor) == (OrderState.OPENING, 10_000)
    assert kiosk.ask(Subject.OPEN_ORDER, asked) == opened
    with pytest.raises(Declined, match=ASKED_OTHERWISE):
        kiosk.ask(Subject.OPEN_ORDER, msgspec.structs.replace(asked, amount_minor=20_000))
    other, named = kiosk.other(), OrderNamed("order-001")
    for subject in (Subject.LOOK_AT_ORDER, Subject.CANCEL_ORDER):
        told = other.ask(subject, named)
        assert (told.state, told.amount_minor, told.code) == (OrderState.CLOSED, 0, "")
    assert other.ask(Subject.OPEN_ORDER, asked).state is OrderState.CLOSED
    assert kiosk.ask(Subject.LOOK_AT_ORDER, named) == opened
    assert kiosk.ask(Subject.OPEN_ORDER, msgspec.structs.replace(asked, id="order-002", credential=card(9))).reason


def test_a_view_and_a_wish_are_answered_by_both_kinds_of_database(both_books: Books, clock: ManualClock) -> None:
    open_house(both_books)
    kiosk = Kiosk(both_books)
    activity = give_everything(both_books, clock, join(both_books))
    assert kiosk.ask(Subject.SIGN_IN, SignInAsked("wish-0001", CARD, activity)).done
    assert kiosk.ask(Subject.FEEDBACK, make_feedback(id="wish-0002")).done
    view = kiosk.view()
    assert view.activities[0].signed_in
    assert view.entries[-1].amount > 0
