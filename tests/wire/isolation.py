"""What every broker of ours keeps apart, judged by what arrives."""

from kiosk.wire.link import Connected
from tests.wire.worlds import World

EVERYTHING = "kiosk/v1/#"


def check_isolation(world: World) -> None:
    """Fail when gate-2 can speak as gate-1 or central, or hear what is meant for gate-1."""
    central, gate_1 = world.link("central", EVERYTHING), world.link("gate-1", "kiosk/v1/d/gate-1/dn/#")
    gate_2 = world.link("gate-2", "kiosk/v1/d/gate-2/dn/#", "kiosk/v1/s/demo/#")
    for peer in (central, gate_1, gate_2):
        peer.link.start()
        peer.expect(Connected)
    forbidden = (
        "kiosk/v1/d/gate-1/state", "kiosk/v1/d/gate-1/up/journal", "kiosk/v1/d/gate-1/dn/ack",
        "kiosk/v1/d/gate-2/dn/ack", "kiosk/v1/s/demo/roster/head", "kiosk/v1/elsewhere",
    )  # fmt: skip
    for topic in forbidden:
        gate_2.link.publish(topic, b"forged", retain=True)
    allowed = ("kiosk/v1/d/gate-2/state", "kiosk/v1/d/gate-2/up/journal", "kiosk/v1/d/gate-2/up/req")
    for topic in allowed:
        assert gate_2.link.publish(topic, b"own")
    assert [central.receive().topic for _ in allowed] == list(allowed)
    for topic in ("kiosk/v1/d/gate-1/dn/ack", "kiosk/v1/d/gate-2/dn/ack", "kiosk/v1/s/demo/used"):
        assert central.link.publish(topic, b"for one")
        assert central.receive().topic == topic
    assert gate_1.receive().topic == "kiosk/v1/d/gate-1/dn/ack"
    assert [gate_2.receive().topic for _ in range(2)] == ["kiosk/v1/d/gate-2/dn/ack", "kiosk/v1/s/demo/used"]
    for peer in (central, gate_1, gate_2):
        peer.expect_quiet()
