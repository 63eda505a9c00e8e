"""The real server: streams leave room for pages, and a browser that goes gives its place back."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest
from flask import Flask

from kiosk.core.errors import CannotStart
from kiosk.local.webserver import WebServer
from kiosk.web.app import check_health, close_app
from tests.support.wait import eventually
from tests.web.conftest import MakeApp
from tests.web.fakes import FakeGate, make_state

STREAMS = 8


@pytest.fixture
def app(make_app: MakeApp, gate: FakeGate) -> Flask:
    app = make_app(streams_max=STREAMS)
    check_health(app)
    gate.wait_for_follower()
    gate.say(make_state())
    eventually(lambda: check_health(app).ok)
    return app


@pytest.fixture
def server(app: Flask) -> Iterator[WebServer]:
    server = WebServer(app, "127.0.0.1", 0, STREAMS)
    server.start()
    yield server
    close_app(app)
    server.close()


def get(server: WebServer, path: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path)
    return connection


def status(server: WebServer, path: str) -> int:
    with closing(get(server, path)) as connection:
        return connection.getresponse().status


def test_pages_are_served_while_every_stream_is_taken(server: WebServer) -> None:
    with ExitStack() as open_streams:
        for _ in range(STREAMS):
            connection = open_streams.enter_context(closing(get(server, "/gate/entrance/events")))
            stream = open_streams.enter_context(closing(connection.getresponse()))
            assert stream.readline() == b"retry: 2000\n"
        assert status(server, "/gate/entrance/events") == 503
        assert status(server, "/gate/entrance") == 200
        assert status(server, "/static/gate.css") == 200


def test_a_browser_that_goes_gives_its_stream_back(server: WebServer) -> None:
    gone = [get(server, "/gate/entrance/events") for _ in range(STREAMS)]
    streams = [connection.getresponse() for connection in gone]
    assert [stream.readline() for stream in streams] == [b"retry: 2000\n"] * STREAMS
    assert status(server, "/gate/entrance/events") == 503
    for stream, connection in zip(streams, gone, strict=True):
        stream.close()
        connection.close()

    def a_stream_is_free() -> bool:
        with closing(get(server, "/gate/entrance/events")) as connection:
            return connection.getresponse().status == 200

    eventually(a_stream_is_free, every_s=0.1)


def test_closing_ends_streams_and_frees_the_port(app: Flask) -> None:
    server = WebServer(app, "127.0.0.1", 0, STREAMS)
    server.start()
    port = server.port
    stream = get(server, "/gate/entrance/events")
    response = stream.getresponse()
    response.readline()
    close_app(app)
    server.close()
    server.close()
    response.read()  # ends
    stream.close()
    again = WebServer(app, "127.0.0.1", port, STREAMS)
    again.start()
    again.close()


def test_closing_in_the_moment_in_which_the_loop_is_woken_by_somebody_else_fails_nobody() -> None:
    def wake(server: WebServer, stop: threading.Event) -> None:
        with suppress(OSError):  # the loop may have ended, which is what this is about
            while not stop.is_set():
                server._server.pull_trigger()

    for _ in range(600):
        server, stop = WebServer(Flask("nothing"), "127.0.0.1", 0, 1), threading.Event()
        server.start()
        waker = threading.Thread(target=wake, args=(server, stop))
        waker.start()
        try:
            server.close()
        finally:
            stop.set()
            waker.join()


def test_an_address_in_use_is_said_in_one_sentence(server: WebServer, app: Flask) -> None:
    with pytest.raises(CannotStart, match=f"cannot listen on 127.0.0.1:{server.port}"):
        WebServer(app, "127.0.0.1", server.port, STREAMS).start()
