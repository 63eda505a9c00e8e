"""Where a command finds its configuration: `--config FILE` or `--home DIR`, before or after the command's name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kiosk.core.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

EDGE, CENTRAL = "edge.toml", "central.toml"


def located(command: F) -> F:
    """Give a command the two options; `config_path` reads them."""
    for option in (
        click.option("--home", type=click.Path(path_type=Path), expose_value=False, callback=_remember, is_eager=True,
                     help="A demo's folder: its configuration is used."),
        click.option("--config", type=click.Path(path_type=Path), expose_value=False, callback=_remember, is_eager=True,
                     help="The configuration file."),
    ):  # fmt: skip
        command = option(command)
    return command


def config_path(name: str) -> Path:
    """Return the configuration file a command was given; `name` is edge.toml or central.toml. Raises ConfigError."""
    said = _said()
    if "config" in said:
        return said["config"]
    if "home" in said:
        path = said["home"] / name
        if not path.exists():
            raise ConfigError(f"{said['home']} holds no {name}", hint="Start `kiosk demo` with this --home first")
        return path
    raise ConfigError("no configuration named", hint=f"Add --config FILE (a {name}) or --home DIR (a demo's folder)")


def home() -> Path | None:
    """Return the folder given with --home."""
    return _said().get("home")


def _said() -> dict[str, Path]:
    context = click.get_current_context()
    found: dict[str, Path] = context.find_root().obj or {}
    return found


def _remember(context: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        root = context.find_root()
        root.obj = {**(root.obj or {}), str(parameter.name): value}
