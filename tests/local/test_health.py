"""The side port, asked over real connections."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import Counter

from kiosk.core.errors import CannotStart, NeighbourDown
from kiosk.local.health import REQUESTS_MAX, Health, HealthServer
from tests.support.wait import eventually

Start = Callable[[Callable[[], Health]], HealthServer]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[HealthServer] = []

    def started(check: Callable[[], Health]) -> HealthServer:
        server = HealthServer("127.0.0.1", 0, check)
        server.start()
        servers.append(server)
        return server

    yield started
    for server in servers:
        server.close()


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_well_process_says_200_and_what_it_looked_at(start: Start) -> None:
    status, body = get(start(lambda: Health(True, {"reader": "ok"})).port, "/healthz")
    assert (status, json.loads(body)) == (200, {"ok": True, "detail": {"reader": "ok"}})


@pytest.mark.proves("S92")
def test_a_process_that_cannot_do_its_job_says_503(start: Start) -> None:
    status, body = get(start(lambda: Health(False, {"disk": "full"})).port, "/healthz")
    assert (status, json.loads(body)) == (503, {"ok": False, "detail": {"disk": "full"}})


def test_a_check_that_cannot_look_says_503_and_why(start: Start) -> None:
    def check() -> Health:
        raise NeighbourDown("sync does not answer", hint="Look at its log")

    status, body = get(start(check).port, "/healthz")
    assert (status, json.loads(body)["detail"]) == (503, {"error": "sync does not answer. Look at its log"})


def test_a_defect_in_a_check_ends_one_request_and_not_the_port(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([False, True])

    def check() -> Health:
        if next(answers):
            return Health(True)
        raise ZeroDivisionError

    port = start(check).port
    with pytest.raises(http.client.RemoteDisconnected):
        get(port, "/healthz")
    assert get(port, "/healthz")[0] == 200
    assert "health request failed" in caplog.messages


def test_metrics_come_in_the_format_of_prometheus(start: Start) -> None:
    counter = Counter("kiosk_test_health_taps", "Taps in this test")
    counter.inc(3)
    status, body = get(start(lambda: Health(True)).port, "/metrics")
    assert status == 200
    assert b"kiosk_test_health_taps_total 3.0" in body


@pytest.mark.parametrize("path", ["/", "/healthz/x", "//", "/%2e%2e/etc/passwd"])
def test_there_is_nothing_else(start: Start, path: str) -> None:
    assert get(start(lambda: Health(True)).port, path)[0] == 404


def test_a_query_is_not_looked_at(start: Start) -> None:
    assert get(start(lambda: Health(True)).port, "/healthz?x=1")[0] == 200


def test_idle_connections_do_not_keep_others_waiting_nor_threads_growing(start: Start) -> None:
    port = start(lambda: Health(True)).port
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(REQUESTS_MAX)]
    try:
        eventually(lambda: threads("health-request") == REQUESTS_MAX)
        assert get(port, "/healthz") == (503, b"")
        assert threads("health-request") == REQUESTS_MAX
    finally:
        for sock in idle:
            sock.close()
    eventually(lambda: get(port, "/healthz")[0] == 200)


def test_a_taken_port_is_an_error_with_a_hint(start: Start) -> None:
    port = start(lambda: Health(True)).port
    with pytest.raises(CannotStart, match=f"cannot listen on 127.0.0.1:{port} .*Stop what listens there"):
        HealthServer("127.0.0.1", port, lambda: Health(True)).start()


def test_closing_frees_the_port_and_may_be_repeated(start: Start) -> None:
    server = start(lambda: Health(True))
    port = server.port
    server.close()
    server.close()
    assert server.port == 0
    again = HealthServer("127.0.0.1", port, lambda: Health(True))
    again.start()
    again.close()


def threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())
