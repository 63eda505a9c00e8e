"""Statements of payment providers as they send them, read into lines; columns are found by their names."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

from kiosk.central.pay.provider import BillLine
from kiosk.core.errors import InvalidInput

CHINA = timezone(timedelta(hours=8))
LINES_MAX = 100_000
BYTES_MAX = 64 * 1024 * 1024

_NOT_GONE = ("FAIL", "CLOSED")
"""Of a refund in WeChat's bill: no money went back."""

_AMOUNT = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,2}))?\Z")


def fen_of(text: str) -> int:
    """Return an amount in yuan with at most two decimals as fen; raises InvalidInput."""
    found = _AMOUNT.match(text.strip())
    if found is None:
        raise InvalidInput(f"{text[:20]!r} is no amount")
    sign, yuan, rest = found.groups()
    return (-1 if sign else 1) * (int(yuan) * 100 + int((rest or "0").ljust(2, "0")))


def yuan_of(amount_minor: int) -> str:
    """Return fen as yuan with two decimals."""
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


def read_wechat(text: str) -> list[BillLine]:
    """Return the lines of WeChat's trade bill of type ALL; raises InvalidInput for what is none."""
    return list(_wechat(_rows(text.lstrip("\ufeff"), "交易时间")))


def read_alipay(packed: bytes) -> list[BillLine]:
    """Return the lines of Alipay's zipped bill of type trade; raises InvalidInput for what is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
            named = [each for each in bundle.infolist() if not _name(each).endswith("(汇总).csv")]
            if len(named) != 1 or named[0].file_size > BYTES_MAX:
                raise InvalidInput(f"a bill of {len(named)} files")
            text = bundle.read(named[0]).decode("gb18030")
    except (zipfile.BadZipFile, UnicodeError) as error:
        raise InvalidInput(f"no bill: {error}") from error
    return list(_alipay(_rows(text, "支付宝交易号")))


def _wechat(rows: Sequence[Mapping[str, str]]) -> Iterator[BillLine]:
    for row in rows:
        common = (row["商户订单号"], row["微信订单号"])
        at = _moment(row["交易时间"])
        if row["交易状态"] == "SUCCESS":
            yield BillLine(*common, fen_of(row["订单金额"]), at)
        elif row["退款状态"] not in _NOT_GONE:  # REFUND, and REVOKED: money that went back
            refund = row["微信退款单号"] or row["微信订单号"]
            yield BillLine(*common, -fen_of(row["退款金额"]), at, refund, row["商户退款单号"])


def _alipay(rows: Sequence[Mapping[str, str]]) -> Iterator[BillLine]:
    for row in rows:
        common = (row["商户订单号"], row["支付宝交易号"])
        amount_minor, at = fen_of(row["订单金额（元）"]), _moment(row["完成时间"])
        refund = row["退款批次号/请求号"] if row["业务类型"] == "退款" else ""
        yield BillLine(*common, -abs(amount_minor) if refund else amount_minor, at, refund, refund)


def _rows(text: str, first: str) -> list[dict[str, str]]:
    """Return the rows between the head that begins with a column and whatever has another number of columns."""
    found: list[dict[str, str]] = []
    head: list[str] = []
    for cells in csv.reader(io.StringIO(text)):
        plain = [each.strip().lstrip("`").strip() for each in cells]
        if not head:
            head = plain if plain[:1] == [first] else []
        elif len(plain) != len(head) or plain[0].startswith("#"):
            break
        else:
            found.append(dict(zip(head, plain, strict=True)))
        if len(found) > LINES_MAX:
            raise InvalidInput(f"a bill of more than {LINES_MAX} lines")
    if not head:
        raise InvalidInput(f"a bill without the column {first}")
    return found


def _name(info: zipfile.ZipInfo) -> str:
    """Return a file's name in a bundle: old ones have it in GBK."""
    return (
        info.filename
        if info.flag_bits & 0x800
        else info.filename.encode("cp437", "replace").decode("gb18030", "replace")
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError as error:
        raise InvalidInput(f"{text[:30]!r} is no moment") from error
