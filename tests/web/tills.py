"""A till at work on a real journal and roster overlay, without a process around it."""

import base64
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from kiosk.core.codec import decode
from kiosk.core.model import AnyRow
from kiosk.core.roster import DeltaOp, digest_hex, encode_row, row_digest
from kiosk.core.spending import SpendLimits
from kiosk.core.tills import Funds, SaleTender
from kiosk.local.box import BoxSettings
from kiosk.store import till_book
from kiosk.store.journal import Journal, JournalLimits
from kiosk.store.reading import JournalReader
from kiosk.store.roster import RosterWriter
from kiosk.web.settings import TillSettings
from kiosk.web.till import AskCentral, Till, nobody_answers
from kiosk.web.till_cards import Cards
from kiosk.web.till_wishes import SaleWish, TopUpWish, VoidWish, WishLine
from tests.builders import HASH_KEY, IDENTIFIER, NOW, FakeClock, make_rows

LIMITS = SpendLimits(check_per_mille=0)
MEMBER = "m1"


def make_box(folder: Path, device: str = "north-1") -> BoxSettings:
    """Make a box whose files are in a folder, with its hash key."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key").write_text(base64.b64encode(HASH_KEY).decode())
    return BoxSettings(device=device, site="demo", data_dir=".", hash_key_file="key", folder=str(folder))


def tell_roster(box: BoxSettings, clock: FakeClock, *more: AnyRow, funds: Iterable[Funds] = ()) -> None:
    """Give a box its first roster and what may be spent."""
    rows = make_rows(*more)
    digest = digest_hex(sum(row_digest(encode_row(row)) for row in rows))
    with closing(RosterWriter(box.roster)) as writer:
        writer.apply_delta(0, 1, [DeltaOp(put=row) for row in rows], digest)
        writer.accept_head(1, 1, clock.now(), clock.monotonic_ns(), clock.boot_id())
        writer.put_used(1, {}, funds)


def tell_funds(box: BoxSettings, version: int, *funds: Funds) -> None:
    """Tell a box what may be spent now."""
    with closing(RosterWriter(box.roster)) as writer:
        writer.put_used(version, {}, funds)


def make_funds(available_minor: int = 10_000, owner: str = MEMBER, **folded: int) -> Funds:
    """Make what a box is told of the member's money."""
    return Funds(owner, available_minor, folded)


def make_limits(**changes: Any) -> Funds:
    """Make the limits that a box is told; none asks by lot."""
    return Funds("", limits=SpendLimits(**{"check_per_mille": 0} | changes))


class TillBox:
    """One box with a till; `crash` forgets all that is not on the disk."""

    def __init__(self, folder: Path, clock: FakeClock | None = None, lot: int = 999, device: str = "north-1") -> None:
        self.clock = clock or FakeClock()
        self.box = make_box(folder, device)
        self.settings = TillSettings(id="bar-1")
        self.lot = lot
        self.ask_central: AskCentral = nobody_answers
        self.open()

    def open(self) -> None:
        """Open the journal and the till."""
        self.journal = Journal(self.box.data / "web.db", JournalLimits())
        till_book.lay_out(self.journal)
        cards = Cards(self.box, self.settings, self.clock)
        self.till = Till(
            self.settings, cards, lambda: self.journal, threading.Lock(), lambda: self.lot,
            lambda owner, amount: self.ask_central(owner, amount),
        )  # fmt: skip

    def crash(self) -> None:
        """Come back after the process was killed."""
        self.journal.close()
        self.open()

    def sell(self, sale_id: str, price_minor: int = 1_000, **fields: Any) -> str:
        """Sell one thing; return why."""
        return self.till.sell(make_sale(sale_id, price_minor, **fields)).reason

    def records(self) -> list[dict[str, Any]]:
        """Return the journal's records."""
        with closing(JournalReader(self.box.data / "web.db")) as reader:
            reader.mark()
            return [decode(each.body) for each in reader.read(0, 1000, 10**7)]


def make_sale(sale_id: str = "sale-0001", price_minor: int = 1_000, **fields: Any) -> SaleWish:
    """Make a purchase of one towel by the member's card."""
    lines = (WishLine("towel", 1, price_minor),)
    return SaleWish(**{"sale_id": sale_id, "lines": lines, "identifier": IDENTIFIER} | fields)


def make_void(sale_id: str = "sale-0001", void_id: str = "void-0001") -> VoidWish:
    """Make the wish to undo a sale."""
    return VoidWish(sale_id, void_id, "li")


def make_top_up(topup_id: str = "topup-001", amount_minor: int = 5_000, **fields: Any) -> TopUpWish:
    """Make a top-up of fifty yuan in cash."""
    return TopUpWish(topup_id, IDENTIFIER, amount_minor, **fields)


__all__ = ["LIMITS", "MEMBER", "NOW", "SaleTender", "TillBox"]
