"""The face that belongs to a card, for the attendant at the gate: shown with consent alone, and each look is noted."""

from functools import partial

import msgspec
import pytest

from kiosk.central.club.books import Books
from kiosk.central.club.photos import PHOTO_BYTES_MAX, set_photo
from kiosk.central.club.purposes import answer_purpose
from kiosk.central.club.readings import ReadingFilter, reading_page
from kiosk.central.members import cards_by, save_cards
from kiosk.central.requests import Declined
from kiosk.central.self_service.answers import PHOTOS_A_MINUTE, TOO_OFTEN
from kiosk.club.privacy import Purpose
from kiosk.core.codec import canonical
from kiosk.core.model import CredentialState
from kiosk.core.self_service import PhotoAsked, PhotoTold, Subject
from kiosk.local.lines import LINE_BYTES_MAX
from tests.central.club.builders_activities import card
from tests.central.money.builders_fees import DESK
from tests.central.self_service.builders import CARD, KIOSK, Kiosk, join, open_house

FACE = b"\xff\xd8\xff" + bytes(PHOTO_BYTES_MAX - 3)


@pytest.fixture
def kiosk(books: Books) -> Kiosk:
    """A device of a club that is open."""
    open_house(books)
    return Kiosk(books)


@pytest.mark.proves("S01", "S28", "S90")
def test_the_face_of_a_card_even_of_a_lost_one_is_told_and_each_look_is_noted(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    assert kiosk.ask(Subject.PHOTO, PhotoAsked(CARD)) == PhotoTold()
    books.change(DESK, lambda change: set_photo(change, member, FACE))
    told = kiosk.ask(Subject.PHOTO, PhotoAsked(CARD))
    assert told == PhotoTold("image/jpeg", FACE)
    # The largest one there may be still fits into one line between the processes of a box.
    assert len(canonical({"ok": True, "answer": told})) < LINE_BYTES_MAX
    with books.look() as look:
        (row,) = cards_by(look.connection, "id", [CARD])
    books.change(DESK, lambda change: save_cards(
        change.connection, [msgspec.structs.replace(row, state=CredentialState.LOST)]))  # fmt: skip
    assert kiosk.ask(Subject.PHOTO, PhotoAsked(CARD)).body == FACE
    assert kiosk.ask(Subject.PHOTO, PhotoAsked(card(9))) == PhotoTold()
    with books.look() as look:
        (reading,) = reading_page(look, ReadingFilter(member=member))
    assert (reading.actor, reading.fields, reading.count) == (f"device:{KIOSK}", ("photo",), 2)


@pytest.mark.proves("S90")
def test_who_says_no_to_the_photo_on_screens_is_not_shown_to_an_attendant(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    books.change(DESK, lambda change: set_photo(change, member, FACE))
    for agreed, kind in ((False, ""), (True, "image/jpeg")):
        books.change(DESK, partial(
            answer_purpose, member_id=member, purpose=Purpose.RECOGNITION, agreed=agreed, version="1"))  # fmt: skip
        assert kiosk.ask(Subject.PHOTO, PhotoAsked(CARD)).kind == kind


def test_a_device_asks_for_so_many_faces_a_minute_and_no_more(kiosk: Kiosk) -> None:
    for _ in range(PHOTOS_A_MINUTE):
        kiosk.ask(Subject.PHOTO, PhotoAsked(CARD))
    with pytest.raises(Declined, match=TOO_OFTEN):
        kiosk.ask(Subject.PHOTO, PhotoAsked(CARD))
    assert kiosk.other().ask(Subject.PHOTO, PhotoAsked(CARD)) == PhotoTold()
