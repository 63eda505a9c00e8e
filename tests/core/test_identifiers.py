"""Card numbers of every form, and the ones that are no identity. Anchors are the published ones (readers.md §6)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kiosk.core.identifiers import (
    UID_SIZES,
    Assurance,
    ByteOrder,
    Distrust,
    NumberForm,
    NumberFormat,
    UntrustedIdentifier,
    canonical_identifier,
    credential_of,
    uid_identifier,
)

FORMATS = [NumberFormat(form, order, size) for form in NumberForm for order in ByteOrder for size in (3, 4, 5, 7, 10)]


def _format(form: str, order: str = "air", size: int = 4) -> NumberFormat:
    return NumberFormat(NumberForm(form), ByteOrder(order), size)


def _distrust(raw: str, written: NumberFormat) -> Distrust:
    with pytest.raises(UntrustedIdentifier) as caught:
        canonical_identifier(raw, written)
    return caught.value.distrust


@pytest.mark.proves("S25")
@pytest.mark.parametrize(
    ("raw", "written", "identifier"),
    [
        ("3536403172", _format("decimal", "reversed"), "E43AC9D2"),
        ("3220338716", _format("decimal", "reversed"), "1C78F2BF"),
        ("7186A61E", _format("wiegand34", "reversed"), "1EA68671"),
        ("1904649758", _format("decimal", "reversed"), "1EA68671"),
        ("0004522274", _format("decimal"), "00450122"),
        ("0004522274", _format("decimal", size=5), "0000450122"),
        ("e4:3a:c9:d2", _format("hex"), "E43AC9D2"),
        ("E4-3A C9 D2", _format("hex"), "E43AC9D2"),
        (" E43AC9D2\r\n", _format("hex"), "E43AC9D2"),
        ("D2C93AE4", _format("hex", "reversed"), "E43AC9D2"),
        ("0443EB61E02580", _format("hex"), "0443EB61E02580"),
        ("8025E061EB4304", _format("hex", "reversed"), "0443EB61E02580"),
        ("00000001", _format("hex"), "00000001"),
        ("08A1B2C3D4E5F6", _format("hex"), "08A1B2C3D4E5F6"),
        ("88A1B2C3D4E5F6", _format("hex"), "88A1B2C3D4E5F6"),
        ("0881B2C3D4E5F6A7B8C9", _format("hex"), "0881B2C3D4E5F6A7B8C9"),
        ("E43AC9", _format("wiegand26"), "E43AC9"),
        ("C93AE4", _format("wiegand26", "reversed"), "E43AC9"),
        ("1" + "00000001" + "00000010" + "00000011" + "0", _format("wiegand26"), "010203"),
        ("M-1001", _format("opaque"), "4D2D31303031"),
        ("00123456", _format("opaque"), "00123456"),
    ],
)
def test_a_number_becomes_its_identifier(raw: str, written: NumberFormat, identifier: str) -> None:
    assert canonical_identifier(raw, written) == identifier


@pytest.mark.parametrize(
    ("raw", "written", "distrust"),
    [
        ("08FA396C", _format("hex"), Distrust.RANDOM_UID),
        ("6C39FA08", _format("hex", "reversed"), Distrust.RANDOM_UID),
        ("08FA396C", _format("wiegand34"), Distrust.RANDOM_UID),
        ("39FA08", _format("wiegand26", "reversed"), Distrust.RANDOM_UID),
        ("0150616428", _format("decimal"), Distrust.RANDOM_UID),
        ("1815738888", _format("decimal", "reversed"), Distrust.RANDOM_UID),
        ("8804C43B", _format("hex"), Distrust.TRUNCATED),
        ("3BC40488", _format("hex", "reversed"), Distrust.TRUNCATED),
        ("1002701960", _format("decimal", "reversed"), Distrust.TRUNCATED),
        ("3BC40488", _format("wiegand34", "reversed"), Distrust.TRUNCATED),
        ("430488", _format("wiegand26"), Distrust.TRUNCATED),
        ("430488", _format("wiegand26", "reversed"), Distrust.TRUNCATED),
        ("880443", _format("wiegand26"), Distrust.TRUNCATED),
        ("4392072", _format("decimal", "reversed", 3), Distrust.TRUNCATED),
        ("0" + "00000001" + "00000010" + "00000011" + "0", _format("wiegand26"), Distrust.PARITY),
        ("1" + "00000001" + "00000010" + "00000011" + "1", _format("wiegand26"), Distrust.PARITY),
        ("", _format("hex"), Distrust.MALFORMED),
        ("E43AC9", _format("hex"), Distrust.MALFORMED),
        ("E43AC9D2F1", _format("hex"), Distrust.MALFORMED),
        ("E43AC9D", _format("hex"), Distrust.MALFORMED),
        ("E43AC9DG", _format("hex"), Distrust.MALFORMED),
        ("ﬀ112233", _format("hex"), Distrust.MALFORMED),
        ("٣٣٣٣", _format("decimal"), Distrust.MALFORMED),
        ("-1", _format("decimal"), Distrust.MALFORMED),
        ("4294967296", _format("decimal"), Distrust.MALFORMED),
        ("9" * 5000, _format("decimal", size=10), Distrust.MALFORMED),
        ("E43AC9D2", _format("wiegand26"), Distrust.MALFORMED),
        ("E43AC9", _format("wiegand34"), Distrust.MALFORMED),
        ("", _format("opaque"), Distrust.MALFORMED),
        ("X" * 65, _format("opaque"), Distrust.MALFORMED),
        ("A\x07B", _format("opaque"), Distrust.MALFORMED),
    ],
)
def test_what_is_no_identity_is_refused_and_says_why(raw: str, written: NumberFormat, distrust: Distrust) -> None:
    assert _distrust(raw, written) is distrust


def test_the_refusal_does_not_tell_the_number() -> None:
    with pytest.raises(UntrustedIdentifier) as caught:
        canonical_identifier("08FA396C", NumberFormat())
    assert "FA396C" not in str(caught.value)
    assert "random_uid" in str(caught.value)


@given(st.text(max_size=80), st.sampled_from(FORMATS))
@example("\u00a0", FORMATS[0])
def test_any_text_at_any_reader_is_an_identifier_or_refused(raw: str, written: NumberFormat) -> None:
    try:
        identifier = canonical_identifier(raw, written)
    except UntrustedIdentifier:
        return
    assert identifier
    assert set(identifier) <= set("0123456789ABCDEF")


@pytest.mark.proves("R19", "S21")
@given(st.sampled_from(UID_SIZES).flatmap(lambda size: st.binary(min_size=size, max_size=size)), st.data())
def test_every_form_of_a_uid_is_the_same_identifier(uid: bytes, data: st.DataObject) -> None:
    random_or_cut = len(uid) == 4 and uid[0] in (0x08, 0x88)
    order = data.draw(st.sampled_from(ByteOrder))
    shown = uid if order is ByteOrder.AIR else uid[::-1]
    texts = {
        NumberFormat(NumberForm.HEX, order): shown.hex(),
        NumberFormat(NumberForm.DECIMAL, order, len(uid)): str(int.from_bytes(shown, "big")),
    }
    if len(uid) == 4:
        texts[NumberFormat(NumberForm.WIEGAND34, order)] = shown.hex()
    for written, raw in texts.items():
        if random_or_cut:
            _distrust(raw, written)
        else:
            assert canonical_identifier(raw, written) == uid.hex().upper() == uid_identifier(uid)


@pytest.mark.parametrize("size", [0, 1, 3, 5, 6, 8, 9, 11])
def test_a_uid_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(UntrustedIdentifier):
        uid_identifier(bytes(size))


@pytest.mark.proves("R19", "S21")
def test_leading_zeros_tell_cards_apart() -> None:
    assert canonical_identifier("00004E1D", NumberFormat()) != canonical_identifier("4E1D0000", NumberFormat())
    assert uid_identifier(bytes(4)) == "00000000"


@pytest.mark.proves("S90")
def test_a_credential_is_a_keyed_hash_of_half_the_length() -> None:
    # HMAC-SHA-256 of the ASCII digits, cut to 128 bits; recomputed with `openssl dgst -sha256 -mac hmac`.
    assert credential_of("04A1B2C3D4E5F6", bytes(32)) == "45935ab5ad870a22a304392db3d4c91b"
    assert credential_of("04A1B2C3D4E5F6", b"\x01" * 32) != credential_of("04A1B2C3D4E5F6", bytes(32))


def test_assurance_is_ranked_as_defined() -> None:
    assert [grade.rank for grade in (Assurance.NONE, Assurance.UID, Assurance.CRYPTOGRAPHIC)] == [0, 1, 2]


def test_wire_values_of_the_forms_are_pinned() -> None:
    assert [form.value for form in NumberForm] == ["hex", "decimal", "wiegand26", "wiegand34", "opaque"]
    assert [order.value for order in ByteOrder] == ["air", "reversed"]
    assert [why.value for why in Distrust] == ["random_uid", "truncated", "parity", "malformed"]
    assert [grade.value for grade in Assurance] == ["none", "uid", "cryptographic"]
