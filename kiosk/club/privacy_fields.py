"""What each field of a member's file is for, and on what ground: what a member is shown who asks (S90, §5)."""

from collections.abc import Mapping

from kiosk.club.privacy import Ground, Purpose

_CONTRACT, _CONSENT = Ground.CONTRACT, Ground.CONSENT

FIELD_USES: Mapping[str, tuple[Purpose, Ground]] = {
    "name": (Purpose.MEMBERSHIP, _CONTRACT),
    "phone": (Purpose.MEMBERSHIP, _CONTRACT),
    "email": (Purpose.MEMBERSHIP, _CONTRACT),
    "fixed_phone": (Purpose.MEMBERSHIP, _CONTRACT),
    "fax": (Purpose.MEMBERSHIP, _CONTRACT),
    "address": (Purpose.MEMBERSHIP, _CONTRACT),
    "sex": (Purpose.MEMBERSHIP, _CONTRACT),
    "born": (Purpose.MEMBERSHIP, _CONTRACT),
    "id_document": (Purpose.MEMBERSHIP, _CONTRACT),
    "employer": (Purpose.MEMBERSHIP, _CONTRACT),
    "post": (Purpose.MEMBERSHIP, _CONTRACT),
    "health": (Purpose.SAFETY, _CONTRACT),
    "photo": (Purpose.RECOGNITION, _CONSENT),
    "occupation": (Purpose.CARE, _CONTRACT),
    "interests": (Purpose.CARE, _CONTRACT),
    "region": (Purpose.CARE, _CONTRACT),
    "trade": (Purpose.CARE, _CONTRACT),
    "preferences": (Purpose.OFFERS, _CONSENT),
}
"""By the name of the field. There is none for an income: it is not asked (R16)."""
