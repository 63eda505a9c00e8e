"""A case: everything the rules look at when a card is presented, gathered by the caller."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property

import msgspec

from kiosk.core.clock import ClockReading, ClockState, epoch_ms
from kiosk.core.funnel import Funnel, Occasion, sift
from kiosk.core.identifiers import Assurance
from kiosk.core.model import AccessPoint, Credential, Entitlement, Policy, Presence, Tier
from kiosk.core.records import DenyReason
from kiosk.core.visits import Usage


class Read(msgspec.Struct, frozen=True):
    """One presentation of a card: the keyed hash, or the reason there is none that can be used."""

    reader: str
    credential: str | None
    assurance: Assurance = Assurance.UID
    fault: DenyReason | None = None


class Standing(msgspec.Struct, frozen=True):
    """What is known of the credential's use: the row from central, own passages since, and open grants."""

    presence: Presence | None = None
    usage: Mapping[str, Usage] = {}
    occupancy: int = 0


class Release(msgspec.Struct, frozen=True):
    """An operator's word that this card should pass."""

    operator: str


class Posture(msgspec.Struct, frozen=True):
    """What holds for the whole box at the moment."""

    journal_ok: bool = True
    lockdown: bool = False
    emergency: bool = False
    release: Release | None = None


class Case(msgspec.Struct, frozen=True, dict=True):
    """Everything one decision looks at. `denied` says that the deny list names the credential."""

    read: Read
    point: AccessPoint
    clock: ClockReading
    policy: Policy
    credential: Credential | None = None
    denied: bool = False
    standing: Standing = Standing()
    posture: Posture = Posture()

    @cached_property
    def local(self) -> datetime:
        """The venue's local time."""
        return self.clock.now.astimezone(self.policy.zone)

    @cached_property
    def today(self) -> date:
        """The venue's local day."""
        return self.local.date()

    @cached_property
    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        return epoch_ms(self.clock.now)

    @cached_property
    def known(self) -> Credential:
        """The credential; only for checks behind CREDENTIAL_NOT_FOUND."""
        if self.credential is None:
            raise AssertionError("asked for a credential before it was found")
        return self.credential

    @cached_property
    def tier(self) -> Tier | None:
        """The member's tier, where the roster knows it."""
        return self.policy.tiers.get(self.known.tier)

    @cached_property
    def funnel(self) -> Funnel:
        """Each entitlement with the first thing it lacks."""
        extra = self.tier.products if self.tier else ()
        held = [*self.known.entitlements, *(Entitlement(id=f"tier.{product}", product=product) for product in extra)]
        occasion = Occasion(
            point=self.point,
            local=self.local,
            now_ms=self.now_ms,
            windows_count=self.clock.state is ClockState.OK or not self.point.windows_without_clock,
            admit_unpaid=self.point.admit_unpaid and self.posture.release is not None,
        )
        return sift(held, self.policy, self.standing.usage, occasion)
