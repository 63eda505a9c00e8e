"""The demo, as a newcomer starts it: ready, every sample card answers as listed, and the office knows."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from kiosk.central.club.books import Actor, Books, Look
from kiosk.central.club.points_tables import points_entry
from kiosk.central.members import cards_by
from kiosk.central.self_service.view import view_of
from kiosk.core.identifiers import Assurance
from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.self_service import MemberView, ViewAsked
from kiosk.demo.club import sample_club
from kiosk.demo.offers import POINTS, REWARDS, offer
from kiosk.demo.setup import WITH_OFFERS
from kiosk.local.clock import SystemClock
from kiosk.local.talk import ask
from kiosk.located import CENTRAL
from kiosk.wiring_central import load_central, open_central
from tests.support.command_line import kiosk
from tests.support.edge_home import ROOT
from tests.support.ports import free_ports
from tests.support.wait import eventually, in_time


def start_kiosk(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody types it; `kiosk` runs the same in this process, where nothing hangs on the process."""
    return subprocess.run(
        [sys.executable, "-m", "kiosk", *words], capture_output=True, text=True, cwd=ROOT, check=False, timeout=60
    )


class Demo:
    """A running demo."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.out = home.parent / "demo.out"
        with self.out.open("wb") as out:
            command = [sys.executable, "-m", "kiosk", "demo", "--home", str(home), "--port", str(port)]
            self.process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT)

    def wait_ready(self) -> None:
        eventually(lambda: "Stop with Ctrl-C" in self.out.read_text() or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.out.read_text()

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)

    def tap(self, identifier: str) -> dict:
        return ask(self.home / "edge" / "gate.sock", "tap", {"identifier": identifier})

    def records(self) -> list[dict]:
        done = kiosk("central", "records", "--home", str(self.home))
        assert done.exit_code == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    running = Demo(tmp_path_factory.mktemp("demo") / "home", free_ports(3))
    try:
        running.wait_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.interrupt()


@pytest.fixture(autouse=True)
def _nothing_left_running():
    """The demo of this module outlives its tests; the last one stops it."""


def test_every_sample_card_gives_the_reason_listed_for_its_first_tap(demo):
    rows = list(csv.DictReader((demo.home / "cards.csv").read_text(encoding="utf-8").splitlines()))
    got = {row["identifier"]: demo.tap(row["identifier"])["reason"] for row in rows}
    assert {row["identifier"]: row["expect"] for row in rows} == got
    assert len(rows) >= 240


def views(look: Look) -> list[MemberView]:
    """What each member who was given something sees at the kiosk."""
    members = look.connection.execute(select(points_entry.c.member).distinct()).scalars().all()
    cards = cards_by(look.connection, "member", members)
    return [view_of(look, ViewAsked(card.id, Assurance.UID), ("wechat",))[1] for card in cards]


def test_members_of_the_sample_club_find_something_of_everything_at_the_kiosk(demo):
    with open_central(load_central(demo.home / CENTRAL)) as (database, _):
        with Books(database, SystemClock()).look() as look:
            seen = views(look)
        Books(database, SystemClock()).change(Actor("job:demo", "cli"), lambda change: offer(change, ["M00110"]))
        with Books(database, SystemClock()).look() as look:
            assert views(look) == seen
    assert len(seen) == WITH_OFFERS
    for each in seen:
        assert (each.points.available, len(each.coupons), len(each.rewards)) == (POINTS, 1, len(REWARDS))
        assert [len(asked) for asked in (each.activities, each.votes, each.surveys)] == [1, 1, 1]
        assert each.ahead
        assert (each.next_tier is None) == (each.tier.en == "Platinum")
    assert any(each.next_tier for each in seen)


def test_the_command_prints_the_record_and_says_by_its_exit_what_came_of_it(demo):
    granted = start_kiosk("tap", "04FFFFFFFFFF02", "--home", str(demo.home), "--reader", "exit")
    assert granted.returncode == 0, granted.stderr
    assert json.loads(granted.stdout)["data"]["reason"] == "ok_exit"
    denied = start_kiosk("--home", str(demo.home), "tap", "04FFFFFFFFFF02")
    assert denied.returncode == 1
    assert json.loads(denied.stdout)["data"]["reason"] == "credential_not_found"
    could_not = start_kiosk("tap", "04FFFFFFFFFF02", "--home", str(demo.home), "--reader", "roof")
    assert (could_not.returncode, could_not.stdout) == (2, "")
    assert could_not.stderr.count("\n") == 1


@pytest.mark.proves("S41")
def test_central_holds_every_tap_within_two_seconds(demo):
    def until_held() -> float:
        record = demo.tap("04FFFFFFFFFF02")["record"]
        begun = time.monotonic()
        eventually(lambda: record in [each["record"] for each in demo.records()], every_s=0.3)
        return time.monotonic() - begun

    assert in_time(2.0, until_held)


def test_central_holds_each_record_once_and_just_as_the_journals_have_them(demo):
    def same() -> bool:
        shown = kiosk("journal", "show", "--home", str(demo.home)).stdout.splitlines()
        at_edge = Counter(shown)
        keys = ("journal", "record")
        at_central = Counter(
            json.dumps({key: each[key] for key in keys}, sort_keys=True, separators=(",", ":"))
            for each in demo.records()
        )
        return at_edge == at_central and max(at_edge.values()) == 1

    eventually(same, 60, 0.5)
    assert kiosk("journal", "verify", "--home", str(demo.home)).exit_code == 0


def test_each_page_and_side_port_answers(demo):
    endpoints = json.loads((demo.home / "endpoints.json").read_text())
    pages = ("gate_display", "kiosk", "till", "attendant", "payments", "demo", "office")
    for url in (*(endpoints[name] for name in pages), *endpoints["health"].values()):
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert answer.status == 200, url
    assert endpoints["mqtt"]["port"] == demo.port + 2
    token = (demo.home / "token").read_text().strip()
    asked = urllib.request.Request(
        endpoints["api"] + "records?after=0&limit=1", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert json.load(answer)["items"][0]["n"] == 1


def test_doctor_finds_nothing_wrong(demo):
    done = kiosk("doctor", "--home", str(demo.home))
    assert done.exit_code == 0, done.stdout
    assert "fail" not in done.stdout


def test_a_second_demo_on_the_same_ports_says_so_in_one_sentence(demo, tmp_path):
    done = start_kiosk("demo", "--home", str(tmp_path / "other"), "--port", str(demo.port))
    assert done.returncode == 2
    assert f"port {demo.port} is taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_device_added_while_central_runs_is_told_all_it_needs(demo):
    done = kiosk("central", "add-device", "second-gate", "--site", "demo", "--home", str(demo.home))
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"device", "site", "broker", "ca", "username", "password", "key", "central_key", "hash_key"}
    again = kiosk("central", "add-device", "second-gate", "--site", "demo", "--home", str(demo.home))
    assert (again.exit_code, again.stdout) == (2, "")


def test_it_stops_on_an_interrupt_and_goes_on_where_it_stopped(demo):
    before = len(demo.records())
    assert demo.interrupt() == 0
    again = Demo(demo.home, demo.port)
    try:
        again.wait_ready()
        eventually(lambda: len(again.records()) > before, 60, 0.3)
        assert again.tap("04FFFFFFFFFF02")["reason"] == "credential_not_found"
    finally:
        assert again.interrupt() == 0
    left = subprocess.run(["pgrep", "-f", str(demo.home)], capture_output=True, text=True, check=False)
    assert left.stdout == ""


def test_it_leaves_a_folder_alone_that_is_something_else(tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")
    done = start_kiosk("demo", "--home", str(tmp_path), "--port", str(free_ports(3)))
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert os.listdir(tmp_path) == ["letter.txt"]


def test_the_sample_club_shows_every_status_with_a_reason_of_the_contract():
    samples = list(sample_club(240, date(2026, 11, 22)))
    reasons = {*DenyReason, *GrantReason}
    assert {each.expect for each in samples} <= reasons
    assert len({each.expect for each in samples}) >= 16
    assert len({each.identifier for each in samples}) == len(samples)
