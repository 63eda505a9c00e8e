"""The decision vectors of `tests/vectors/` as values. docs/decision-vectors.md says what the files mean.

A vector is a roster, the access points of a box, and a history of taps with the reason each must give.
"""

import base64
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from kiosk.core.clock import ClockState
from kiosk.core.identifiers import Assurance, NumberFormat, credential_of
from kiosk.core.model import AccessPoint, AnyRow, Credential, Policy, Site
from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.roster import make_policy

FOLDER = Path(__file__).parent.parent / "vectors"


class _Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Part of a vector file; unknown keys are mistakes."""


class Given(_Data, frozen=True):
    """What a history of taps cannot bring about; a step that has it runs through `decide()` only."""

    denied: bool = False
    journal_ok: bool = True
    fault: DenyReason | None = None
    assurance: Assurance = Assurance.UID
    number: NumberFormat = NumberFormat()


class Step(_Data, frozen=True):
    """A tap with its expected reason, or (with `command`) an operator's order to the whole box.

    `uses` is the entitlement that the record must name, empty for none; left out, it is not looked at. `clock` is the
    state the record must carry. `release` names an operator who lets this card pass.
    """

    at: str
    access_point: str = ""
    identifier: str = ""
    expect: str = ""
    uses: str | None = None
    clock: ClockState | None = None
    taken: bool = True
    release: str = ""
    command: Literal["", "lockdown", "emergency"] = ""
    active: bool = True
    given: Given | None = None

    @property
    def granted(self) -> bool:
        """Whether the expected reason is one that lets the card through."""
        return self.expect in set(GrantReason)


class Head(_Data, frozen=True):
    """The newest accepted roster head, and how far the monotonic clock has gone since; `reboot`: in an earlier boot."""

    issued_at: str
    elapsed_s: int = 0
    reboot: bool = False


class Upload(_Data, frozen=True):
    """A passage at another gate, in the order central heard of it. The same journal and seq is the same passage."""

    journal: str
    seq: int
    at: str
    identifier: str
    area: str
    entitlement: str = ""


class _CaseData(_Data, frozen=True):
    name: str
    source: str
    club: str
    steps: tuple[Step, ...]
    by: tuple[Literal["decide", "gate", "replay"], ...]
    cards: tuple[dict[str, Any], ...] = ()
    alone: bool = False
    head: Head | None = None
    uploads: tuple[Upload, ...] = ()


class _File(_Data, frozen=True):
    family: str
    about: str
    cases: tuple[_CaseData, ...]


class _Club(_Data, frozen=True):
    zone: str


class _Clubs(_Data, frozen=True):
    about: str
    hash_key: str
    roster_age_max_s: int
    clubs: dict[str, _Club]
    rows: tuple[AnyRow, ...]
    points: tuple[AccessPoint, ...]


class Vector(msgspec.Struct, frozen=True):
    """One vector with everything it needs: roster rows (site and credentials included), points and steps.

    `alone` vectors must not share a box with others: they fill areas, give orders, or set the time floor.
    """

    family: str
    name: str
    source: str
    club: str
    rows: tuple[AnyRow, ...]
    points: tuple[AccessPoint, ...]
    steps: tuple[Step, ...]
    by: tuple[str, ...]
    alone: bool
    head: Head | None
    uploads: tuple[Upload, ...]
    hash_key: bytes
    roster_age_max_s: int

    @property
    def taps(self) -> tuple[Step, ...]:
        """The steps that are taps."""
        return tuple(step for step in self.steps if not step.command)

    def policy(self) -> Policy:
        """Return the roster's small rows, at revision 1."""
        return make_policy(1, self.club, self.rows, self.roster_age_max_s, "UTC")


@cache
def load_vectors() -> tuple[Vector, ...]:
    """Return every vector, by family."""
    clubs = msgspec.json.decode((FOLDER / "clubs.json").read_bytes(), type=_Clubs)
    return tuple(vector for path in sorted(FOLDER.glob("*.json")) for vector in _load(path, clubs))


def _load(path: Path, clubs: _Clubs) -> Iterator[Vector]:
    if path.name == "clubs.json":
        return
    file = msgspec.json.decode(path.read_bytes(), type=_File)
    hash_key = base64.b64decode(clubs.hash_key)
    for case in file.cases:
        site = Site(id=case.club, zone=clubs.clubs[case.club].zone)
        yield Vector(
            family=file.family,
            name=case.name,
            source=case.source,
            club=case.club,
            rows=(site, *clubs.rows, *(_card(card, hash_key) for card in case.cards)),
            points=clubs.points,
            steps=case.steps,
            by=case.by,
            alone=case.alone,
            head=case.head,
            uploads=case.uploads,
            hash_key=hash_key,
            roster_age_max_s=clubs.roster_age_max_s,
        )


def _card(card: dict[str, Any], hash_key: bytes) -> Credential:
    fields = {key: value for key, value in card.items() if key != "identifier"}
    unknown = fields.keys() - set(Credential.__struct_fields__)
    if unknown:
        raise ValueError(f"unknown card fields: {sorted(unknown)}")
    return msgspec.convert(
        fields | {"kind": "credential", "id": credential_of(card["identifier"], hash_key)}, Credential
    )
