"""The API's description, made from the table it is served from. `docs/openapi.yaml` is its copy for reading."""

import re
from typing import Any

import msgspec

from kiosk import __version__
from kiosk.office.problems import TYPES, Problem, problem_type
from kiosk.office.routes import PREFIX, ROUTES, Route, StoredRecord

REFERENCE = "#/components/schemas/{name}"
ERRORS = (401, 405, 422, 429, 500, 503)

Document = dict[str, Any]


def describe() -> Document:
    """Return the OpenAPI 3.1 document, as JSON has it."""
    answers = [route.answer for route in ROUTES if route.answer is not None]
    _, schemas = msgspec.json.schema_components([*answers, StoredRecord, Problem], ref_template=REFERENCE)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "kiosk office",
            "version": __version__,
            "description": "Reads what central has stored: records, devices, members, cards and tiers.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "security": [{"staff_token": []}],
        "paths": {route.path: {"get": _operation(route)} for route in ROUTES},
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {str(status): _problem(status) for status in TYPES},
            "securitySchemes": {"staff_token": {"type": "http", "scheme": "bearer"}},
        },
    }
    plain: Document = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def _operation(route: Route) -> Document:
    described = {"description": route.description} if route.description else {}
    return {
        "operationId": route.name,
        "summary": route.summary,
        **described,
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": {"200": _answer(route), **_errors(route)},
    }


def _path_parameters(route: Route) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]


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


def _answer(route: Route) -> Document:
    if route.answer is None:
        content = {"text/event-stream": {"schema": {"type": "string"}}}
        return {"description": "The stream; it has no end.", "content": content}
    reference = {"$ref": REFERENCE.format(name=route.answer.__name__)}
    return {"description": "What was asked for.", "content": {"application/json": {"schema": reference}}}


def _errors(route: Route) -> Document:
    statuses = sorted({*ERRORS, *([404] if "{" in route.path else [])})
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def _problem(status: int) -> Document:
    content = {"application/problem+json": {"schema": {"$ref": REFERENCE.format(name="Problem")}}}
    return {"description": f"A problem document (RFC 9457) of type `{problem_type(status)}`.", "content": content}
