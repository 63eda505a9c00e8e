"""QR codes as inline SVG: nothing is loaded, and nothing of an order rests in a file."""

import segno

QUIET_ZONE = 4
"""Modules of light margin, without which a phone does not find the code."""

CODE_MAX = 512
"""Longer texts make codes that a phone cannot read from a screen at arm's length."""


def code_svg(text: str) -> str:
    """Return the QR code of a text as an SVG element without a size of its own; raises ValueError over 512 letters."""
    if len(text) > CODE_MAX:
        raise ValueError(f"a text of {len(text)} characters, a code holds {CODE_MAX}")
    drawn: str = segno.make_qr(text, error="m").svg_inline(border=QUIET_ZONE, omitsize=True, svgclass="code")
    return drawn
