"""Draws in the books: the seed is there before the last ticket, and whoever has it reckons the winners again."""

import hashlib

import pytest
from sqlalchemy import select

from kiosk.central.club import draws, gifts, points, rewards
from kiosk.central.club.audits import AuditFilter, audit_page
from kiosk.central.club.books import Books
from kiosk.central.club.draw_tables import reward_draw
from kiosk.club.rewards import Reward, RewardKind
from tests.central.club.builders_points import do, put_club, put_welcomed

TICKET = Reward("ticket", RewardKind.PRIVILEGE, 10)


@pytest.mark.proves("S52")
def test_the_winners_of_a_draw_follow_from_the_seed_that_was_written_down_before(books: Books) -> None:
    put_club(books)
    members = [put_welcomed(books, number) for number in range(1, 9)]
    do(books, lambda change: rewards.save_reward(change, TICKET, "抽奖券"))
    for number, member in enumerate(members):
        if number == 4:
            sealed = do(books, lambda change: draws.seal(change, "ticket"))
        name = f"r{number}"
        do(books, lambda change, member=member, name=name: rewards.reserve(change, member, "ticket", name))
        do(books, lambda change, name=name: rewards.hand_over(change, name))
    with books.look() as look:
        assert {points.balance(look, each).available for each in members} == {990}
        [seed] = look.connection.execute(select(reward_draw.c.seed)).scalars()
        [entry] = audit_page(look, AuditFilter(thing="reward", thing_id="ticket"), limit=1)
        assert (entry.action, seed in str(entry.after)) == ("reward.seal", False)
    assert sealed.digest == hashlib.sha256(seed.encode()).hexdigest()
    do(books, lambda change: rewards.save_reward(change, TICKET, "抽奖券", offered=False))
    drawn = do(books, lambda change: draws.draw(change, "ticket", "towel", 3, "year's end"))
    places = sorted(range(8), key=lambda place: hashlib.sha256(f"{seed}.{place}".encode()).digest())
    assert (drawn.seed, drawn.tickets) == (seed, 8)
    assert drawn.winners == tuple(members[place] for place in places[:3])
    with books.look() as look:
        had = {each for each in members if gifts.gifts_for(look, each, "draw.ticket")}
        [entry] = audit_page(look, AuditFilter(thing="reward", thing_id="ticket"), limit=1)
    assert had == set(drawn.winners)
    assert (entry.action, seed in str(entry.after)) == ("reward.draw", True)
