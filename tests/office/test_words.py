"""Every text exists in both languages, is used, and carries the same places to fill."""

import re
from collections import Counter
from pathlib import Path

from kiosk.central.parking import Loss, Why
from kiosk.club.applications import ApplicationState
from kiosk.club.membership import MemberState
from kiosk.club.money_lives import RefundState
from kiosk.club.roles import Role, RoleReason
from kiosk.club.rulebook import entries
from kiosk.club.sales import SaleState
from kiosk.core.model import CredentialState
from kiosk.office import (
    words,
    words_account,
    words_activities,
    words_applications,
    words_apply,
    words_board,
    words_cards,
    words_care,
    words_care_devices,
    words_care_groups,
    words_care_voices,
    words_conduct,
    words_coupons,
    words_desk,
    words_fees,
    words_forms,
    words_money,
    words_money_books,
    words_money_days,
    words_partners,
    words_people,
    words_points,
    words_privacy,
    words_register,
    words_reservations,
    words_rewards,
    words_rulebook,
    words_staff,
    words_trail,
)
from kiosk.office.actions import Draft
from kiosk.office.club_trail import NOTICE_STATES
from kiosk.office.families import ACTIONS, GROUPS, PAGES
from kiosk.office.forms import fields_of
from kiosk.office.pages import PARKED_STATES

OFFICE = Path(words.__file__).parent
PLACE = re.compile(r"\{(\w*)\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
BUILT = re.compile(r"(error|parked|sale|refund|card|application|membership|field|help|family|notice)_\w+")
ALL = {**words.PAGES, **words.RECORD_TYPES, **words.WHY, **words.CHOICES, **words.REFUSALS}
FILES = (
    words_desk,
    words_care,
    words_care_groups,
    words_care_devices,
    words_care_voices,
    words_board,
    words_fees,
    words_money,
    words_money_books,
    words_money_days,
    words_cards,
    words_account,
    words_activities,
    words_conduct,
    words_staff,
    words_applications,
    words_partners,
    words_people,
    words_forms,
    words_rulebook,
    words_trail,
    words_coupons,
    words_points,
    words_rewards,
    words_apply,
    words_register,
    words_privacy,
    words_reservations,
)


def sources(*patterns: str) -> str:
    paths = [path for pattern in patterns for path in OFFICE.rglob(pattern) if not path.name.startswith("words")]
    return "\n".join(path.read_text() for path in paths)


def test_every_text_says_the_same_in_both_languages() -> None:
    faults = [key for key, text in ALL.items() if sorted(PLACE.findall(text.zh)) != sorted(PLACE.findall(text.en))]
    own = [(key, text) for key, text in ALL.items() if key != "switch_language"]
    faults += [key for key, text in own if not CHINESE.search(text.zh)]
    faults += [key for key, text in own if not text.en.strip() or CHINESE.search(text.en)]
    assert faults == []


def test_no_text_is_left_unused() -> None:
    used = set(re.findall(r"""["'](\w+)["']""", sources("*.html", "*.py")))
    assert [key for key in words.PAGES if key not in used and not BUILT.fullmatch(key)] == []


def test_every_text_that_a_page_asks_for_exists() -> None:
    asked = set(re.findall(r"""\bt\(["'](\w+)["'](?! ~)""", sources("*.html")))
    assert asked
    assert asked <= set(words.PAGES)


def test_every_built_text_exists() -> None:
    built = [f"parked_{state}" for state in PARKED_STATES] + [f"card_{state.value}" for state in CredentialState]
    built += [f"application_{state}" for state in ApplicationState] + [f"membership_{state}" for state in MemberState]
    built += [f"notice_{state}" for state in NOTICE_STATES]
    built += [f"sale_{state}" for state in SaleState] + [f"refund_{state}" for state in RefundState]
    built += [f"family_{each.name.partition('.')[0]}" for each in entries()]
    for reason in (RoleReason.NOT_PERMITTED, RoleReason.SECOND_FACTOR_MISSING):
        built += [f"error_{reason}", f"error_{reason}_advice"]
    built += [*GROUPS, *(page.label for page in PAGES if page.label), *(action.name for action in ACTIONS)]
    assert set(built) <= set(words.PAGES)
    assert {*RoleReason} <= set(words.REFUSALS)
    assert {f"Role.{role}" for role in Role} <= set(words.CHOICES)
    assert {*Why, *Loss} <= set(words.WHY)


def test_no_page_has_words_of_its_own() -> None:
    assert not CHINESE.search(re.sub(r"//.*|/\*.*?\*/", "", sources("*.html", "*.js")))


def test_every_field_of_an_act_has_its_label_and_its_choices() -> None:
    faults = []
    for action in ACTIONS:
        for field in fields_of(action.wish, Draft()):
            if not {f"field_{field.name}", f"field_{action.name}_{field.name}"} & set(words.PAGES):
                faults.append(f"{action.name}: {field.name} has no label")
            shown = (f"{field.enum}.{value}" for value, text in field.choices if not text)
            faults += [
                f"{action.name}: {field.name} has no text for {key}" for key in shown if key not in words.CHOICES
            ]
    assert faults == []


def test_no_two_files_have_a_text_of_one_name() -> None:
    names = Counter(name for file in (*FILES, words) for name in getattr(file, "_CENTRAL", file.PAGES))
    assert [name for name, times in names.items() if times > 1] == []
