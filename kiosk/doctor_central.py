"""Looks at what central and the office need to be paid by QR code, and says so a line each."""

import stat
from collections.abc import Iterator

import msgspec

from kiosk.central.pay.making import make_providers
from kiosk.central.pay.settings import PaySettings
from kiosk.core.errors import ConfigError
from kiosk.doctor import Finding
from kiosk.wiring_central import CentralConfig

ALONE = PaySettings()


def examine_central(config: CentralConfig) -> Iterator[Finding]:
    """Yield findings of each payment provider that is set up; reads the key files, and asks nobody."""
    pay = config.pay
    if pay.wechat is None and pay.alipay is None:
        yield Finding("ok", "payments", "no provider is set up, so that kiosks offer no paying by QR code")
    if pay.wechat is not None:
        secrets = {pay.wechat.key_file, pay.wechat.secret_file}
        yield from _provider(config, "wechat", msgspec.structs.replace(ALONE, wechat=pay.wechat), secrets)
    if pay.alipay is not None:
        secrets = {pay.alipay.key_file}
        yield from _provider(config, "alipay", msgspec.structs.replace(ALONE, alipay=pay.alipay), secrets)


def _provider(config: CentralConfig, what: str, pay: PaySettings, secrets: set[str]) -> Iterator[Finding]:
    try:
        make_providers(pay, config.path)
    except ConfigError as error:
        yield Finding("fail", what, error.message, error.hint)
        return
    (settings,) = [each for each in (pay.wechat, pay.alipay) if each is not None]
    yield Finding("ok", what, f"keys are read; notices come to {settings.notice_url}")
    standard = next(each.default for each in msgspec.structs.fields(type(settings)) if each.name == "gateway")
    if settings.gateway != standard:
        yield Finding("warn", what, f"{settings.gateway} is not the provider's own", "Only for tests: take gateway out")
    for path in map(config.path, sorted(secrets)):
        if stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH:
            yield Finding("warn", what, f"{path} can be read by everybody on this machine", f"chmod o-r {path}")
