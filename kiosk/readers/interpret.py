"""From what a reader says to the event of one tap, by the rules of core for card numbers."""

import re

from kiosk.core.identifiers import (
    Assurance,
    NumberForm,
    NumberFormat,
    UntrustedIdentifier,
    canonical_identifier,
)
from kiosk.core.records import DenyReason
from kiosk.readers.reader import CardRead

_AS_SHOWN = NumberFormat(form=NumberForm.OPAQUE)


def interpret(reader: str, raw: str, written: NumberFormat) -> CardRead:
    """Turn a reader's number into a tap: good, not trusted, or read_failed where nothing is left of it."""
    try:
        identifier = canonical_identifier(raw, written)
    except UntrustedIdentifier as error:
        return _untrusted(reader, raw, error)
    return CardRead(reader, identifier, Assurance.UID)


def failed_read(reader: str, fault: DenyReason = DenyReason.READ_FAILED) -> CardRead:
    """Make the tap of a card that showed no number."""
    return CardRead(reader, None, Assurance.NONE, fault)


def _untrusted(reader: str, raw: str, error: UntrustedIdentifier) -> CardRead:
    try:
        shown = canonical_identifier(re.sub(r"[\s:\-]", "", raw), _AS_SHOWN)
    except UntrustedIdentifier:
        return failed_read(reader)
    return CardRead(reader, shown, Assurance.NONE, DenyReason.IDENTIFIER_NOT_TRUSTED, error.distrust.value)
