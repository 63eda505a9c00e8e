"""The API's description, made from the table it is served from. `docs/openapi.yaml` is its copy for reading."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from kiosk import __version__
from kiosk.office.actions import KEY_CHARACTERS_MAX, Action, id_names
from kiosk.office.families import ACTIONS, ROUTES
from kiosk.office.problems import TYPES, Problem, problem_type
from kiosk.office.routes import PREFIX, Route, StoredRecord

REFERENCE = "#/components/schemas/{name}"
ERRORS = (400, 401, 403, 405, 422, 429, 500, 503)
WRITE_ERRORS = (404, 409, 413, 415)

Document = dict[Any, Any]


@cache
def description() -> bytes:
    """Return the OpenAPI 3.1 document as JSON, made when it is first asked for."""
    return msgspec.json.encode(describe())


@cache
def describe() -> Document:
    """Return the OpenAPI 3.1 document, as JSON has it: one for all, so not to be changed."""
    kinds = [route.answer for route in ROUTES if route.answer is not None]
    kinds += [kind for action in ACTIONS for kind in (action.wish, action.answer)]
    kinds = list(dict.fromkeys([*kinds, StoredRecord, Problem]))
    found, schemas = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    of_kind = dict(zip(kinds, found, strict=True))
    paths: dict[str, Document] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})["get"] = _operation(route, of_kind)
    for action in ACTIONS:
        paths.setdefault(action.path, {})["post"] = _act(action, of_kind)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "kiosk office",
            "version": __version__,
            "description": "Reads and writes what the club's central office keeps. Who may do what follows from "
            "the roles of the account or key whose bearer token is sent.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {str(status): _problem(status) for status in TYPES},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    plain: Document = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def _operation(route: Route, of_kind: Document) -> Document:
    described = {"description": route.description} if route.description else {}
    return {
        "operationId": route.name,
        "summary": route.summary,
        **described,
        "parameters": [*_path_parameters(route.path), *_query_parameters(route), *_header_parameters(route)],
        "responses": {"200": _answer(route, of_kind), **_errors([404] if "{" in route.path else [])},
        "x-permission": route.permission.value,
    }


def _act(action: Action, of_kind: Document) -> Document:
    body = {"required": True, "content": {"application/json": {"schema": of_kind[action.wish]}}}
    done = {"description": "It is done.", "content": {"application/json": {"schema": of_kind[action.answer]}}}
    return {
        "operationId": action.name,
        "summary": action.summary,
        "parameters": [*_path_parameters(action.path), _IDEMPOTENCY_KEY],
        "requestBody": body,
        "responses": {"200": done, **_errors(WRITE_ERRORS)},
        "x-permission": action.permission.value,
    }


_IDEMPOTENCY_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each wish; the same wish with the same key again gets the first answer.",
    "schema": {"type": "string", "pattern": "^[!-~]+$", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX},
}


def _path_parameters(path: str) -> list[Document]:
    schema = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in id_names(path)]


def _query_parameters(route: Route) -> list[Document]:
    schema = msgspec.json.schema_components([route.query], ref_template=REFERENCE)[1][route.query.__name__]
    parameters = []
    for name, kind in schema["properties"].items():
        # A parameter that may be left out is not sent as null.
        shape = dict(kind["anyOf"][0] if "anyOf" in kind else kind)
        parameters.append({"name": name, "in": "query", "description": shape.pop("description"), "schema": shape})
    return parameters


def _header_parameters(route: Route) -> list[Document]:
    if route.answer is not None:
        return []
    description = "Sent by browsers that connect again; counts more than `after`."
    return [{"name": "Last-Event-ID", "in": "header", "description": description, "schema": {"type": "integer"}}]


def _answer(route: Route, of_kind: Document) -> Document:
    if route.answer is None:
        content = {"text/event-stream": {"schema": {"type": "string"}}}
        return {"description": "The stream; it has no end.", "content": content}
    schema = of_kind[route.answer]
    return {"description": "What was asked for.", "content": {"application/json": {"schema": schema}}}


def _errors(more: Iterable[int]) -> Document:
    statuses = sorted({*ERRORS, *more})
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _problem(status: int) -> Document:
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(name="Problem")}}}
    return {"description": f"A problem document (RFC 9457) of type `{problem_type(status)}`.", "content": content}
