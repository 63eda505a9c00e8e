"""A box with one way in, for the benchmarks that start its processes."""

import base64
from pathlib import Path

from kiosk.bench import rosters
from kiosk.local.clock import SystemClock
from kiosk.located import EDGE

POINT = "entrance"

EDGE_TEXT = """\
[box]
device = "bench"
site = "{site}"
data_dir = "data"
hash_key_file = "hash.key"
[[reader]]
name = "{point}"
[[gate]]
id = "main"
{gate}
[[access_point]]
id = "{point}"
reader = "{point}"
gate = "main"
area_from = "outside"
area_to = "club"
passback = "off"
[controller]
health_port = 0
"""


def make_box(home: Path, members: int, *, gate: str, more: str = "") -> Path:
    """Lay a box out with a roster of that size and return its data folder; `gate` and `more` are lines of TOML."""
    rosters.install(home / "data" / "roster", members, SystemClock())
    text = EDGE_TEXT.format(site=rosters.SITE, point=POINT, gate=gate)
    (home / EDGE).write_text(text + more, encoding="utf-8")
    (home / "hash.key").write_bytes(base64.b64encode(rosters.HASH_KEY))
    return home / "data"
