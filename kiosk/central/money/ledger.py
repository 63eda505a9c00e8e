"""The ledger's front: everything that other services need of it, under one name.

`post`, `hold`, `settle`, `void`, `expire` and `reverse` write, each within the change it is given; the others read.
"""

from kiosk.central.money.accounts import NotEnough
from kiosk.central.money.alarms import Alarm, alarms
from kiosk.central.money.booking import Quote, post, quote, reversal_id, reverse
from kiosk.central.money.days import DayClosed
from kiosk.central.money.holds import Pending, expire, hold, pending, settle, void
from kiosk.central.money.postings import Posted, PostedOtherwise, find
from kiosk.central.money.proof import prove
from kiosk.central.money.proof_records import Proof
from kiosk.central.money.statements import StatementLine, available, balance, coming, statement, totals

__all__ = [
    "Alarm", "DayClosed", "NotEnough", "Pending", "Posted", "PostedOtherwise", "Proof", "Quote", "StatementLine",
    "alarms", "available", "balance", "coming", "expire", "find", "hold", "pending", "post", "prove", "quote",
    "reversal_id", "reverse", "settle", "statement", "totals", "void",
]  # fmt: skip
