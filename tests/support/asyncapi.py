"""`docs/asyncapi.yaml` as a check for traffic: does a payload fit what is said of its topic?"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import yaml

PATH = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    return dict(yaml.safe_load(PATH.read_text(encoding="utf-8")))


def resolve(reference: str) -> Any:
    """Return what a `#/…` reference names; raises KeyError."""
    found: Any = document()
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def follow(value: Any) -> Any:
    """Return the value, or what it refers to."""
    return resolve(value["$ref"]) if isinstance(value, dict) and "$ref" in value else value


def validator(schema: dict[str, Any]) -> jsonschema.Draft7Validator:
    """Return a validator for a schema of the document."""
    return jsonschema.Draft7Validator(schema | {"components": document()["components"]})


def channel_of(topic: str) -> dict[str, Any]:
    """Return the channel a topic belongs to; fails when the document has none."""
    for channel in document()["channels"].values():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[a-z0-9-]{1,32}", re.escape(channel["address"])), topic):
            return dict(channel)
    raise AssertionError(f"{topic} is no channel of {PATH.name}")


def check(topic: str, payload: bytes) -> str:
    """Return the name of the message that a payload is; fails saying what does not fit."""
    content = msgspec.json.decode(payload)
    complaints: list[str] = []
    for message in map(follow, channel_of(topic)["messages"].values()):
        errors = [f"{error.json_path}: {error.message}" for error in validator(message["payload"]).iter_errors(content)]
        if not errors:
            return str(message["name"])
        complaints += [f"{message['name']}: {error}" for error in errors]
    raise AssertionError(f"on {topic}: " + "; ".join(complaints))
