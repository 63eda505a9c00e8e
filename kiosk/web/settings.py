"""What the web process is told."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.identifiers import Assurance
from kiosk.core.texts import Language
from kiosk.local.pins import KEPT
from kiosk.readers.reader import ReaderSettings


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What something is called on the screen, in both languages."""

    zh: str = ""
    en: str = ""


class TillSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[till]` table: with it the web process sells. `id` names the till and its cash in central's books.

    `void_s` is how long a sale can be undone here, in seconds; `min_assurance` how hard to copy a card has to be.
    `reader` is the till's own reader; without one its screen takes no cards.
    """

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,32}\Z")]
    void_s: Annotated[int, Meta(ge=0, le=3600)] = 300
    min_assurance: Assurance = Assurance.UID
    retention_days: Annotated[int, Meta(ge=30)] = 30
    reader: ReaderSettings | None = None


class AttendantSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[attendant]` table: with it the web process lets people who attend the gate watch it and release by hand.

    `pins` names them by code, each with what `kiosk attendant-pin` printed. `from_network` lets other machines in too.
    """

    pins: dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,32}\Z")], Annotated[str, Meta(pattern=KEPT)]]
    from_network: bool = False


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is chosen on a screen: what central calls it, and what it is called there."""

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,48}\Z")]
    zh: str
    en: str = ""


class ConsentText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document that somebody who joins agrees to: its title, and the whole of its text in both languages.

    `id` names document and version for central: `privacy:2026-11`.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,48}\Z")]
    title: Name
    text: Name


class SelfServiceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[self_service]` table: with it the web process is a kiosk for members, at /self, with a reader of its own.

    With `card_stays` the reader holds the card while it is used, and the session ends when it is taken away. `hours` is
    the schedule of the roster that is told as opening hours. The times are seconds: without a touch until a warning,
    from the warning to the end, how long a result is shown, and without a touch on a screen with balances.
    """

    reader: ReaderSettings
    card_stays: bool = False
    idle_s: Annotated[int, Meta(ge=10, le=600)] = 45
    warning_s: Annotated[int, Meta(ge=20, le=120)] = 20
    result_s: Annotated[int, Meta(ge=5, le=60)] = 8
    balance_s: Annotated[int, Meta(ge=10, le=600)] = 20
    tiles_max: Annotated[int, Meta(ge=1, le=8)] = 6
    hours: str = ""
    phone: Annotated[str, Meta(max_length=32)] = ""
    kinds: Annotated[tuple[Choice, ...], Meta(max_length=6)] = ()
    consents: Annotated[tuple[ConsentText, ...], Meta(max_length=6)] = ()


class WebSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[web]` table: where the screens are served, and which gate they show.

    `gate_socket` is the box's own gate unless it is named. `sample_cards` is a demo's cards.csv; with it there is a
    page that taps them. `access_points` gives names to the ids that the gate reports.
    """

    gate_socket: Path = Path()
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Meta(ge=0, le=65535)] = 9103
    streams_max: Annotated[int, Meta(ge=1, le=64)] = 8
    language: Language = Language.ZH
    club: Name = Name()
    access_points: dict[str, Name] = {}
    sample_cards: str = ""
