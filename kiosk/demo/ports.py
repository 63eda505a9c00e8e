"""Which ports a demo listens on: N, N+1 and N+2 by contract, the side ports wherever there is room."""

import socket

import msgspec

from kiosk.core.errors import CannotStart

SIDE_PORTS = ("gate", "sync", "web", "central", "office")


class Ports(msgspec.Struct, frozen=True):
    """The ports of one demo, all on loopback."""

    web: int
    office: int
    mqtt: int
    provider: int
    side: dict[str, int]

    def health(self) -> dict[str, int]:
        """Return the side port of each process."""
        return self.side

    def named(self) -> dict[str, int]:
        """Return the ports under the names the configuration has for them."""
        side = {f"{name}_health": port for name, port in self.side.items()}
        return {"web": self.web, "office": self.office, "mqtt": self.mqtt, **side}


def find_ports(first: int) -> Ports:
    """Return the ports of a demo that begins at `first`; raises CannotStart where one of the three is taken."""
    if not 1 <= first <= 65533:
        raise CannotStart(f"port {first} is not usable", hint="Use --port with 1 to 65533")
    for port in (first, first + 1, first + 2):
        if not _is_free(port):
            raise CannotStart(f"port {port} is taken", hint="Stop what listens there, or choose others with --port N")
    provider, *side = free_ports(len(SIDE_PORTS) + 1)
    return Ports(first, first + 1, first + 2, provider, dict(zip(SIDE_PORTS, side, strict=True)))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Return so many ports of loopback that nobody listens on at the moment."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
