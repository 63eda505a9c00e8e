"""Roster rows as bytes, their digest, and the policy made of them."""

import hashlib
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.codec import canonical, parse
from kiosk.core.errors import MessageRejected
from kiosk.core.model import AnyRow, Credential, Note, Period, VisitRule
from kiosk.core.roster import (
    DIGEST_MODULUS,
    DeltaOp,
    decode_row,
    digest_hex,
    encode_row,
    make_policy,
    row_digest,
    row_key,
)
from tests.builders import (
    CREDENTIAL,
    NOW,
    make_credential,
    make_entitlement,
    make_product,
    make_rows,
    make_schedule,
    make_site,
    make_special_day,
    make_visits,
    make_window,
)

DIGESTS = st.integers(0, DIGEST_MODULUS - 1)


def _full_credential() -> Credential:
    day = NOW.date()
    rule = VisitRule(ever=1, per_period=2, period=Period.WEEK, days=3, gap_s=4, grace_s=5)
    return make_credential(
        guest_of="m2", gift=True, valid_from=day, valid_until=day, member_until=day, suspended_from=day,
        suspended_until=day, paid_until=day,
        entitlements=(make_entitlement(valid_from=day, valid_until=day, unpaid=True, visits=rule),),
    )  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        *make_rows(),
        _full_credential(),
        make_credential(notes=(Note("birthday", NOW.date(), NOW.date()), Note("see_kiosk"))),
        make_product(sites=("demo",), schedule="hours", visits=make_visits()),
        make_schedule(windows=(make_window(days="67"),), special_days=(make_special_day(windows=(make_window(),)),)),
    ],
    ids=lambda row: f"{type(row).__name__} {row.id[:8]}",
)
def test_every_row_is_canonical_and_comes_back_the_same(row: AnyRow) -> None:
    body = encode_row(row)
    assert decode_row(body) == row
    assert canonical(parse(body)) == body
    assert parse(body)["kind"] == type(row).__name__.lower()


def test_a_credential_row_on_the_wire() -> None:
    assert encode_row(_full_credential()) == (
        b'{"entitlements":[{"id":"e1","product":"gym","unpaid":true,"valid_from":"2026-11-22","valid_until":"2026-11-22",'
        b'"visits":{"days":3,"ever":1,"gap_s":4,"grace_s":5,"per_period":2,"period":"week"}}],"gift":true,'
        b'"greeting":"\xe5\xb0\x8f\xe6\x9e\x97","guest_of":"m2","id":"45935ab5ad870a22a304392db3d4c91b",'
        b'"kind":"credential","member":"m1","member_until":"2026-11-22","paid_until":"2026-11-22",'
        b'"suspended_from":"2026-11-22","suspended_until":"2026-11-22","tier":"silver","valid_from":"2026-11-22",'
        b'"valid_until":"2026-11-22"}'
    )


def test_notes_on_the_wire_leave_out_what_they_do_not_say() -> None:
    body = encode_row(Credential(id="ab", notes=(Note("expires_soon", on=NOW.date()), Note("unnamed"))))
    assert body == (
        b'{"id":"ab","kind":"credential","notes":[{"code":"expires_soon","on":"2026-11-22"},{"code":"unnamed"}]}'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b'{"id":"x"}', b'{"id":"x","kind":"horse"}', b'{"kind":"area"}', b'{"id":1,"kind":"area"}',
        b'{"id":"x","kind":"tier"}', b'{"id":"x","kind":"credential","valid_until":"2027-02-29"}',
        b'{"id":"x","kind":"credential","state":"asleep"}', b'{"id":"x","kind":"site","zone":"Mars/Olympus"}',
        b'{"id":"x","kind":"site","zone":""}', b'{"id":"x","kind":"site","zone":"America"}',
    ],
)  # fmt: skip
def test_a_row_that_is_not_understood_is_refused(body: bytes) -> None:
    with pytest.raises(MessageRejected):
        decode_row(body)


def test_keys_are_those_of_the_rows() -> None:
    assert row_key(make_credential()) == bytes.fromhex(CREDENTIAL)
    assert len(row_key(make_credential())) == 16
    kinds = {row_key(row).decode() for row in make_rows() if not isinstance(row, Credential)}
    assert {"site:demo", "area:club", "tier:gold", "product:gym", "schedule:hours"} <= kinds


def test_the_digest_of_a_row_is_its_sha_256_as_a_number() -> None:
    assert digest_hex(row_digest(b"row")) == hashlib.sha256(b"row").hexdigest()


def test_a_digest_is_written_in_sixty_four_digits() -> None:
    assert digest_hex(0) == "0" * 64
    assert digest_hex(255) == "0" * 62 + "ff"
    assert digest_hex(DIGEST_MODULUS) == digest_hex(0)
    assert digest_hex(-1) == "f" * 64


@given(st.lists(st.binary(max_size=8), max_size=12, unique=True), st.data())
def test_a_delta_leads_to_the_digest_of_the_rows_after_it(rows: list[bytes], data: st.DataObject) -> None:
    dropped = data.draw(st.sets(st.sampled_from(rows))) if rows else set()
    added = data.draw(st.lists(st.binary(min_size=9, max_size=9), max_size=4, unique=True))
    before = sum(map(row_digest, rows))
    after = before - sum(map(row_digest, dropped)) + sum(map(row_digest, added))
    assert digest_hex(after) == digest_hex(sum(map(row_digest, {*rows, *added} - dropped)))


@given(st.lists(st.binary(max_size=8), max_size=12, unique=True), st.integers())
def test_the_digest_does_not_depend_on_the_order_of_the_rows(rows: list[bytes], seed: int) -> None:
    shuffled = rows[:]
    Random(seed).shuffle(shuffled)
    assert sum(map(row_digest, rows)) % DIGEST_MODULUS == sum(map(row_digest, shuffled)) % DIGEST_MODULUS


@given(DIGESTS, DIGESTS)
def test_adding_and_taking_away_meet_again(total: int, row: int) -> None:
    assert digest_hex(total + row - row) == digest_hex(total)
    assert digest_hex((total + row) % DIGEST_MODULUS) == digest_hex(total + row)


def test_a_change_puts_a_row_or_drops_a_key() -> None:
    assert parse(canonical(DeltaOp(drop="ab"))) == {"drop": "ab"}
    assert parse(canonical(DeltaOp(put=make_product())))["put"]["kind"] == "product"


def test_the_policy_gathers_the_small_rows_of_its_site() -> None:
    policy = make_policy(7, "demo", [*make_rows(), make_site(id="north", zone="Europe/Berlin")], 60, "UTC")
    assert (policy.revision, policy.site.zone, policy.roster_age_max_s) == (7, "Asia/Shanghai", 60)
    assert (sorted(policy.areas), sorted(policy.tiers)) == (["club", "outside", "pool"], ["gold", "silver"])
    assert (sorted(policy.products), sorted(policy.schedules)) == (["gym"], ["hours"])


def test_a_site_that_the_roster_does_not_know_keeps_the_boxs_own_zone() -> None:
    policy = make_policy(7, "new", make_rows(), 60, "Europe/Berlin")
    assert (policy.site.id, policy.zone.key) == ("new", "Europe/Berlin")


def test_rows_of_different_kinds_may_share_an_id() -> None:
    rows: list[Any] = [make_product(id="same"), make_schedule(id="same")]
    policy = make_policy(1, "demo", [*make_rows(), *rows], 60, "UTC")
    assert policy.products["same"] is rows[0]
    assert policy.schedules["same"] is rows[1]
