"""What a rule does not allow, as an error that a service raises."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from kiosk.club.refusal import Refusal
from kiosk.core.errors import InvalidInput

R = TypeVar("R", bound=StrEnum)


class RuleRefused(InvalidInput):
    """A rule says no: `reason` is its code, `detail` what was missing, in codes, days and amounts."""

    def __init__(
        self, reason: str, detail: Mapping[str, str | int] | None = None, *, what: str = "", hint: str = ""
    ) -> None:
        # One of an enum stays that: two rules may give the same code to different things.
        self.reason = reason
        self.detail = dict(detail or {})
        words = " ".join(f"{name}={value}" for name, value in self.detail.items())
        super().__init__(" ".join(part for part in (what, self.reason, words) if part), hint=hint)


def refuse(refusal: Refusal[R], what: str) -> RuleRefused:
    """Return a refusal of the rules as the error to raise; `what` names the thing that was wished."""
    return RuleRefused(refusal.reason, refusal.detail, what=what)
