"""What the web process is told."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.texts import Language


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What something is called on the screen, in both languages."""

    zh: str = ""
    en: str = ""


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
