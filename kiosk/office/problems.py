"""Errors of the API as problem documents (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from flask import Response

from kiosk.central.club.books import AnsweredOtherwise
from kiosk.central.club.refused import RuleRefused
from kiosk.club.life import StepRefused
from kiosk.club.roles import RoleRefusal
from kiosk.core.errors import InvalidInput, Refused

TYPES = {
    400: "malformed",
    401: "unauthorized",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    409: "refused",
    413: "too-large",
    415: "not-json",
    422: "invalid-parameters",
    429: "too-many-attempts",
    500: "internal-error",
    503: "unavailable",
}
RETRY_AFTER_S = 2


class Fault(msgspec.Struct, frozen=True):
    """One parameter or field that cannot be used, and why."""

    name: str
    reason: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong: `type` is a URN to compare with, `detail` a sentence for people.

    `reason` is the code of the rule that says no, and `about` what it was missing, in codes, days and amounts.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()
    reason: str = ""
    about: Mapping[str, str | int] = {}


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self, status: int, detail: str = "", *, errors: tuple[Fault, ...] = (), retry_after_s: int = 0
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.retry_after_s = status, detail, errors, retry_after_s


class NotAllowed(Exception):
    """Ends a request of somebody who may not do that."""

    def __init__(self, refusal: RoleRefusal) -> None:
        super().__init__(refusal.reason.value)
        self.refusal = refusal


class Answer(msgspec.Struct, frozen=True):
    """How a refusal of the books is answered: the status, the code of its reason, and what was missing."""

    status: int
    reason: str = ""
    about: Mapping[str, str | int] = {}


def answer_to(error: Refused) -> Answer:
    """Return how a refusal is answered: 409 where the state or a rule says no, 422 where the wish makes no sense."""
    if isinstance(error, RuleRefused):
        return Answer(409, error.reason, error.detail)
    if isinstance(error, StepRefused):
        return Answer(409, "step_refused")
    if isinstance(error, AnsweredOtherwise):
        return Answer(409, "answered_otherwise")
    return Answer(422) if isinstance(error, InvalidInput) else Answer(409, "refused")


def problem_type(status: int) -> str:
    """Return the URN of a problem."""
    return f"urn:kiosk:problem:{TYPES.get(status, 'other')}"


def problem_response(
    status: int,
    detail: str = "",
    errors: tuple[Fault, ...] = (),
    retry_after_s: int = 0,
    reason: str = "",
    about: Mapping[str, str | int] | None = None,
) -> Response:
    """Write a problem document, with the headers its status asks for."""
    problem = Problem(problem_type(status), HTTPStatus(status).phrase, status, detail, errors, reason, about or {})
    response = Response(msgspec.json.encode(problem), status, mimetype="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="kiosk office"'
    if status == 503 or retry_after_s:
        response.headers["Retry-After"] = str(retry_after_s or RETRY_AFTER_S)
    return response
