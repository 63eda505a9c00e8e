"""What the web process is told."""

from pathlib import Path

import msgspec

from kiosk.core.texts import Language


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What something is called on the screen, in both languages."""

    zh: str = ""
    en: str = ""


class WebSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the screens are served, and which gate they show.

    `sample_cards` is a demo's cards.csv; with it there is a page that taps them. `access_points` gives names to the
    ids that the gate reports.
    """

    gate_socket: Path
    host: str = "127.0.0.1"
    port: int = 8000
    health_port: int = 0
    streams_max: int = 8
    language: Language = Language.ZH
    club: Name = Name()
    access_points: dict[str, Name] = {}
    sample_cards: str = ""
