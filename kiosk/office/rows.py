"""From a stored record to a line of the live page, in both languages."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

import msgspec

from kiosk.core.records import GrantReason
from kiosk.core.texts import Language, outcome_of, staff_text
from kiosk.office import words


class EntryRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. `kind` is decision, passage or notice; `outcome` granted, attention, denied or empty.

    `key` names the record as `journal:seq`; a passage names in `of` the decision it belongs to. Texts have `zh` and
    `en`. `photo` is the address of the member's picture, which says whose card it is (S28).
    """

    n: int
    key: str
    at: str
    device: str
    kind: str
    text: dict[str, str]
    outcome: str = ""
    reason: str = ""
    place: str = ""
    member_no: str = ""
    name: str = ""
    photo: str = ""
    of: str = ""
    taken: bool = False


def members_in(stored: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the member ids that stored records name."""
    found = (_data(item).get("member") for item in stored)
    return {member for member in found if isinstance(member, str)}


def make_row(
    stored: Mapping[str, Any], names: Mapping[str, tuple[str, str]], with_photo: Container[str] = ()
) -> EntryRow:
    """Return the line for a stored record; `with_photo` are the members who have a picture.

    What we do not know is shown by its code, never dropped.
    """
    record, data = stored["record"], _data(stored)
    journal = stored["journal"]
    place = next((str(data[key]) for key in ("access_point", "reader", "gate", "process") if data.get(key)), "")
    row = EntryRow(
        n=stored["n"],
        key=f"{journal}:{record.get('seq')}",
        at=str(record.get("at", "")),
        device=stored["device"],
        kind="notice",
        text=_both(str(record.get("type", ""))),
        place=place,
    )
    kind = record.get("type")
    if kind in ("access.granted", "access.denied"):
        decided = _decision(row, kind == "access.granted", data, names)
        member = data.get("member")
        return msgspec.structs.replace(decided, photo=f"/people/{member}/photo") if member in with_photo else decided
    if kind in ("access.taken", "access.not_taken"):
        of = f"{data.get('of_journal') or journal}:{data.get('of')}"
        return msgspec.structs.replace(row, kind="passage", of=of, taken=kind == "access.taken")
    return row


def _decision(row: EntryRow, granted: bool, data: Mapping[str, Any], names: Mapping[str, tuple[str, str]]) -> EntryRow:
    reason = str(data.get("reason", ""))
    member_no, name = names.get(str(data.get("member")), ("", ""))
    known = reason if not granted or reason in {*GrantReason} else GrantReason.OK
    return msgspec.structs.replace(
        row,
        kind="decision",
        outcome=outcome_of(granted, reason),
        reason=reason,
        text={language.value: staff_text(known, {}, language) for language in Language},
        member_no=member_no,
        name=name,
    )


def _both(record_type: str) -> dict[str, str]:
    text = words.RECORD_TYPES.get(record_type)
    return text._asdict() if text else {"zh": record_type, "en": record_type}


def _data(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    data = stored["record"].get("data")
    return data if isinstance(data, dict) else {}
