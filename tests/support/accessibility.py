"""Accessibility: axe-core looks at a page as it stands, under the page's own Content-Security-Policy."""

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

from tests.support.needs import needs_module

CONTRAST = ("color-contrast",)

_LOOK = """
([graveOnes, only]) => axe.run(document, {
  resultTypes: ["violations"], preload: false, iframes: false,
  ...(only.length ? {runOnly: {type: "rule", values: only}} : {}),
}).then((found) => found.violations
  .filter((rule) => graveOnes.includes(rule.impact))
  .flatMap((rule) => rule.nodes.map((node) => [
    `${rule.id} (${rule.impact})`, node.target.join(" "), node.html.slice(0, 120),
    [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; "),
  ].join(" | "))))
"""
_GRAVE = ["serious", "critical"]


@cache
def _axe() -> str:
    needs_module("axe_playwright_python", "axe-playwright-python")
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


class Inspector:
    """Looks at each screen that it is shown, and keeps what is grave with the screen, the rule and the element.

    A browser's debugger brings axe-core in, so that no page has to allow a script that is not its own.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self.faults: list[str] = []
        self.seen: list[str] = []
        page.emulate_media(reduced_motion="reduce")
        page.add_init_script(_axe())

    def look(self, screen: str, only: tuple[str, ...] = ()) -> None:
        """Look at a screen by all rules, or by some alone."""
        if not self._page.evaluate("typeof axe === 'object'"):
            self._page.evaluate(_axe())
        self.seen.append(screen)
        found: list[str] = self._page.evaluate(_LOOK, [_GRAVE, list(only)])
        self.faults += [f"{screen}: {each}" for each in found]

    def look_in_the_dark(self, screen: str) -> None:
        """Look whether everything can be read in the dark scheme."""
        self._page.emulate_media(color_scheme="dark")
        self.look(f"{screen}, dark", CONTRAST)
        self._page.emulate_media(color_scheme="light")
