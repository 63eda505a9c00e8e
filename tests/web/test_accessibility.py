"""Every screen of the box under axe-core and by the keyboard in both languages: kiosk, gate, till, attendant, demo.

The kiosk is looked at in Chinese by day, every third screen in the dark, and in English in large type.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.core.identifiers import Assurance
from kiosk.core.self_service import OrderState
from kiosk.readers.reader import CardRead
from kiosk.web.app import check_health
from kiosk.web.settings import Choice
from tests.builders import IDENTIFIER, NOW
from tests.support.keyboard import KeyboardInspector
from tests.support.wait import eventually
from tests.web.browser import EVERY, go, keys, on, open_page, served, speak
from tests.web.conftest import MakeApp
from tests.web.counters import LOST, Screen
from tests.web.fakes import FakeGate, make_decision, make_state
from tests.web.kiosks import Kiosk
from tests.web.posts import PIN, Post
from tests.web.test_self_browser import OF_A_MEMBER, at, lay

pytestmark = pytest.mark.browser

LANGUAGES = ["zh", "en"]
KINDS = (Choice("person", "个人会员", "Personal"), Choice("family", "家庭会员", "Family"))
NOBODYS = "04FFEEDDCCBBAA"
Look = Callable[[str], None]


@pytest.fixture
def kiosk(tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk that waits long enough to be looked at."""
    found = Kiosk(tmp_path, patience_s=60, result_s=60, idle_s=600, balance_s=600, kinds=KINDS)
    yield found
    found.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_kiosk(browser: Browser, kiosk: Kiosk, language: str) -> None:
    with served(kiosk.app) as address, at((kiosk, f"{address}/self"), browser, language=language) as page:
        inspector = KeyboardInspector(page)

        def look(name: str) -> None:
            if language == "en":
                page.evaluate("document.body.classList.add('large')")
            inspector.look(f"kiosk {name}, {language}")
            if language == "zh" and (EVERY or len(inspector.seen) % 3 == 0):
                inspector.look_in_the_dark(f"kiosk {name}, {language}")

        look("attract")
        nobodys_screens(kiosk, page, look, language)
        members_screens(kiosk, page, look, language)
        paying_screens(kiosk, page, look)
        screens_in_trouble(kiosk, page, look, language)
    assert inspector.faults == []
    assert len(inspector.seen) > 30


def nobodys_screens(kiosk: Kiosk, page: Page, look: Look, language: str) -> None:
    """Join without a card, and show one that nobody has."""
    go(page, "join")
    on(page, "consent")
    look("consent")
    for _ in kiosk.settings.consents:
        on(page, "consent")
        go(page, "agree")
    expect(page.locator(".pad")).to_be_visible()
    look("join: phone")
    keys(page, "13812345678")
    go(page, "answer")
    keys(page, "19860231")
    go(page, "answer")
    expect(page.locator(".fault")).to_be_visible()
    look("join: birth, wrong")
    page.locator("[data-key=clear]").click()
    keys(page, "19860517")
    go(page, "answer")
    expect(page.locator(".letters")).to_be_visible()
    look("join: name")
    keys(page, "anna")
    go(page, "answer")
    expect(page.locator(".ways")).to_be_visible()
    look("join: kind")
    go(page, "answer")
    on(page, "check")
    look("join: check")
    go(page, "apply")
    on(page, "result")
    look("join: done")
    go(page, "finish")
    on(page, "attract")
    lay(kiosk, page, NOBODYS, "unknown")
    speak(page, language)
    look("unknown card")
    go(page, "finish")
    on(page, "attract")


def members_screens(kiosk: Kiosk, page: Page, look: Look, language: str) -> None:
    """Lay a card on the reader and go through all that a member is shown."""
    kiosk.bad_tap()
    expect(page.locator("[data-part=toast]")).to_be_visible()
    look("attract with a bad read")
    held = threading.Event()
    kiosk.central.on_asked = lambda: bool(held.wait(60))
    lay(kiosk, page, screen="reading")
    look("reading")
    held.set()
    on(page, "home")
    speak(page, language)
    look("home")
    for screen in OF_A_MEMBER:
        go(page, screen)
        on(page, screen)
        look(screen)
        if screen != "feedback":
            go(page, "home")
            on(page, "home")
    go(page, "words")
    on(page, "words")
    look("words")
    go(page, "leave")
    on(page, "result")
    go(page, "home")
    go(page, "points")
    go(page, "reward")
    on(page, "reward")
    look("reward")
    go(page, "redeem")
    on(page, "result")
    look("reward taken")
    go(page, "home")


def paying_screens(kiosk: Kiosk, page: Page, look: Look) -> None:
    """Pay once, and give up once while the line is cut."""
    go(page, "top_up")
    go(page, "amount")
    on(page, "amount")
    look("amount")
    go(page, "top_up")
    go(page, "way")
    on(page, "way")
    look("way")
    go(page, "pay")
    expect(page.locator(".code")).to_be_visible()
    look("code")
    kiosk.central.end_order(OrderState.PAID, after_minor=178_450, given_minor=5_000, receipt="R-20261122-0042")
    on(page, "ending")
    look("paid")
    go(page, "home")
    for taps in ("top_up", "way", "pay"):
        go(page, taps)
    expect(page.locator(".code")).to_be_visible()
    kiosk.central.line = False
    expect(page.locator(".banner-attention")).to_be_visible()
    look("code, unheard")
    go(page, "cancel")
    on(page, "ending")
    look("being checked")
    go(page, "finish")
    on(page, "attract")


def screens_in_trouble(kiosk: Kiosk, page: Page, look: Look, language: str) -> None:
    """Offline, left alone, open twice, and without its process."""
    kiosk.clock.advance(720)
    lay(kiosk, page, screen="home_offline")
    speak(page, language)
    look("offline")
    second = page.context.new_page()
    second.goto(page.url)
    on(second, "elsewhere")
    inspector = KeyboardInspector(second)
    inspector.look(f"kiosk in use elsewhere, {language}")
    assert inspector.faults == []
    second.close()
    page.evaluate("Object.assign(document.querySelector('.kiosk').dataset, {idleS: '1', warningS: '60'})")
    expect(page.locator("dialog")).to_be_visible()
    look("warning")
    page.route(lambda url: url.endswith("/self"), lambda route: route.abort())
    kiosk.parts.kiosk.close()
    on(page, "lost")
    look("lost")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_gate_display_and_the_demo(browser: Browser, make_app: MakeApp, gate: FakeGate, language: str) -> None:
    app = make_app()
    check_health(app)
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: check_health(app).ok)
    with served(app) as address, open_page(browser, f"{address}/gate/entrance?lang={language}") as page:
        inspector, body = KeyboardInspector(page), page.locator("body")
        expect(body).to_have_attribute("data-online", "true")
        inspector.look(f"gate, {language}")
        for outcome, fields in {
            "granted": {"notes": [{"code": "expires_soon", "days": 12}]},
            "attention": {"reason": "ok_soft_antipassback"},
            "denied": {"granted": False, "reason": "tier_too_low"},
        }.items():
            gate.say(make_decision(**fields))
            expect(body).to_have_attribute("data-outcome", outcome)
            inspector.look(f"gate {outcome}, {language}")
        page.goto(f"{address}/gate/entrance?lang={language}")
        for notice, fields in {
            "": {"online": False}, "lockdown": {"lockdown": True}, "drill": {"emergency": True, "drill": True}
        }.items():  # fmt: skip
            gate.say(make_state(**fields))
            expect(body).to_have_attribute("data-notice", notice)
            expect(body).to_have_attribute("data-online", str(fields.get("online", True)).lower())
            inspector.look(f"gate {notice or 'offline'}, {language}")
        gate.say(make_state())
        for path in ("", "demo", "nothing"):
            page.goto(f"{address}/{path}?lang={language}")
            inspector.look(f"/{path}, {language}")
            inspector.look_in_the_dark(f"/{path}, {language}")
        assert inspector.faults == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_till(browser: Browser, tmp_path: Path, language: str) -> None:
    till = Screen(tmp_path)
    assert till.parts.reader is not None
    with served(till.app) as address, open_page(browser, f"{address}/till?lang={language}") as page:
        inspector = KeyboardInspector(page)

        def look(name: str) -> None:
            inspector.look(f"till {name}, {language}")
            inspector.look_in_the_dark(f"till {name}, {language}")

        result, pay = page.locator("[data-part=result]"), page.locator("[data-part=pay]")
        expect(page.locator("[data-part=sign-in]")).to_be_visible()
        look("sign-in")
        page.locator("[data-part=code]").fill("li")
        page.locator("[data-part=code]").press("Enter")
        page.locator("[data-item=towel] button").click()
        till.parts.reader.take(CardRead("till", LOST, Assurance.UID))
        expect(page.locator("[data-part=card-title]")).to_contain_text("小林")
        look("basket and a lost card")
        till.parts.reader.take(CardRead("till", IDENTIFIER, Assurance.UID))
        expect(page.locator("input[value=stored_value]")).to_be_checked()
        look("basket and a card")
        pay.click()
        expect(result).to_have_attribute("data-mood", "granted")
        look("sold")
        page.locator("[data-part=undo]").click()
        expect(result).to_have_attribute("data-mood", "attention")
        look("undone")
        page.locator("[data-part=next]").click()
        page.locator("[data-item=tea] button").click()
        expect(pay).to_be_enabled()
        pay.click()
        page.locator("[data-key='9']").click()
        look("cash")
        page.locator("[data-part=cash-done]").click()
        expect(result).to_have_attribute("data-mood", "granted")
        page.goto(f"{address}/till/receipt/{till.box.records()[-1]['data']['sale_id']}?lang={language}")
        look("receipt")
    till.close()
    assert inspector.faults == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_attendant(browser: Browser, tmp_path: Path, language: str) -> None:
    post = Post(tmp_path)
    with served(post.app) as address, open_page(browser, f"{address}/attendant?lang={language}") as page:
        inspector, body = KeyboardInspector(page), page.locator("body")

        def look(name: str) -> None:
            inspector.look(f"attendant {name}, {language}")
            inspector.look_in_the_dark(f"attendant {name}, {language}")

        page.locator("[data-part=code]").fill("li")
        page.locator("[data-part=pin]").fill("999999")
        page.locator("[data-part=pin]").press("Enter")
        expect(page.locator("[data-part=why]")).to_be_visible()
        look("sign-in, wrong")
        page.locator("[data-part=pin]").fill(PIN)
        page.locator("[data-part=pin]").press("Enter")
        expect(page.locator(".point").first).to_be_visible()
        look("choice of gates")
        page.locator(".point").first.click()
        expect(body).to_have_attribute("data-mood", "normal")
        post.say(make_decision(seq=7))
        post.say(make_decision(reason="ok_forced", seq=8))
        post.say(make_decision(granted=False, reason="tier_too_low", seq=9, at=NOW.isoformat()))
        expect(page.locator(".tap")).to_have_count(3)
        page.locator(".choice", has=page.locator("input[value=card_forgotten]")).click()
        page.locator(".area").first.click()
        expect(page.locator("[data-part=people]")).to_be_visible()
        look("with taps")
        page.locator("[data-part=people-away]").click()
        page.locator("[data-what=drill]").click()
        look("asked whether to drill")
        page.locator("[data-part=yes]").click()
        post.say(make_state(emergency=True, drill=True))
        expect(body).to_have_attribute("data-mood", "drill")
        look("in a drill")
        post.gate.close()
        expect(body).to_have_attribute("data-mood", "lost")
        look("without its gate")
    post.close()
    assert inspector.faults == []
