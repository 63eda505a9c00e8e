"""What central.toml needs to say so that central pays by the hostile provider."""

from pathlib import Path

from kiosk.hostile.alipay import GATEWAY
from kiosk.hostile.keys import (
    APP,
    MERCHANT,
    MERCHANT_FILE,
    MERCHANT_SERIAL,
    PLATFORM,
    PLATFORM_PUBLIC_FILE,
    SECRET_FILE,
)


def wechat_values(folder: Path, gateway: str, office: str) -> dict[str, str]:
    """Return the keys of the `[pay.wechat]` table, for keys in `folder` and notices to `office`."""
    return {
        "merchant": MERCHANT,
        "app": APP,
        "key_file": str(folder / MERCHANT_FILE),
        "key_serial": MERCHANT_SERIAL,
        "secret_file": str(folder / SECRET_FILE),
        "platform_key_file": str(folder / PLATFORM_PUBLIC_FILE),
        "platform_key": PLATFORM,
        "notice_url": f"{office}/pay/notices/wechat",
        "gateway": gateway,
    }


def alipay_values(folder: Path, gateway: str, office: str) -> dict[str, str]:
    """Return the keys of the `[pay.alipay]` table."""
    return {
        "app": APP,
        "key_file": str(folder / MERCHANT_FILE),
        "platform_key_file": str(folder / PLATFORM_PUBLIC_FILE),
        "notice_url": f"{office}/pay/notices/alipay",
        "gateway": f"{gateway}{GATEWAY}",
    }


def pay_table(folder: Path, gateway: str, office: str) -> str:
    """Return the same as TOML."""
    said = [f'{name} = "{value}"' for name, value in wechat_values(folder, gateway, office).items()]
    return "\n".join(["[pay.wechat]", *said])
