"""The benchmark commands: each prints its limit from the same run."""

import click

from kiosk.bench.figures import show

_json = click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")


@click.group()
def bench() -> None:
    """Measure this machine; docs/performance.md holds our figures."""


@bench.command()
@click.option("--members", default=1_000_000, show_default=True)
@click.option("--taps", default=6000, show_default=True)
@_json
def tap(members: int, taps: int, as_json: bool) -> None:
    """Card read to release command, beside a bare durable append."""
    from kiosk.bench import tap as benchmark

    show(benchmark.run(members, taps), as_json=as_json)
