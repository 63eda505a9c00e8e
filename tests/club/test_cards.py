"""A card's life: only one in its member's hands opens a gate, and a member has one."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kiosk.club.card_kinds import Holder, ReplaceReason
from kiosk.club.cards import (
    CARD_LIFE,
    HELD,
    Card,
    CardAction,
    CardReason,
    CardRefusal,
    CardState,
    Replacement,
    after,
    assign,
    collected,
    credential_state,
    replace,
    restore,
    suspend,
    unassign,
)
from kiosk.club.life import StepRefused
from kiosk.core.model import CredentialState
from tests.club.builders_cards import CARD_RULES, TODAY, make_blank, make_card, make_kind

ACTIVE = CredentialState.ACTIVE


@pytest.mark.proves("S20", "S27", "R07")
def test_a_card_goes_from_number_to_hand_step_by_step() -> None:
    card = Card("00000042", "annual")
    for action in (CardAction.MAKE, CardAction.APPROVE, CardAction.STOCK):
        assert credential_state(card, make_kind()) is CredentialState.DISABLED
        card = after(card, action)
    given_to = assign(card, make_kind(), Holder.MEMBER, "m1", (), CARD_RULES, TODAY)
    assert isinstance(given_to, Card)
    assert credential_state(given_to, make_kind()) is CredentialState.UNCOLLECTED
    assert credential_state(after(given_to, CardAction.HAND_OVER), make_kind()) is ACTIVE


@pytest.mark.proves("S20", "S27", "S31", "R07")
@pytest.mark.parametrize("state", [each for each in CardState if each is not CardState.HANDED_OVER])
def test_no_card_opens_a_gate_but_one_handed_over(state: CardState) -> None:
    for kind in CARD_RULES.kinds:
        assert credential_state(make_card(kind=kind.code, state=state, function_on=True), kind) is not ACTIVE


@pytest.mark.parametrize(
    ("state", "at_the_gate"),
    [
        (CardState.IN_STOCK, CredentialState.DISABLED),
        (CardState.ASSIGNED, CredentialState.UNCOLLECTED),
        (CardState.SUSPENDED, CredentialState.DISABLED),
        (CardState.LOST, CredentialState.LOST),
        (CardState.REPLACED, CredentialState.REVOKED),
        (CardState.RETURNED, CredentialState.REVOKED),
        (CardState.CANCELLED, CredentialState.REVOKED),
        (CardState.DESTROYED, CredentialState.REVOKED),
    ],
)
def test_a_gate_says_why_a_card_opens_nothing(state: CardState, at_the_gate: CredentialState) -> None:
    assert credential_state(make_card(state=state), make_kind()) is at_the_gate


@pytest.mark.proves("S29", "S30", "R29", "R34")
def test_a_gift_card_opens_no_gate_even_if_configured_to_and_a_special_one_only_when_switched_on() -> None:
    gift = msgspec.structs.replace(make_kind("gift"), opens_gates=True)
    assert credential_state(make_card(kind="gift"), gift) is CredentialState.DISABLED
    special = msgspec.structs.replace(make_kind("special"), opens_gates=True)
    assert credential_state(make_card(kind="special"), special) is CredentialState.DISABLED
    assert credential_state(make_card(kind="special", function_on=True), special) is ACTIVE
    shut = make_kind("special")
    assert credential_state(make_card(kind="special", function_on=True), shut) is CredentialState.DISABLED


@pytest.mark.proves("S31", "S20")
def test_what_was_returned_or_cancelled_never_comes_back() -> None:
    for state in (CardState.REPLACED, CardState.RETURNED, CardState.CANCELLED, CardState.DESTROYED):
        reached, left = {state}, [state]
        while left:
            here = left.pop()
            for action in CARD_LIFE.actions(here):
                there = CARD_LIFE.after(here, action)
                if there not in reached:
                    reached.add(there)
                    left.append(there)
        assert not reached & {*HELD, CardState.IN_STOCK}
    assert CARD_LIFE.is_end(CardState.DESTROYED)


def test_a_lost_card_that_is_found_stays_shut_until_somebody_restores_it() -> None:
    found = after(make_card(state=CardState.LOST), CardAction.REPORT_FOUND)
    assert credential_state(found, make_kind()) is CredentialState.DISABLED
    assert credential_state(after(found, CardAction.RESTORE), make_kind()) is ACTIVE


@pytest.mark.proves("S21", "R19")
@pytest.mark.parametrize("state", list(CardState))
def test_a_member_has_one_membership_card_at_a_time(state: CardState) -> None:
    own = make_card(kind="month", state=state)
    got = assign(make_blank(), make_kind(), Holder.MEMBER, "m1", (own,), CARD_RULES, TODAY)
    if state in HELD:
        assert got == CardRefusal(CardReason.MEMBER_HAS_A_CARD, {"state": state.value})
    else:
        assert isinstance(got, Card)
        assert (got.member, got.valid_from, got.valid_until) == ("m1", TODAY, make_card().valid_until)


@pytest.mark.proves("S21", "S30")
def test_a_special_card_does_not_take_the_place_of_a_membership_card() -> None:
    special = make_card(kind="special", number="7")
    got = assign(make_blank(), make_kind(), Holder.MEMBER, "m1", (special,), CARD_RULES, TODAY)
    assert isinstance(got, Card)


@pytest.mark.proves("S32", "R27", "R38")
def test_a_card_is_assigned_only_to_somebody_who_may_hold_its_kind() -> None:
    blank, gift = make_blank(), make_blank(kind="gift")
    for card, kind, holder, member, reason in (
        (blank, "annual", Holder.DEALER, "m1", CardReason.HOLDER_NOT_ALLOWED),
        (blank, "annual", Holder.MEMBER, None, CardReason.MEMBER_MISSING),
        (gift, "gift", Holder.BEARER, "m1", CardReason.HAS_NO_MEMBER),
        (gift, "gift", Holder.MEMBER, "m1", CardReason.HOLDER_NOT_ALLOWED),
        (blank, "month", Holder.MEMBER, "m1", CardReason.OTHER_KIND),
    ):
        got = assign(card, make_kind(kind), holder, member, (), CARD_RULES, TODAY)
        assert isinstance(got, CardRefusal)
        assert got.reason is reason
    assert isinstance(assign(gift, make_kind("gift"), Holder.BEARER, None, (), CARD_RULES, TODAY), Card)


def test_only_a_card_in_stock_is_assigned_and_an_uncollected_one_goes_back_blank() -> None:
    with pytest.raises(StepRefused, match="a card that is made cannot assign"):
        assign(make_blank(state=CardState.MADE), make_kind(), Holder.MEMBER, "m1", (), CARD_RULES, TODAY)
    assert unassign(make_card(number="00000043", state=CardState.ASSIGNED)) == make_blank()
    with pytest.raises(StepRefused):
        unassign(make_card())


@pytest.mark.proves("S20")
def test_a_replacement_shuts_the_old_card_and_keeps_what_the_member_has() -> None:
    old = make_card(state=CardState.LOST)
    done = replace(old, make_blank(), ReplaceReason.LOST, CARD_RULES)
    assert isinstance(done, Replacement)
    assert credential_state(done.old, make_kind()) is CredentialState.REVOKED
    assert credential_state(done.new, make_kind()) is CredentialState.UNCOLLECTED
    kept = (old.member, old.holder, old.valid_from, old.valid_until)
    assert (done.new.member, done.new.holder, done.new.valid_from, done.new.valid_until) == kept
    assert done.new.number == "00000043"


@pytest.mark.proves("S28")
@pytest.mark.parametrize("path", [(), (CardAction.REPORT_LOST,), (CardAction.REPORT_LOST, CardAction.REPORT_FOUND)])
def test_a_stopped_card_passes_its_stop_on_until_somebody_restores_it(path: tuple[CardAction, ...]) -> None:
    old = suspend(make_card())
    for action in path:
        old = after(old, action)
    done = replace(old, make_blank(), ReplaceReason.LOST, CARD_RULES)
    assert isinstance(done, Replacement)
    given = collected(done.new)
    assert (given.state, credential_state(given, make_kind())) == (CardState.SUSPENDED, CredentialState.DISABLED)
    assert credential_state(restore(given), make_kind()) is ACTIVE
    again = replace(restore(given), make_blank(), ReplaceReason.FAULTY, CARD_RULES)
    assert isinstance(again, Replacement)
    assert collected(again.new).state is CardState.HANDED_OVER


def test_a_replacement_is_charged_for_what_happened_in_the_members_hands() -> None:
    charged = set()
    for reason in ReplaceReason:
        done = replace(make_card(), make_blank(), reason, CARD_RULES)
        assert isinstance(done, Replacement)
        if done.charged:
            charged.add(reason)
    assert charged == {ReplaceReason.LOST, ReplaceReason.DAMAGED}


def test_a_replacement_is_of_the_same_kind_and_from_stock() -> None:
    other = replace(make_card(), make_blank(kind="month"), ReplaceReason.LOST, CARD_RULES)
    assert other == CardRefusal(CardReason.OTHER_KIND, {"card": "month", "kind": "annual"})
    with pytest.raises(StepRefused):
        replace(make_card(), make_card(number="00000044"), ReplaceReason.LOST, CARD_RULES)
    with pytest.raises(StepRefused):
        replace(make_card(state=CardState.CANCELLED), make_blank(), ReplaceReason.LOST, CARD_RULES)


@pytest.mark.proves("S20")
@settings(max_examples=200)
@given(st.lists(st.sampled_from(list(CardAction)), max_size=25))
def test_every_path_to_an_open_gate_ends_with_a_hand_over_or_a_restoring(path: list[CardAction]) -> None:
    card, last = Card("1", "annual"), None
    for action in path:
        if action in CARD_LIFE.actions(card.state):
            card, last = after(card, action), action
    if credential_state(card, make_kind()) is ACTIVE:
        assert last in (CardAction.HAND_OVER, CardAction.RESTORE)


class Desk(RuleBasedStateMachine):
    """A member and a stock of cards: whatever the desk does, one card of his at most opens gates."""

    @initialize()
    def begin(self) -> None:
        """Put six cards into stock."""
        self.cards = {str(number): make_blank(number=str(number)) for number in range(6)}
        self.shut: set[str] = set()

    def own(self) -> list[Card]:
        """Return the member's cards."""
        return [each for each in self.cards.values() if each.member == "m1"]

    def keep(self, *cards: Card) -> None:
        """Write cards down."""
        self.cards |= {each.number: each for each in cards}

    @rule(number=st.integers(0, 5), action=st.sampled_from(list(CardAction)))
    def act(self, number: int, action: CardAction) -> None:
        """Take any step that there is but those that need more than the card."""
        card = self.cards[str(number)]
        plain = action not in (CardAction.ASSIGN, CardAction.REPLACE, CardAction.UNASSIGN)
        if plain and action in CARD_LIFE.actions(card.state):
            self.keep(after(card, action))

    @rule(number=st.integers(0, 5))
    def assign(self, number: int) -> None:
        """Give a card to the member."""
        card = self.cards[str(number)]
        if card.state is CardState.IN_STOCK:
            got = assign(card, make_kind(), Holder.MEMBER, "m1", self.own(), CARD_RULES, TODAY)
            if isinstance(got, Card):
                self.keep(got)

    @rule(old=st.integers(0, 5), new=st.integers(0, 5))
    def replace(self, old: int, new: int) -> None:
        """Replace a card."""
        try:
            done = replace(self.cards[str(old)], self.cards[str(new)], ReplaceReason.STOLEN, CARD_RULES)
        except StepRefused:
            return
        assert isinstance(done, Replacement)
        self.keep(done.old, done.new)
        self.shut.add(done.old.number)

    @invariant()
    def one_card_at_most_is_held_and_none_comes_back(self) -> None:
        """Look at all cards."""
        assert sum(each.state in HELD for each in self.cards.values()) <= 1
        assert all(credential_state(self.cards[each], make_kind()) is CredentialState.REVOKED for each in self.shut)


TestDesk = pytest.mark.proves("S21", "R19", "S20")(Desk.TestCase)
TestDesk.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
