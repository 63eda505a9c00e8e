"""The office's pages in a real browser, served by the real server, over SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from kiosk.central.database import Database
from kiosk.local.webserver import WebServer
from kiosk.office.app import close_app
from kiosk.office.families import PAGES
from kiosk.office.security import BY_ITSELF
from tests.office.builders import (
    JOURNAL,
    MEMBER,
    TOKEN,
    add_journal,
    make_decision,
    make_passage,
    store,
)
from tests.office.conftest import MakeApp, copy_of
from tests.web.browser import DRAWS_CHINESE, no_sideways_scrolling, open_page, served, shoot

pytestmark = pytest.mark.browser

BACK_S = 30
"""So long a page may take to find a server again that came back."""
SIZES = {"wide": (1280, 800), "phone": (390, 844)}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app, close_app) as found:
        yield found


def sign_in(page: Page) -> None:
    if page.locator("details summary").count():  # Where there are accounts, the token's form is folded up.
        page.locator("details summary").last.click()
    page.locator("[name=staff_token]").fill(TOKEN)
    page.locator("[name=staff_token]").press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def wait_until_live(page: Page) -> None:
    expect(page.locator("[data-part=link]")).to_have_attribute("data-up", "yes")


@pytest.mark.parametrize(("language", "size"), [("zh", "wide"), ("en", "phone")])
def test_the_live_page_moves_with_the_records(
    browser: Browser, address: str, database: Database, language: str, size: str
) -> None:
    store(database, make_decision(), make_passage(of=1))
    store(database, {"at": "2026-11-22T08:30:00.000Z", "type": "reader.lost", "data": {"reader": "front"}})
    with open_page(browser, f"{address}/?lang={language}", *SIZES[size]) as page:
        shoot(page, f"office-sign-in-{language}-{size}")
        sign_in(page)
        wait_until_live(page)
        lines = page.locator("[data-part=rows] tr")
        expect(lines).to_have_count(2)
        expect(lines.last.locator(".passage")).to_have_text({"zh": "已通过", "en": "Went through"}[language])
        assert page.evaluate(DRAWS_CHINESE)
        store(database, make_decision(granted=False, reason="no_visits_left", access_point="pool"))
        expect(lines).to_have_count(3)
        expect(lines.first).to_contain_text({"zh": "次数已用完", "en": "No visits left"}[language])
        expect(lines.first).to_contain_text("张伟")
        expect(lines.first.locator("time")).to_have_text("16:31:07")
        store(database, make_decision(reason="ok_soft_antipassback"), make_passage(of=5, taken=False))
        expect(lines.first.locator(".passage")).to_have_text({"zh": "未通过", "en": "Did not go through"}[language])
        assert no_sideways_scrolling(page)
        shoot(page, f"office-live-{language}-{size}")


def test_lines_are_filtered_and_paused(browser: Browser, address: str, database: Database) -> None:
    store(database, make_decision(), make_decision(granted=False, reason="too_soon"))
    with open_page(browser, f"{address}/?lang=en") as page:
        sign_in(page)
        lines = page.locator("[data-part=rows] tr:visible")
        expect(lines).to_have_count(2)
        page.get_by_role("radio", name="Denied").check()
        expect(lines).to_have_count(1)
        page.get_by_role("radio", name="Device events").check()
        expect(lines).to_have_count(0)
        expect(page.locator("[data-part=empty]")).to_be_visible()
        page.get_by_role("radio", name="All").check()
        page.locator("[data-part=pause]").click()
        store(database, make_decision())
        expect(page.locator("[data-part=pause]")).to_have_text("Resume (1 new)")
        expect(lines).to_have_count(2)
        page.locator("[data-part=pause]").click()
        expect(lines).to_have_count(3)


def test_the_live_page_heals_and_shows_each_record_once(
    browser: Browser, make_app: MakeApp, database: Database, free_port: int
) -> None:
    def serve() -> tuple[Flask, WebServer]:
        app = make_app()
        server = WebServer(app, "127.0.0.1", free_port, 2)
        server.start()
        return app, server

    app, server = serve()
    store(database, make_decision())
    with open_page(browser, f"http://127.0.0.1:{free_port}/?lang=en") as page:
        sign_in(page)
        lines = page.locator("[data-part=rows] tr")
        expect(lines).to_have_count(1)
        close_app(app)
        server.close()
        expect(page.locator("[data-part=link]")).to_have_text("Connection lost; reconnecting by itself")
        store(database, make_decision(), make_decision())
        app, server = serve()
        expect(lines).to_have_count(3, timeout=BACK_S * 1000)
        wait_until_live(page)
        assert page.locator("[data-part=rows] tr").evaluate_all("rows => rows.map((row) => row.dataset.key)") == [
            f"{JOURNAL}:3", f"{JOURNAL}:2", f"{JOURNAL}:1",
        ]  # fmt: skip
    close_app(app)
    server.close()


@pytest.mark.parametrize(("language", "size"), [("zh", "wide"), ("en", "phone")])
def test_every_page_is_found_in_the_menu(browser: Browser, address: str, language: str, size: str) -> None:
    with open_page(browser, f"{address}/members?lang={language}", *SIZES[size]) as page:
        sign_in(page)
        page.locator(".menu summary").click()
        shoot(page, f"office-menu-{language}-{size}")
        shown = page.locator(".menu-sheet a:visible").evaluate_all("links => links.map((link) => link.pathname)")
        assert {each.path for each in PAGES if each.label} <= set(shown)
        assert no_sideways_scrolling(page)
        page.locator('.menu-sheet a[href="/rules"]').click()
        page.wait_for_url("**/rules")


def test_a_member_is_found_from_any_page(browser: Browser, address: str) -> None:
    with open_page(browser, f"{address}/rules?lang=en") as page:
        sign_in(page)
        page.get_by_label("Find a member").fill("alice")
        page.get_by_label("Find a member").press("Enter")
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.locator("tbody")).to_contain_text("Alice Brown")


@pytest.mark.parametrize(("language", "size"), [("zh", "wide"), ("en", "phone")])
def test_the_desk_is_worked_by_keys_alone(
    browser: Browser, make_app: MakeApp, tmp_path: Path, whole_file: Path, language: str, size: str
) -> None:
    with copy_of(whole_file) as database, served(make_app(database), close_app) as address:
        store(database, make_decision(granted=False, reason="no_visits_left"))
        with open_page(browser, f"{address}/desk?lang={language}", *SIZES[size]) as page:
            sign_in(page)
            box = page.locator("#desk-q")
            expect(box).to_be_focused()
            shoot(page, f"desk-{language}-{size}")
            page.keyboard.type("m000\n")
            expect(page.locator("[role=status] tbody tr")).to_have_count(3)
            page.wait_for_load_state()
            shoot(page, f"desk-several-{language}-{size}")
            page.keyboard.type("04A1B2C3D4E5F8\n")
            expect(page.locator("[role=status] strong")).to_be_visible()
            page.wait_for_load_state()
            shoot(page, f"desk-nobodys-{language}-{size}")
            page.keyboard.type("04A1B2C3D4E5F6\n")
            page.wait_for_url(f"**/desk/{MEMBER}")
            expect(box).to_be_focused()
            assert no_sideways_scrolling(page)
            shoot(page, f"desk-member-{language}-{size}")
            page.locator("h1").click()
            page.keyboard.type("04A")
            expect(box).to_have_value("04A")
            page.locator(".desk-groups a").first.focus()
            page.keyboard.press("Escape")
            expect(box).to_be_focused()
            page.keyboard.type("M0002\n")
            expect(page.locator("h1")).to_have_text("Alice Brown")


def test_a_list_is_sorted_by_a_click_and_comes_as_a_file(browser: Browser, address: str) -> None:
    with open_page(browser, f"{address}/members?lang=en") as page:
        sign_in(page)
        page.get_by_role("link", name="Paid until").click()
        expect(page.locator("tbody tr").first).to_contain_text("M0003")
        expect(page.locator("[aria-sort=ascending]")).to_have_text("Paid until")
        with page.expect_download() as coming:
            page.get_by_role("link", name="XLSX").click()
        assert coming.value.suggested_filename == "Members-2026-11-22.xlsx"


def test_a_form_is_filled_in_by_hand(browser: Browser, address: str) -> None:
    with open_page(browser, f"{address}/rules/joining.minimum_age?lang=en") as page:
        sign_in(page)
        page.get_by_role("link", name="Amend this entry").click()
        expect(page.get_by_label("New value")).to_have_value("18")
        page.get_by_label("New value").fill("16")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator(".wrong")).to_have_count(2)
        expect(page.get_by_label("New value")).to_have_value("16")
        page.get_by_label("Decided by").fill("council")
        page.get_by_label("Why").fill("a youth section opens")
        page.get_by_role("button", name="Submit").click()
        expect(page.locator("main [role=status]")).to_have_text("Done: Amend this entry")
        expect(page.locator("main")).to_contain_text("a youth section opens")


def test_pages_ask_for_a_sign_in_when_the_session_is_over(browser: Browser, make_app: MakeApp, free_port: int) -> None:
    def serve() -> tuple[Flask, WebServer]:
        app = make_app()
        server = WebServer(app, "127.0.0.1", free_port, 2)
        server.start()
        return app, server

    app, server = serve()
    for path in ("/", "/devices"):
        with open_page(browser, f"http://127.0.0.1:{free_port}{path}?lang=en") as page:
            sign_in(page)
            if path == "/":
                wait_until_live(page)
            close_app(app)
            server.close()
            expect(page.locator("[data-part=link]")).to_be_visible()
            expect(page.locator("[data-part=link]")).to_have_text("Connection lost; reconnecting by itself")
            page.context.clear_cookies()
            app, server = serve()
            page.wait_for_url(lambda url: "/sign-in" in url, timeout=BACK_S * 1000)
    close_app(app)
    server.close()


def test_the_devices_page_moves_by_itself(browser: Browser, address: str, database: Database) -> None:
    with open_page(browser, f"{address}/devices?lang=en") as page:
        sign_in(page)
        expect(page.locator("tbody tr")).to_have_count(1)
        add_journal(database, "south-1", "b2" * 16)
        with page.expect_request(lambda sent: sent.headers.get(BY_ITSELF.lower()) is not None):
            expect(page.locator("tbody tr")).to_have_count(2)
