"""A neighbour's question goes to central and its answer comes back to who asked, in time, or nothing does."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import Any

import msgspec
import pytest

from kiosk.central.requests import Declined, Requests
from kiosk.central.snapshots import Snapshots
from kiosk.core.errors import InvalidInput, Refused
from kiosk.core.self_service import Done, MaySpend, SpendAsked, Subject
from kiosk.local.talk import Message, ask
from kiosk.sync import meters
from kiosk.sync.asking_central import OPEN_MAX, CentralQuestions
from kiosk.sync.words import Asked, LeftOff
from kiosk.web.till_doors import CentralAsked
from kiosk.wire.link import LinkSettings
from kiosk.wire.loopback import LoopbackBroker
from kiosk.wire.messages import Request, Response
from tests.support.migrated import put_tables
from tests.support.wait import eventually
from tests.sync.rosters import CentralRoster, Receiver
from tests.sync.worlds import BoxEnd, CentralEnd

SPEND = {"subject": "spend", "args": {"owner": "m1", "amount_minor": 600}}


class Carrier:
    """A carrier over a link, with its loop driven by hand."""

    def __init__(self, broker: LoopbackBroker, box: Receiver, patience_s: float) -> None:
        self.link = broker.link(LinkSettings(host="", port=0, client_id="box", username="box", subscriptions=()))
        self.box = box
        self.questions = CentralQuestions(self.link, box.questions, patience_s)
        self.threads: list[Thread] = []

    def ask(self, wish: Message = SPEND) -> "Queue[Message]":
        """Ask in a thread of the socket's; return where its answer comes."""
        found: Queue[Message] = Queue()
        self.threads.append(Thread(target=lambda: found.put(self.questions.handle(wish)), daemon=True))
        self.threads[-1].start()
        return found

    def asked(self, *, online: bool = True) -> str:
        """Take the next question as the loop does; return the id under which central is asked, where it is."""
        event = self.link.events.get(timeout=30)
        assert isinstance(event, Asked)
        self.questions.ask(event, online=online)
        sent = [msgspec.json.decode(each, type=Request) for each in self.box.due()]
        return sent[-1].id if sent else ""

    def answer(self, request: str, **body: Any) -> bool:
        """Let central answer a request; say whether somebody was meant."""
        self.box.questions.answered(request, more=False)
        return self.questions.answered(Response(id=request, kind="spend", body=body))

    def close(self) -> None:
        """Wait for those who asked."""
        for each in self.threads:
            each.join(60)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Receiver]:
    """A box's questions, without anything else of it."""
    found = Receiver(tmp_path / "roster", CentralRoster(tmp_path / "central"))
    yield found
    found.close()


@pytest.fixture
def broker() -> Iterator[LoopbackBroker]:
    """A broker."""
    with LoopbackBroker(seed=5) as found:
        yield found


def unheard(why: str) -> float:
    """Return how many questions nobody answered, by why."""
    return float(meters.unheard.labels(why)._value.get())


def test_each_answer_goes_to_who_asked_in_whatever_order_they_come_and_the_ninth_is_not_asked(
    box: Receiver, broker: LoopbackBroker
) -> None:
    with closing(Carrier(broker, box, patience_s=60.0)) as carrier:
        waiting = {}
        for _ in range(OPEN_MAX):
            answer = carrier.ask()
            waiting[carrier.asked()] = answer
        before = unheard("crowded")
        assert carrier.ask().get(timeout=30) == {}
        assert unheard("crowded") == before + 1
        for request in reversed(list(waiting)):
            assert carrier.answer(request, may=True, of=request)
        assert [each.get(timeout=30)["of"] for each in waiting.values()] == list(waiting)
        assert box.questions.count("spend") == 0
        again = carrier.ask()
        assert carrier.answer(carrier.asked(), may=True)
        assert again.get(timeout=30) == {"may": True}


def test_without_a_line_nobody_waits(box: Receiver, broker: LoopbackBroker) -> None:
    with closing(Carrier(broker, box, patience_s=60.0)) as carrier:
        before, answer = unheard("line"), carrier.ask()
        assert carrier.asked(online=False) == ""
        assert answer.get(timeout=30) == {}
        assert unheard("line") == before + 1


def test_an_answer_that_comes_late_is_nobodys_and_what_nobody_waits_for_is_asked_no_more(
    box: Receiver, broker: LoopbackBroker
) -> None:
    with closing(Carrier(broker, box, patience_s=0.2)) as carrier:
        answer = carrier.ask()
        late = carrier.asked()
        assert answer.get(timeout=30) == {}
        event = carrier.link.events.get(timeout=30)
        assert isinstance(event, LeftOff)
        carrier.questions.leave_off(event.name)
        assert box.questions.count("spend") == 0
        carrier.questions._patience_s = 30.0
        another = carrier.ask()
        request = carrier.asked()
        assert not carrier.answer(late, may=False)
        assert carrier.answer(request, may=True)
        assert another.get(timeout=30) == {"may": True}


@pytest.mark.parametrize(
    "wish",
    [
        {"subject": "roster.parts", "args": {"parts": []}},
        {"subject": "weather"},
        {"args": {}},
        {"subject": "spend", "args": {"amount_minor": 1.5}},
        {"subject": "spend", "args": {"owner": "\ud800"}},
        {"subject": "spend", "args": {"owner": "m" * 20_000}},
        {"subject": "spend", "args": {}, "kind": "used"},
    ],
)
def test_what_is_no_question_for_central_stays_here(box: Receiver, broker: LoopbackBroker, wish: Message) -> None:
    with closing(Carrier(broker, box, patience_s=60.0)) as carrier:
        with pytest.raises(InvalidInput):
            carrier.questions.handle(wish)
        assert carrier.link.events.empty()


def make_answers(holding: Event) -> dict[str, Any]:
    """Make what central answers: money up to 600, no order twice in a minute, and a gift when it is let go on."""

    def may_spend(_device: str, _site: str, args: dict[str, Any]) -> msgspec.Struct:
        return MaySpend(msgspec.convert(args, SpendAsked).amount_minor <= 600)

    def too_often(_device: str, _site: str, _args: dict[str, Any]) -> msgspec.Struct:
        raise Declined("too_often")

    def slowly(device: str, site: str, _args: dict[str, Any]) -> msgspec.Struct:
        holding.wait(60)
        return Done("r1", True, number=f"{device} {site}")

    return {Subject.SPEND: may_spend, Subject.VIEW: too_often, Subject.REDEEM: slowly}


def test_from_a_neighbours_socket_to_central_and_back_with_the_line_cut_on_the_way(
    tmp_path: Path, broker: LoopbackBroker
) -> None:
    put_tables(template := tmp_path / "template.db")
    central = CentralEnd(tmp_path / "central", template, broker.link)
    holding = Event()
    answers = make_answers(holding)
    central.start(Requests(central.database, central.keys, Snapshots(central.database, tmp_path / "parts"), answers))
    box = BoxEnd(tmp_path / "box", central, broker.link)
    box.start()
    sock = box.data / "sync.sock"
    try:
        eventually(lambda: box.process.sync.online and central.process.health().detail["connected"])
        box.process.sync._asking._patience_s = 60.0
        may_spend = CentralAsked(sock)
        assert [may_spend("m1", each) for each in (600, 601)] == [True, False]
        assert ask(sock, "central", {"subject": "spend", "args": {"owner": ""}}) == {"code": "bad_args"}
        assert ask(sock, "central", {"subject": "member.view"}) == {"code": "too_often"}
        assert ask(sock, "central", {"subject": "sale.quote"}) == {"code": "unknown_kind"}
        with pytest.raises(Refused):
            ask(sock, "central", {"subject": "used", "args": {"after": 0}})
        found: Queue[Message] = Queue()
        asking = Thread(target=lambda: found.put(ask(sock, "central", {"subject": "reward.redeem"}, 60.0)), daemon=True)
        asking.start()
        eventually(lambda: box.process.sync._questions.count("reward.redeem") == 1)
        broker.down()
        eventually(lambda: not box.process.sync.online)
        assert ask(sock, "central", SPEND) == {}
        assert may_spend("m1", 1) is None
        broker.up()
        holding.set()
        # Asked again with the new connection, under the same id.
        assert found.get(timeout=30) == {"id": "r1", "done": True, "number": "north-1 demo"}
        asking.join(60)
    finally:
        box.stop()
        central.close()
