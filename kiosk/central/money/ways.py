"""The lines by which money comes and goes: value from its source, and the custody side of where it then lies."""

from kiosk.club.ledger import Account, AccountKind
from kiosk.club.paying_back import PayWay

_K = AccountKind

SOURCES: dict[PayWay, AccountKind] = {
    PayWay.CASH: _K.SOURCE_CASH,
    PayWay.BANK_CARD: _K.SOURCE_BANK_CARD,
    PayWay.WECHAT: _K.SOURCE_WECHAT,
    PayWay.ALIPAY: _K.SOURCE_ALIPAY,
    PayWay.TRANSFER: _K.SOURCE_TRANSFER,
}

Pairs = list[tuple[Account, int]]


def paid_in(way: PayWay, amount_minor: int, till: str) -> Pairs:
    """Return the lines of money that comes in, below zero for money that goes out; what it is for is not among them.

    Cash lies in a till, a transfer at the bank, the rest with its provider until it is settled.
    """
    if way is PayWay.CASH:
        there, entry = Account(_K.TILL, till), Account(_K.CASH_ENTRY)
    elif way is PayWay.TRANSFER:
        there, entry = Account(_K.BANK), Account(_K.BANK_ENTRY)
    else:
        there, entry = Account(_K.PROVIDER_CLEARING, way.value), Account(_K.PROVIDER_ENTRY)
    return [(Account(SOURCES[way]), -amount_minor), (there, amount_minor), (entry, -amount_minor)]
