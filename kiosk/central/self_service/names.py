"""Names of the club's things as a kiosk shows them."""

from kiosk.core.self_service import Both

NAME_CHARACTERS_MAX, NAME_BYTES_MAX = 60, 120
"""A longer one is cut, a Chinese one at forty characters: every list of a view has to fit one message."""


def named(zh: str, en: str = "") -> Both:
    """Return a name in both languages, cut to what a screen and a message have room for."""
    return Both(_cut(zh), _cut(en))


def _cut(text: str) -> str:
    if len(text) <= NAME_CHARACTERS_MAX and len(text.encode()) <= NAME_BYTES_MAX:
        return text
    room = NAME_BYTES_MAX - len("…".encode())
    return f"{text[: NAME_CHARACTERS_MAX - 1].encode()[:room].decode(errors='ignore')}…"
