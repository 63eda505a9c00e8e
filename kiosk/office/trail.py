"""The audit trail and the outbox in words: who did what to which thing, and what a notice is about."""

from collections.abc import Mapping

from kiosk.central.club.audits import AuditEntry
from kiosk.central.club.notice_texts import TEXTS
from kiosk.core.texts import Language
from kiosk.office.saying import language, told
from kiosk.office.security import TOKEN_HOLDER
from kiosk.office.words import PAGES
from kiosk.office.words_acts import DONE, THINGS
from kiosk.office.words_fields import FIELDS
from kiosk.office.words_trail import JOBS

_OTHERS = {
    "job": "actor_job",
    "member": "actor_member",
    "key": "actor_key",
    "import": "actor_import",
    "setup": "actor_setup",
    "operator": "actor_setup",
    "door": "actor_door",
}


def act_text(action: str) -> str:
    """Return an act of the audit trail in words; the part that has none as it is."""
    thing, _, done = action.partition(".")
    parts = [table[each][_place()] if each in table else each for each, table in ((thing, THINGS), (done, DONE))]
    return " · ".join(part for part in parts if part)


def thing_text(kind: str) -> str:
    """Return what a kind of thing is called, its code where there are no words for it."""
    return THINGS[kind][_place()] if kind in THINGS else kind


def things() -> list[tuple[str, str]]:
    """Return the kinds of things that entries are about, each with its text, in the order of the texts."""
    return sorted(((kind, text[_place()]) for kind, text in THINGS.items()), key=lambda each: each[1])


def who_did(entry: AuditEntry, names: Mapping[str, str]) -> str:
    """Return who acted: the name of the account, or what kind of actor it was."""
    return names.get(entry.actor) or actor_text(entry.actor) or entry.actor


def actor_text(actor: str) -> str:
    """Return what kind of actor it was where it has no account, as the holder of the token or a job; else empty."""
    if actor == TOKEN_HOLDER.id:
        return told("actor_token")
    kind, _, rest = actor.partition(":")
    if kind not in _OTHERS:
        return ""
    return JOBS[rest][_place()] if rest in JOBS else told(_OTHERS[kind])


def field_text(name: str) -> str:
    """Return what a field of the books is called: as a form or a column has it, else as it is."""
    if name in FIELDS:
        return FIELDS[name][_place()]
    key = next((key for key in (f"field_{name}", name) if key in PAGES), "")
    return told(key) if key else name.replace("_", " ")


def notice_text(template: str) -> str:
    """Return the subject of a notice, its code where there are no words for it."""
    return TEXTS[template][0][_place()] if template in TEXTS else template


def _place() -> int:
    return 0 if language() is Language.ZH else 1
