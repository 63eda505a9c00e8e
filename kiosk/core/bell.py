"""Asking for help at a kiosk: that somebody did is all that travels, no name and no card (S72, R137)."""

import msgspec

from kiosk.core.self_service import Id


class HelpAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody at this kiosk wants one of the staff to come; the same `id` is the same call."""

    id: Id
