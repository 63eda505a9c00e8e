"""The till of a box: what it gives out without central, and what of it survives a crash."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.core.clock import ClockState, format_utc
from kiosk.core.errors import InvalidInput, Refused
from kiosk.core.identifiers import Assurance
from kiosk.core.model import CredentialState
from kiosk.core.spending import LeaseHeld
from kiosk.core.tills import Funds, SaleTender
from kiosk.local.talk import ask
from kiosk.store.journal import JournalLimits
from kiosk.store.roster import RosterWriter
from kiosk.store.rotation import Parting, rotate
from kiosk.web.process import WebProcess
from kiosk.web.settings import TillSettings, WebSettings
from tests.builders import CREDENTIAL, IDENTIFIER, FakeClock, make_credential
from tests.support.wait import eventually
from tests.web.tills import (
    TillBox,
    make_box,
    make_funds,
    make_limits,
    make_sale,
    make_top_up,
    make_void,
    tell_funds,
    tell_roster,
)


@pytest.fixture
def bar(tmp_path: Path) -> Iterator[TillBox]:
    """A till whose member may spend a hundred yuan."""
    found = TillBox(tmp_path)
    tell_roster(found.box, found.clock, funds=(make_funds(), make_limits()))
    yield found
    found.journal.close()


def test_a_sale_is_in_the_journal_before_there_is_an_answer(bar: TillBox) -> None:
    answer = bar.till.sell(make_sale(price_minor=1_200, operator="li"))
    (record,) = bar.records()
    assert (answer.done, answer.reason, answer.total_minor) == (True, "from_allowance", 1_200)
    assert (record["type"], record["seq"], answer.journal) == ("sale.made", answer.seq, bar.journal.id)
    assert record["data"] == {
        "clock": "ok", "credential": CREDENTIAL, "lines": [{"item": "towel", "price_minor": 1_200, "quantity": 1}],
        "member": "m1", "offline": True, "operator": "li", "sale_id": "sale-0001", "tender": "stored_value",
        "till": "bar-1", "total_minor": 1_200, "unleased_minor": 1_200,
    }  # fmt: skip


def test_the_same_sale_again_gets_the_first_answer_and_no_second_record(bar: TillBox) -> None:
    first = bar.till.sell(make_sale())
    bar.crash()
    assert bar.till.sell(make_sale()) == first
    assert len(bar.records()) == 1


@pytest.mark.parametrize(
    "other",
    [{"price_minor": 1_001}, {"operator": "wang"}, {"identifier": "04A1B2C3D4E5F7"}, {"tender": SaleTender.CASH}],
)
def test_another_sale_under_a_known_id_is_refused(bar: TillBox, other: dict[str, Any]) -> None:
    bar.till.sell(make_sale())
    with pytest.raises(InvalidInput, match="was something else"):
        bar.till.sell(make_sale(**other))
    assert len(bar.records()) == 1


def test_what_was_spent_here_counts_until_centrals_figure_contains_it_and_not_after(bar: TillBox) -> None:
    assert [bar.sell(f"sale-{number:04}", 4_000) for number in range(3)] == ["from_allowance"] * 2 + ["not_enough"]
    tell_funds(bar.box, 2, make_funds(6_000, **{bar.journal.id: 1}))
    assert bar.sell("sale-0009", 2_001) == "not_enough"
    assert bar.sell("sale-0010", 2_000) == "from_allowance"
    tell_funds(bar.box, 3, make_funds(6_000, **{bar.journal.id: 1, "ab" * 16: 99}))
    assert bar.sell("sale-0011", 1) == "not_enough"


def test_a_device_that_leases_spends_what_is_held_for_it_and_nothing_that_all_are_told(bar: TillBox) -> None:
    held = LeaseHeld("north-1", 3_000, bar.clock.now() + timedelta(hours=1))
    limits = make_limits(lease_devices=("north-1",))
    told = msgspec.structs.replace(make_funds(90_000), leases={"north-1": held, "north-2": held})
    tell_funds(bar.box, 2, told, limits)
    assert [bar.sell(f"sale-000{n}", 1_500) for n in range(3)] == ["from_lease", "from_lease", "not_enough"]
    assert [each["data"]["leased"] for each in bar.records()] == [{"north-1": 1_500}] * 2
    bar.till.void(make_void("sale-0000"))
    bar.crash()
    assert [bar.sell(f"sale-001{n}", 1_500) for n in range(2)] == ["from_lease", "not_enough"]
    left = msgspec.structs.replace(held, amount_minor=0)
    tell_funds(bar.box, 3, msgspec.structs.replace(told, leases={"north-1": left}, folded={bar.journal.id: 4}), limits)
    assert bar.sell("sale-0020", 1) == "not_enough"


def test_a_crash_forgets_nothing_that_was_spent(bar: TillBox) -> None:
    assert bar.sell("sale-0001", 5_000) == "from_allowance"
    bar.crash()
    assert bar.sell("sale-0002", 5_000) == "from_allowance"
    bar.crash()
    assert bar.sell("sale-0003", 1) == "not_enough"


def test_what_was_spent_goes_over_into_a_journal_that_takes_the_place_of_another(bar: TillBox) -> None:
    assert bar.sell("sale-0001", 5_000) == "from_allowance"
    assert bar.sell("sale-0002", 3_000) == "from_allowance"
    old = bar.journal.id
    parting = Parting(old, 1, 2, "00" * 32, "fork")
    bar.journal = rotate(bar.journal, parting, ClockState.OK, format_utc(bar.clock.now()), JournalLimits())
    assert [(each["type"], each["seq"]) for each in bar.records()] == [("journal.opened", 1), ("sale.made", 2)]
    assert bar.sell("sale-0003", 2_001) == "not_enough"
    tell_funds(bar.box, 2, make_funds(10_000, **{old: 1}))
    assert bar.sell("sale-0004", 7_000) == "over_tap_limit"
    tell_funds(bar.box, 3, make_funds(2_000, **{old: 1, bar.journal.id: 2}))
    assert bar.sell("sale-0005", 2_000) == "from_allowance"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"member_until": date(2026, 11, 21)}, "not_in_order"),
        ({"suspended_from": date(2026, 11, 1)}, "not_in_order"),
        ({"paid_until": date(2026, 11, 1)}, "not_in_order"),
        ({"state": CredentialState.LOST}, "not_in_order"),
        ({"entitlements": ()}, "from_allowance"),
        ({"assurance": Assurance.CRYPTOGRAPHIC}, "card_not_genuine"),
        ({"member": "m2"}, "not_known"),
        ({"member": None, "gift": True}, "not_known"),
    ],
)
def test_only_a_card_in_order_pays_and_only_with_its_own_members_money(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    bar = TillBox(tmp_path)
    tell_roster(bar.box, bar.clock, make_credential(**changes), funds=(make_funds(), make_limits()))
    assert bar.sell("sale-0001") == reason
    assert len(bar.records()) == (reason == "from_allowance")
    bar.journal.close()


def test_a_gift_card_pays_from_its_own_money_alone(tmp_path: Path) -> None:
    bar = TillBox(tmp_path)
    card = make_credential(member=None, gift=True, tier="", entitlements=())
    tell_roster(bar.box, bar.clock, card, funds=(make_funds(2_000, CREDENTIAL), make_limits()))
    assert bar.sell("sale-0001", 1_500, tender=SaleTender.GIFT_CARD) == "from_allowance"
    assert bar.sell("sale-0002", 501, tender=SaleTender.GIFT_CARD) == "not_enough"
    assert bar.sell("sale-0003", 400) == "not_known"
    bar.journal.close()


def test_a_denied_card_and_old_figures_buy_nothing_although_the_roster_knows_no_better(bar: TillBox) -> None:
    bar.clock.advance(86_401)
    assert bar.sell("sale-0001") == "figures_too_old"
    bar.clock.advance(-86_400)
    with closing(RosterWriter(bar.box.roster)) as writer:
        writer.put_deny(1, {CREDENTIAL: 99})
    assert bar.sell("sale-0002") == "hot_listed"
    assert bar.records() == []


def test_without_a_word_from_central_on_money_nothing_is_spent_but_cash_sells(tmp_path: Path) -> None:
    bar = TillBox(tmp_path)
    tell_roster(bar.box, bar.clock)
    assert bar.sell("sale-0001") == "not_known"
    assert bar.sell("sale-0002", tender=SaleTender.CASH) == "paid_here"
    assert bar.sell("sale-0003", identifier="", tender=SaleTender.CASH) == "paid_here"
    assert [each["data"].get("unleased_minor", 0) for each in bar.records()] == [0, 0]
    bar.journal.close()


def test_a_courtesy_is_recorded_at_no_price_and_nothing_else_is_free(bar: TillBox) -> None:
    assert bar.sell("sale-0001", 0, tender=SaleTender.FREE) == "paid_here"
    with pytest.raises(InvalidInput, match="not free"):
        bar.sell("sale-0002", 1, tender=SaleTender.FREE)
    assert [each["data"]["total_minor"] for each in bar.records()] == [0]


@pytest.mark.parametrize(
    ("word", "reason", "offline"),
    [(True, "from_allowance", False), (None, "from_allowance", True), (False, "not_enough", None)],
)
def test_by_lot_central_is_asked_and_its_word_counts(
    bar: TillBox, word: bool | None, reason: str, offline: bool | None
) -> None:
    tell_funds(bar.box, 2, make_limits(check_per_mille=50))
    heard: list[tuple[str, int]] = []

    def central(owner: str, amount_minor: int) -> bool | None:
        heard.append((owner, amount_minor))
        return word

    bar.ask_central = central
    bar.lot = 50
    assert bar.sell("sale-0000") == "from_allowance"
    assert heard == []
    bar.lot = 49
    assert bar.sell("sale-0001") == reason
    assert heard == [("m1", 1_000)]
    assert [each["data"]["offline"] for each in bar.records()[1:]] == ([] if offline is None else [offline])


def test_central_can_be_asked_no_further_than_the_last_limit_in_a_row(bar: TillBox) -> None:
    tell_funds(bar.box, 2, make_limits(ask_after=2, in_a_row_max=3))
    bar.ask_central = lambda _owner, _amount: True
    assert [bar.sell(f"sale-{n:04}", 10) for n in range(4)] == ["from_allowance"] * 3 + ["too_many_in_a_row"]


def test_a_sale_is_undone_once_within_five_minutes_and_its_money_is_there_again(bar: TillBox) -> None:
    bar.sell("sale-0001", 5_000)
    bar.sell("sale-0002", 5_000)
    bar.clock.advance(300)
    first = bar.till.void(make_void())
    assert bar.till.void(make_void()).done
    assert first.done
    assert bar.sell("sale-0003", 5_000) == "from_allowance"
    voided = bar.records()[2]
    assert (voided["type"], voided["data"]["void_id"], voided["data"]["total_minor"]) == (
        "sale.voided",
        "void-0001",
        5_000,
    )
    assert [each["type"] for each in bar.records()].count("sale.voided") == 1
    with pytest.raises(InvalidInput, match="already"):
        bar.till.void(make_void(void_id="void-0002"))
    bar.clock.advance(301)
    with pytest.raises(InvalidInput, match="too old"):
        bar.till.void(make_void("sale-0003", "void-0003"))
    with pytest.raises(InvalidInput, match="no sale"):
        bar.till.void(make_void("sale-0404"))


def test_a_sale_of_a_time_to_come_is_not_undone(bar: TillBox) -> None:
    """After a clock was set back nobody knows how old it is."""
    bar.clock.advance(600)
    bar.sell("sale-0001")
    bar.clock.boot = "boot-2"
    bar.clock.wall -= timedelta(seconds=400)
    with pytest.raises(InvalidInput, match="too old"):
        bar.till.void(make_void())


def test_money_taken_for_a_card_is_written_down_once_and_spends_nothing_yet(bar: TillBox) -> None:
    first = bar.till.top_up(make_top_up())
    assert first.done
    assert bar.till.top_up(make_top_up()) == first
    with pytest.raises(InvalidInput, match="was something else"):
        bar.till.top_up(make_top_up(amount_minor=5_001))
    (record,) = bar.records()
    assert record["type"] == "topup.taken"
    assert record["data"] | {"clock": "ok"} == {
        "amount_minor": 5_000, "clock": "ok", "credential": CREDENTIAL, "method": "cash", "till": "bar-1",
        "topup_id": "topup-001",
    }  # fmt: skip
    assert bar.sell("sale-0001", 5_000) == "from_allowance"
    assert bar.sell("sale-0002", 5_000) == "from_allowance"
    assert bar.sell("sale-0003", 1) == "not_enough"


@pytest.mark.parametrize("state", [CredentialState.LOST, CredentialState.ACTIVE])
def test_no_money_is_taken_for_a_card_that_is_nobodys_lost_or_denied(tmp_path: Path, state: CredentialState) -> None:
    bar = TillBox(tmp_path)
    tell_roster(bar.box, bar.clock, make_credential(state=state))
    if state is CredentialState.ACTIVE:
        assert bar.till.top_up(make_top_up("topup-000")).done
        with closing(RosterWriter(bar.box.roster)) as writer:
            writer.put_deny(1, {CREDENTIAL: 99})
    unknown = msgspec.structs.replace(make_top_up("topup-002"), identifier="04000000000000")
    for wish in (make_top_up(), unknown):
        answer = bar.till.top_up(wish)
        assert (answer.done, answer.reason) == (False, "not_known")
    assert len(bar.records()) == (state is CredentialState.ACTIVE)
    bar.journal.close()


def test_no_card_number_rests_on_the_disk(bar: TillBox) -> None:
    bar.sell("sale-0001")
    bar.till.top_up(make_top_up())
    bar.journal.close()
    for file in bar.box.data.glob("web.db*"):
        assert IDENTIFIER.encode() not in file.read_bytes()
    bar.open()


def test_the_process_sells_over_its_socket_and_to_pages_of_its_own_box(
    tmp_path: Path, free_ports: Callable[[int], int]
) -> None:
    clock, box = FakeClock(), make_box(tmp_path)
    tell_roster(box, clock, funds=(make_funds(), make_limits()))
    port = free_ports(2)
    settings = WebSettings(port=port, health_port=port + 1)
    process = WebProcess(box, settings, JournalLimits(), clock, "1.0", TillSettings(id="bar-1"))
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,), name="web", daemon=True)
    thread.start()
    try:
        eventually(lambda: box.socket("web").exists())
        said = msgspec.to_builtins(make_sale("sale-0001"))
        eventually(lambda: _post(port, "/till/sale", said)[0] != 0)
        status, body = _post(port, "/till/sale", said)
        assert (status, body["done"], body["reason"]) == (200, True, "from_allowance")
        assert ask(box.socket("web"), "sale", said) == body
        assert _post(port, "/till/sale", {"sale_id": "x"})[0] == 422
        assert _post(port, "/till/sale", said, Origin="http://evil.example")[0] == 403
        assert _post(port, "/till/sale", said, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
        assert _post(port, "/till/sale", said, **{"Content-Type": "text/plain"})[0] == 403
        assert ask(box.socket("web"), "void", {"sale_id": "sale-0001", "void_id": "void-0001"})["done"] is True
        with pytest.raises(Refused, match="not understood"):
            ask(box.socket("web"), "topup", {"topup_id": "topup-001", "identifier": IDENTIFIER, "amount_minor": 0})
    finally:
        stop.set()
        thread.join(60)


def test_without_a_till_table_nothing_is_sold(tmp_path: Path, free_ports: Callable[[int], int]) -> None:
    port = free_ports(2)
    process = WebProcess(
        make_box(tmp_path), WebSettings(port=port, health_port=port + 1), JournalLimits(), FakeClock(), "1.0"
    )
    stop = threading.Event()
    thread = threading.Thread(target=process.run, args=(stop,), name="web", daemon=True)
    thread.start()
    try:
        eventually(lambda: _post(port, "/till/sale", {})[0] == 404)
    finally:
        stop.set()
        thread.join(60)


def _post(port: int, path: str, said: dict[str, Any], **headers: str) -> tuple[int, Any]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        try:
            connection.request("POST", path, msgspec.json.encode(said), {"Content-Type": "application/json"} | headers)
            answer = connection.getresponse()
            body = answer.read()
        except ConnectionRefusedError:
            return 0, None
    return answer.status, msgspec.json.decode(body) if answer.status in (200, 422) else None


def test_the_funds_row_of_another_member_says_nothing(bar: TillBox) -> None:
    tell_funds(bar.box, 2, Funds("m1", 0), Funds("m2", 9_000))
    assert bar.sell("sale-0001", 1) == "not_enough"
