"""`kiosk hostile-provider`: a payment provider for the demo and for trying central out; it is not for money."""

from pathlib import Path

import click


@click.command("hostile-provider", hidden=True)
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Where its keys are, or are made.")
@click.option("--port", default=8473, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--wild", is_flag=True, help="With every fault there is; without, it is a good provider.")
@click.option("--office", default="http://127.0.0.1:8471", show_default=True, help="Where notices are to go.")
@click.option("--settings", "settings_only", is_flag=True, help="Print the [pay.wechat] table for central and stop.")
def hostile_provider(folder: Path, port: int, seed: int, wild: bool, office: str, settings_only: bool) -> None:
    """Serve a payment provider on loopback that speaks WeChat Pay's HTTP, with a page that pays."""
    from kiosk.hostile.faults import WILD, Rates
    from kiosk.hostile.keys import make_keys
    from kiosk.hostile.server import HostileProvider
    from kiosk.hostile.tables import pay_table
    from kiosk.local.clock import SystemClock
    from kiosk.local.process import notify_ready, stop_event

    keys = make_keys(folder)
    if settings_only:
        click.echo(pay_table(folder, f"http://127.0.0.1:{port}", office))
        return
    stop = stop_event()
    provider = HostileProvider(keys, SystemClock(), WILD if wild else Rates(), seed, port=port)
    provider.start()
    notify_ready()
    click.echo(f"Hostile provider at {provider.address}/", err=True)
    stop.wait()
    provider.close()
