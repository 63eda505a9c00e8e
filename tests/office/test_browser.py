"""The office's pages in a real browser, served by the real server, over SQLite."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from kiosk.central.database import Database
from kiosk.local.webserver import WebServer
from kiosk.office.app import close_app
from tests.office.builders import JOURNAL, TOKEN, add_journal, make_decision, make_passage, park_one, store
from tests.office.conftest import MakeApp
from tests.web.browser import DRAWS_CHINESE, no_sideways_scrolling, open_browser, open_page, shoot

pytestmark = pytest.mark.browser

LANGUAGES = ["zh", "en"]
SIZES = {"wide": (1280, 800), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = WebServer(app, "127.0.0.1", 0, 2)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    close_app(app)
    server.close()


def sign_in(page: Page) -> None:
    page.locator("[name=staff_token]").fill(TOKEN)
    page.locator("main button").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def wait_until_live(page: Page) -> None:
    expect(page.locator("[data-part=link]")).to_have_attribute("data-up", "yes")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
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
        expect(lines).to_have_count(3, timeout=15_000)
        wait_until_live(page)
        assert page.locator("[data-part=rows] tr").evaluate_all("rows => rows.map((row) => row.dataset.key)") == [
            f"{JOURNAL}:3", f"{JOURNAL}:2", f"{JOURNAL}:1",
        ]  # fmt: skip
    close_app(app)
    server.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_the_other_pages_open_and_fit(
    browser: Browser, address: str, database: Database, language: str, size: str
) -> None:
    add_journal(database, "south-1", "b2" * 16, state="offline", roster_revision=9, clock_offset_ms=-2600)
    add_journal(database, "pool-2", "b3" * 16, state="never", roster_revision=None, seen_at=None, version=None,
                clock_offset_ms=None)  # fmt: skip
    park_one(database, 1)
    park_one(database, 2, why="unknown_type", detail="type kitchen.fire is not known here")
    with open_page(browser, f"{address}/devices?lang={language}", *SIZES[size]) as page:
        sign_in(page)
        for name in ("devices", "parked", "members", "members/M0001"):
            page.goto(f"{address}/{name}")
            expect(page.locator("h1")).to_be_visible()
            assert no_sideways_scrolling(page)
            assert page.locator("time").count() == 0 or "UTC" not in page.locator("time").first.inner_text()
            shoot(page, f"office-{name.replace('members/M0001', 'member')}-{language}-{size}")


def test_the_devices_page_moves_by_itself(browser: Browser, address: str, database: Database) -> None:
    with open_page(browser, f"{address}/devices?lang=en") as page:
        sign_in(page)
        expect(page.locator("tbody tr")).to_have_count(1)
        add_journal(database, "south-1", "b2" * 16)
        expect(page.locator("tbody tr")).to_have_count(2, timeout=10_000)
