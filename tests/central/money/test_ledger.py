"""The ledger: what is posted is balanced, comes once, never takes what is not there, and is taken back once."""

from datetime import timedelta

import msgspec
import pytest

from kiosk.central.club import gift_cards
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import holds, ledger
from kiosk.central.money.ledger import NotEnough, PostedOtherwise, hold, post, reverse, settle, void
from kiosk.club.gift_cards import GiftState
from kiosk.club.ledger import Account, AccountKind, Line, PostingKind
from kiosk.club.ledger_holds import HoldState
from kiosk.club.life import StepRefused
from kiosk.core.errors import InvalidInput
from tests.central.builders import START, ManualClock
from tests.central.club.builders import noted
from tests.central.club.builders_cards import encode, put_club, put_stock
from tests.central.money.builders import (
    BONUS,
    CASH,
    ENTRY,
    LEASE,
    PRINCIPAL,
    SALES,
    TILL,
    by_hand,
    cash_top_up,
    do,
    found,
    free,
    in_minutes,
    make_posting,
    on,
    put,
    sale,
)

CLEARING = Account(AccountKind.PROVIDER_CLEARING, "wechat")
WECHAT = Account(AccountKind.SOURCE_WECHAT)
WECHAT_ENTRY = Account(AccountKind.PROVIDER_ENTRY)
LATER = in_minutes(START, 15)


def provider_top_up(id: str, amount: int):
    """A top-up by a provider, which is pending until it confirms."""
    pairs = ((PRINCIPAL, amount), (WECHAT, -amount), (CLEARING, amount), (WECHAT_ENTRY, -amount))
    return make_posting(id, *pairs, kind=PostingKind.TOP_UP)


def alarms_of(books: Books) -> list[str]:
    with books.look() as look:
        return [each.posting for each in ledger.alarms(look)]


def test_what_was_quoted_is_what_is_booked(books: Books) -> None:  # L01
    put(books, cash_top_up("t1", 5000))
    wish = cash_top_up("t2", 2000)
    with books.look() as look:
        quoted = ledger.quote(look, wish)
    booked = put(books, wish)[0]
    assert (quoted.before[PRINCIPAL.id], quoted.after[PRINCIPAL.id]) == (5000, 7000)
    assert quoted.after == booked.balances
    assert on(books, PRINCIPAL, TILL) == [7000, 7000]


def test_a_top_up_in_cash_is_double_entry_and_sums_to_nothing(books: Books) -> None:  # L03
    put(books, cash_top_up("t1", 2000))
    assert on(books, PRINCIPAL, TILL, CASH, ENTRY) == [2000, 2000, -2000, -2000]
    assert found(books) == set()


def test_a_provider_top_up_is_expected_while_it_is_pending_and_credited_once(books: Books) -> None:  # L04
    do(books, lambda change: hold(change, provider_top_up("q1", 2000), LATER))
    with books.look() as look:
        assert (ledger.balance(look, PRINCIPAL), ledger.coming(look, PRINCIPAL)) == (0, 2000)
    first = do(books, lambda change: settle(change, "q1", by="callback"))
    again = do(books, lambda change: settle(change, "q1", by="poller"))
    assert first == again
    assert (first.posting.of, first.balances) == ("q1", {PRINCIPAL.id: 2000})
    assert on(books, PRINCIPAL, CLEARING) == [2000, 2000]
    assert found(books) == set()


def test_no_more_is_paid_out_than_there_is(books: Books) -> None:  # L06
    put(books, cash_top_up("t1", 100))
    with pytest.raises(NotEnough) as caught:
        put(books, sale("s1", 200))
    assert (caught.value.account, caught.value.needed, caught.value.there) == (PRINCIPAL.id, 200, 100)
    put(books, sale("s2", 20))
    assert on(books, PRINCIPAL) == [80]
    put(books, sale("s3", 80))
    assert on(books, PRINCIPAL, SALES) == [0, 100]


def test_a_sale_adds_its_products_up_to_one_line_each(books: Books) -> None:  # L07
    put(books, cash_top_up("t1", 5000))
    tea, towel = Account(AccountKind.REVENUE_SALES, "tea"), Account(AccountKind.REVENUE_SALES, "towel")
    pairs = ((PRINCIPAL, -300), (tea, 300), (PRINCIPAL, -300), (tea, 300), (PRINCIPAL, -199), (towel, 199))
    booked = put(books, make_posting("s1", *pairs))[0]
    assert set(booked.posting.lines) == {Line(PRINCIPAL, -799), Line(tea, 600), Line(towel, 199)}


def test_taking_a_sale_back_restores_balance_and_revenue_once(both_books: Books) -> None:  # L08
    put(both_books, cash_top_up("t1", 5000), sale("s1", 1200))
    undone = do(both_books, lambda change: reverse(change, "s1", new_id="r1", by="boss", why="wrong member"))
    assert (undone.posting.kind, undone.posting.of) == (PostingKind.REVERSAL, "s1")
    assert on(both_books, PRINCIPAL, SALES) == [5000, 0]
    assert undone == do(both_books, lambda change: reverse(change, "s1", new_id="r1", by="boss", why="wrong member"))
    for of, reason in (("s1", "already_reversed"), ("r1", "is_a_reversal")):
        with pytest.raises(RuleRefused) as caught:
            do(both_books, lambda change, of=of: reverse(change, of, new_id="r2", by="boss", why="again"))
        assert caught.value.reason == reason
    assert on(both_books, PRINCIPAL, SALES) == [5000, 0]
    assert [each["why"] for each in noted(both_books, action="ledger.reverse")] == ["wrong member"]
    with both_books.look() as look:
        assert (ledger.reversal_id(look, "s1"), ledger.reversal_id(look, "t1")) == ("r1", None)
    assert found(both_books) == set()


def test_a_sale_that_was_corrected_is_not_taken_back_again(books: Books) -> None:  # L08
    put(books, cash_top_up("t1", 5000), sale("s1", 1200))
    do(books, lambda change: reverse(change, "s1", new_id="s1.undone", by="boss", why="two teas, not three"))
    put(books, sale("s1.corrected", 800))
    with pytest.raises(RuleRefused, match="already_reversed"):
        do(books, lambda change: reverse(change, "s1", new_id="r2", by="boss", why="gone wrong"))
    assert on(books, PRINCIPAL) == [4200]


def test_what_was_spent_meanwhile_is_not_taken_back(books: Books) -> None:
    put(books, cash_top_up("t1", 5000), sale("s1", 1200))
    with pytest.raises(NotEnough):
        do(books, lambda change: reverse(change, "t1", new_id="r1", by="boss", why="bounced"))
    assert on(books, PRINCIPAL, TILL, CASH) == [3800, 5000, -5000]


def test_the_same_posting_again_gets_the_first_answer(both_books: Books, clock: ManualClock) -> None:
    first = put(both_books, cash_top_up("t1", 2000, memo={"order": "o1"}))[0]
    clock.pass_s(3600)
    again = put(both_books, cash_top_up("t1", 2000, memo={"order": "o1"}, at=clock.now(), late=True))[0]
    assert first == again
    assert on(both_books, PRINCIPAL) == [2000]
    assert alarms_of(both_books) == []


@pytest.mark.parametrize("other", [{"memo": {"order": "o2"}}, {"by": "desk-2"}, {"till": "till-2"}, {"site": "demo"}])
def test_an_id_that_comes_with_something_else_is_refused_with_an_alarm(books: Books, other: dict[str, object]) -> None:
    put(books, cash_top_up("t1", 2000))
    with pytest.raises(PostedOtherwise):
        put(books, msgspec.structs.replace(cash_top_up("t1", 2000), **other))
    assert alarms_of(books) == ["t1"]
    assert on(books, PRINCIPAL) == [2000]


def test_an_id_that_comes_with_another_amount_or_as_pending_is_refused_with_an_alarm(both_books: Books) -> None:
    put(both_books, cash_top_up("t1", 2000))
    with pytest.raises(PostedOtherwise):
        put(both_books, cash_top_up("t1", 2001))
    with pytest.raises(PostedOtherwise):
        do(both_books, lambda change: hold(change, cash_top_up("t1", 2000), LATER))
    assert alarms_of(both_books) == ["t1", "t1"]
    assert on(both_books, PRINCIPAL, TILL) == [2000, 2000]


def test_what_is_no_posting_is_not_written(books: Books) -> None:
    put(books, cash_top_up("t1", 2000))
    for wrong in (
        make_posting("s1", (PRINCIPAL, -5), (SALES, 6)),
        make_posting("", (PRINCIPAL, -5), (SALES, 5)),
        make_posting("s1", kind=PostingKind.CHARGE),
    ):
        with pytest.raises(InvalidInput, match="posting"):
            put(books, wrong)
    assert on(books, PRINCIPAL, SALES) == [2000, 0]


def test_what_is_held_cannot_be_spent_and_is_free_again_when_it_is_void(both_books: Books) -> None:
    put(both_books, cash_top_up("t1", 1000))
    wish = make_posting("h1", (PRINCIPAL, -700), (LEASE, 700), kind=PostingKind.LEASE)
    held = do(both_books, lambda change: hold(change, wish, LATER))
    assert (held.state, on(both_books, PRINCIPAL), free(both_books, PRINCIPAL)) == (HoldState.PENDING, [1000], 300)
    assert held == do(both_books, lambda change: hold(change, wish, LATER))
    with pytest.raises(NotEnough) as caught:
        put(both_books, sale("s1", 301))
    assert caught.value.there == 300
    with pytest.raises(NotEnough):
        do(both_books, lambda change: hold(change, msgspec.structs.replace(wish, id="h2"), LATER))
    for _ in range(2):
        gone = do(both_books, lambda change: void(change, "h1", by="desk-1", why="changed his mind"))
        assert gone.state is HoldState.VOIDED
        assert free(both_books, PRINCIPAL) == 1000
    with pytest.raises(StepRefused):
        do(both_books, lambda change: settle(change, "h1", by="desk-1"))
    assert found(both_books) == set()


def test_a_pending_posting_is_settled_with_less_and_the_rest_is_free(books: Books) -> None:
    put(
        books,
        cash_top_up("t1", 1000),
        make_posting("b1", (BONUS, 500), (Account(AccountKind.BONUS_EXPENSE), -500)),
    )
    wish = make_posting("h1", (PRINCIPAL, -600), (BONUS, -300), (SALES, 900))
    do(books, lambda change: hold(change, wish, LATER))
    do(books, lambda change: settle(change, "h1", 100, by="gate"))
    assert on(books, PRINCIPAL, BONUS, SALES) == [933, 467, 100]
    assert free(books, PRINCIPAL) == on(books, PRINCIPAL)[0]
    with pytest.raises(PostedOtherwise):
        do(books, lambda change: settle(change, "h1", 101, by="gate"))
    with pytest.raises(StepRefused):
        do(books, lambda change: void(change, "h1", by="gate", why="late"))
    assert found(books) == set()


@pytest.mark.parametrize("amount", [0, -1, 901])
def test_no_more_is_settled_than_is_pending(books: Books, amount: int) -> None:
    put(books, cash_top_up("t1", 1000))
    do(books, lambda change: hold(change, sale("h1", 900), LATER))
    with pytest.raises(RuleRefused, match="not_divisible"):
        do(books, lambda change: settle(change, "h1", amount, by="gate"))
    assert (on(books, PRINCIPAL), free(books, PRINCIPAL)) == ([1000], 100)


def test_what_is_pending_runs_out_once_whoever_looks(both_books: Books, clock: ManualClock) -> None:
    put(both_books, cash_top_up("t1", 1000))
    do(both_books, lambda change: hold(change, sale("h1", 400), LATER))
    do(both_books, lambda change: hold(change, sale("h2", 300), LATER + timedelta(hours=1)))
    clock.set_wall(LATER)
    with pytest.raises(StepRefused):
        do(both_books, lambda change: settle(change, "h1", by="gate"))
    assert [do(both_books, lambda change: ledger.expire(change, change.now)) for _ in range(2)] == [1, 0]
    assert free(both_books, PRINCIPAL) == 700
    with pytest.raises(StepRefused):
        do(both_books, lambda change: void(change, "h1", by="desk-1", why="x"))
    clock.pass_s(3600)
    assert holds.run(both_books, clock.now().date(), "").finished
    assert free(both_books, PRINCIPAL) == 1000
    assert found(both_books) == set()


def test_a_settled_posting_is_taken_back_by_the_id_it_was_asked_for_with(books: Books) -> None:
    do(books, lambda change: hold(change, provider_top_up("q1", 2000), LATER))
    with pytest.raises(RuleRefused, match="not_posted"):
        do(books, lambda change: reverse(change, "q1", new_id="r1", by="boss", why="no"))
    do(books, lambda change: settle(change, "q1", by="callback"))
    do(books, lambda change: reverse(change, "q1", new_id="r1", by="boss", why="charged back"))
    with pytest.raises(RuleRefused, match="already_reversed"):
        do(books, lambda change: reverse(change, "q1/settled", new_id="r2", by="boss", why="charged back"))
    assert on(books, PRINCIPAL, CLEARING) == [0, 0]
    with books.look() as look:
        assert ledger.reversal_id(look, "q1") == "r1"
    assert found(books) == set()


def test_a_change_that_goes_on_after_a_refusal_has_nothing_of_what_was_refused(both_books: Books) -> None:
    put(both_books, cash_top_up("t1", 100))

    def work(change):
        with pytest.raises(NotEnough):
            post(change, make_posting("s1", (BONUS, 5), (PRINCIPAL, -500), (SALES, 495)))
        return post(change, sale("s2", 60))

    do(both_books, work)
    assert on(both_books, PRINCIPAL, BONUS, SALES) == [40, 0, 60]
    with both_books.look() as look:
        assert ledger.find(look, "s1") is None


def test_a_statement_has_every_posting_with_the_balance_page_by_page(books: Books) -> None:
    put(books, cash_top_up("t1", 1000), sale("s1", 300), sale("s2", 200, memo={"sale": "s2", "items": 2}))
    with books.look() as look:
        first = ledger.statement(look, PRINCIPAL, limit=2)
        rest = ledger.statement(look, PRINCIPAL, after=first[-1].n)
        assert [(each.id, each.amount, each.balance) for each in (*first, *rest)] == [
            ("t1", 1000, 1000),
            ("s1", -300, 700),
            ("s2", -200, 500),
        ]
        assert rest[0].memo == {"sale": "s2", "items": 2}
        assert [each.balance for each in ledger.statement(look, SALES)] == [300, 500]
        sums = ledger.totals(look, START.date(), START.date())
    assert {kind.value: amount for (kind, _), amount in sums.items()}["revenue_sales"] == 500


def test_a_gift_card_has_what_its_account_has(books: Books) -> None:
    put_club(books)
    number = put_stock(books, "gift", 1)[0]
    encode(books, number)
    card = Account(AccountKind.GIFT_CARD, number)

    def sell(change):
        gift_cards.sell(change, number, 20_000)
        pairs = ((card, 20_000), (CASH, -20_000), (TILL, 20_000), (ENTRY, -20_000))
        return post(change, make_posting("g1", *pairs, kind=PostingKind.GIFT_SALE))

    do(books, sell)
    spending = make_posting("s1", (card, -15_000), (SALES, 15_000))
    for _ in range(2):
        put(books, spending)
        assert gift(books, number) == (GiftState.ACTIVE, 5_000)
    with pytest.raises(NotEnough):
        put(books, make_posting("s2", (card, -5_001), (SALES, 5_001)))
    assert found(books) == set()
    do(books, lambda change: gift_cards.note_balance(change, number, 7))
    assert {check.value for check, _ in found(books)} == {"gift_card"}


def gift(books: Books, number: str) -> tuple[GiftState, int]:
    with books.look() as look:
        card = gift_cards.gift_of(look, number)
        return card.state, card.balance_minor


def test_the_database_itself_takes_no_balance_below_what_is_held(both_books: Books) -> None:
    put(both_books, cash_top_up("t1", 1000))
    with pytest.raises(Exception, match="ledger_balance_floor"):
        by_hand(both_books, "UPDATE ledger_balance SET balance = -1")


def test_the_database_itself_takes_no_second_reversal(both_books: Books) -> None:
    put(both_books, cash_top_up("t1", 1000))
    do(both_books, lambda change: reverse(change, "t1", new_id="r1", by="boss", why="no"))
    with pytest.raises(Exception, match=r"(?i)unique"):
        by_hand(
            both_books,
            """INSERT INTO ledger_posting
            ("id", kind, "day", "at", "by", site, till, "of", late, pending, memo, digest, booked_at)
            SELECT 'r2', kind, "day", "at", "by", site, till, "of", late, pending, memo, digest, booked_at
            FROM ledger_posting WHERE "id" = 'r1'""",
        )


def test_what_can_never_be_settled_is_not_held(books: Books) -> None:
    put(books, cash_top_up("t1", 1000))
    longest = "h" * (96 - len("/settled"))
    do(books, lambda change: hold(change, sale(longest, 100), in_minutes(START, 15)))
    assert do(books, lambda change: settle(change, longest, by="gate")).posting.of == longest
    with pytest.raises(InvalidInput, match="no room"):
        do(books, lambda change: hold(change, sale(longest + "h", 100), in_minutes(START, 15)))
    assert free(books, PRINCIPAL) == 900
