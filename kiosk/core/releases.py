"""Why somebody is let through by hand, without a card that opens: codes of a record. Wire format: add, never rename."""

from enum import StrEnum


class ReleaseWhy(StrEnum):
    """The reason that an operator gives for a release."""

    CARD_FORGOTTEN = "card_forgotten"
    CARD_NOT_READ = "card_not_read"
    GUEST_EXPECTED = "guest_expected"
    AT_WORK = "at_work"
    NEEDS_HELP = "needs_help"
    GOES_OUT = "goes_out"
    OTHER = "other"
