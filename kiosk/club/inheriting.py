"""What a representative has from the unit and a guest from the host: all that befalls them, and their fees (S13, S14).

Only facts are joined; what they come to on a day is computed as for everybody else.
"""

from datetime import timedelta

import msgspec

from kiosk.club.membership import Ending, MemberFacts, Suspension, Withdrawal

_DAY = timedelta(days=1)


def inherit(person: MemberFacts, source: MemberFacts) -> MemberFacts:
    """Return a person's facts with all that befalls a unit or a host added, whose fees then count instead (S13, S14).

    The person is approved when both are; how the source's unpaid fees end it all is worked out by the source's dates.
    """
    approved = (person.approved_on, source.approved_on)
    fees_from = source.paid_until or (source.approved_on - _DAY if source.approved_on else None)
    return MemberFacts(
        approved_on=None if None in approved else max(day for day in approved if day is not None),
        collected_on=person.collected_on,
        owes_fees=source.owes_fees,
        paid_until=fees_from if source.owes_fees else None,
        deferred_until=source.deferred_until,
        fees_inherited=True,
        suspensions=(*person.suspensions, *(_inherited(each) for each in source.suspensions)),
        withdrawals=(*person.withdrawals, *(_asked(each) for each in source.withdrawals)),
        endings=(*person.endings, *(_ended(each) for each in source.endings)),
    )


def _inherited(stop: Suspension) -> Suspension:
    return msgspec.structs.replace(stop, inherited=True)


def _asked(withdrawal: Withdrawal) -> Withdrawal:
    return msgspec.structs.replace(withdrawal, inherited=True)


def _ended(end: Ending) -> Ending:
    return msgspec.structs.replace(end, inherited=True)
