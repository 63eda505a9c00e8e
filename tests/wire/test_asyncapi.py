"""`docs/asyncapi.yaml` says what the code does: topics, messages, fields, limits and examples."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest

from kiosk.core.model import AnyRow
from kiosk.core.self_service import Subject
from kiosk.core.visits import Usage
from kiosk.wire import batches, messages, topics
from kiosk.wire.access import CENTRAL
from kiosk.wire.messages import Message, Offline
from kiosk.wire.signing import SCHEMA
from tests.support.asyncapi import check, document, follow, resolve, validator
from tests.wire.messages import KEY, make_batch, make_messages

ADDRESSES = {
    "state": topics.state("{device}"),
    "journal": topics.up("{device}", "journal"),
    "ack": topics.dn("{device}", "ack"),
    "request": topics.up("{device}", "req"),
    "response": topics.dn("{device}", "res"),
    "command": topics.dn("{device}", "cmd"),
    "commandResult": topics.up("{device}", "cmdres"),
    "rosterHead": topics.site("{site}", "roster/head"),
    "rosterDelta": topics.site("{site}", "roster/delta"),
    "denyList": topics.site("{site}", "roster/deny"),
    "used": topics.site("{site}", "used"),
}
CHANNEL_OF = {
    "Birth": "state", "Offline": "state", "Ack": "ack", "Request": "request", "Response": "response",
    "Command": "command", "CommandResult": "commandResult", "RosterHead": "rosterHead", "RosterDelta": "rosterDelta",
    "DenyList": "denyList", "Used": "used",
}  # fmt: skip
RETAINED = {"state", "rosterHead", "denyList"}
SENT_BY_DEVICES = {"state", "journal", "request", "commandResult"}
STRUCTS = {
    **{kind.__name__: kind for kind in Message.__subclasses__()},
    **{name: getattr(messages, name) for name in ("JournalHead", "Snapshot", "DenyEntry", "UsedRow")},
    "Usage": Usage,
    "Batch": batches.Envelope,
    "BatchData": batches.BatchData,
}
SAMPLES = make_messages()


def topic_of(kind: str) -> str:
    """Return a topic of the channel a message travels on."""
    return ADDRESSES[CHANNEL_OF[kind]].format(device="gate-1", site="demo")


def sent(message: Message) -> bytes:
    """Return a message as it is sent: signed, but for the last will."""
    return msgspec.json.encode(message) if isinstance(message, Offline) else KEY.seal(message)


def references(value: Any) -> Iterator[str]:
    """Yield every reference within a value."""
    if isinstance(value, dict):
        yield from (inner for key, inner in value.items() if key == "$ref")
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_is_asyncapi_3_and_every_reference_leads_somewhere() -> None:
    assert document()["asyncapi"] == "3.0.0"
    assert document().keys() >= {"info", "servers", "channels", "operations", "components"}
    assert [reference for reference in references(document()) if resolve(reference) is None] == []


@pytest.mark.parametrize("name", document()["components"]["schemas"])
def test_every_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(document()["components"]["schemas"][name])


def test_every_schema_and_message_is_used() -> None:
    used = set(references(document()))
    for part in ("schemas", "messages", "parameters", "securitySchemes"):
        assert {f"#/components/{part}/{name}" for name in document()["components"][part]} <= used


def test_the_channels_are_the_topics_of_the_code() -> None:
    assert {name: channel["address"] for name, channel in document()["channels"].items()} == ADDRESSES
    for channel in document()["channels"].values():
        assert set(channel["parameters"]) == set(re.findall(r"{(\w+)}", channel["address"]))


def test_every_channel_has_an_operation_with_its_direction_and_retention_at_qos_1() -> None:
    operations = {
        operation["channel"]["$ref"].rpartition("/")[2]: operation for operation in document()["operations"].values()
    }
    assert operations.keys() == ADDRESSES.keys()
    for name, operation in operations.items():
        assert operation["action"] == ("send" if name in SENT_BY_DEVICES else "receive")
        assert operation["bindings"]["mqtt"] == {"qos": 1, "retain": name in RETAINED, "bindingVersion": "0.2.0"}


def test_every_subject_that_neighbours_ask_about_is_a_kind_of_request_that_is_described() -> None:
    said = set(
        re.findall(r"`([a-z_.]+)`", document()["components"]["schemas"]["Request"]["properties"]["kind"]["description"])
    )
    assert {each.value for each in Subject} | {"roster.parts", "roster.deltas", "used"} <= said


def test_every_message_of_the_code_is_described_and_no_other() -> None:
    described = {follow(message["payload"])["type"] and message["payload"]["$ref"].rpartition("/")[2]
                 for message in document()["components"]["messages"].values()}  # fmt: skip
    assert described == {kind.__name__ for kind in Message.__subclasses__()} | {"Batch"}


@pytest.mark.parametrize("name", STRUCTS)
def test_the_fields_of_a_schema_are_those_of_its_type(name: str) -> None:
    schema = document()["components"]["schemas"][name]
    fields = {field.encode_name for field in msgspec.structs.fields(STRUCTS[name])}
    signed = issubclass(STRUCTS[name], Message) and name != "Offline"
    assert set(schema["properties"]) == fields | ({"sig"} if signed else set())
    needed = {field.encode_name for field in msgspec.structs.fields(STRUCTS[name]) if field.required}
    assert needed <= set(schema["required"] if needed else ())


@pytest.mark.parametrize("message", SAMPLES, ids=[type(sample).__name__ for sample in SAMPLES])
def test_what_the_code_sends_fits(message: Message) -> None:
    name = type(message).__name__
    assert check(topic_of(name), sent(message)) == name[0].lower() + name[1:]


def test_a_batch_of_the_code_fits() -> None:
    assert check("kiosk/v1/d/gate-1/up/journal", make_batch(17, 256)) == "batch"


@pytest.mark.parametrize("message", SAMPLES, ids=[type(sample).__name__ for sample in SAMPLES])
def test_a_field_that_is_missing_or_of_another_type_does_not_fit(message: Message) -> None:
    name = type(message).__name__
    content = json.loads(sent(message))
    for field in document()["components"]["schemas"][name]["required"]:
        for spoilt in (None, {"no": 1.5}, [[]]):
            damaged = copy.deepcopy(content)
            damaged[field] = spoilt
            if spoilt is None:
                del damaged[field]
            elif isinstance(content[field], type(spoilt)):
                continue
            with pytest.raises(AssertionError, match=topic_of(name)):
                check(topic_of(name), json.dumps(damaged).encode())


@pytest.mark.parametrize("count", [0, 257])
def test_a_batch_beyond_its_limits_does_not_fit(count: int) -> None:
    with pytest.raises(AssertionError, match="records"):
        check("kiosk/v1/d/gate-1/up/journal", make_batch(1, count))


def test_the_numbers_of_the_document_are_those_of_the_code() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["Schema"]["const"] == SCHEMA
    assert schemas["BatchData"]["properties"]["records"]["maxItems"] == batches.BATCH_RECORDS_MAX
    assert schemas["Batch"]["properties"]["type"]["const"] == batches.EVENT_TYPE
    assert schemas["Ack"]["properties"]["status"]["enum"] == [status.value for status in messages.AckStatus]
    kinds = [kind.__struct_config__.tag for kind in AnyRow.__args__]
    assert sorted(schemas["Row"]["properties"]["kind"]["enum"]) == sorted(kinds)
    assert f"`{CENTRAL}`" in document()["components"]["parameters"]["device"]["description"]


@pytest.mark.parametrize("name", document()["components"]["messages"])
def test_the_examples_fit_and_are_signed_with_the_key_that_is_named(name: str) -> None:
    message = document()["components"]["messages"][name]
    assert KEY.public.to_text() in document()["info"]["description"]
    assert message["examples"]
    for example in message["examples"]:
        payload = json.dumps(example["payload"]).encode()
        assert list(validator(message["payload"]).iter_errors(example["payload"])) == []
        kind = STRUCTS[message["payload"]["$ref"].rpartition("/")[2]]
        if name == "batch":
            assert batches.open_batch(batches.read_envelope(json_canonical(example["payload"])), KEY.public)
        elif name != "offline":
            assert isinstance(KEY.public.open(payload, kind), kind)


def json_canonical(value: Any) -> bytes:
    """Return RFC 8785 as the standard library writes it, which for our subset it does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_topic_that_is_none_of_ours_is_found_out() -> None:
    with pytest.raises(AssertionError, match="no channel"):
        check("kiosk/v1/d/gate-1/up/other", b"{}")
