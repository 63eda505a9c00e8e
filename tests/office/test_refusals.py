"""What staff read where something was refused: in their language, for every form, reason and message."""

import ast
import html
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk import office
from kiosk.central.club.refused import RuleRefused
from kiosk.central.database import Database
from kiosk.club.bookings import PointsReason
from kiosk.club.card_numbers import NumberReason
from kiosk.club.gate_rights import RightReason
from kiosk.club.sign_in import SignInReason
from kiosk.core.errors import InvalidInput
from kiosk.core.texts import Language
from kiosk.office import words
from kiosk.office.actions import Draft
from kiosk.office.families import ACTIONS
from kiosk.office.fields import Field
from kiosk.office.forms import fields_of
from kiosk.office.telling import error_text, in_chinese, reason_text
from kiosk.office.words_errors import HINTS, MESSAGES
from tests.office.conftest import copy_of, form_key
from tests.office.test_permissions import filled

ROOT = Path(office.__path__[0]).parents[1]
PARTS = ("kiosk.club.", "kiosk.central.club.", "kiosk.central.money.", "kiosk.central.care.", "kiosk.office.")
ERRORS = ("InvalidInput", "StepRefused", "RuleRefused", "AnsweredOtherwise")
CHINESE = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"\b[A-Za-z']+(?: [A-Za-z']+){2,}")
SAID = re.compile(r'<(?:p class="alert"[^>]*|strong class="wrong")>(.*?)</(?:p|strong)>', re.DOTALL)

NO_REFUSALS = frozenset({"ReviewReason", "StopReason", "EndReason", "StandingReason", "ReplaceReason", "FaultReason"})
"""Enums of reasons that say why something is so, and not why it may not be done."""
SAID_ELSEWHERE = frozenset({"kiosk.central.club.sessions"})
"""The sign-in has words of its own."""
NOT_FOR_STAFF = frozenset({"kiosk.central.club.jobs", "kiosk.central.club.smtp", "kiosk.central.club.notice_texts"})
"""What no form leads to."""


@pytest.fixture
def database(whole_file: Path) -> Iterator[Database]:
    """A club with something of every family."""
    with copy_of(whole_file) as opened:
        yield opened


def texts(node: ast.expr) -> str:
    """Return a message as it is written, with {} for its values; empty where it is made elsewhere."""
    if isinstance(node, ast.IfExp):
        return texts(node.body)
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) else ""


@cache
def modules_behind_the_office() -> Mapping[str, ast.Module]:
    """Return every module of the club's rules and books that the office imports, and its own, with their trees."""
    found: dict[str, ast.Module] = {}
    waiting = [each.name for each in pkgutil.iter_modules(office.__path__, "kiosk.office.")]
    while waiting:
        name = waiting.pop()
        path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name in found or not name.startswith(PARTS) or not path.is_file():
            continue
        found[name] = ast.parse(path.read_text())
        for node in ast.walk(found[name]):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return found


def said_in_the_books() -> Iterator[str]:
    """Yield every message that the books and the office refuse something with, and every hint."""
    for name, tree in modules_behind_the_office().items():
        for node in ast.walk(tree) if name not in NOT_FOR_STAFF else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                if node.args and node.func.id != RuleRefused.__name__:
                    yield texts(node.args[0])
                yield from (texts(each.value) for each in node.keywords if each.arg == "hint")


def reasons() -> Mapping[str, type[StrEnum]]:
    """Return the enums of reasons why something may not be done, of the rules that the books go by."""
    known = modules_behind_the_office()
    asked = {
        node.module
        for name, tree in known.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and not name.startswith("kiosk.club.")
    }
    found = {}
    for module in sorted((asked & set(known)) - SAID_ELSEWHERE):
        for name, each in vars(importlib.import_module(module)).items():
            own = isinstance(each, type) and issubclass(each, StrEnum) and each.__module__ == module
            if own and name.endswith("Reason") and name not in NO_REFUSALS:
                found[name] = each
    return found


def test_every_message_of_the_books_has_its_chinese() -> None:
    chinese = {said: in_chinese(said.replace("{}", "X1")) for said in said_in_the_books() if said}
    assert [said for said, text in chinese.items() if not CHINESE.search(text) or ENGLISH.search(text)] == []


def test_no_chinese_is_left_of_a_message_that_nothing_says() -> None:
    said = {each.replace("{}", "X1") for each in said_in_the_books()}
    kept = {each: re.compile("(.+?)".join(map(re.escape, each.split("{}"))), re.DOTALL) for each in MESSAGES | HINTS}
    assert [each for each, pattern in kept.items() if not any(map(pattern.fullmatch, said))] == []


def test_every_reason_of_the_rules_has_its_text() -> None:
    assert [each for name in reasons().values() for each in name if not reason_text(each, Language.ZH)] == []


def test_no_familys_text_for_a_reason_is_shadowed_by_anothers() -> None:
    files = [importlib.import_module(each.name) for each in pkgutil.iter_modules(office.__path__, "kiosk.office.")
             if each.name.rpartition(".")[2].startswith("words_")]  # fmt: skip
    texts_of = {(file.__name__, code): text for file in files for code, text in getattr(file, "REFUSALS", {}).items()}
    assert texts_of
    assert {key for key, text in texts_of.items() if words.REFUSALS[key[1]] != text} == set()


def test_a_code_that_two_rules_share_is_said_for_the_rule_that_says_it() -> None:
    def said(reason: str) -> str:
        return error_text(RuleRefused(reason, {}), Language.ZH)

    assert said(NumberReason.USED_UP) != said(RightReason.USED_UP)
    assert said(SignInReason.TOO_LATE) != said("too_late")
    assert "签到" in said(SignInReason.NOT_HELD)
    assert said("not_held") == "这张卡不在持卡人手中。"


def test_what_was_missing_is_said_with_a_word_before_it() -> None:
    error = RuleRefused(PointsReason.NOT_ENOUGH, {"needed": 500, "available": 20, "unheard_of": "x"})
    assert error_text(error, Language.ZH) == "积分不够（需要 500，可用 20）。"
    assert error_text(error, Language.EN) == "There are fewer points (needed 500, available 20)."
    lost = RuleRefused("not_held", {"state": "handed_over"}, hint="Tap it, or copy its number")
    assert error_text(lost, Language.ZH) == "这张卡不在持卡人手中（现在 使用中）。请刷卡，或照抄卡号。"


def test_a_message_without_chinese_never_comes_out_in_english() -> None:
    unknown = InvalidInput("the moon is out", hint="Wait for the sun")
    assert error_text(unknown, Language.EN) == "the moon is out. Wait for the sun"
    assert error_text(unknown, Language.ZH) == "填写的内容与现有资料不符，请核对后再试。"


def test_whatever_is_wrong_in_a_form_is_said_in_chinese(staff: FlaskClient) -> None:
    key, seen = form_key(staff, "/account"), set()
    for action in ACTIONS:
        path = filled("/".join(["/do", action.name, *(f"{{{name}}}" for name in action.id_names)]))
        fields = fields_of(action.wish, Draft())
        # What a form itself finds wrong depends on the kinds of its fields; what the act does, on the act.
        kinds = {(field.kind, field.required, field.least is None, field.most is None) for field in fields}
        for wrong in (_of_nobody,) if kinds <= seen else (_nothing, _nonsense, _out_of_bounds, _of_nobody):
            once = {"form_key": key, "once": f"{action.name} {wrong.__name__}"}
            answer = staff.post(path, data={field.name: wrong(field) for field in fields} | once)
            said = [re.sub(r"<[^>]+>", " ", html.unescape(each)) for each in SAID.findall(answer.text)]
            assert said or answer.status_code in (200, 302, 404, 413), (action.name, answer.status_code)
            assert [each for each in said if ENGLISH.search(each) or not CHINESE.search(each)] == [], action.name
        seen |= kinds


def _nothing(_field: Field) -> str:
    return ""


def _nonsense(field: Field) -> str:
    return {"number": "many", "date": "2026-02-30", "moment": "noon", "json": "{"}.get(field.kind, "zzz")


def _out_of_bounds(field: Field) -> Any:
    match field.kind:
        case "number":
            return str((field.most or 10**12) + 1)
        case "date" | "moment":
            return "1999-01-01T10:00" if field.kind == "moment" else "1999-01-01"
        case "text" | "area":
            return "长" * ((field.most or 5000) + 1)
    return _of_nobody(field)


def _of_nobody(field: Field) -> Any:
    match field.kind:
        case "number":
            return str(field.least if field.least is not None else 1)
        case "date" | "moment":
            return "2026-12-01T10:00" if field.kind == "moment" else "2026-12-01"
        case "choice":
            return field.choices[0][0]
        case "many":
            return [field.choices[0][0]]
        case "bool":
            return "yes"
        case "json":
            return "[]"
    return "nobody"
