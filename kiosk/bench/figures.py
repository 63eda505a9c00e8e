"""Figures beside their limit: percentiles, ratios, and how they are printed."""

import json
import platform
from collections.abc import Sequence
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table


class Row(msgspec.Struct, frozen=True):
    """One figure: what was measured, the limit or goal from the same run, and whether it was met."""

    what: str
    figure: str
    beside: str = ""
    goal: str = ""
    met: bool | None = None


class Result(msgspec.Struct, frozen=True):
    """One benchmark's run."""

    name: str
    rows: list[Row]
    raw: dict[str, Any]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def show(result: Result, *, as_json: bool) -> None:
    """Print a result as a table, or as one JSON object."""
    if as_json:
        click.echo(json.dumps({"benchmark": result.name, "machine": machine(), **result.raw}, sort_keys=True))
        return
    table = Table(title=f"kiosk bench {result.name} — {machine()}")
    for column in ("what", "figure", "beside it", "goal", "met"):
        table.add_column(column)
    for row in result.rows:
        table.add_row(row.what, row.figure, row.beside, row.goal, {True: "yes", False: "NO", None: ""}[row.met])
    Console().print(table)


def machine() -> str:
    """Return what the figures were taken on."""
    cores = 0
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            cores += line.startswith("processor")
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    return f"{cores} x {model}, Linux {platform.release()}, Python {platform.python_version()}"
