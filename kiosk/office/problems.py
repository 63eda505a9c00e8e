"""Errors of the API as problem documents (RFC 9457)."""

from http import HTTPStatus

import msgspec
from flask import Response

TYPES = {
    401: "unauthorized",
    404: "not-found",
    405: "method-not-allowed",
    422: "invalid-parameters",
    429: "too-many-attempts",
    500: "internal-error",
    503: "unavailable",
}
RETRY_AFTER_S = 2


class Fault(msgspec.Struct, frozen=True):
    """One parameter that cannot be used, and why."""

    name: str
    reason: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong: `type` is a URN to compare with, `detail` a sentence for people."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self, status: int, detail: str = "", *, errors: tuple[Fault, ...] = (), retry_after_s: int = 0
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.retry_after_s = status, detail, errors, retry_after_s


def problem_type(status: int) -> str:
    """Return the URN of a problem."""
    return f"urn:kiosk:problem:{TYPES.get(status, 'other')}"


def problem_response(status: int, detail: str = "", errors: tuple[Fault, ...] = (), retry_after_s: int = 0) -> Response:
    """Write a problem document, with the headers its status asks for."""
    problem = Problem(problem_type(status), HTTPStatus(status).phrase, status, detail, errors)
    response = Response(msgspec.json.encode(problem), status, mimetype="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="kiosk office"'
    if status == 503 or retry_after_s:
        response.headers["Retry-After"] = str(retry_after_s or RETRY_AFTER_S)
    return response
