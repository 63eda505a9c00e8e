"""What a till sees of a card: the roster's row of it, whose money it stands for, and what of that may be spent here."""

from contextlib import closing

import msgspec

from kiosk.core.case import Case, Read
from kiosk.core.clock import Clock, ClockReading, read_clock
from kiosk.core.errors import JournalUnavailable, RosterUnavailable
from kiosk.core.goods import Item
from kiosk.core.identifiers import Assurance, credential_of
from kiosk.core.model import AccessPoint, Credential, Policy
from kiosk.core.records import DenyReason
from kiosk.core.spending import FundsRow, SpendLimits, SpentHere, spent_here
from kiosk.core.tills import PREPAID, SaleTender, why_not_in_order
from kiosk.local.box import BoxSettings
from kiosk.store import till_book
from kiosk.store.journal import Journal
from kiosk.store.roster_reader import Found, RosterReader
from kiosk.web.settings import TillSettings


class Shown(msgspec.Struct, frozen=True):
    """A card at the till: its keyed hash, "" without one; what the roster has of it, and the moment."""

    credential: str
    found: Found
    clock: ClockReading
    deny: DenyReason | None
    genuine: bool
    policy: Policy

    @property
    def in_order(self) -> bool:
        """Whether what is bought counts as bought by the card's member: genuine, and nothing against it."""
        return self.card is not None and self.genuine and self.deny is None and not self.found.denied

    @property
    def card(self) -> Credential | None:
        """What the roster says of the card."""
        return self.found.credential

    def owner_for(self, tender: SaleTender) -> str:
        """Return whose money a card stands for: its member's, or a gift card's own; empty where it has none."""
        card = self.card
        if card is None or tender not in PREPAID:
            return ""
        if tender is SaleTender.GIFT_CARD:
            return card.id if card.gift else ""
        return card.member or ""


class Spendable(msgspec.Struct, frozen=True):
    """What an owner may spend here, the limits, and what was spent that central's figure does not contain."""

    funds: FundsRow | None = None
    limits: SpendLimits = SpendLimits()
    spent: SpentHere = SpentHere()


class Cards:
    """The roster as a till of a box reads it."""

    def __init__(self, box: BoxSettings, settings: TillSettings, clock: Clock) -> None:
        self._box, self._settings, self._clock = box, settings, clock
        self._hash_key = box.hash_key()

    def credential(self, identifier: str) -> str:
        """Return the keyed hash of what a reader read; "" for nothing."""
        return credential_of(identifier, self._hash_key) if identifier else ""

    def show(self, credential: str, assurance: Assurance) -> Shown:
        """Look a card up; raises JournalUnavailable where there is no roster to judge it by."""
        with closing(self._roster()) as roster:
            try:
                found = roster.find(credential) if credential else Found()
                roster.refresh()
            except RosterUnavailable as error:
                raise JournalUnavailable(error.message) from error
            clock = read_clock(self._clock, roster.state.anchor, roster.policy.roster_age_max_s)
            point = AccessPoint(id=self._settings.id, area_from="", area_to="")
            read = Read(self._settings.id, credential or None, assurance)
            case = Case(read, point, clock, roster.policy, found.credential, found.denied)
            needed = max(self._settings.min_assurance.rank, found.credential.assurance.rank if found.credential else 0)
            genuine = bool(credential) and assurance.rank >= needed
            return Shown(credential, found, clock, why_not_in_order(case), genuine, roster.policy)

    def items(self) -> dict[str, Item]:
        """Return the price list by id; empty where there is no roster."""
        with closing(self._roster()) as roster:
            try:
                return roster.items()
            except RosterUnavailable:
                return {}

    def limits(self) -> SpendLimits:
        """Return what a box may give by itself as central last told it; raises RosterUnavailable."""
        with closing(self._roster()) as roster:
            return roster.funds("")[1] or SpendLimits()

    def spendable(self, owner: str, journal: Journal) -> Spendable:
        """Return what may be spent of an owner's money; raises RosterUnavailable and JournalUnavailable."""
        if not owner:
            return Spendable()
        with closing(self._roster()) as roster:
            told, limits = roster.funds(owner)
        if told is None or limits is None:
            return Spendable()
        device = self._box.device
        held = told.leases.get(device)
        # What is told to all is not for whoever spends from what is held for it alone.
        free_minor = 0 if device in limits.lease_devices else told.available_minor
        row = FundsRow(owner, free_minor, leases=(held,) if held is not None else ())
        return Spendable(row, limits, spent_here(till_book.spends(journal, owner, told.folded), row))

    def _roster(self) -> RosterReader:
        box = self._box
        return RosterReader(box.roster, box.site, box.zone, box.roster_age_max_s)
