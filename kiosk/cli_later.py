"""Commands whose modules are imported only when they are called: `kiosk tap` must not wait for SQLAlchemy."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LaterGroup(click.Group):
    """A group that also has the commands of `later`: by name, where each is, as `module:command`."""

    def __init__(self, *args: Any, later: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._later = later

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in order."""
        return sorted({*super().list_commands(ctx), *self._later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing its module where that was put off."""
        if cmd_name not in self._later:
            return super().get_command(ctx, cmd_name)
        module, name = self._later[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command
