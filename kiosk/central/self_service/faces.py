"""The photo of who has tapped at a gate, for the attendant who stands there (S28, R39)."""

from kiosk.central.club.books import Look
from kiosk.central.club.photos import photo_of, with_photo
from kiosk.central.members import cards_by
from kiosk.core.self_service import PhotoAsked, PhotoTold

NOBODYS = PhotoTold()
READ = ("photo",)
"""What of a member is written down as read with each photo."""


def face_of(look: Look, asked: PhotoAsked) -> tuple[str, PhotoTold]:
    """Return whose photo it is and the photo; an empty id and none where there is none that screens may show.

    A card that is lost or shut shows its member all the same: so the attendant sees who is not the one.
    """
    card = next(iter(cards_by(look.connection, "id", [asked.credential])), None)
    member = card.member if card is not None and card.member is not None else ""
    if not member or member not in with_photo(look.connection, [member]):
        return "", NOBODYS
    photo = photo_of(look, member)
    return (member, PhotoTold(photo.kind, photo.body)) if photo is not None else ("", NOBODYS)
