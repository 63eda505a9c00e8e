"""The kiosk in a real browser: every screen in both languages, the wipe, two tabs, another's card, the keyboard."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.core.board import Announcement
from kiosk.core.identifiers import Assurance, credential_of
from kiosk.core.self_service import MemberView, MoneyView, OrderState, Subject
from kiosk.local.webserver import WebServer
from kiosk.readers.reader import CardRead
from tests.builders import CREDENTIAL, HASH_KEY, IDENTIFIER
from tests.support.keyboard import KeyboardInspector
from tests.support.wait import eventually
from tests.web.browser import EVERY, go, keys, no_sideways_scrolling, on, open_page, replaced, served, shoot, speak
from tests.web.fake_central import make_view
from tests.web.kiosks import OTHER, Kiosk

pytestmark = pytest.mark.browser

SIZES = {"wide": (1280, 800), "tall": (1080, 1920)}
BACK_S = 30
"""So long a page may take to find a server again that came back."""
RESULT_S = 60
"""So long a result stands: longer than a slow machine takes to look at it."""
TYPED = ["en", *(["zh"] if EVERY else [])]
CUT = ["zh", *(["en"] if EVERY else [])]
SHOWN = [("zh", False), ("en", True), *([("en", False), ("zh", True)] if EVERY else [])]
FLOWS = [("zh", "wide"), ("en", "tall"), *([("en", "wide"), ("zh", "tall")] if EVERY else [])]
"""Each language and each size once; all of them where pictures are kept."""

OF_A_MEMBER = ("balance", "dues", "points", "coupons", "activities", "tier", "why", "data", "top_up", "feedback")

SMALL = """
() => [...document.querySelectorAll("button, summary, input:not([type=hidden]):not([type=checkbox])")]
  .filter((each) => each.offsetParent !== null)
  .filter((each) => each.offsetHeight < 59 || each.offsetWidth < (each.closest(".letters") ? 32 : 59))
  .map((each) => each.outerHTML.slice(0, 120))
"""
HIGHEST = """
() => Math.min(...[...document.querySelectorAll("main button")].map((each) => each.getBoundingClientRect().top))
  / innerHeight
"""
MEMBERS_WORDS = ("张", "0042", "1,234", "138****5678", "金卡", "Gold")


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kiosk, str]]:
    kiosk = Kiosk(tmp_path_factory.mktemp("kiosk"), result_s=RESULT_S)
    with served(kiosk.app) as address:
        yield kiosk, f"{address}/self"
        kiosk.close()


@pytest.fixture
def kiosk(stand: tuple[Kiosk, str]) -> Kiosk:
    found = stand[0]
    found.central.line, found.central.slow = True, False
    found.central.deaf, found.central.refuses = set(), {}
    found.central.views = {
        CREDENTIAL: make_view(),
        credential_of(OTHER, HASH_KEY): MemberView(True, "李*", money=MoneyView(700)),
    }
    found.central.orders.clear()
    found.central.handed_in.clear()
    found.clock.advance(3)
    found.parts.kiosk.end("finished")
    return found


@contextmanager
def at(stand: tuple[Kiosk, str], browser: Browser, size: str = "wide", language: str = "zh") -> Iterator[Page]:
    kiosk, address = stand
    with open_page(browser, address, *SIZES[size], hears="/self/events") as page:
        token = str(page.locator("body").get_attribute("data-page"))
        eventually(lambda: kiosk.parts.kiosk.has_screen(token))
        on(page, "attract")
        speak(page, language)
        yield page


def lay(kiosk: Kiosk, page: Page, identifier: str = "", screen: str = "home") -> None:
    """Lay a card on the reader, and wait until its screen stands."""
    kiosk.page = str(page.locator("body").get_attribute("data-page"))
    with replaced(page):
        kiosk.parts.reader.take(CardRead("kiosk", identifier or IDENTIFIER, Assurance.UID))
    on(page, screen)


def look(page: Page, name: str) -> None:
    """Check what holds for every screen, and keep a picture of it."""
    assert no_sideways_scrolling(page), name
    assert page.evaluate(SMALL) == [], name
    shoot(page, f"self-{name}")


@pytest.mark.parametrize(("language", "size"), FLOWS)
def test_three_taps_lead_to_a_code_and_the_payment_to_a_result_that_goes_by_itself(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser, language: str, size: str
) -> None:
    with at(stand, browser, size, language) as page:
        look(page, f"attract-{language}-{size}")
        lay(kiosk, page)
        speak(page, language)
        look(page, f"home-{language}-{size}")
        for taps, screen in (("top_up", "top_up"), ("way", "way"), ("pay", "pay")):
            go(page, taps, 3 if taps == "way" else 0)
            on(page, screen)
            if screen != "pay":
                look(page, f"{screen}-{language}-{size}")
        expect(page.locator(".code")).to_be_visible()
        look(page, f"pay-{language}-{size}")
        kiosk.central.end_order(OrderState.PAID, after_minor=178_450, given_minor=5_000, receipt="R-20261122-0042")
        on(page, "ending")
        expect(page.locator("h1")).to_contain_text({"zh": "付款成功", "en": "Paid"}[language])
        look(page, f"paid-{language}-{size}")
        assert page.locator(".kiosk").get_attribute("data-ends-s") == str(RESULT_S)
        page.evaluate("document.querySelector('.kiosk').dataset.endsS = '1'")
        on(page, "attract")
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        assert [each for each in MEMBERS_WORDS if each in page.content()] == []


@pytest.mark.parametrize(("language", "large"), SHOWN)
def test_every_screen_fits_can_be_touched_and_gives_the_focus_to_its_heading(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser, language: str, large: bool
) -> None:
    with at(stand, browser) as page:
        lay(kiosk, page)
        speak(page, language)
        if large:
            page.locator("[data-toggle=large]").click()
            expect(page.locator("body.large")).to_be_visible()
            look(page, f"home-{language}-large")
        for screen in OF_A_MEMBER:
            if screen != "balance":
                go(page, "home")
                on(page, "home")
            go(page, screen)
            on(page, screen)
            assert page.evaluate("document.activeElement?.tagName") == "H1"
            look(page, f"{screen}-{language}{'-large' if large else ''}")
        go(page, "words")
        on(page, "words")
        look(page, f"words-{language}{'-large' if large else ''}")


@pytest.mark.parametrize(("language", "large"), SHOWN)
def test_votes_and_questionnaires_are_filled_in_by_taps_and_every_question_fits(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser, language: str, large: bool
) -> None:
    name = f"{language}{'-large' if large else ''}"
    with at(stand, browser) as page:
        inspector = KeyboardInspector(page)
        lay(kiosk, page)
        speak(page, language)
        if large:
            page.locator("[data-toggle=large]").click()
        for kind, taps in (("votes", (1,)), ("surveys", (3, 0, None))):
            go(page, kind)
            on(page, "papers")
            look(page, f"{kind}-{name}")
            inspector.try_keys(f"{kind}, {name}")
            go(page, "paper")
            for number, place in enumerate(taps):
                on(page, "question")
                expect(page.locator(f"main [data-go=pick][data-values*='\"{number}\"']").first).to_be_visible()
                look(page, f"{kind}-{number}-{name}")
                if number == 0:
                    inspector.look(f"{kind}, {name}")
                else:
                    inspector.try_keys(f"{kind} {number}, {name}")
                if place is None:
                    keys(page, "towels")
                go(page, "pick", place or 0)
            on(page, "hand_in")
            look(page, f"{kind}-sure-{name}")
            inspector.try_keys(f"{kind}-sure, {name}")
            go(page, "hand_in")
            on(page, "result")
            look(page, f"{kind}-done-{name}")
            go(page, "home")
            on(page, "home")
    assert inspector.faults == []
    vote, survey = kiosk.central.questions(Subject.HAND_IN)[-2:]
    assert (vote.answers, survey.answers) == (("1",), ("4", "0", "towels"))


def test_help_is_asked_for_on_the_screen_that_stands_and_what_the_office_says_comes_up(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser
) -> None:
    with at(stand, browser) as page:
        lay(kiosk, page)
        kiosk.central.line = False
        kiosk.clock.advance(3)
        page.locator("[data-part=help]").click()
        expect(page.locator("[data-part=toast]")).to_contain_text("请拨打 021-5555 0100")
        look(page, "help-offline-zh")
        kiosk.central.line = True
        kiosk.clock.advance(3)
        page.locator("[data-part=help]").click()
        expect(page.locator("[data-part=toast]")).to_contain_text("已通知工作人员")
        look(page, "help-zh")
        inspector = KeyboardInspector(page)
        inspector.look("help")
        inspector.look_in_the_dark("help")
        assert inspector.faults == []
        on(page, "home")
        go(page, "finish")
        on(page, "attract")
        kiosk.announce(Announcement("new", "周一闭馆", "Closed on Mondays"))
        expect(page.locator(".attract-notice").nth(1)).to_contain_text("周一闭馆", timeout=20_000)
        look(page, "announced-zh")


@pytest.mark.parametrize("language", TYPED)
def test_what_was_typed_on_the_screens_keys_reaches_the_kiosk(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser, language: str
) -> None:
    with at(stand, browser, language=language) as page:
        go(page, "join")
        look(page, f"consent-{language}")
        for each in kiosk.settings.consents:
            expect(page.locator("h1")).to_have_text(each.title.en if language == "en" else each.title.zh)
            go(page, "agree")
        look(page, f"join-phone-{language}")
        keys(page, "13812345678")
        expect(page.locator("[data-mirror]")).to_have_text("138 1234 5678")
        go(page, "answer")
        keys(page, "19860231")
        go(page, "answer")
        expect(page.locator(".fault")).to_be_visible()
        look(page, f"join-birth-fault-{language}")
        page.locator("[data-key=clear]").click()
        keys(page, "19860517")
        go(page, "answer")
        expect(page.locator("input[name=value]:not([inputmode])")).to_be_visible()
        page.locator("[data-key=shift]").click()
        keys(page, "anna")
        look(page, f"join-name-{language}")
        go(page, "answer")
        on(page, "check")
        expect(page.locator("main")).to_contain_text("Anna")
        look(page, f"join-check-{language}")
        go(page, "apply")
        on(page, "result")
        look(page, f"join-done-{language}")
    assert kiosk.central.questions(Subject.APPLY)[-1].name == "Anna"


@pytest.mark.parametrize("language", CUT)
def test_the_line_cut_leaves_words_and_no_spinner(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser, language: str
) -> None:
    with at(stand, browser, language=language) as page:
        kiosk.central.line = False
        kiosk.clock.advance(720)
        lay(kiosk, page, screen="home_offline")
        expect(page.locator(".foot")).to_have_attribute("data-online", "no")
        expect(page.locator(".tile-off")).to_have_count(12)
        speak(page, language)
        look(page, f"offline-{language}")
        kiosk.central.line = True
        kiosk.clock.advance(3)
        go(page, "home")
        on(page, "home")
        go(page, "top_up")
        go(page, "way", 1)
        go(page, "pay")
        expect(page.locator(".code")).to_be_visible()
        kiosk.central.line = False
        expect(page.locator(".banner-attention")).to_be_visible()
        look(page, f"pay-offline-{language}")
        go(page, "cancel")
        on(page, "ending")
        expect(page.locator("h1")).to_contain_text("E31")
        look(page, f"checking-{language}")


def test_idle_brings_a_warning_that_can_be_answered_and_then_wipes_everything(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser
) -> None:
    with at(stand, browser) as page:
        lay(kiosk, page)
        assert page.locator("dialog").is_hidden()
        idle_after(page, 1, warning_s=60)
        expect(page.locator("dialog")).to_be_visible()
        expect(page.locator("[data-part=continue]")).to_be_focused()
        shoot(page, "self-warning-zh")
        page.evaluate("document.querySelector('.kiosk').dataset.idleS = '45'")
        page.locator("[data-part=continue]").click()
        expect(page.locator("dialog")).to_be_hidden()
        on(page, "home")
        idle_after(page, 1)
        on(page, "attract")
        assert kiosk.parts.kiosk.standing() == ""
        assert [each for each in MEMBERS_WORDS if each in page.content()] == []
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def idle_after(page: Page, seconds: float, warning_s: float = 1.5) -> None:
    """Make the screen's own times short: the server's are told to it with each screen."""
    times = {"idleS": str(seconds), "warningS": str(warning_s)}
    page.evaluate("times => Object.assign(document.querySelector('.kiosk').dataset, times)", times)


def test_another_card_a_reload_and_the_way_back_show_nothing_of_the_one_before(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser
) -> None:
    with at(stand, browser) as page:
        lay(kiosk, page)
        go(page, "balance")
        on(page, "balance")
        lay(kiosk, page, OTHER)
        expect(page.locator("h1")).to_contain_text("李*")
        assert [each for each in MEMBERS_WORDS if each in page.content()] == []
        page.reload()
        on(page, "attract")
        assert "李" not in page.content()
        page.goto("about:blank")
        page.go_back()
        on(page, "attract")
        eventually(lambda: kiosk.parts.kiosk.standing() == "")


def test_a_second_tab_is_told_and_gets_the_kiosk_when_the_first_is_closed(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser
) -> None:
    with at(stand, browser) as page:
        lay(kiosk, page)
        second = page.context.new_page()
        second.goto(stand[1])
        on(second, "elsewhere")
        look(second, "elsewhere-zh")
        assert "张" not in second.content()
        page.goto("about:blank")
        on(second, "attract")
        second.close()


def test_the_keyboard_alone_leads_through_and_a_bad_read_is_told(
    stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser
) -> None:
    with at(stand, browser) as page:
        kiosk.bad_tap()
        expect(page.locator("[data-part=toast]")).to_contain_text("请再刷一次")
        lay(kiosk, page)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        on(page, "top_up")
        page.locator("[data-go=amount]").focus()
        page.keyboard.press("Enter")
        on(page, "amount")
        page.keyboard.type("88")
        page.keyboard.press("Enter")
        on(page, "way")
        expect(page.locator(".to-pay")).to_contain_text("¥88.00")
        page.locator("[data-toggle=low]").click()
        assert page.evaluate(HIGHEST) > 0.35
        shoot(page, "self-low-zh")


def test_a_page_whose_process_dies_shows_nothing_of_the_member_and_comes_back_by_itself(
    browser: Browser, tmp_path: Path, free_port: int
) -> None:
    kiosk = Kiosk(tmp_path)
    server = WebServer(kiosk.app, "127.0.0.1", free_port, 8)
    server.start()
    with at((kiosk, f"http://127.0.0.1:{free_port}/self"), browser) as page:
        lay(kiosk, page)
        kiosk.parts.kiosk.close()
        server.close()
        on(page, "lost")
        assert [each for each in MEMBERS_WORDS if each in page.content()] == []
        shoot(page, "self-lost-zh")
        after = Kiosk(tmp_path / "after")
        server = WebServer(after.app, "127.0.0.1", free_port, 8)
        server.start()
        expect(page.locator(".kiosk")).to_have_attribute("data-screen", "attract", timeout=BACK_S * 1000)
    for each in (kiosk, after):
        each.close()
    server.close()


def test_dark_and_large_and_narrow_screens_fit(stand: tuple[Kiosk, str], kiosk: Kiosk, browser: Browser) -> None:
    with at(stand, browser) as page:
        page.emulate_media(color_scheme="dark")
        look(page, "attract-dark")
        lay(kiosk, page)
        look(page, "home-dark")
        page.set_viewport_size({"width": 390, "height": 844})
        assert no_sideways_scrolling(page)
        shoot(page, "self-home-phone")
