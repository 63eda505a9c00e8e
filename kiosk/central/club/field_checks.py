"""What is refused when it is written down: texts too long for the books, numbers and addresses that cannot be right."""

import msgspec

from kiosk.central.club.people_tables import member_file
from kiosk.central.club.refused import RuleRefused
from kiosk.club.completeness import CompletenessRules, Contact, ContactKind, ContactState, contact_state
from kiosk.core.codec import canonical

TEXT_CHARACTERS_MAX = 2000
BYTES_MAX = 16 * 1024


def check_fields(said: msgspec.Struct, before: msgspec.Struct | None, rules: CompletenessRules) -> None:
    """Return where a file or application can be written down.

    Raises RuleRefused for what is too long, and for a phone or e-mail that is new and malformed (S18, R157): one that
    came with a list stays until it is put right.
    """
    for name in said.__struct_fields__:
        value = getattr(said, name)
        column = member_file.c.get(name)
        limit = getattr(column.type, "length", None) if column is not None else None
        limit = limit or TEXT_CHARACTERS_MAX
        if isinstance(value, str) and len(value) > limit:
            raise RuleRefused("text_too_long", {"field": name, "most": limit}, what=f"{len(value)} characters")
    size = len(canonical(msgspec.to_builtins(said)))
    if size > BYTES_MAX:
        raise RuleRefused("text_too_long", {"most": BYTES_MAX}, what=f"that are {size} bytes")
    for kind in ContactKind:
        value = getattr(said, kind.value)
        is_new = before is None or getattr(before, kind.value) != value
        if is_new and contact_state(Contact(kind, value), rules) is ContactState.MALFORMED:
            raise RuleRefused(ContactState.MALFORMED, {"field": kind.value}, what="that contact")
