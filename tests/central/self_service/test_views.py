"""What a kiosk is told of whose card lies on it: all that is the member's, masked, and nothing of anybody else's."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kiosk.central.club import membership
from kiosk.central.club.books import Books
from kiosk.central.club.readings import ReadingFilter, reading_page
from kiosk.central.club.refused import RuleRefused
from kiosk.central.members import EntitlementRecord, cards_by, save_cards, save_entitlements
from kiosk.central.money import fee_payments, ledger, top_ups
from kiosk.central.money.fee_payments import PayFees
from kiosk.central.money.stored_lots import principal_of
from kiosk.central.money.top_ups import TopUp
from kiosk.central.requests import Declined
from kiosk.central.self_service.answers import TOO_OFTEN, VIEWS_A_MINUTE
from kiosk.central.self_service.masks import (
    address_shown,
    birth_shown,
    email_shown,
    name_shown,
    phone_shown,
)
from kiosk.central.self_service.money_view import NOT_VALID, OVER_CAP, TILES_MINOR
from kiosk.central.self_service.names import named
from kiosk.club.activities import Audience
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.paying_back import PayWay
from kiosk.club.rule_packs import Confidence, Figure, FigureKind, Pack, Trade
from kiosk.club.stored_value import BonusTier
from kiosk.core.codec import canonical
from kiosk.core.identifiers import Assurance
from kiosk.core.model import CredentialState
from kiosk.core.self_service import (
    ROWS_MAX,
    ActivityView,
    Ahead,
    Both,
    CouponView,
    Datum,
    Due,
    Entry,
    MemberView,
    Missing,
    MoneyView,
    NextTier,
    PaperView,
    PointsView,
    Refusal,
    RewardView,
    RightView,
    Tile,
    TopUpView,
)
from kiosk.local.lines import LINE_BYTES_MAX
from kiosk.wire.topics import check_name
from tests.central.builders import ManualClock, make_access
from tests.central.club.builders_activities import MINUTE, Boxes, announce, card
from tests.central.club.builders_people import ended
from tests.central.money.builders import in_minutes, make_posting
from tests.central.money.builders_fees import DESK, TODAY, do, set_rule
from tests.central.self_service.builders import (
    CARD,
    KIOSK,
    MAIL,
    NAME,
    PHONE,
    TOMORROW,
    Kiosk,
    give_everything,
    join,
    open_house,
)

DAY = timedelta(days=1)


@pytest.fixture
def kiosk(books: Books) -> Kiosk:
    """A kiosk of a club that is open."""
    open_house(books)
    return Kiosk(books)


@pytest.mark.proves("S53", "S90")
def test_a_member_sees_everything_that_is_theirs_and_nothing_unmasked_leaves_central(
    kiosk: Kiosk, books: Books, clock: ManualClock
) -> None:
    member = join(books)
    join(books, 2, name="李四光")
    activity = give_everything(books, clock, member)
    boxes = Boxes(books, clock)
    for credential, reason in ((CARD, "no_visits_left"), (card(2), "lockdown")):
        access = make_access(reason=reason, credential=credential)
        boxes.at_demo.append("access.denied", access, clock.now() - 5 * MINUTE)
    boxes.send(boxes.at_demo)
    view = kiosk.view()
    assert (view.known, view.name, view.standing) == (True, "王**", "valid")
    assert (view.tier, view.number_end) == (Both("silver"), "0001")
    assert (view.money.paid_minor, view.money.given_minor, view.money.debt_minor) == (50_000, 5_000, 0)
    assert (view.points.available, view.points.lifetime) == (1_700, 1_700)
    assert [(each.what.zh, each.until) for each in view.coupons] == [("茶券", TODAY + 29 * DAY)]
    assert [(each.id, each.why_not) for each in view.rewards] == [("towel", ""), ("bike", "not_enough_points")]
    assert [(each.id, each.booked, each.signed_in, each.why_not) for each in view.activities] == [
        (activity, False, False, "")
    ]
    assert [each.reason for each in view.refusals] == ["no_visits_left"]
    assert view.refusals[0].record == f"{boxes.at_demo.id}:1"
    assert view.next_tier is not None
    assert [(each.basis, each.there) for each in view.next_tier.missing] == [("lifetime_points", 1_700), ("bought", 0)]
    assert {(each.what.zh, each.left) for each in view.rights} >= {("gym", None)}
    money = [(each.kind, each.amount, each.after) for each in view.entries if not each.points]
    assert money == [("top_up", 55_000, 55_000)]
    assert sum(each.amount for each in view.entries if each.points) == 1_700
    assert {each.label: each.shown for each in view.data} == {
        "name": "王**", "phone": "138****1234", "email": "w***@example.com", "born": "****-05-04",
        "address": "上海市静****",
    }  # fmt: skip
    told = canonical(view).decode()
    for secret in (NAME, PHONE, MAIL, "南京西路", "1990-", member, CARD, "李四光"):
        assert secret not in told
    with books.look() as look:
        (noted,) = reading_page(look, ReadingFilter(member=member))
    assert (noted.actor, noted.count) == (f"device:{KIOSK}", 1)


def test_two_devices_with_names_that_begin_alike_are_two_in_the_trail(kiosk: Kiosk, books: Books) -> None:
    member, names = join(books), ("shanghai-jing-an-kiosk-at-door-1", "shanghai-jing-an-kiosk-at-door-2")
    for each in names:
        assert kiosk.other(check_name(each, "device")).view().known
    with books.look() as look:
        actors = {noted.actor for noted in reading_page(look, ReadingFilter(member=member))}
    assert len(actors) == 2
    assert {(each.startswith("device:shanghai-jing-a"), len(each)) for each in actors} == {(True, 32)}


def test_a_card_that_is_nobodys_shut_or_read_with_less_than_it_needs_shows_nothing(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    assert kiosk.view(card(9)) == MemberView(known=False)
    with books.look() as look:
        (mine,) = cards_by(look.connection, "id", [CARD])
    for spoilt in (
        {"state": CredentialState.LOST},
        {"state": CredentialState.DISABLED},
        {"assurance": Assurance.CRYPTOGRAPHIC},
        {"gift": True, "member": None},
        {"gift": True},
    ):
        with books.database.begin() as connection:
            save_cards(connection, [msgspec.structs.replace(mine, **spoilt)])
        assert kiosk.view() == MemberView(known=False)
    with books.look() as look:
        assert reading_page(look, ReadingFilter(member=member)) == []


def test_who_has_left_sees_what_is_left_and_can_put_nothing_in(kiosk: Kiosk, books: Books, clock: ManualClock) -> None:
    member = join(books)
    give_everything(books, clock, member)
    do(books, membership.end, member, ended(TODAY), why="asked")
    view = kiosk.view()
    assert (view.known, view.standing) == (True, "withdrawn")
    assert view.money.paid_minor == 50_000
    assert view.top_up == TopUpView(off=NOT_VALID)
    assert (view.due, view.ahead, view.rights, view.activities, view.coupons) == ((), (), (), (), ())
    assert view.points.available == 0
    assert all(each.why_not for each in view.rewards)


def test_what_is_not_for_the_member_not_yet_or_over_is_not_shown(
    kiosk: Kiosk, books: Books, clock: ManualClock
) -> None:
    member = join(books)
    near = announce(books, TOMORROW, title_en="A tea party")
    announce(books, TOMORROW, audience=Audience(min_rank=9))
    announce(books, TODAY + 8 * DAY)
    held = [
        EntitlementRecord("e1", member, "pool", TODAY, TODAY),
        EntitlementRecord("e2", member, "sauna", unpaid=True),
        EntitlementRecord("e3", member, "courts", valid_until=TODAY - DAY),
        EntitlementRecord("e4", member, "lockers", valid_from=TOMORROW),
    ]
    with books.database.begin() as connection:
        save_entitlements(connection, held)
    boxes = Boxes(books, clock)
    boxes.at_demo.append("access.denied", make_access(reason="no_visits_left", credential=CARD), clock.now())
    boxes.send(boxes.at_demo)
    view = kiosk.view()
    assert [(each.id, each.what) for each in view.activities] == [(near, Both("茶会", "A tea party"))]
    assert {each.what.zh for each in view.rights} & {each.product for each in held} == {"pool"}
    assert len(view.refusals) == 1
    clock.pass_s(8 * 86_400)
    assert kiosk.view().refusals == ()


def test_what_is_held_of_the_money_is_told_apart(kiosk: Kiosk, books: Books, clock: ManualClock) -> None:
    member = join(books)
    do(books, top_ups.book, TopUp("t1", member, 1_000, PayWay.CASH))
    wish = make_posting("h1", (principal_of(member), -300), (Account(AccountKind.REVENUE_SALES, "tea"), 300))
    do(books, ledger.hold, wish, in_minutes(clock.now(), 15))
    assert kiosk.view().money == MoneyView(1_000, 0, 300, 0)


def test_no_period_is_offered_that_the_law_or_the_end_of_the_membership_forbids(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    law = Figure(FigureKind.MEMBERSHIP_MINOR, 30_000, Confidence.HIGH)
    set_rule(books, "packs.own", [Pack("city", "", (Trade.ANY,), TODAY, "a test", (law,))])
    assert [each.periods for each in kiosk.view().ahead] == [1, 3, 6, 12]
    set_rule(books, "packs.chosen", ["city"])
    assert [each.periods for each in kiosk.view().ahead] == [1]
    set_rule(books, "packs.chosen", [])
    do(books, membership.ask_to_leave, member, why="letter")
    assert [each.periods for each in kiosk.view().ahead] == [1]


@pytest.mark.proves("S90")
def test_a_device_asks_for_so_many_views_a_minute_and_no_more(kiosk: Kiosk, clock: ManualClock) -> None:
    other = kiosk.other()
    for _ in range(VIEWS_A_MINUTE):
        assert not kiosk.view(card(9)).known
    with pytest.raises(Declined) as caught:
        kiosk.view()
    assert caught.value.code == TOO_OFTEN
    assert not other.view().known
    clock.pass_s(61)
    assert not kiosk.view().known


@pytest.mark.proves("S45")
def test_what_is_offered_to_be_topped_up_is_what_is_taken_and_a_fen_more_is_not(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(50_000, 5_000), BonusTier(280_000, 70_000)])
    city = Pack(
        "city", "", (Trade.ANY,), TODAY, "a test", (Figure(FigureKind.STORED_VALUE_MINOR, 333_333, Confidence.HIGH),)
    )
    set_rule(books, "packs.own", [city])
    set_rule(books, "packs.chosen", ["city", "cn_single_purpose_card"])
    for step, paid_minor in enumerate((100, 60_000, 150_000)):
        do(books, top_ups.book, TopUp(f"t{step}", member, paid_minor, PayWay.BANK_CARD))
        shown = kiosk.view().top_up
        wishes = [(each.amount_minor, each.given_minor) for each in shown.tiles]
        assert {amount for amount, _ in wishes} == {
            each for each in (*TILES_MINOR, 280_000) if each <= shown.most_minor
        }
        with books.look() as look:
            for amount_minor, given_minor in (*wishes, (shown.most_minor, None)):
                quoted = top_ups.quote(look, TopUp("q", member, amount_minor, PayWay.WECHAT))
                assert given_minor in (None, quoted.bonus_minor)
            with pytest.raises(RuleRefused):
                top_ups.quote(look, TopUp("q", member, shown.most_minor + 1, PayWay.WECHAT))
    do(books, top_ups.book, TopUp("t9", member, shown.most_minor, PayWay.BANK_CARD))
    assert kiosk.view().top_up == TopUpView(ways=("wechat",), off=OVER_CAP)


@pytest.mark.proves("S57")
@pytest.mark.parametrize("choice", [0, 1, -1])
def test_what_paying_ahead_costs_is_taken_in_full_and_makes_paid_until_the_day_that_was_told(
    kiosk: Kiosk, books: Books, clock: ManualClock, choice: int
) -> None:
    member = join(books)
    set_rule(books, "packs.chosen", ["cn_single_purpose_card"])
    clock.pass_s(62 * 86_400)
    view = kiosk.view()
    assert [each.overdue for each in view.due] == [True, True]
    assert [each.periods for each in view.ahead] == [0, 1, 3, 6, 12]
    assert sum(each.left_minor for each in view.due) == view.ahead[0].amount_minor == 20_000
    chosen = view.ahead[choice]
    wish = PayFees("a1", member, chosen.amount_minor, PayWay.BANK_CARD, chosen.periods)
    paid = books.change(DESK, lambda change: fee_payments.pay(change, wish))
    assert (paid.owed_minor, paid.cover.until) == (0, chosen.until)
    assert kiosk.view().due == ()


def test_a_member_without_points_money_or_plan_has_a_view_all_the_same(kiosk: Kiosk, books: Books) -> None:
    join(books, 1, "year")
    view = kiosk.view()
    assert (view.money.paid_minor, view.due, view.coupons, view.activities) == (0, (), (), ())
    assert [each.periods for each in view.ahead] == [1, 2]
    assert view.confirmed_on == TODAY


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (name_shown("王小明"), "王**"),
        (name_shown("欧阳明月"), "欧阳**"),
        (name_shown("Anna Maria Schmidt"), "A. Schmidt"),
        (name_shown("Schmidt"), "S**"),
        (name_shown(""), ""),
        (phone_shown("13800001234"), "138****1234"),
        (phone_shown("62581234"), "****34"),
        (email_shown("a@b.cn"), "a***@b.cn"),
        (email_shown("nothing"), "****"),
        (address_shown("上海市静安区南京西路1号"), "上海市静****"),
        (address_shown("北京"), "****"),
        (birth_shown(TODAY), "****-11-22"),
        (birth_shown(None), ""),
    ],
)
def test_a_mask_shows_enough_to_know_it_again_and_too_little_to_learn_it(shown: str, wanted: str) -> None:
    assert shown == wanted


def test_a_view_whose_every_list_is_full_of_long_names_fits_one_line() -> None:
    what, only_chinese, most = named("会" * 100, "会" * 100), named("会" * 100), 2**53 - 1
    at = datetime(2026, 11, 22, 8, tzinfo=UTC)
    view = MemberView(
        True, "会" * 60, "1234", what, "arrears_suspended", TODAY, MoneyView(most, most, most, most),
        PointsView(most, most, TODAY, most),
        due=(Due(what, most, TODAY, overdue=False),) * ROWS_MAX,
        ahead=(Ahead(36, most, TODAY),) * 3,
        top_up=TopUpView((Tile(most, most),) * ROWS_MAX, most, most, ("wechat", "alipay"), OVER_CAP),
        next_tier=NextTier(what, (Missing("spend_minor", most, most),) * 4, any_one=False),
        coupons=(CouponView("c" * 32, only_chinese, TODAY),) * ROWS_MAX,
        rights=(RightView(what, most, TODAY),) * ROWS_MAX,
        rewards=(RewardView("r" * 48, only_chinese, most, "too_few_points"),) * ROWS_MAX,
        activities=(ActivityView("a" * 16, what, at, at, booked=False, signed_in=False, why_not=OVER_CAP),) * ROWS_MAX,
        entries=(Entry(at, "purchase_reversed", -most, most, points=True),) * ROWS_MAX,
        refusals=(Refusal("r" * 60, at, "a" * 32, "outside_of_schedule"),) * ROWS_MAX,
        data=(Datum("phone", "会" * 40),) * 8,
        confirmed_on=TODAY,
        votes=(PaperView("v" * 16, what),) * ROWS_MAX,
        surveys=(PaperView("s" * 16, what),) * ROWS_MAX,
    )  # fmt: skip
    assert len(canonical({"ok": True, "body": view})) < LINE_BYTES_MAX
    assert what.zh == what.en == "会" * 39 + "…"
