"""The till and the attendant in a real browser: a sale from the first touch to the receipt, and work at the gate."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.core.identifiers import Assurance
from kiosk.readers.reader import CardRead
from kiosk.web.self_roster import Line
from tests.builders import IDENTIFIER, NOW
from tests.support.wait import eventually
from tests.web.browser import no_sideways_scrolling, open_page, served, shoot
from tests.web.counters import LOST, Screen
from tests.web.fakes import make_decision, make_state
from tests.web.posts import PIN, Post

pytestmark = pytest.mark.browser

LANGUAGES = ["zh", "en"]
PARTS = (
    "sign-in", "code", "clear", "last", "total", "pay", "result", "undo", "next", "limits", "card-title", "cash-done",
    "cash-change",
)  # fmt: skip
PHOTO = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
"""One pixel."""


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Screen]:
    """A till whose line is down."""
    found = Screen(tmp_path)
    yield found
    found.close()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    """The post of an attendant called li."""
    found = Post(tmp_path)
    yield found
    found.close()


def big_enough(page: Page) -> list[str]:
    """Return what can be touched and is less than 60 px high."""
    script = """() => [...document.querySelectorAll("button, a, input:not([type=radio]), .choice")]
        .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 59.5)
        .map((each) => each.outerHTML.slice(0, 80))"""
    found: list[str] = page.evaluate(script)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sale_is_made_without_a_line_paid_undone_and_printed(browser: Browser, till: Screen, language: str) -> None:
    assert till.parts.reader is not None
    with served(till.app) as address, open_page(browser, f"{address}/till?lang={language}") as page:
        part = {name: page.locator(f"[data-part={name}]") for name in PARTS}
        shoot(page, f"till-sign-in-{language}")
        part["code"].fill("li")
        part["code"].press("Enter")
        expect(part["sign-in"]).to_be_hidden()
        expect(part["limits"]).to_contain_text("¥50.00")
        page.locator("[data-item=towel] button").click()
        page.locator("[data-item=towel] button").click()
        page.locator("[data-item=tea] button").click()
        expect(part["total"]).to_have_text("¥27.00")
        page.locator(".line .step").first.click()
        expect(part["total"]).to_have_text("¥17.00")
        shoot(page, f"till-basket-{language}")
        assert no_sideways_scrolling(page)
        assert big_enough(page) == []
        # A card that may not pay, then one that may: the way to pay follows it.
        till.parts.reader.take(CardRead("till", LOST, Assurance.UID))
        expect(part["card-title"]).to_contain_text("小林")
        assert page.locator("input[value=stored_value]").is_disabled()
        shoot(page, f"till-card-refused-{language}")
        till.parts.reader.take(CardRead("till", IDENTIFIER, Assurance.UID))
        expect(page.locator("input[value=stored_value]")).to_be_checked()
        assert page.locator("input[value=points]").is_disabled()
        expect(part["pay"]).to_be_enabled()
        part["pay"].dblclick()
        expect(part["result"]).to_have_attribute("data-mood", "granted")
        shoot(page, f"till-sold-{language}")
        assert [each["type"] for each in till.box.records()] == ["sale.made"]
        # The next one may have begun: the last sale is at hand all the same, even for a page that was loaded anew.
        part["next"].click()
        page.reload()
        part["last"].click()
        part["undo"].click()
        expect(part["result"]).to_have_attribute("data-mood", "attention")
        shoot(page, f"till-undone-{language}")
        part["next"].click()
        expect(part["last"]).to_be_hidden()
        # The keyboard stays on the button that it pressed, though the lines are drawn anew.
        page.locator("[data-item=tea] button").click()
        more = page.locator("[data-step='tea 1']")
        more.focus()
        for pieces in ("2", "3"):
            page.keyboard.press("Enter")
            expect(page.locator(".pieces")).to_have_text(pieces)
        expect(more).to_be_focused()
        part["clear"].click()
        # Cash, with change.
        page.locator("[data-item=tea] button").click()
        expect(part["pay"]).to_be_enabled()
        part["pay"].click()
        page.locator("[data-key='2']").click()
        page.locator("[data-key='0']").click()
        expect(part["cash-change"]).to_have_text("¥13.00")
        shoot(page, f"till-cash-{language}")
        part["cash-done"].click()
        expect(part["result"]).to_have_attribute("data-mood", "granted")
        records = till.box.records()
        assert [each["type"] for each in records] == ["sale.made", "sale.voided", "sale.made"]
        assert [each["data"]["tender"] for each in records] == ["stored_value", "stored_value", "cash"]
        sale = records[-1]["data"]["sale_id"]
    with served(till.app) as address, open_page(
        browser, f"{address}/till/receipt/{sale}?received=2000&lang={language}", 480, 800
    ) as page:  # fmt: skip
        expect(page.locator(".receipt")).to_contain_text("¥13.00")
        shoot(page, f"till-receipt-{language}")
        page.emulate_media(media="print")
        assert page.locator(".receipt-nav").is_hidden()


def test_a_sale_whose_answer_was_lost_is_asked_for_again_under_its_id_even_by_a_page_that_was_loaded_anew(
    browser: Browser, till: Screen
) -> None:
    with served(till.app) as address, open_page(browser, f"{address}/till") as page:
        page.locator("[data-part=code]").fill("li")
        page.locator("[data-part=code]").press("Enter")
        page.locator("[data-item=tea] button").click()
        page.locator(".choice", has=page.locator("input[value=bank_card]")).click()
        expect(page.locator("[data-part=pay]")).to_be_enabled()

        def lose(route: object) -> None:
            route.fetch()  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]

        page.route("**/till/pay", lose)
        page.locator("[data-part=pay]").click()
        expect(page.locator("[data-part=result]")).to_have_attribute("data-mood", "attention")
        assert page.locator("[data-part=next]").is_hidden()
        shoot(page, "till-in-doubt-zh")
        page.unroute("**/till/pay")
        page.reload()
        page.locator("[data-part=again]").click()
        expect(page.locator("[data-part=result]")).to_have_attribute("data-mood", "granted")
        assert [each["type"] for each in till.box.records()] == ["sale.made"]
        till.line = Line(True, NOW, NOW)
        expect(page.locator("body")).to_have_attribute("data-online", "true")
        expect(page.locator("[data-part=limits]")).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_attendant_sees_taps_and_who_is_inside_releases_and_opens_all_gates(
    browser: Browser, post: Post, language: str
) -> None:
    with served(post.app) as address, open_page(browser, f"{address}/attendant?lang={language}") as page:
        page.locator("[data-part=code]").fill("li")
        page.locator("[data-part=pin]").fill("999999")
        page.locator("[data-part=pin]").press("Enter")
        expect(page.locator("[data-part=why]")).to_contain_text("(A01)")
        shoot(page, f"attendant-sign-in-{language}")
        page.locator("[data-part=pin]").fill(PIN)
        page.locator("[data-part=pin]").press("Enter")
        post.say(make_decision(seq=6))
        eventually(lambda: post.feed.has_told("entrance", 6))
        # Of those who tap, only who does so from now on is shown by the photo, where central has one.
        asked: list[str] = []
        page.on("request", lambda sent: asked.append(sent.url) if "/photo/" in sent.url else None)
        page.locator(".point").first.click()
        expect(page.locator("body")).to_have_attribute("data-mood", "normal")
        expect(page.locator(".tap")).to_have_count(1)
        page.route("**/entrance/photo/7", lambda route: route.fulfill(content_type="image/png", body=PHOTO))
        post.say(make_decision(seq=7))
        expect(page.locator(".tap-photo img")).to_be_visible()
        missing = {"product": "gym", "per": "week", "used": 3, "limit": 3}
        with page.expect_request("**/entrance/photo/8"):
            post.say(make_decision(granted=False, reason="no_visits_left", detail=missing, seq=8, greeting="李先生"))
        expect(page.locator(".tap")).to_have_count(3)
        expect(page.locator(".tap").first).to_contain_text("3/3" if language == "zh" else "3 of 3")
        post.say({"kind": "passage", "access_point": "entrance", "taken": True})
        expect(page.locator(".tap").nth(1).locator(".tap-passed")).not_to_be_empty()
        assert [each.rpartition("/")[2] for each in asked] == ["7", "8"]
        assert page.locator("[data-part=release]").is_disabled()
        page.locator(".choice", has=page.locator("input[value=card_forgotten]")).click()
        page.locator("[data-part=release]").click()
        expect(page.locator("[data-part=released]")).to_contain_text("41")
        assert big_enough(page) == []
        assert no_sideways_scrolling(page)
        shoot(page, f"attendant-{language}")
        page.locator("[data-area=club]").click()
        expect(page.locator("[data-part=people]")).to_be_visible()
        page.locator("[data-part=people-away]").click()
        page.locator("[data-what=drill]").click()
        shoot(page, f"attendant-sure-{language}")
        page.locator("[data-part=yes]").click()
        post.say(make_state(emergency=True, drill=True))
        expect(page.locator("body")).to_have_attribute("data-mood", "drill")
        expect(page.locator("[data-what=end]")).to_be_visible()
        expect(page.locator("[data-what=drill]")).to_be_hidden()
        shoot(page, f"attendant-drill-{language}")
        asked_for = eventually(lambda: post.commands if len(post.commands) > 1 else [])
        assert [each["args"].get("why", each["args"].get("drill")) for each in asked_for] == ["card_forgotten", True]


def test_each_result_at_the_gate_has_a_sound_once_the_screen_was_touched_and_says_when_it_was_painted(
    browser: Browser, post: Post
) -> None:
    with served(post.app) as address, open_page(browser, f"{address}/gate/entrance") as page:
        expect(page.locator("body")).to_have_attribute("data-online", "true")
        assert page.locator("[data-part=sound]").is_visible()
        page.mouse.click(640, 400)
        expect(page.locator("[data-part=sound]")).to_be_hidden()
        for shows, (outcome, fields) in enumerate(
            {
                "granted": {},
                "attention": {"reason": "ok_forced"},
                "denied": {"granted": False, "reason": "other"},
            }.items()
        ):
            post.say(make_decision(**fields))
            expect(page.locator("body")).to_have_attribute("data-sounded", outcome)
            expect(page.locator("body")).to_have_attribute("data-shows", str(shows + 1))
