"""The till of a box: gather, decide, record, and only then answer, whether the line to central stands or not.

Whoever asks makes the id. The same again gets the first answer, something else under it is refused. What was spent here
is counted from the journal's own rows, so a restart forgets nothing (field notes O1 to O3).
"""

import threading
from collections.abc import Callable
from datetime import datetime

import msgspec
from prometheus_client import Counter

from kiosk.core.clock import epoch_ms
from kiosk.core.codec import canonical
from kiosk.core.errors import InvalidInput, JournalUnavailable
from kiosk.core.identifiers import Assurance
from kiosk.core.records import DenyReason, Fact, SaleFact, SaleMade, SaleVoided, SoldLine, TopUpTaken
from kiosk.core.spending import SpendAnswer, SpendCase, SpendDecision, SpendReason, may_spend_offline
from kiosk.core.tills import PREPAID, SaleTender
from kiosk.store import till_book
from kiosk.store.journal import Appended, Journal, Statement
from kiosk.store.till_book import Taken
from kiosk.web.settings import TillSettings
from kiosk.web.till_cards import Cards, Shown
from kiosk.web.till_central import why_no_points, without_limits
from kiosk.web.till_wishes import NOTHING_TOLD, SaleWish, TillAnswer, Told, TopUpWish, VoidWish

PAID_HERE = "paid_here"
LOTS = 1000
_NOBODYS = frozenset({DenyReason.CREDENTIAL_NOT_FOUND, DenyReason.CREDENTIAL_REVOKED})

_asked = Counter("kiosk_till", "What tills were asked for, by what came of it", ["what", "reason"])

AskCentral = Callable[[str, int], bool | None]
"""Asks central whether an owner may spend an amount; None where there is no answer in time."""


def nobody_answers(_owner: str, _amount_minor: int) -> None:
    """Stand for a central that cannot be asked."""


class Till:
    """Sells, voids and takes money at one box. For several threads; `writing` guards the journal.

    `draw` gives the lot, 0 to 999, by which some purchases ask central; `published` says that the journal has grown.
    """

    def __init__(
        self, settings: TillSettings, cards: Cards, journal: Callable[[], Journal], writing: threading.Lock,
        draw: Callable[[], int], ask_central: AskCentral = nobody_answers,
        published: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._settings, self._cards = settings, cards
        self._journal, self._writing, self._draw = journal, writing, draw
        self._ask_central, self._published = ask_central, published

    def sell(self, wish: SaleWish, told: Told = NOTHING_TOLD) -> TillAnswer:
        """Sell, or say why not; raises InvalidInput for an id that was another sale's, JournalUnavailable.

        What central has just quoted is asked of it once more before prepaid money is taken; where it says yes, no limit
        of an edge counts, and where it says nothing, all of them do.
        """
        lot = self._draw()
        answer, ask_for = self._try(wish, told, lot, word=None, asked=False)
        if ask_for:
            word = self._ask_central(ask_for, wish.total_minor)
            if word is False:
                answer = TillAnswer(wish.sale_id, False, SpendReason.NOT_ENOUGH.value)
            else:
                answer, _ = self._try(wish, told, lot, word=word, asked=True)
        _asked.labels("sale", answer.reason).inc()
        return answer

    def why_not_alone(self, wish: SaleWish, told: Told) -> str:
        """Return why this box would not sell so without central, "" where it would: the limits, and no lot."""
        with self._writing:
            shown = self._cards.show(told.credential, wish.assurance)
            owner = shown.owner_for(wish.tender)
            decision = self._decide(wish, told, shown, owner, LOTS, word=None, asked=False)
        return decision.reason.value if decision is not None and decision.answer is SpendAnswer.REFUSE else ""

    def made(self, sale_id: str) -> Taken | None:
        """Return what was recorded under an id, undone or not; None where it is no sale. Raises JournalUnavailable."""
        with self._writing:
            taken = till_book.find(self._journal(), sale_id)
        return taken if taken is not None and sale_in(taken) is not None else None

    def void(self, wish: VoidWish) -> TillAnswer:
        """Undo a sale of the last minutes; raises InvalidInput for one that is not here, was undone or is too old."""
        with self._writing:
            taken = till_book.find(self._journal(), wish.sale_id)
            made = sale_in(taken) if taken is not None else None
            if taken is None or made is None:
                raise InvalidInput(f"no sale {wish.sale_id} was made at this box", hint="Staff undo it in the office")
            if taken.void_id and taken.void_id != wish.void_id:
                raise InvalidInput(f"sale {wish.sale_id} was undone already")
            answer = TillAnswer(wish.void_id, True, PAID_HERE, made.total_minor)
            if taken.void_id:
                return answer
            clock = self._cards.show("", Assurance.NONE).clock
            # Nor after a clock was set back: the age of a sale is then not known.
            if abs(epoch_ms(clock.now) - taken.at_ms) > self._settings.void_s * 1000:
                raise InvalidInput(
                    f"sale {wish.sale_id} is too old to be undone here", hint="Staff do it in the office"
                )
            said = {name: getattr(made, name) for name in SaleFact.__struct_fields__ if name != "copied_from"}
            said |= {"clock": clock.state, "operator": wish.operator or None}
            fact = SaleVoided(**said, void_id=wish.void_id)
            self._append(fact, clock.now, till_book.on_void(wish.sale_id, wish.void_id))
        _asked.labels("void", answer.reason).inc()
        self._published()
        return answer

    def top_up(self, wish: TopUpWish) -> TillAnswer:
        """Take money for a card that somebody holds; raises InvalidInput for an id that was another one's."""
        credential = self._cards.credential(wish.identifier)
        digest = wish.digest(credential)
        with self._writing:
            journal = self._journal()
            if (taken := till_book.find(journal, wish.topup_id)) is not None:
                return _again(taken, digest, wish.amount_minor)
            shown = self._cards.show(credential, wish.assurance)
            if shown.deny in _NOBODYS or shown.found.denied:
                return TillAnswer(wish.topup_id, False, SpendReason.NOT_KNOWN.value)
            fact = TopUpTaken(
                clock=shown.clock.state, topup_id=wish.topup_id, credential=credential, till=self._settings.id,
                amount_minor=wish.amount_minor, method=wish.method, operator=wish.operator or None,
            )  # fmt: skip
            derived = till_book.on_top_up(fact, epoch_ms(shown.clock.now), digest, canonical(fact))
            seq = self._append(fact, shown.clock.now, derived).seq
            answer = TillAnswer(wish.topup_id, True, PAID_HERE, wish.amount_minor, journal.id, seq)
        _asked.labels("topup", answer.reason).inc()
        self._published()
        return answer

    def _try(self, wish: SaleWish, told: Told, lot: int, *, word: bool | None, asked: bool) -> tuple[TillAnswer, str]:
        """Return an answer, and whose money central is to be asked about before there is one."""
        credential = told.credential or self._cards.credential(wish.identifier)
        digest = wish.digest(credential)
        with self._writing:
            journal = self._journal()
            if (taken := till_book.find(journal, wish.sale_id)) is not None:
                return _again(taken, digest, wish.total_minor), ""
            shown = self._cards.show(credential, wish.assurance)
            owner = shown.owner_for(wish.tender)
            decision = self._decide(wish, told, shown, owner, lot, word=word, asked=asked)
            if decision is not None and decision.answer is not SpendAnswer.SPEND:
                ask_for = owner if decision.answer is SpendAnswer.ASK else ""
                return TillAnswer(wish.sale_id, False, decision.reason.value), ask_for
            by_central = word is True or (told.online and wish.tender not in PREPAID)
            fact = self._sale(wish, told, shown, decision, offline=not by_central)
            derived = till_book.on_sale(fact, owner, epoch_ms(shown.clock.now), digest, canonical(fact))
            seq = self._append(fact, shown.clock.now, derived).seq
            reason = decision.reason.value if decision is not None else PAID_HERE
            answer = TillAnswer(wish.sale_id, True, reason, wish.total_minor, journal.id, seq)
        self._published()
        return answer, ""

    def _decide(
        self, wish: SaleWish, told: Told, shown: Shown, owner: str, lot: int, *, word: bool | None, asked: bool
    ) -> SpendDecision | None:
        """Decide what is paid from what central keeps; None where the money is here or nothing is to be paid."""
        if wish.tender is SaleTender.POINTS:
            refused = why_no_points(shown, told)
            return SpendDecision(SpendAnswer.REFUSE, refused) if refused is not None else None
        if wish.tender not in PREPAID:
            if wish.tender is SaleTender.FREE and wish.total_minor:
                raise InvalidInput(f"sale {wish.sale_id} is not free", hint="Name how it is paid")
            return None
        there = self._cards.spendable(owner, self._journal())
        if told.online and (word is True or not asked):
            there = without_limits(there, owner, wish.total_minor)
        # Where central has just said yes, what it would be asked for is answered; the limits hold all the same.
        answered = {"ask_after": there.limits.in_a_row_max, "check_per_mille": 0} if word is True else {}
        case = SpendCase(
            amount_minor=wish.total_minor,
            now=shown.clock.now,
            genuine=shown.genuine,
            hot_listed=shown.found.denied,
            figures_age_s=shown.clock.roster_age_s,
            deny=shown.deny,
            funds=there.funds,
            spent=there.spent,
            lot=lot,
            asked=asked,
        )
        decision = may_spend_offline(case, msgspec.structs.replace(there.limits, **answered))
        ask_first = told.online and not asked and decision.answer is SpendAnswer.SPEND
        return SpendDecision(SpendAnswer.ASK, SpendReason.CHECK_BY_LOT) if ask_first else decision

    def _sale(
        self, wish: SaleWish, told: Told, shown: Shown, decision: SpendDecision | None, *, offline: bool
    ) -> SaleMade:
        return SaleMade(
            clock=shown.clock.state,
            sale_id=wish.sale_id,
            till=self._settings.id,
            credential=shown.credential or None,
            member=shown.card.member if shown.card is not None else None,
            lines=tuple(SoldLine(each.item, each.quantity, each.price_minor) for each in wish.lines),
            total_minor=wish.total_minor,
            tender=wish.tender.value,
            offline=offline,
            leased=dict(decision.leased) if decision is not None and decision.leased else None,
            unleased_minor=decision.unleased_minor if decision is not None else 0,
            used=dict(told.used) or None,
            points=told.points if wish.tender is SaleTender.POINTS else 0,
            operator=wish.operator or None,
        )

    def _append(self, fact: Fact, at: datetime, derived: list[Statement]) -> Appended:
        appended = self._journal().append(fact, at, derived)
        if appended is None:
            raise JournalUnavailable(f"{self._journal().path} only counted a {fact.type}")
        return appended


def _again(taken: Taken, digest: bytes, amount_minor: int) -> TillAnswer:
    """Return the first answer of an id; raises InvalidInput where it was something else's."""
    if taken.asked != digest:
        raise InvalidInput(f"{taken.id} was something else", hint="Every sale and top-up has an id of its own")
    made = sale_in(taken)
    return TillAnswer(taken.id, True, _reason(made), amount_minor, taken.journal, taken.seq)


def sale_in(taken: Taken) -> SaleMade | None:
    """Return the sale that was recorded; None for a top-up."""
    try:
        return msgspec.json.decode(taken.fact, type=SaleMade)
    except msgspec.ValidationError:
        return None


def _reason(made: SaleMade | None) -> str:
    if made is None or made.tender not in PREPAID:
        return PAID_HERE
    if made.leased:
        return SpendReason.FROM_BOTH.value if made.unleased_minor else SpendReason.FROM_LEASE.value
    return SpendReason.FROM_ALLOWANCE.value
