"""The colours of all screens: named in one place, readable by day and in the dark."""

import re
from itertools import product
from pathlib import Path

import pytest

import kiosk
from kiosk.local.webserver import SHARED_FILES

PACKAGE = Path(kiosk.__file__).parent
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|hwb|lab|lch|oklab|oklch|color|color-mix)\(")
NAMED = re.compile(r":[^;{}]*\b(?:white|black|gray|grey|red|green|blue|yellow|orange|silver|navy)\b")
TEXT_MIN, PART_MIN = 4.5, 3.0
GROUNDS = ("paper", "ground")
TEXTS = [
    *product(("ink", "ink-soft", "brand", "brand-deep", "granted", "attention-deep", "denied"), GROUNDS),
    *product(("ink", "ink-soft"), ("brand-soft", "attention-soft", "granted-soft", "denied-soft", "rule", "fresh")),
    *product(("brand", "brand-deep"), ("brand-soft",)),
    *((each, f"{each}-soft") for each in ("granted", "denied")),
    *product(("on-fill",), ("brand", "brand-deep", "granted", "denied")),
    *product(("on-bar",), ("bar", "stage", "out-of-order", "alarm")),
    *product(("lamp", "attention", "on-bar-mark"), ("bar", "stage")),
    *product(("print", "print-soft"), ("sheet",)),
    ("attention-deep", "attention-soft"),
    ("attention-ink", "attention"),
]
PARTS = [("field", "paper"), ("field", "ground")]


def schemes() -> dict[str, dict[str, str]]:
    """Return the tokens that are plain colours, by name, as they are by day and in the dark."""
    whole = (SHARED_FILES / "tokens.css").read_text(encoding="utf-8")
    day, rest = whole.split("@media (prefers-color-scheme: dark)")
    dark = rest.split("@media print")[0]
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in (day, dark)]
    return {"day": found[0], "dark": found[0] | found[1]}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 reckons it, 1 to 21."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["day", "dark"])
def test_every_text_can_be_read_on_every_ground_that_it_stands_on(scheme: str) -> None:
    colours = schemes()[scheme]
    wanted = [(*each, TEXT_MIN) for each in TEXTS] + [(*each, PART_MIN) for each in PARTS]
    faint = {(a, b): round(contrast(colours[a], colours[b]), 2) for a, b, least in wanted
             if contrast(colours[a], colours[b]) < least}  # fmt: skip
    assert faint == {}


def test_no_style_names_a_colour_outside_of_the_tokens() -> None:
    styles = [path for path in PACKAGE.rglob("static/*.css") if path.name != "tokens.css"]
    assert len(styles) > 8
    faults = [
        f"{path.name}: {line.strip()}"
        for path in styles
        for line in path.read_text(encoding="utf-8").splitlines()
        if COLOUR.search(line) or NAMED.search(line)
    ]
    assert faults == []


def test_every_colour_that_a_style_asks_for_is_there() -> None:
    whole = (SHARED_FILES / "tokens.css").read_text(encoding="utf-8")
    known = set(re.findall(r"--([a-z-]+):", whole))
    for path in PACKAGE.rglob("static/*.css"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"var\(--([a-z-]+)\)", text)) <= known | set(re.findall(r"--([a-z-]+):", text)), path.name
