"""A real browser for tests: Debian's Chromium, headless, that asks nobody for anything; and hands at a kiosk's page."""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kiosk.local.webserver import WebServer
from tests.builders import NOW
from tests.support.needs import needs, needs_module

EVERY = bool(os.environ.get("KIOSK_SCREENS"))
"""Whether pictures are wanted: then tests that choose among screens, languages and sizes take all of them."""

ANSWER_S = 15.0
"""How long a screen may take to show what is expected of it: as long as a kiosk's page waits for an answer itself."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"

# Two characters that every Chinese font tells apart; without one both are drawn as the same box.
DRAWS_CHINESE = """
() => {
  const drawn = (text) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const context = canvas.getContext("2d");
    context.font = "48px " + getComputedStyle(document.body).fontFamily;
    context.fillText(text, 4, 52);
    return context.getImageData(0, 0, 64, 64).data.join();
  };
  const blank = drawn(" ");
  return drawn("请") !== drawn("卡") && drawn("请") !== drawn("\\uffff") && drawn("请") !== blank;
}
"""

# The mark is set anew by the press itself: the server may have replaced the screen while the hand was on its way.
MARK = """
() => {
  const mark = () => document.querySelector(".kiosk").toggleAttribute("data-left", true);
  mark();
  addEventListener("click", mark, { capture: true, once: true });
}
"""
REPLACED = ".kiosk:not([data-left], [data-screen=blank])"


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium, with a profile of its own that is thrown away."""
    needs_module("playwright", "playwright")
    program = needs("chromium", "chromium")
    needs(FONT, "fonts-noto-cjk")
    expect.set_options(timeout=ANSWER_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(app: Flask, end: Callable[[Flask], None] = lambda _app: None) -> Iterator[str]:
    """Serve an application by the real server; yields its address. `end` ends the application's event streams."""
    server = WebServer(app, "127.0.0.1", 0, 8)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        end(app)
        server.close()


@contextmanager
def open_page(browser: Browser, url: str, width: int = 1280, height: int = 800, *, hears: str = "") -> Iterator[Page]:
    """Open a page in a window of its own; fails for an error in its scripts or a request to anywhere else.

    `hears` is the path of an event stream: with one the page is given when its stream stands.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    faults: list[str] = []
    origin = url.split("/", 3)[2]
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("console", lambda said: faults.append(f"console: {said.text}") if "Content Security" in said.text else None)
    page.on("request", lambda sent: faults.append(f"request: {sent.url}") if origin not in sent.url else None)
    try:
        with page.expect_response(lambda answer: hears in answer.url) if hears else nullcontext():
            page.goto(url)
        yield page
    finally:
        context.close()
    assert not faults, faults


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page, as WebP, in the folder that KIOSK_SCREENS names; without it do nothing."""
    folder = os.environ.get("KIOSK_SCREENS")
    if folder:
        page.emulate_media(reduced_motion="reduce")
        page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
        browser = page.context.new_cdp_session(page)
        taken = browser.send("Page.captureScreenshot", {"format": "webp", "quality": 80})
        browser.detach()
        Path(folder, f"{name}.webp").write_bytes(base64.b64decode(taken["data"]))


def no_sideways_scrolling(page: Page) -> bool:
    """Say whether everything fits the window's width."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@contextmanager
def replaced(page: Page) -> Iterator[None]:
    """Do something at a kiosk, and wait until the screen that stood is gone and another is there."""
    page.evaluate(MARK)
    yield
    expect(page.locator(REPLACED)).to_be_attached()


def go(page: Page, where: str, place: int = 0) -> None:
    """Press what leads somewhere, and wait for the screen that it leads to."""
    with replaced(page):
        page.locator(f"main [data-go={where}], .top [data-go={where}]").nth(place).click()


def on(page: Page, screen: str) -> None:
    """Wait until a screen stands."""
    expect(page.locator(".kiosk")).to_have_attribute("data-screen", screen)


def keys(page: Page, text: str) -> None:
    """Type on the keys of the screen."""
    for letter in text:
        page.locator(f"[data-key='{letter}']").click()


def speak(page: Page, language: str) -> None:
    """Have the screen that stands in one of the languages, `zh` or `en`."""
    wanted = {"zh": "zh-CN", "en": "en"}[language]
    if page.locator("html").get_attribute("lang") != wanted:
        go(page, "language")
    expect(page.locator("html")).to_have_attribute("lang", wanted)
