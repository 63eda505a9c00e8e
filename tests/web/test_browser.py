"""The display and the demo in a real browser, served by the real server, fed by a fake gate."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from kiosk.local.webserver import WebServer
from kiosk.web import screens
from kiosk.web.app import check_health, close_app
from tests.builders import NOW, FakeClock
from tests.support.wait import eventually
from tests.web.browser import DRAWS_CHINESE, no_sideways_scrolling, open_page, served, shoot
from tests.web.conftest import MakeApp
from tests.web.fakes import FakeGate, make_answer, make_decision, make_state

pytestmark = pytest.mark.browser

LANGUAGES = ["zh", "en"]
RESULTS: dict[str, dict[str, Any]] = {
    "granted": {},
    "attention": {"reason": "ok_soft_antipassback"},
    "denied": {"granted": False, "reason": "tier_too_low"},
}
BACK_S = 30
"""So long a page may take to find a server or a gate again that came back."""
SIZES = {"wide": (1280, 800), "tall": (720, 1280), "phone": (390, 844), "frame": (480, 360)}


@pytest.fixture
def app(make_app: MakeApp, gate: FakeGate) -> Flask:
    app = make_app()
    check_health(app)
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: check_health(app).ok)
    return app


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app, close_app) as found:
        yield found


@pytest.fixture
def results_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show results for longer than a slow machine needs to look at them."""
    monkeypatch.setattr(screens, "RESULT_S", 60)


def outcome(page: Page) -> str:
    return str(page.locator("body").get_attribute("data-outcome"))


def wait_until_live(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-online", "true")


@pytest.mark.usefixtures("results_stay")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", SIZES)
def test_the_display_moves_with_the_gate(
    browser: Browser, address: str, gate: FakeGate, language: str, size: str
) -> None:
    with open_page(browser, f"{address}/gate/entrance?lang={language}", *SIZES[size]) as page:
        wait_until_live(page)
        expect(page.locator("[data-part=line]")).to_contain_text({"zh": "联网", "en": "Online since"}[language])
        expect(page.locator("[data-part=idle-title] .first")).to_have_text(
            {"zh": "请刷卡", "en": "Please tap your card"}[language]
        )
        assert page.evaluate(DRAWS_CHINESE)
        shoot(page, f"gate-idle-{language}-{size}")
        for shown, fields in RESULTS.items():
            gate.say(make_decision(**fields))
            expect(page.locator("body")).to_have_attribute("data-outcome", shown)
            assert page.locator("[data-part=result] use").get_attribute("href") == f"#icon-{shown}"
            assert page.locator("[data-part=result-title] .first").inner_text()
            gate.say({"kind": "passage", "access_point": "entrance", "taken": True})
            assert no_sideways_scrolling(page)
            assert page.evaluate("document.querySelector('.gate-foot').getBoundingClientRect().bottom <= innerHeight")
            shoot(page, f"gate-{shown}-{language}-{size}")


def test_quotation_marks_are_as_wide_as_their_language_has_them(browser: Browser, address: str) -> None:
    with open_page(browser, f"{address}/gate/entrance") as page:
        widths = page.evaluate("""() => ["en", "zh-CN"].map((language) => {
          const said = document.createElement("span");
          said.lang = language;
          Object.assign(said.style, { fontSize: "100px", position: "absolute" });
          said.textContent = "“”";
          document.body.append(said);
          return said.getBoundingClientRect().width;
        })""")
        assert widths[0] < 120 < 180 < widths[1]


def test_the_display_is_idle_again_after_four_seconds(browser: Browser, address: str, gate: FakeGate) -> None:
    with open_page(browser, f"{address}/gate/entrance") as page:
        wait_until_live(page)
        page.clock.install(time=NOW)
        page.clock.pause_at(NOW + timedelta(seconds=15))
        gate.say(make_decision())
        expect(page.locator("body")).to_have_attribute("data-outcome", "granted")
        page.clock.run_for(3900)
        assert outcome(page) == "granted"
        page.clock.run_for(200)
        assert outcome(page) == "idle"
        assert page.locator("[data-part=result]").is_hidden()


@pytest.mark.usefixtures("results_stay")
def test_going_through_is_confirmed(browser: Browser, address: str, gate: FakeGate) -> None:
    with open_page(browser, f"{address}/gate/entrance") as page:
        wait_until_live(page)
        gate.say(make_decision())
        expect(page.locator("[data-part=greeting]")).to_have_text("张女士")
        expect(page.locator("[data-part=tier] .first")).to_have_text("金卡会员")
        expect(page.locator("[data-part=passed]")).to_be_hidden()
        gate.say({"kind": "passage", "access_point": "entrance", "taken": True})
        expect(page.locator("[data-part=passed]")).to_be_visible()


@pytest.mark.proves("S40")
@pytest.mark.parametrize(("size", "width", "height"), [("wide", 1280, 800), ("tall", 600, 1024)])
@pytest.mark.usefixtures("results_stay")
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_else_is_said_stands_beside_the_result_and_goes_with_it(
    browser: Browser, address: str, gate: FakeGate, language: str, size: str, width: int, height: int
) -> None:
    with open_page(browser, f"{address}/gate/entrance?lang={language}", width, height) as page:
        wait_until_live(page)
        notes = page.locator("[data-part=notes]")
        gate.say(make_decision(notes=[{"code": "expires_soon", "days": 12}, {"code": "see_kiosk"}]))
        expect(notes.locator("li .first")).to_have_text(
            {"zh": ["还有 12 天到期", "请看自助机"], "en": ["Expires in 12 days", "Please see the kiosk"]}[language]
        )
        # The line at the bottom stays in sight.
        foot = page.locator(".gate-foot").bounding_box()
        assert foot is not None
        assert foot["y"] + foot["height"] <= height
        shoot(page, f"gate-notes-{language}-{size}")
        gate.say(make_decision(greeting="李先生"))
        expect(page.locator("[data-part=greeting]")).to_have_text("李先生")
        expect(notes).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_line_is_honest_when_the_line_is_down(
    browser: Browser, address: str, gate: FakeGate, language: str
) -> None:
    with open_page(browser, f"{address}/gate/entrance?lang={language}") as page:
        wait_until_live(page)
        gate.say(make_state(online=False, since="2026-11-22T08:19:00.000Z", roster_age_s=1800))
        expect(page.locator("[data-part=line] .first")).to_have_text(
            re.compile(
                {"zh": "离线 12 分钟，数据截至 .*16:01", "en": "Offline for 12 min – data as of .*16:01"}[language]
            )
        )
        shoot(page, f"gate-offline-{language}-wide")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_gate_that_goes_and_comes_is_shown(browser: Browser, address: str, gate: FakeGate, language: str) -> None:
    with open_page(browser, f"{address}/gate/entrance?lang={language}") as page:
        wait_until_live(page)
        gate.close()
        expect(page.locator("body")).to_have_attribute("data-notice", "no_gate")
        shoot(page, f"gate-lost-{language}-wide")
        gate.start()
        gate.wait_for_follower()
        gate.say(make_state(lockdown=True))
        expect(page.locator("body")).to_have_attribute("data-notice", "lockdown")
        shoot(page, f"gate-lockdown-{language}-wide")
        gate.say(make_decision(granted=False, reason="lockdown"))
        expect(page.locator("body")).to_have_attribute("data-outcome", "denied")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(176, 21, 31)"
        gate.say(make_state())
        expect(page.locator("body")).to_have_attribute("data-notice", "")


def test_the_display_heals_when_the_screens_process_comes_back(
    browser: Browser, make_app: MakeApp, gate: FakeGate, free_port: int
) -> None:
    def serve() -> tuple[Flask, WebServer]:
        app = make_app()
        check_health(app)
        gate.wait_for_follower()
        server = WebServer(app, "127.0.0.1", free_port, 8)
        server.start()
        return app, server

    app, server = serve()
    with open_page(browser, f"http://127.0.0.1:{free_port}/gate/entrance") as page:
        gate.say(make_state())
        wait_until_live(page)
        close_app(app)
        gate.wait_until_nobody_follows()
        server.close()
        expect(page.locator("body")).to_have_attribute("data-notice", "no_gate")
        app, server = serve()
        gate.say(make_state())
        expect(page.locator("body")).to_have_attribute("data-notice", "", timeout=BACK_S * 1000)
        gate.say(make_decision())
        expect(page.locator("body")).to_have_attribute("data-outcome", "granted")
    close_app(app)
    server.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_demo_taps_a_card_and_shows_the_record_and_the_display(
    browser: Browser, address: str, gate: FakeGate, language: str, size: str
) -> None:
    gate.answer = make_answer(granted=False, reason="membership_ended")
    with open_page(browser, f"{address}/demo?lang={language}", *SIZES[size]) as page:
        expect(page.locator("[data-card]")).to_have_count(3)
        page.locator("[data-part=search]").fill("alice")
        expect(page.locator("[data-card]:visible")).to_have_count(1)
        page.locator("[data-card]:visible button").click()
        expect(page.locator("[data-part=record]")).to_contain_text('"reason": "membership_ended"')
        expect(page.locator("[data-part=verdict-text]")).to_contain_text(
            {"zh": "请到前台", "en": "See the front desk"}[language]
        )
        assert gate.taps == [{"identifier": "04A1B2C3D4E5F7", "reader": "front"}]
        display = page.frame_locator("[data-part=screen]").locator("body")
        expect(display).to_have_attribute("data-online", "true")
        gate.say(make_decision(granted=False, reason="membership_ended"))
        expect(display).to_have_attribute("data-outcome", "denied")
        assert no_sideways_scrolling(page)
        page.locator("[data-part=search]").fill("")
        shoot(page, f"demo-{language}-{size}")
        page.locator("[data-part=search]").fill("nobody of that name")
        expect(page.locator("[data-part=no-match]")).to_be_visible()
        page.locator("[data-part=search]").fill("")
        page.locator("[data-part=expected]").select_option("attention")
        expect(page.locator("[data-card]:visible")).to_have_count(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_leads_to_the_displays(browser: Browser, address: str, language: str) -> None:
    with open_page(browser, f"{address}/?lang={language}") as page:
        shoot(page, f"gate-choose-{language}-wide")
        page.locator("strong", has_text={"zh": "游泳池", "en": "Pool"}[language]).click()
        expect(page.locator(".gate-point")).to_contain_text("Pool")
        expect(page.locator("html")).to_have_attribute("data-language", language)


def test_the_first_page_finds_the_gate_when_it_comes(
    browser: Browser, make_app: MakeApp, gate: FakeGate, clock: FakeClock
) -> None:
    gate.close()
    app = make_app()
    with served(app, close_app) as address, open_page(browser, f"{address}/") as page:
        expect(page.locator("[role=status]")).to_be_visible()
        gate.start()
        gate.wait_for_follower()
        gate.say(make_state())
        expect(page.locator(".point")).to_have_count(3, timeout=BACK_S * 1000)
