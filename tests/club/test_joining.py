"""The rules of joining and what an application holds."""

from typing import get_type_hints

import msgspec
import pytest

from kiosk.club import completeness, joining, membership
from kiosk.club.joining import Application, Checklist, Document, JoiningRules, Scope


def _fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.proves("R16")
def test_nothing_that_is_kept_of_a_person_is_an_income() -> None:
    kinds = [
        kind
        for module in (joining, membership)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    ]
    assert Application in kinds
    names = {name for kind in kinds for name in _fields(kind)} | {field.value for field in completeness.FileField}
    assert not [name for name in names if any(word in name for word in ("income", "salary", "wage", "earnings"))]


@pytest.mark.proves("R04", "R05", "R06")
@pytest.mark.parametrize(
    ("plan", "papers"),
    [
        ("id_and_photo", {Document.FORM, Document.ID_COPY, Document.PHOTO}),
        ("original_and_copy", {Document.FORM, Document.ID_ORIGINAL, Document.ID_COPY}),
        ("form_and_proofs", {Document.FORM, Document.PROOF}),
    ],
)
def test_each_plan_of_the_regulations_asks_for_its_papers_once(plan: str, papers: set[Document]) -> None:
    found = next(each for each in JoiningRules().checklists if each.plan == plan)
    assert {need.document for need in found.needs} == papers
    assert {need.count for need in found.needs} == {1}


def test_a_misspelt_key_in_a_checklist_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="plann"):
        msgspec.convert({"plann": "x", "needs": []}, Checklist)


def test_each_rule_says_what_it_means_and_where_it_comes_from() -> None:
    for hint in get_type_hints(JoiningRules, include_extras=True).values():
        meta = next(each for each in hint.__metadata__ if isinstance(each, msgspec.Meta))
        assert meta.description
        assert meta.extra is not None
        assert meta.extra["source"]


@pytest.mark.proves("R10")
def test_there_are_two_clubs_to_join() -> None:
    assert set(JoiningRules().scopes) == {Scope.INDOOR, Scope.OUTDOOR}
