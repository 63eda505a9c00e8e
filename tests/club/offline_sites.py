"""Edges that sell on their own and central behind them, driven by a seeded lot: partitions, crashes, replays."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from kiosk.club.exposure import ExposureRules, LeaseEnd, borne_by, lease_end, lease_for, limits_of
from kiosk.core.spending import (
    FundsRow,
    LeaseHeld,
    OfflineSpend,
    SpendAnswer,
    SpendCase,
    may_spend_offline,
    spent_here,
)

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


class Account:
    """A card's money at central. `overdrawn` is what debt and loss came to since it was last in order."""

    def __init__(self) -> None:
        self.put_in = self.available = self.debt = self.lost = self.spent = self.overdrawn = self.worst = 0
        self.leases: dict[str, tuple[int, LeaseHeld, int]] = {}

    def top_up(self, amount_minor: int) -> None:
        """Take a payment in: a debt first."""
        paid_minor = min(self.debt, amount_minor)
        self.debt -= paid_minor
        self.available += amount_minor - paid_minor
        self.put_in += amount_minor
        if self.debt == 0:
            self.overdrawn = 0

    def take(self, amount_minor: int, rules: ExposureRules) -> None:
        """Post what was spent without a lease, whether or not it is there."""
        borne = borne_by(amount_minor, self.available, self.debt, rules)
        self.available -= borne.from_balance_minor
        self.debt += borne.debt_minor
        self.lost += borne.loss_minor
        self.spent += amount_minor
        self.overdrawn += borne.debt_minor + borne.loss_minor
        self.worst = max(self.worst, self.overdrawn)

    def held(self) -> int:
        """Return what leases hold."""
        return sum(left for _, _, left in self.leases.values())


class Edge:
    """An edge: its journal, which lasts, and the rows it has, of which a crash leaves older ones."""

    def __init__(self, number: int, skew_s: int) -> None:
        self.number, self.skew = number, timedelta(seconds=skew_s)
        self.journal: list[OfflineSpend] = []
        self.acked = 0
        self.rows: dict[str, tuple[datetime, FundsRow]] = {}
        self.before: dict[str, tuple[datetime, FundsRow]] = {}


class Club:
    """Central, its edges and its cards, on one moved clock."""

    def __init__(self, seed: int, edges: int, cards: int, rules: ExposureRules) -> None:
        self.lot = random.Random(seed)
        self.rules, self.limits, self.now = rules, limits_of(rules), START
        self.accounts = {f"c{n}": Account() for n in range(cards)}
        self.edges = [Edge(n, self.lot.randint(-120, 120)) for n in range(edges)]
        self.posted: list[set[int]] = [set() for _ in range(edges)]
        self.complete: list[datetime | None] = [None] * edges
        self.under_way: list[tuple[int, datetime, FundsRow]] = []
        self.given = self.twice = 0

    def top_up(self, card: str, amount_minor: int) -> None:
        """Pay money in at central."""
        self.accounts[card].top_up(amount_minor)

    def sell_at_central(self, card: str, amount_minor: int) -> bool:
        """Sell where the balance is known."""
        account = self.accounts[card]
        if amount_minor > account.available:
            return False
        account.available -= amount_minor
        account.spent += amount_minor
        return True

    def row(self, edge: int, card: str, *, lease: bool) -> FundsRow:
        """Return what central says of a card to an edge, with a lease where there is none yet."""
        account, id = self.accounts[card], f"{edge}:{card}:{self.now.isoformat()}"
        mine = [each for number, each, _ in account.leases.values() if number == edge]
        if lease and not mine and (offer := lease_for(account.available, self.now, self.rules)) is not None:
            held = LeaseHeld(id, offer.amount_minor, offer.until)
            account.leases[id] = (edge, held, offer.amount_minor)
            account.available -= offer.amount_minor
        # The edge counts what it has spent of a lease by the same mark as the rest, so the row says what is left.
        leases = tuple(
            msgspec.structs.replace(each, amount_minor=left)
            for number, each, left in account.leases.values()
            if number == edge
        )
        return FundsRow(card, account.available - account.debt, self._through(edge), leases)

    def _through(self, edge: int) -> int:
        done = 0
        while done + 1 in self.posted[edge]:
            done += 1
        return done

    def send_row(self, edge: int, card: str, *, lease: bool) -> None:
        """Put a row on its way."""
        self.under_way.append((edge, self.now, self.row(edge, card, lease=lease)))

    def deliver_row(self) -> None:
        """Let any row that is on its way arrive, an old one after a new one as well."""
        if self.under_way:
            edge, made, row = self.under_way.pop(self.lot.randrange(len(self.under_way)))
            there = self.edges[edge]
            if row.credential in there.rows:
                there.before[row.credential] = there.rows[row.credential]
            there.rows[row.credential] = (made, row)

    def tap(self, edge: int, card: str, amount_minor: int, *, link: bool) -> None:
        """Sell at an edge, asking central where the decision says so."""
        there = self.edges[edge]
        made, row = there.rows.get(card, (self.now, None))
        case = SpendCase(
            amount_minor=amount_minor,
            now=self.now + there.skew,
            genuine=True,
            hot_listed=False,
            figures_age_s=int((self.now - made).total_seconds()),
            deny=None,
            funds=row,
            spent=spent_here(there.journal, row or FundsRow(card, 0)),
            lot=self.lot.randrange(1000),
        )
        found = may_spend_offline(case, self.limits)
        if found.answer is SpendAnswer.ASK:
            if link:
                self.sell_at_central(card, amount_minor)
                return
            found = may_spend_offline(msgspec.structs.replace(case, asked=True), self.limits)
        if found.answer is SpendAnswer.SPEND:
            sequence = len(there.journal) + 1
            there.journal.append(OfflineSpend(sequence, card, found.unleased_minor, found.leased))
            self.given += amount_minor
            self.check_cap(edge, card)

    def check_cap(self, edge: int, card: str) -> None:
        """Fail where an edge has more of a card's money unposted than one card may have of it."""
        unposted = [each for each in self.edges[edge].journal if each.sequence not in self.posted[edge]]
        sum_minor = sum(each.unleased_minor for each in unposted if each.credential == card)
        assert sum_minor <= self.limits.card_minor, "an edge gave more than the cap"

    def upload(self, edge: int) -> None:
        """Send what central has not acknowledged, and some of it again; the last acknowledgement may be lost."""
        there = self.edges[edge]
        fresh = there.journal[there.acked :]
        again = self.lot.sample(there.journal, min(3, len(there.journal)))
        records = [*fresh, *again]
        self.lot.shuffle(records)
        kept = [each for each in records if self.lot.random() > 0.1]
        self.post(edge, kept)
        if self._through(edge) == len(there.journal):
            self.complete[edge] = self.now
        if self.lot.random() > 0.2:
            there.acked = self._through(edge)

    def post(self, edge: int, records: Iterable[OfflineSpend]) -> None:
        """Post records as they come: each once, always."""
        for each in records:
            if each.sequence in self.posted[edge]:
                self.twice += 1
                continue
            self.posted[edge].add(each.sequence)
            account = self.accounts[each.credential]
            for lease, amount_minor in each.leased:
                number, held, left = account.leases[lease]
                assert left >= amount_minor, "a lease was spent twice"
                account.leases[lease] = (number, held, left - amount_minor)
                account.spent += amount_minor
            if each.unleased_minor:
                account.take(each.unleased_minor, self.rules)

    def release_leases(self) -> None:
        """Take back every lease whose time is over and whose site has told all."""
        for account in self.accounts.values():
            for id, (edge, held, left) in list(account.leases.items()):
                if lease_end(held.until, self.complete[edge], self.now) is LeaseEnd.RELEASE:
                    del account.leases[id]
                    paid_minor = min(account.debt, left)
                    account.debt -= paid_minor
                    account.available += left - paid_minor

    def crash(self, edge: int) -> None:
        """Lose everything that was not durable: newer rows are gone, the journal is not."""
        self.edges[edge].rows.update(self.edges[edge].before)

    def step(self, *, leases: bool) -> None:
        """Let one thing happen."""
        lot = self.lot
        card, edge = lot.choice(list(self.accounts)), lot.randrange(len(self.edges))
        self.now += timedelta(seconds=lot.randrange(40))
        match lot.choices(range(7), (50, 12, 16, 5, 4, 3, 6))[0]:
            case 0:
                self.tap(edge, card, lot.randint(1, 1_200), link=lot.random() < 0.3)
            case 1:
                self.send_row(edge, card, lease=leases)
            case 2:
                self.deliver_row()
            case 3:
                self.upload(edge)
            case 4:
                self.sell_at_central(card, lot.randint(1, 6_000))
            case 5:
                self.crash(edge)
                self.release_leases()
            case _:
                if self.accounts[card].available < 5_000:
                    self.top_up(card, lot.randint(1, 3_000))

    def settle(self) -> None:
        """Let everything arrive."""
        for number, edge in enumerate(self.edges):
            self.post(number, edge.journal)
