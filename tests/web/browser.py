"""A real browser for tests: Debian's Chromium, headless, that asks nobody for anything."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.builders import NOW
from tests.support.needs import needs, needs_module

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


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium, with a profile of its own that is thrown away."""
    needs_module("playwright", "playwright")
    program = needs("chromium", "chromium")
    needs(FONT, "fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: Browser, url: str, width: int = 1280, height: int = 800) -> Iterator[Page]:
    """Open a page in a window of its own; fails for an error in its scripts or a request to anywhere else."""
    context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.clock.set_fixed_time(NOW)
    faults: list[str] = []
    origin = url.split("/", 3)[2]
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("console", lambda said: faults.append(f"console: {said.text}") if "Content Security" in said.text else None)
    page.on("request", lambda sent: faults.append(f"request: {sent.url}") if origin not in sent.url else None)
    try:
        page.goto(url)
        yield page
    finally:
        context.close()
    assert not faults, faults


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page in the folder that KIOSK_SCREENS names; without it do nothing."""
    folder = os.environ.get("KIOSK_SCREENS")
    if folder:
        Path(folder, f"{name}.png").write_bytes(page.screenshot(animations="disabled"))


def no_sideways_scrolling(page: Page) -> bool:
    """Say whether everything fits the window's width."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
