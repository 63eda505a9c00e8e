"""Makes the providers that are set up; the library of one that is not is not needed."""

from collections.abc import Callable, Mapping
from pathlib import Path

from kiosk.central.pay.provider import Provider
from kiosk.central.pay.settings import PaySettings
from kiosk.club.paying_back import PayWay
from kiosk.core.errors import ConfigError

KEY_BYTES_MAX = 16 * 1024


def make_providers(settings: PaySettings, path: Callable[[str], Path]) -> Mapping[PayWay, Provider]:
    """Return the providers that are set up; `path` finds what the file names. Raises ConfigError."""
    made: dict[PayWay, Provider] = {}
    try:
        if settings.wechat is not None:
            from kiosk.central.pay.wechat import WechatPay

            made[PayWay.WECHAT] = WechatPay(settings.wechat, settings.shown_as, _reader("[pay.wechat]", path))
        if settings.alipay is not None:
            from kiosk.central.pay.alipay import Alipay

            made[PayWay.ALIPAY] = Alipay(settings.alipay, settings.shown_as, _reader("[pay.alipay]", path))
    except ImportError as error:
        raise ConfigError(f"[pay] needs {error.name}", hint="Install kiosk with its extra `alipay`") from error
    return made


def _reader(table: str, path: Callable[[str], Path]) -> Callable[[str], str]:
    return lambda name: read_key(table, path(name))


def read_key(table: str, path: Path) -> str:
    """Return the text of a key file that a table of central.toml names; raises ConfigError."""
    named = f"the key file {path} of {table}"
    try:
        with path.open(encoding="ascii") as file:
            text = file.read(KEY_BYTES_MAX).strip()
    except OSError as error:
        hint = "Central and the office both read it: check its name, owner and permissions"
        raise ConfigError(f"{named} cannot be read ({error.strerror})", hint=hint) from error
    except UnicodeError as error:
        raise ConfigError(f"{named} is no text", hint="Keys are PEM files, the APIv3 key 32 characters") from error
    if not text:
        raise ConfigError(f"{named} is empty", hint="Put the key there")
    return text
