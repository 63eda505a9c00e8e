"""The outbox: each notice once a key, by the way there is, again where it failed, and never for ever."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from kiosk.central.club.books import Books, Telling
from kiosk.central.club.channels import Channel, Message, RecordedChannel
from kiosk.central.club.file_reading import contacts_of, note_contact
from kiosk.central.club.notices import NoticeFilter, notice_counts, notice_page, tell_again, tick_off
from kiosk.central.club.outbox import (
    BACK_OFF,
    BATCH_MAX,
    IDLE_S,
    REST_S,
    TRIES_MAX,
    UNSENDABLE_AFTER,
    Outbox,
    message_key,
)
from kiosk.central.club.people_tables import member_file
from kiosk.central.lease import LeaseLost
from kiosk.central.members import MemberRecord, save_members
from kiosk.club.completeness import ContactKind
from kiosk.core.errors import InvalidInput, Refused, RetryLater
from tests.central.builders import ManualClock
from tests.central.club.builders import DESK, held_lease, noted, told
from tests.support.wait import eventually

MEMBER = "7f" * 8


def make_member(books: Books, member_id: str = MEMBER, **filled: str) -> None:
    """A member with a file."""
    row = {"member": member_id, "kind": "person", "email": "li@example.org", "phone": "139"} | filled
    row |= {"opened_on": "2026-01-01", "confirmed_on": "2026-01-01", "changed_at": "2026-01-01T00:00:00.000Z"}
    with books.database.begin() as connection:
        save_members(connection, [MemberRecord(member_id, f"M{member_id[:4]}", "李伟")])
        connection.execute(insert(member_file).values(**row))


def tell(books: Books, topic: str = "t1", language: str = "zh", **changes: Any) -> bool:
    """Put a notice into the outbox: a birthday of the member's, by mail."""
    telling = Telling(**{"topic": topic, "template": "birthday", "member": MEMBER, "channels": ("email",)} | changes)
    return books.change(DESK, lambda change: change.tell(telling, language=language))


@contextmanager
def outbox(books: Books, **channels: Channel) -> Iterator[Outbox]:
    """An outbox that leads."""
    opened = Outbox(books.database, held_lease(books), books.clock, channels)
    try:
        yield opened
    finally:
        opened.close()


def empty(box: Outbox, books: Books) -> None:
    """Tick until nothing is left to do now."""
    eventually(lambda: box.tick(books.clock.now()) == IDLE_S)


def states(books: Books) -> list[tuple[str, int]]:
    """State and tries of each notice."""
    return [(each["state"], each["tries"]) for each in told(books)]


@pytest.fixture
def mail() -> RecordedChannel:
    """A fake that takes mail."""
    return RecordedChannel()


@pytest.mark.proves("S74")
def test_a_notice_is_sent_once_in_the_member_s_words(both_books: Books, mail: RecordedChannel) -> None:
    make_member(both_books)
    assert tell(both_books)
    assert not tell(both_books)
    assert tell(both_books, "t2", language="en")
    with outbox(both_books, email=mail) as box:
        empty(box, both_books)
        empty(box, both_books)
    chinese, english = mail.sent
    assert chinese.subject == "生日快乐"
    assert chinese.body.startswith("李伟，您好：\n祝您生日快乐")
    assert english.body.startswith("Dear 李伟,\nHappy birthday!")
    assert (chinese.address, chinese.member, chinese.channel) == ("li@example.org", MEMBER, "email")
    assert states(both_books) == [("sent", 1), ("sent", 1)]
    assert mail.repeats == 0
    assert box.counts["notices_sent"] == 2


def test_a_notice_waits_for_its_time(books: Books, mail: RecordedChannel, clock: ManualClock) -> None:
    make_member(books)
    tell(books, due_at=clock.now() + timedelta(hours=1))
    with outbox(books, email=mail) as box:
        empty(box, books)
        assert not mail.sent
        clock.set_wall(clock.now() + timedelta(hours=1))
        empty(box, books)
    assert len(mail.sent) == 1


FILLED = {"email": "li@example.org", "phone": "139"}


@pytest.mark.parametrize(
    ("template", "ways", "member", "expected"),
    [
        ("card_ready", ("sms", "email"), FILLED, {"sms", "email"}),
        ("card_ready", ("app", "email"), FILLED, {"email"}),
        ("card_ready", ("sms", "email"), FILLED | {"phone": ""}, {"email"}),
        ("card_ready", ("email",), FILLED | {"email": ""}, {"office"}),
        ("card_ready", ("file",), FILLED, {"sms", "email"}),
        ("card_ready", (), FILLED, {"office"}),
        ("fee_overdue", ("email",), FILLED, {"email", "call"}),
        ("birthday", ("app", "sms", "email"), FILLED, {"app", "email"}),
        ("birthday", ("email",), FILLED | {"preferences": '{"wishes":false}'}, set()),
        ("card_ready", ("email",), FILLED | {"preferences": '{"wishes":false}'}, {"email"}),
        ("review_overdue", ("app", "sms", "email"), FILLED, {"office"}),
    ],
)
@pytest.mark.proves("S74")
def test_a_notice_goes_all_the_ways_its_kind_has_and_to_the_office_where_there_is_none(
    books: Books, template: str, ways: tuple[str, ...], member: dict[str, str], expected: set[str]
) -> None:
    make_member(books, **member)
    tell(books, template=template, channels=())
    with outbox(books, **{name: RecordedChannel() for name in ways}) as box:
        empty(box, books)
    first, *others = told(books)
    assert first["state"] == ("spread" if expected else "dropped")
    assert {each["channel"]: each["state"] for each in others} == {
        way: "due" if way in ("office", "call") else "sent" for way in expected
    }
    assert not tell(books, template=template, channels=())


def test_an_applicant_is_reached_by_the_address_that_was_given(books: Books) -> None:
    mail, sms = RecordedChannel(), RecordedChannel()
    for topic, address in (("t1", "an@example.org"), ("t2", "138")):
        tell(books, topic, template="application_received", member=None, address=address, channels=())
    with outbox(books, email=mail, sms=sms) as box:
        empty(box, books)
    assert [each.address for each in mail.sent] == ["an@example.org"]
    assert [each.address for each in sms.sent] == ["138"]


def test_the_file_takes_what_no_other_channel_takes_with_the_address(books: Books) -> None:
    mail, file = RecordedChannel(), RecordedChannel()
    make_member(books)
    tell(books, template="card_ready", channels=("sms", "email"))
    tell(books, "t2", channels=("file",), member=None)
    with outbox(books, email=mail, file=file) as box:
        empty(box, books)
    assert [(each.channel, each.address) for each in mail.sent] == [("email", "li@example.org")]
    assert [(each.channel, each.address) for each in file.sent] == [("sms", "139"), ("file", "")]


def test_who_cannot_be_reached_is_written_down(books: Books, mail: RecordedChannel) -> None:
    make_member(books, email="")
    tell(books)
    tell(books, "t2", member=None)
    with outbox(books, email=mail) as box:
        empty(box, books)
    assert [(each["state"], each["error"]) for each in told(books)] == [("dropped", "no address")] * 2


def test_a_failure_that_passes_is_tried_again_ever_later_and_given_up_in_the_end(
    books: Books, mail: RecordedChannel, clock: ManualClock
) -> None:
    make_member(books)
    tell(books)
    mail.fail_with = RetryLater("the server is away")
    start, pauses = clock.now(), []
    with outbox(books, email=mail) as box:
        for tries in range(1, TRIES_MAX + 1):
            empty(box, books)
            (row,) = told(books)
            assert row["tries"] == tries
            if row["state"] == "due":
                with books.look() as look:
                    (listed,) = notice_page(look, NoticeFilter())
                pauses.append(listed.due_at - clock.now())
                clock.set_wall(listed.due_at)
                clock.elapsed_ns += (REST_S + 1) * 1_000_000_000
                box._lease = held_lease(books)
    assert (row["state"], row["error"]) == ("failed", "the server is away")
    assert pauses[:3] == [BACK_OFF, 2 * BACK_OFF, 4 * BACK_OFF]
    assert max(pauses) == timedelta(hours=6)
    assert timedelta(days=2, hours=18) < clock.now() - start < timedelta(days=3)
    mail.fail_with = None
    books.change(DESK, lambda change: tell_again(change, row["id"], "server is back"))
    with outbox(books, email=mail) as box:
        empty(box, books)
    assert len(mail.sent) == 1
    assert [each["why"] for each in noted(books, thing="notice")] == ["server is back"]


def test_what_will_never_be_taken_fails_at_once(books: Books, mail: RecordedChannel) -> None:
    make_member(books)
    tell(books)
    mail.fail_with = Refused("no such mailbox")
    with outbox(books, email=mail) as box:
        empty(box, books)
    assert states(books) == [("failed", 1)]


def test_a_channel_that_is_away_is_asked_once_a_rest_and_says_so(books: Books, clock: ManualClock) -> None:
    asked = []

    class Away(RecordedChannel):
        def send(self, message: Message) -> None:
            """Count, and fail."""
            asked.append(message.key)
            raise RetryLater("the server is away")

    make_member(books)
    for number in range(5):
        tell(books, f"t{number}")
    fine = RecordedChannel()
    tell(books, "by sms", channels=("sms",))
    with outbox(books, email=Away(), sms=fine) as box:
        empty(box, books)
        assert len(asked) == 1
        assert len(fine.sent) == 1
        assert box.health() == {"email": "the server is away"}
        clock.elapsed_ns += (REST_S + 1) * 1_000_000_000
        assert box.health() == {}
    assert states(books) == [("due", 1)] * 5 + [("sent", 1)]


def test_a_server_that_hangs_does_not_hold_the_leader_up(books: Books) -> None:
    go_on, entered = threading.Event(), threading.Event()

    class Hangs(RecordedChannel):
        def send(self, message: Message) -> None:
            """Wait until let go."""
            entered.set()
            go_on.wait(60)
            super().send(message)

    hangs = Hangs()
    make_member(books)
    tell(books)
    with outbox(books, email=hangs) as box:
        box.tick(books.clock.now())
        assert entered.wait(30)
        assert box.tick(books.clock.now()) < IDLE_S
        assert states(books) == [("due", 0)]
        go_on.set()
        empty(box, books)
    assert states(books) == [("sent", 1)]


def test_one_killed_before_writing_down_sends_again_with_the_same_key(books: Books, mail: RecordedChannel) -> None:
    make_member(books)
    tell(books)
    with outbox(books, email=mail) as box:
        box.tick(books.clock.now())
        eventually(lambda: mail.sent)
    assert states(books) == [("due", 0)]
    with outbox(books, email=mail) as box:
        empty(box, books)
    assert (len(mail.sent), mail.repeats) == (1, 1)
    assert mail.sent[0].key == message_key("t1", "email")
    assert states(books) == [("sent", 1)]


def test_one_that_no_longer_leads_writes_nothing_down(books: Books, mail: RecordedChannel) -> None:
    make_member(books)
    tell(books)
    with outbox(books, email=mail) as box:
        box.tick(books.clock.now())
        eventually(lambda: mail.sent)
        held_lease(books)
        with pytest.raises(LeaseLost):
            eventually(lambda: box.tick(books.clock.now()) == IDLE_S)
    assert states(books) == [("due", 0)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_in_a_channel_counts_as_a_try(books: Books, clock: ManualClock) -> None:
    class Broken(RecordedChannel):
        def send(self, _message: Message) -> None:
            """Fail as no channel should."""
            raise KeyError("a fault in the code")

    make_member(books)
    tell(books)
    with outbox(books, email=Broken()) as box:
        empty(box, books)
    (row,) = told(books)
    assert (row["state"], row["tries"], row["error"]) == ("due", 1, "sending broke off")


def test_a_notice_without_words_fails_and_holds_up_nobody(books: Books, mail: RecordedChannel) -> None:
    make_member(books)
    tell(books, "t0", template="no_such_notice")
    tell(books, "t00", template="no_such_notice", channels=())
    tell(books)
    with outbox(books, email=mail) as box:
        empty(box, books)
    assert [each["state"] for each in told(books)] == ["failed", "failed", "sent"]
    assert all("no_such_notice" in each["error"] for each in told(books)[:2])


def test_more_than_a_batch_all_goes_out(books: Books, mail: RecordedChannel) -> None:
    make_member(books)
    count = BATCH_MAX * 2 + 1
    books.change(
        DESK,
        lambda change: (
            [change.tell(Telling(f"t{n}", "welcome", MEMBER, channels=("email",))) for n in range(count)] and None
        ),
    )
    with outbox(books, email=mail) as box:
        empty(box, books)
    assert len(mail.sent) == count
    with books.look() as look:
        assert notice_counts(look) == {"sent": count}


def test_without_channels_what_names_one_waits(books: Books) -> None:
    make_member(books)
    tell(books)
    with outbox(books) as box:
        assert box.tick(books.clock.now()) == IDLE_S
    assert states(books) == [("due", 0)]


def test_what_waits_for_a_channel_that_never_comes_is_dropped(
    books: Books, mail: RecordedChannel, clock: ManualClock
) -> None:
    make_member(books)
    tell(books, channels=("sms", "office", "call"))
    with outbox(books, email=mail) as box:
        clock.set_wall(clock.now() + UNSENDABLE_AFTER)
        empty(box, books)
        assert [each["state"] for each in told(books)] == ["due"] * 3
        clock.pass_s(1)
        box._lease = held_lease(books)
        empty(box, books)
    assert [(each["channel"], each["state"]) for each in told(books)] == [
        ("sms", "dropped"),
        ("office", "due"),
        ("call", "due"),
    ]


def test_staff_tick_off_what_people_do(books: Books) -> None:
    make_member(books)
    tell(books, channels=("office", "sms"))
    office, sms = (each["id"] for each in told(books))
    books.change(DESK, lambda change: tick_off(change, office, "called"))
    wrong: list[Callable[[Any], None]] = [
        lambda change: tick_off(change, office),
        lambda change: tick_off(change, sms),
        lambda change: tell_again(change, sms),
        lambda change: tell_again(change, 999),
    ]
    for each in wrong:
        with pytest.raises(InvalidInput):
            books.change(DESK, each)
    with books.look() as look:
        assert [each.id for each in notice_page(look, NoticeFilter(state="sent"))] == [office]
        assert [each.id for each in notice_page(look, NoticeFilter(channel="sms"), before=sms + 1)] == [sms]
        assert notice_page(look, NoticeFilter(), before=office) == []


@pytest.mark.proves("S18")
def test_mail_that_is_refused_speaks_against_the_address_until_one_arrives(books: Books) -> None:
    class Refusing(RecordedChannel):
        refuses = True

        def send(self, message: Message) -> None:
            if self.refuses:
                raise Refused("no such mailbox")
            super().send(message)

    make_member(books)
    mail = Refusing()
    with outbox(books, email=mail, sms=RecordedChannel()) as box:
        for topic in ("t1", "t2"):
            tell(books, topic)
            empty(box, books)
        assert _failures(books) == {"email": 2, "phone": 0}
        mail.refuses = False
        tell(books, "t3")
        empty(box, books)
    assert _failures(books) == {"email": 0, "phone": 0}


def test_a_server_that_is_away_and_a_file_speak_against_no_address(books: Books) -> None:
    class Away(RecordedChannel):
        def send(self, message: Message) -> None:
            raise RetryLater("the server is away")

    make_member(books)
    books.change(DESK, lambda change: note_contact(change, MEMBER, ContactKind.EMAIL, "li@example.org", arrived=False))
    clock = books.clock
    assert isinstance(clock, ManualClock)
    tell(books)
    with outbox(books, email=Away()) as box:
        empty(box, books)
    assert _failures(books) == {"email": 1, "phone": 0}
    with outbox(books, file=RecordedChannel()) as box:
        clock.set_wall(clock.now() + BACK_OFF)
        empty(box, books)
    assert states(books)[0][0] == "sent"
    assert _failures(books) == {"email": 1, "phone": 0}


def _failures(books: Books) -> dict[str, int]:
    with books.look() as look:
        return {each.kind.value: each.failures for each in contacts_of(look, MEMBER).contacts}
