"""The pages on records, reasons and vectors say what the code says."""

import re
from pathlib import Path

import msgspec
import pytest

from kiosk.core.codec import parse
from kiosk.core.records import FACTS, DenyReason, GrantReason, Record
from kiosk.core.texts import Language, member_text
from tests.support.vectors import Step, load_vectors

DOCS = Path(__file__).parents[2] / "docs"
RECORDS = (DOCS / "records.md").read_text()
REASONS = (DOCS / "deny-reasons.md").read_text()
VECTORS = (DOCS / "decision-vectors.md").read_text()
ONVIF = {"CredentialNotEnabled", "CredentialNotActive", "CredentialExpired", "NotPermittedAtThisTime", "Unauthorized",
         "Other", "CredentialNotFound"}  # fmt: skip
PRETIX = {"canceled", "invalid", "unpaid", "product", "rules", "revoked", "incomplete", "already_redeemed", "ambiguous",
          "error", "blocked", "invalid_time", "–"}  # fmt: skip


def _sections(page: str, level: str) -> dict[str, str]:
    parts = re.split(rf"^{level} (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _quoted(text: str) -> list[str]:
    return [name.rstrip("?") for name in re.findall(r"`([^`]+)`", text)]


def _rows(section: str) -> list[list[str]]:
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in cells] for cells in lines]


def _wire_fields(name: str) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(FACTS[name])} - {"clock", "copied_from"}


DOCUMENTED = {name: section for heading, section in _sections(RECORDS, "###").items() for name in _quoted(heading)}
EXAMPLES = [line for block in re.findall(r"```json\n(.*?)```", RECORDS, re.DOTALL) for line in block.splitlines()]


def test_every_record_type_has_its_place_on_the_page() -> None:
    assert DOCUMENTED.keys() == FACTS.keys()


@pytest.mark.parametrize("name", FACTS)
def test_the_page_lists_the_fields_of_every_type_and_no_others(name: str) -> None:
    section = DOCUMENTED[name]
    listed = {field for row in _rows(section)[1:] for field in _quoted(row[0])}
    together = [other for other, text in DOCUMENTED.items() if text is section]
    assert listed == set().union(*(_wire_fields(other) for other in together))


@pytest.mark.parametrize("line", EXAMPLES)
def test_every_example_is_a_record_of_its_type_in_canonical_form(line: str) -> None:
    record = msgspec.convert(parse(line.encode()), Record)
    fact = msgspec.convert(record.data, FACTS[record.type])
    assert set(record.data) <= _wire_fields(record.type) | {"clock", "copied_from"}
    assert fact.clock in ("ok", "behind")


def test_every_type_has_an_example() -> None:
    assert {parse(line.encode())["type"] for line in EXAMPLES} == FACTS.keys()


@pytest.mark.parametrize(("heading", "reasons"), [("Refused", DenyReason), ("Let through", GrantReason)])
def test_the_page_lists_the_reasons_in_order_with_what_the_display_says(
    heading: str, reasons: type[DenyReason] | type[GrantReason]
) -> None:
    rows = _rows(_sections(REASONS, "##")[heading])[1:]
    assert [row[0] for row in rows] == [f"`{reason.value}`" for reason in reasons]
    for reason, row in zip(reasons, rows, strict=True):
        zh, en = member_text(reason, Language.ZH), member_text(reason, Language.EN)
        assert row[2:] == [f"**{zh.title}** {zh.advice}", f"**{en.title}.** {en.advice}"]


def test_every_refusal_is_told_in_the_words_of_others() -> None:
    rows = _rows(_sections(REASONS, "##")["In the words of others"])[1:]
    assert [row[0] for row in rows] == [f"`{reason.value}`" for reason in DenyReason]
    assert {row[1].split()[0] for row in rows} <= ONVIF
    assert {row[2] for row in rows} <= PRETIX
    assert all(row[4].isdigit() for row in rows)


def test_the_page_on_vectors_names_every_key_of_a_step_and_of_a_case() -> None:
    words = set(_quoted(VECTORS))
    assert set(Step.__struct_fields__) <= words
    assert {"name", "source", "club", "cards", "head", "uploads", "steps", "alone", "by"} <= words


def test_the_vector_on_the_page_is_one_of_the_set() -> None:
    shown = msgspec.json.decode(re.findall(r"```json\n(.*?)```", VECTORS, re.DOTALL)[0])
    vector = next(each for each in load_vectors() if each.name == shown["name"])
    assert msgspec.convert(shown["steps"], tuple[Step, ...]) == vector.steps
    assert (shown["source"], shown["club"], tuple(shown["by"])) == (vector.source, vector.club, vector.by)


def test_the_page_does_not_promise_more_vectors_than_there_are() -> None:
    assert "more than five hundred" in VECTORS
    assert len(load_vectors()) > 500
