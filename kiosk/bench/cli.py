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


@bench.command("import")
@click.option("--members", default=100_000, show_default=True)
@_json
def import_(members: int, as_json: bool) -> None:
    """Member lists with 1 % bad rows into central: speed, memory, write lock, and whether each bad row is named."""
    from kiosk.bench import imports as benchmark

    show(benchmark.run(members), as_json=as_json)


@bench.command()
@click.option("--postings", default=1000, show_default=True, help="Postings a round, each way.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--postgresql", default="", help="URL of an empty database on a server, to be measured as well.")
@_json
def ledger(postings: int, rounds: int, postgresql: str, as_json: bool) -> None:
    """Postings to the ledger, beside bare inserts of the same rows."""
    from kiosk.bench import ledger as benchmark

    show(benchmark.run(postings, rounds, postgresql), as_json=as_json)


@bench.command()
@click.option("--members", default=100_000, show_default=True)
@click.option("--records", default=5_000_000, show_default=True)
@click.option("--database", default="", help="URL of an empty database on a server; else SQLite in a file.")
@_json
def jobs(members: int, records: int, database: str, as_json: bool) -> None:
    """A night's jobs over a club with a year of records, the night after days off, and the office's pages."""
    from kiosk.bench import jobs as benchmark

    show(benchmark.run(members, records, database), as_json=as_json)


@bench.command()
@click.option("--orders", default=2000, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Of what goes wrong.")
@_json
def pay(orders: int, seed: int, as_json: bool) -> None:
    """Orders by QR code under random faults of the hostile provider: none twice, none lost, every line placed."""
    from kiosk.bench import pay as benchmark

    show(benchmark.run(orders, seed), as_json=as_json)


@bench.command()
@click.option("--members", default=1000, show_default=True)
@click.option("--taps", default=200, show_default=True)
@_json
def screen(members: int, taps: int, as_json: bool) -> None:
    """Card read to painted gate screen, in a real browser."""
    from kiosk.bench import screen as benchmark

    show(benchmark.run(members, taps), as_json=as_json)
