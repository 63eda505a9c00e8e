"""The price list as a box reads it: the newest word on each item, and nothing that cannot be read."""

from contextlib import closing
from pathlib import Path

from kiosk.core.codec import canonical
from kiosk.core.goods import Item
from kiosk.core.roster import DeltaOp, digest_hex, encode_row, row_digest, row_key
from kiosk.store.roster import RosterWriter
from kiosk.store.roster_reader import RosterReader
from kiosk.wire.snapshot import build_snapshot
from tests.builders import make_rows

TEA, SHIRT = Item("tea", "茶", "Tea", price_minor=700), Item("shirt", price_minor=10_000)


def test_what_changed_since_the_snapshot_counts_and_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    rows = sorted((row_key(row), encode_row(row)) for row in [*make_rows(), TEA, SHIRT, Item("cup", price_minor=300)])
    digest = build_snapshot(tmp_path / "snapshot-1.db", iter(rows), 1)
    dearer = Item("tea", "茶", "Tea", price_minor=900)
    later = {"kind": "item", "id": "later", "price_minor": "by weight"}
    total = int(digest, 16) + row_digest(encode_row(dearer)) - row_digest(encode_row(TEA))
    total += row_digest(canonical(later)) - row_digest(encode_row(SHIRT))
    ops = [DeltaOp(put=dearer), DeltaOp(put=later), DeltaOp(drop=row_key(SHIRT).hex())]
    with closing(RosterReader(tmp_path, "demo", "Asia/Shanghai", 86_400)) as reader:
        assert reader.items() == {}
        with closing(RosterWriter(tmp_path)) as writer:
            writer.switch_snapshot("snapshot-1.db", 1, digest)
            assert {name: each.price_minor for name, each in reader.items().items()} == {
                "tea": 700, "shirt": 10_000, "cup": 300,
            }  # fmt: skip
            writer.apply_delta(1, 2, ops, digest_hex(total))
            assert {name: each.price_minor for name, each in reader.items().items()} == {"tea": 900, "cup": 300}
