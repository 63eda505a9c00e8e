"""Makes a demo's home: configuration, keys, database, sample club, and the demo's gate as a registered device."""

import json
import secrets
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from kiosk.central.club.benefits import load_policy
from kiosk.central.club.books import Actor, Books
from kiosk.central.database import Database
from kiosk.central.devices import list_devices
from kiosk.central.importing import import_members
from kiosk.central.keys import Keys, init_keys
from kiosk.central.schema import migrate
from kiosk.core.errors import CannotStart
from kiosk.demo.accounts import add_account
from kiosk.demo.club import sample_club, write_cards, write_import
from kiosk.demo.counter import counter_text, put_items
from kiosk.demo.offers import offer
from kiosk.demo.policy import SITE, sample_policy
from kiosk.demo.ports import Ports
from kiosk.demo.self_service import SELF_SERVICE_TEXT, pin_up
from kiosk.hostile.keys import make_keys
from kiosk.hostile.tables import pay_table
from kiosk.local.clock import SystemClock
from kiosk.local.files import make_folder, write_secret
from kiosk.located import CENTRAL, EDGE
from kiosk.wiring_central import CentralConfig, load_central, open_central, registrar

DEVICE = "demo-gate"
ZONE = "Asia/Shanghai"
ACCOUNTS = "central/accounts.json"
WITH_OFFERS = 24
"""So many members of the sample club have points, a coupon and a contract."""

PROVIDER = "provider"
"""The folder of the payment provider's keys."""

EDGE_TEXT = """\
# Written by `kiosk demo`. config/edge.toml of the source explains every key.
[box]
device = "{device}"
site = "{site}"
data_dir = "edge"
hash_key_file = "edge/hash.key"
zone = "{zone}"

[[reader]]
name = "entrance"
[[reader]]
name = "exit"
[[reader]]
name = "pool"

[[gate]]
id = "main"
mock_passage_s = 0.2
open_grants_max = 64
[[gate]]
id = "pool"
mock_passage_s = 0.2
open_grants_max = 64

[[access_point]]
id = "entrance"
reader = "entrance"
gate = "main"
area_from = "outside"
area_to = "club"
[[access_point]]
id = "exit"
reader = "exit"
gate = "main"
area_from = "club"
area_to = "outside"
way_out = true
[[access_point]]
id = "pool"
reader = "pool"
gate = "pool"
area_from = "club"
area_to = "pool"

[controller]
health_port = {gate_health}

[sync]
host = "127.0.0.1"
port = {mqtt}
username = "{device}"
password_file = "edge/mqtt.password"
device_key_file = "edge/device.key"
central_key_file = "edge/central.key"
health_port = {sync_health}

[web]
port = {web}
health_port = {web_health}
club = {{ zh = "示范俱乐部", en = "Sample Club" }}
sample_cards = "cards.csv"
[web.access_points]
entrance = {{ zh = "入口", en = "Entrance" }}
exit = {{ zh = "出口", en = "Exit" }}
pool = {{ zh = "泳池", en = "Pool" }}
"""

CENTRAL_TEXT = """\
# Written by `kiosk demo`. config/central.toml of the source explains every key.
home = "central"
zone = "{zone}"
health_port = {central_health}

[broker]
host = "127.0.0.1"
port = {mqtt}
username = "central"
password_file = "central/mqtt.password"

[provision]
demo_accounts = "{accounts}"

[office]
token_file = "token"
port = {office}
https = false
health_port = {office_health}
"""


def prepare(home: Path, ports: Ports, members: int) -> None:
    """Make the home, or bring an earlier one's ports up to date; raises CannotStart where it is something else."""
    make_folder(home)
    if any(home.iterdir()) and not (home / "endpoints.json").exists() and not (home / EDGE).exists():
        raise CannotStart(f"{home} is not empty and no demo's home", hint="Name another folder with --home")
    for folder in ("edge", "central"):
        make_folder(home / folder)
    make_keys(home / PROVIDER)
    _write_config(home, ports)
    if not (home / "central" / "ready").exists():
        _fill(home, members)
        (home / "central" / "ready").touch()
    _write_endpoints(home, ports)


def _write_config(home: Path, ports: Ports) -> None:
    words = {"device": DEVICE, "site": SITE, "zone": ZONE, "accounts": ACCOUNTS, **ports.named()}
    text = EDGE_TEXT.format_map(words) + SELF_SERVICE_TEXT + counter_text()
    (home / EDGE).write_text(text, encoding="utf-8")
    local = "http://127.0.0.1"
    pay = pay_table(home / PROVIDER, f"{local}:{ports.provider}", f"{local}:{ports.office}")
    (home / CENTRAL).write_text(f"{CENTRAL_TEXT.format_map(words)}\n{pay}\n", encoding="utf-8")


def _fill(home: Path, members: int) -> None:
    """Everything up to the `ready` mark can be done again: a first start may be cut off at any point."""
    clock = SystemClock()
    config = load_central(home / CENTRAL)
    migrate(config.database_url)
    init_keys(config.home_path)
    if not (home / "token").exists():
        write_secret(home / "token", secrets.token_urlsafe(24))
    today = clock.now().astimezone(ZoneInfo(ZONE)).date()
    samples = list(sample_club(members, today))
    write_cards(home / "cards.csv", samples)
    listed = home / "central" / "members.csv"
    write_import(listed, samples)
    with open_central(config) as (database, keys):
        Books(database, clock).change(Actor("job:demo", "cli"), lambda change: load_policy(change, sample_policy(ZONE)))
        Books(database, clock).change(Actor("job:demo", "cli"), put_items)
        Books(database, clock).change(Actor("job:demo", "cli"), pin_up)
        report = import_members(database, keys, listed, clock=clock)
        if report.refused:
            first = report.problems[0]
            raise CannotStart(f"the sample club is not usable: line {first.line}: {first.reason}")
        valid = [each.member_no for each in samples if each.expect == "ok" and each.product == "gym"]
        Books(database, clock).change(Actor("job:demo", "cli"), lambda change: offer(change, valid[:WITH_OFFERS]))
        _register(home, config, database, keys, clock)


def _register(home: Path, config: CentralConfig, database: Database, keys: Keys, clock: SystemClock) -> None:
    password = secrets.token_urlsafe(24)
    write_secret(home / "central" / "mqtt.password", password)
    add_account(home / ACCOUNTS, "central", password, "central")
    known = DEVICE in [each.device for each in list_devices(database)]
    told = registrar(config, database, keys, clock).add_device(DEVICE, SITE, DEVICE if known else None)
    for name, value in (
        ("mqtt.password", told["password"]), ("device.key", told["key"]), ("central.key", told["central_key"]),
        ("hash.key", told["hash_key"]),
    ):  # fmt: skip
        write_secret(home / "edge" / name, value)


def _write_endpoints(home: Path, ports: Ports) -> None:
    local = "http://127.0.0.1"
    endpoints = {
        "gate_display": f"{local}:{ports.web}/gate/entrance",
        "kiosk": f"{local}:{ports.web}/self",
        "till": f"{local}:{ports.web}/till",
        "attendant": f"{local}:{ports.web}/attendant",
        "payments": f"{local}:{ports.provider}/",
        "demo": f"{local}:{ports.web}/demo",
        "office": f"{local}:{ports.office}/",
        "api": f"{local}:{ports.office}/api/v1/",
        "mqtt": {"host": "127.0.0.1", "port": ports.mqtt, "protocol": "3.1.1", "tls": False},
        "health": {name: f"{local}:{port}/healthz" for name, port in ports.health().items()},
        "metrics": {name: f"{local}:{port}/metrics" for name, port in ports.health().items()},
        "site": SITE,
        "device": DEVICE,
        "written_at": datetime.now(ZoneInfo("UTC")).isoformat(timespec="seconds"),
    }
    draft = home / "endpoints.json.new"
    draft.write_text(json.dumps(endpoints, indent=2) + "\n")
    draft.replace(home / "endpoints.json")
