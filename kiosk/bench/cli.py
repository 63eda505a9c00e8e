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


@bench.command()
@click.option("--records", default=200_000, show_default=True)
@_json
def uplink(records: int, as_json: bool) -> None:
    """A gate's backlog through mosquitto into central, acked."""
    from kiosk.bench import uplink as benchmark

    show(benchmark.run(records), as_json=as_json)


@bench.command()
@click.option("--records", default=200_000, show_default=True)
@_json
def ingest(records: int, as_json: bool) -> None:
    """Central's ingest alone, in one process."""
    from kiosk.bench import ingest as benchmark

    show(benchmark.run(records), as_json=as_json)


@bench.command()
@click.option("--members", default=1_000_000, show_default=True)
@click.option("--changes", default=40, show_default=True, help="Single changes whose way to the next tap is timed.")
@_json
def roster(members: int, changes: int, as_json: bool) -> None:
    """A whole roster to a gate that goes on tapping, and one changed member."""
    from kiosk.bench import roster as benchmark

    show(benchmark.run(members, changes), as_json=as_json)
