"""What the gate publishes, over a real socket."""

from collections.abc import Iterator

import pytest

from kiosk.local.events import StreamEnded, Subscription
from kiosk.web.feed import Decision, FeedItem, GateFeed, Passage, Situation
from tests.builders import FakeClock
from tests.support.wait import eventually
from tests.web.fakes import FakeGate, make_decision, make_state


@pytest.fixture
def feed(gate: FakeGate, clock: FakeClock) -> Iterator[GateFeed]:
    made = GateFeed(gate.path, clock)
    yield made
    made.close()


def news_of(subscription: Subscription[FeedItem], count: int) -> list[FeedItem]:
    news: list[FeedItem] = []

    def enough() -> bool:
        news.extend(item for item in subscription.take(0.05) if not isinstance(item, Situation))
        return len(news) >= count

    eventually(enough)
    return news


def test_a_subscription_begins_with_how_things_stand(gate: FakeGate, feed: GateFeed) -> None:
    feed.start()
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: feed.situation().known)
    with feed.subscribe() as late:
        [first] = late.take(1)
        assert isinstance(first, Situation)
        assert first.state.roster_revision == 41


def test_decisions_and_passages_reach_every_subscription(gate: FakeGate, feed: GateFeed) -> None:
    with feed.subscribe() as one, feed.subscribe() as other:
        gate.wait_for_follower()
        gate.say(make_decision())
        gate.say({"kind": "passage", "access_point": "entrance", "taken": True})
        for each in (one, other):
            decision, passage = news_of(each, 2)
            assert isinstance(decision, Decision)
            assert passage == Passage("entrance", taken=True)


def test_what_is_not_understood_is_passed_over(gate: FakeGate, feed: GateFeed) -> None:
    with feed.subscribe() as subscription:
        gate.wait_for_follower()
        gate.say({"kind": "weather", "sunny": True})
        gate.say({"kind": "decision"})
        gate.say(make_decision(new_in_the_next_version=1))
        [only] = news_of(subscription, 1)
        assert isinstance(only, Decision)


def test_blind_readers_are_remembered_until_they_see(gate: FakeGate, feed: GateFeed) -> None:
    feed.start()
    gate.wait_for_follower()
    gate.say({"kind": "reader", "reader": "front", "up": False})
    eventually(lambda: feed.situation().blind == {"front"})
    gate.say({"kind": "reader", "reader": "front", "up": True})
    eventually(lambda: feed.situation().blind == frozenset())
    gate.say(make_state(readers={"front": True, "back": False}))
    eventually(lambda: feed.situation().blind == {"back"})


def test_a_gate_that_goes_and_comes_back_is_followed_again(gate: FakeGate, feed: GateFeed) -> None:
    feed.start()
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(feed.connected)
    gate.close()
    eventually(lambda: not feed.connected())
    gate.start()
    gate.wait_for_follower()
    eventually(lambda: feed.situation().link)
    assert not feed.connected()  # nothing old is believed
    gate.say(make_state(roster_revision=42))
    eventually(feed.connected)
    assert feed.situation().state.roster_revision == 42


def test_a_gate_that_says_nothing_for_six_seconds_is_not_believed(
    gate: FakeGate, feed: GateFeed, clock: FakeClock
) -> None:
    feed.start()
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(feed.connected)
    clock.advance(5.9)
    assert feed.connected()
    clock.advance(0.2)
    assert not feed.connected()


def test_closing_ends_every_subscription(feed: GateFeed) -> None:
    subscription = feed.subscribe()
    feed.close()
    with pytest.raises(StreamEnded):
        subscription.take(1)
    with pytest.raises(StreamEnded):
        feed.subscribe()
