"""The `[pay]` tables of central.toml: merchants' numbers, keys by file, and where each provider is."""

from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from kiosk.local.settings import is_loopback

Seconds = Annotated[float, Meta(gt=0, le=30)]


class WechatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[pay.wechat]` table: WeChat Pay v3 by the platform's public key; `notice_url` is ours, as seen from it."""

    merchant: str
    app: str
    key_file: str
    key_serial: str
    secret_file: str
    platform_key_file: str
    platform_key: str
    notice_url: str
    gateway: str = "https://api.mch.weixin.qq.com"
    patience_s: Seconds = 5.0

    def __post_init__(self) -> None:
        _check(self.gateway, self.notice_url)


class AlipaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[pay.alipay]` table: the open platform with RSA2 keys."""

    app: str
    key_file: str
    platform_key_file: str
    notice_url: str
    gateway: str = "https://openapi.alipay.com/gateway.do"
    patience_s: Seconds = 5.0

    def __post_init__(self) -> None:
        _check(self.gateway, self.notice_url)


class PaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `[pay]` table: what payers read as what they pay for, and the providers that are set up."""

    shown_as: Annotated[str, Meta(min_length=1, max_length=40)] = "会员充值缴费"
    wechat: WechatSettings | None = None
    alipay: AlipaySettings | None = None


def _check(*addresses: str) -> None:
    for each in addresses:
        found = urlsplit(each)
        plain = found.scheme == "http" and is_loopback(found.hostname or "")
        if not found.hostname or not (plain or found.scheme == "https"):
            raise ValueError(f"{each[:80]!r} is no https address; http is for this machine only")
