"""What a till is asked for and what it answers, as JSON over the box's socket or from its own screens."""

import hashlib
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.codec import canonical
from kiosk.core.identifiers import Assurance
from kiosk.core.tills import SaleTender

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{8,60}\Z")]
Operator = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,32}\Z")]
Card = Annotated[str, Meta(max_length=64)]
Item = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}\Z")]
Minor = Annotated[int, Meta(ge=0, le=10**9)]


class WishLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many pieces of an item at a price each, in fen; 0 for a courtesy."""

    item: Item
    quantity: Annotated[int, Meta(ge=1, le=1000)]
    price_minor: Minor


class CardWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be about a card, with its number in `identifier`."""

    def digest(self, credential: str) -> bytes:
        """Return what makes the wish the same when it comes again; no card number is in it."""
        said = msgspec.to_builtins(msgspec.structs.replace(self, identifier=""))
        return hashlib.sha256(canonical([said, credential])).digest()


class SaleWish(CardWish, frozen=True, forbid_unknown_fields=True):
    """A purchase. `sale_id` is made once by whoever asks; `identifier` is what the reader read, "" without a card."""

    sale_id: Id
    lines: Annotated[tuple[WishLine, ...], Meta(min_length=1, max_length=50)]
    tender: SaleTender = SaleTender.STORED_VALUE
    identifier: Card = ""
    assurance: Assurance = Assurance.UID
    operator: Operator = ""

    @property
    def total_minor(self) -> int:
        """What is to be paid."""
        return sum(each.quantity * each.price_minor for each in self.lines)


class Told(msgspec.Struct, frozen=True):
    """What a till of this box knows beside a wish: the keyed hash of the card on its reader, and central's quote.

    `online` = central has just quoted the price; `points` pay all of it, `used` are pieces bought before, by goods.
    """

    credential: str = ""
    online: bool = False
    points: int = 0
    used: Mapping[str, int] = {}


NOTHING_TOLD = Told()


class VoidWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sale that is to be undone as a whole."""

    sale_id: Id
    void_id: Id
    operator: Operator = ""


class TopUpWish(CardWish, frozen=True, forbid_unknown_fields=True):
    """Money that was handed over for a card; `method` is a code, cash where it is not said."""

    topup_id: Id
    identifier: Annotated[str, Meta(min_length=1, max_length=64)]
    amount_minor: Annotated[int, Meta(ge=1, le=10**8)]
    method: Annotated[str, Meta(pattern=r"^(cash|bank_card)\Z")] = "cash"
    assurance: Assurance = Assurance.UID
    operator: Operator = ""


class TillAnswer(msgspec.Struct, frozen=True):
    """Whether it was done, why, and where it stands in the journal. What was not done may be asked for again."""

    id: str
    done: bool
    reason: str
    total_minor: int = 0
    journal: str = ""
    seq: int = 0
