"""The sample cards of a demo: the file that its page lists and taps."""

import csv
from pathlib import Path

import msgspec

from kiosk.core.errors import InvalidInput
from kiosk.core.texts import outcome_of
from kiosk.web.shows import reason_texts

CARDS_MAX = 5000
COLUMNS = ("identifier", "member_no", "name", "tier", "status", "expect")


class SampleCard(msgspec.Struct, frozen=True):
    """One row of cards.csv (CONTRACT §1); `expect` is the reason of its first tap."""

    identifier: str
    member_no: str
    name: str
    tier: str
    status: str
    expect: str

    @property
    def outcome(self) -> str:
        """Return what the first tap comes to: granted, attention or denied."""
        return outcome_of(self._lets_in, self.expect)

    @property
    def title(self) -> dict[str, str]:
        """Return what the display then says, in both languages."""
        return reason_texts(self._lets_in, self.expect)[0]

    @property
    def _lets_in(self) -> bool:
        return self.expect == "emergency" or self.expect == "ok" or self.expect.startswith("ok_")


def read_cards(path: Path) -> list[SampleCard]:
    """Read the sample cards, 5,000 at most; raises InvalidInput when the file is not what it should be."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = set(COLUMNS) - set(rows.fieldnames or ())
            if missing:
                raise InvalidInput(f"{path.name} has no column {min(missing)}", hint="Make the demo's folder anew")
            cards = [
                SampleCard(**{name: row[name] or "" for name in COLUMNS})
                for row, _ in zip(rows, range(CARDS_MAX), strict=False)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path.name} cannot be read ({error})", hint="Make the demo's folder anew") from error
    return cards
