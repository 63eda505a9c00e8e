"""The doctor reads the key files of payment providers as central does, and says plainly which one it cannot."""

import shutil
from pathlib import Path

import pytest

from kiosk.doctor import Finding
from kiosk.doctor_central import examine_central
from kiosk.hostile.keys import MERCHANT_FILE, ProviderKeys
from kiosk.hostile.tables import alipay_values, wechat_values
from kiosk.wiring_central import load_central
from tests.central.pay.builders import OFFICE
from tests.support.command_line import kiosk

REAL = "https://api.mch.weixin.qq.com"


@pytest.fixture
def folder(keys: ProviderKeys, keys_folder: Path, tmp_path: Path) -> Path:
    """A folder with keys of its own and a central.toml that names them."""
    shutil.copytree(keys_folder, tmp_path / "keys")
    values = wechat_values(Path("keys"), REAL, OFFICE)
    rows = [f'{name} = "{value}"' for name, value in values.items()]
    text = "\n".join(["[broker]", 'host = "127.0.0.1"', "[pay.wechat]", *rows])
    (tmp_path / "central.toml").write_text(text)
    return tmp_path


def found(folder: Path) -> list[Finding]:
    """Return what is found."""
    return list(examine_central(load_central(folder / "central.toml")))


def test_keys_that_can_be_read_are_in_order_and_no_provider_is_too(folder: Path) -> None:
    (finding,) = found(folder)
    assert (finding.grade, finding.what, finding.said) == (
        "ok", "wechat", f"keys are read; notices come to {OFFICE}/pay/notices/wechat",
    )  # fmt: skip
    (folder / "central.toml").write_text("")
    assert [(each.grade, each.what) for each in found(folder)] == [("ok", "payments")]


def test_a_key_file_that_is_missing_empty_or_none_is_named_with_its_table(folder: Path) -> None:
    key = folder / "keys" / MERCHANT_FILE
    for content, said in (
        (b"", f"the key file {key} of [pay.wechat] is empty"),
        (b"\xff\xfe", f"the key file {key} of [pay.wechat] is no text"),
        (None, f"the key file {key} of [pay.wechat] cannot be read (No such file or directory)"),
    ):
        key.write_bytes(content) if content is not None else key.unlink()
        (finding,) = found(folder)
        assert (finding.grade, finding.what, finding.said) == ("fail", "wechat", said)
        assert finding.hint
    done = kiosk("doctor", "--config", str(folder / "central.toml"))
    assert done.exit_code == 1
    assert f"fail  wechat         the key file {key} of [pay.wechat] cannot be read" in done.output


def test_a_secret_that_everybody_reads_and_a_gateway_that_is_not_theirs_are_warned_of(folder: Path) -> None:
    (folder / "keys" / MERCHANT_FILE).chmod(0o644)
    values = alipay_values(Path("keys"), "http://127.0.0.1:9", OFFICE)
    with (folder / "central.toml").open("a") as file:
        file.write("\n".join(["", "[pay.alipay]", *(f'{name} = "{value}"' for name, value in values.items())]))
    warned = [(each.what, each.said.split(" ", 1)[1]) for each in found(folder) if each.grade == "warn"]
    readable = "can be read by everybody on this machine"
    assert warned == [("wechat", readable), ("alipay", "is not the provider's own"), ("alipay", readable)]
