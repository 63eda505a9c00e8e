"""What a member is told of what just happened, in the member's language."""

from collections.abc import Mapping

from kiosk.central.club.books import Change, Telling
from kiosk.central.club.files import file_of
from kiosk.club.notices import NoticeCode
from kiosk.core.clock import format_utc


def tell_member(change: Change, member_id: str, code: NoticeCode, data: Mapping[str, str | int]) -> None:
    """Tell a member what just happened, in the member's language."""
    topic = f"{code}.{member_id}.{format_utc(change.now)}"
    change.tell(Telling(topic, code.value, member_id, data), language=file_of(change, member_id).language)
