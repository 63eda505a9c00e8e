"""Every page of the office in a real browser: it opens, fits wide and on a phone, and can be used by everybody.

In Chinese all of them, each by the keyboard and every third by axe-core; in English every sixth by both. Where pictures
are taken, all of it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from kiosk.club.roles import Role
from kiosk.office.app import close_app
from kiosk.office.families import ACTIONS, PAGES
from kiosk.office.navigation import form_address
from tests.builders import FakeClock
from tests.office.accounts import PASSWORD, make_staff
from tests.office.builders import add_journal, make_decision, make_passage, note_and_tell, park_one, store
from tests.office.builders_conduct import store_record
from tests.office.conftest import an_app, copy_of, make_settings
from tests.office.test_browser import SIZES, sign_in
from tests.office.test_permissions import IDS, filled
from tests.support.keyboard import KeyboardInspector
from tests.web.browser import EVERY, open_page, served, shoot

pytestmark = pytest.mark.browser

EVERY_LOOK = 1 if EVERY else 3
EVERY_DARK = 24
EVERY_FORM = 24
LANGUAGES = ["zh", "en"]
NOBODYS = "/nothing"
WITHOUT_SESSION = ("/sign-in", "/apply", "/public/tiers", "/public/fees")
OWN = ("/account", "/account/password", "/account/factor")
NAMED = (NOBODYS, "/members", "/members?q=nobody", "/members/M0001",
         "/rules/joining.minimum_age", "/rules/tiers.ladder", "/do/amend_rule/tiers.ladder", "/audit", "/notices",
         "/devices", "/parked?state=closed")  # fmt: skip
FAULTS = """
() => [
  ["has no heading", !document.querySelector("h1")?.checkVisibility({ visibilityProperty: true })],
  ["is wider than the window", document.documentElement.scrollWidth > document.documentElement.clientWidth],
  ["shows times as they are kept", document.querySelector("time")?.innerText.includes("UTC")],
].filter(([, found]) => found).map(([fault]) => fault)
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, whole_file: Path) -> Iterator[str]:
    """Where one office with something of everything in it is served: pages that are looked at change nothing."""
    folder = tmp_path_factory.mktemp("office")
    with copy_of(whole_file) as database:
        store_record(database)
        note_and_tell(database)
        store(database, make_decision(), make_passage(of=1), make_decision(granted=False, reason="too_soon"))
        add_journal(database, "south-1", "b2" * 16, state="offline", roster_revision=9, clock_offset_ms=-2600)
        add_journal(database, "pool-2", "b3" * 16, state="never", roster_revision=None, seen_at=None, version=None,
                    clock_offset_ms=None)  # fmt: skip
        park_one(database, 1)
        park_one(database, 2, why="unknown_type", detail="type kitchen.fire is not known here")
        for language in LANGUAGES:
            make_staff(database, Role.DESK, login=f"li.{language}", password=True)
        with an_app(make_settings(folder), database, FakeClock()) as app, served(app, close_app) as address:
            yield address


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_no_session_and_who_looks_after_the_own_account_can_use_what_is_there(
    browser: Browser, office: str, language: str
) -> None:
    with open_page(browser, f"{office}/sign-in?lang={language}") as page:
        inspector = KeyboardInspector(page)
        faults = [fault for path in WITHOUT_SESSION for fault in faults_of(inspector, page, office, path)]
        page.goto(f"{office}/members")
        sign_in(page)
        page.locator(".menu summary").click()
        inspector.look("the menu")
        inspector.look_in_the_dark("the menu")
        page.context.clear_cookies()
        page.goto(f"{office}/sign-in?lang={language}")
        page.locator("[name=login]").fill(f"li.{language}")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        faults += [fault for path in OWN for fault in faults_of(inspector, page, office, path)]
    assert faults == []
    assert inspector.faults == []
    assert {*WITHOUT_SESSION, *OWN, "the menu"} <= set(inspector.seen)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("language", "first", "every"), [*(("zh", n, 3) for n in range(3)), ("en", 0, 1 if EVERY else 6)]
)
def test_every_page_opens_fits_and_can_be_used_by_everybody(
    browser: Browser, office: str, language: str, first: int, every: int
) -> None:
    with open_page(browser, f"{office}/sign-in?lang={language}") as page:
        inspector = KeyboardInspector(page)
        faults: list[str] = []
        sign_in(page)
        for number, path in enumerate(addresses()[first::every]):
            faults += faults_of(inspector, page, office, path, looks=language == "en" or number % EVERY_LOOK == 0)
            if number % EVERY_DARK == 0:
                inspector.look_in_the_dark(path)
            if EVERY:
                shoot_both(page, path, language)
    assert faults == []
    assert inspector.faults == []
    assert len(set(inspector.seen)) > len(PAGES) // (every * EVERY_LOOK) // 2


def addresses() -> list[str]:
    """Return where every page is, each once, and of the forms one in so many."""
    pages = [filled(each.path) for each in PAGES if each.name != "live_events"]
    forms = [form_address(each, IDS) for each in ACTIONS[::EVERY_FORM] if set(each.id_names) <= set(IDS)]
    return list(dict.fromkeys([*NAMED, *pages, *forms]))


def faults_of(inspector: KeyboardInspector, page: Page, office: str, path: str, *, looks: bool = True) -> Iterator[str]:
    """Yield what is wrong with a page in the browser; the inspector keeps what axe-core and the keyboard find.

    The page comes in the size that the window has, and is then brought into the other.
    """
    answer = page.goto(office + path)
    if answer is None or answer.status != (404 if path == NOBODYS else 200):
        yield f"{path} does not open"
    sizes = sorted(SIZES, key=lambda size: SIZES[size][0] != (page.viewport_size or {})["width"])
    for size in sizes:
        resize(page, size)
        if size == "wide" and looks:
            inspector.look(path)
        elif size == "wide":
            inspector.try_keys(path)
        for fault in page.evaluate(FAULTS):
            yield f"{path}, {size}: {fault}"


def shoot_both(page: Page, path: str, language: str) -> None:
    """Take a page's picture in both sizes."""
    for size in SIZES:
        resize(page, size)
        shoot(page, f"office{path.replace('/', '-').replace('.', '-').replace('?', '-')}-{language}-{size}")


def resize(page: Page, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
