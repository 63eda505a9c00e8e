"""The running office held against its own description: whatever is sent, the answer is one that the description names.

Event streams are left out: their answers have no end, so there is nothing whole to hold against a schema;
`test_live.py` has them. What an act means is not judged here either, only that it is answered as described.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy, one_of
from requests import Session
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import CacheConfig, GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from kiosk.central.database import Database
from kiosk.central.keys import init_keys
from kiosk.office.families import ACTIONS
from kiosk.office.openapi import describe
from kiosk.office.routes import PREFIX
from tests.office.builders import TOKEN, add_club_tables, fill_club, make_decision, make_passage, note_and_tell, store
from tests.support.central_home import CentralHome
from tests.support.edge_home import Started
from tests.support.migrated import put_tables
from tests.support.ports import free_ports
from tests.support.wait import eventually

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SHOWN_ONCE = frozenset(each.path for each in ACTIONS if each.kept is not None)
"""Acts that answer with a secret, which a repeat is not told."""
TURNS = count()
EXAMPLES = 2
ACTS_A_SAMPLE = 10
IDS_MAX = 3
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SEED = 20261122


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and description of every operation but the event streams."""
    for path, methods in describe()["paths"].items():
        for method, operation in methods.items():
            if "text/event-stream" not in operation["responses"]["200"]["content"]:
                yield path, method, operation


ALL = [(path, method) for path, method, _ in operations()]
ACTS = [(path, method) for path, method in ALL if method == "post"]
ASKED = [(path, "get") for path, _, each in operations() if any(part["in"] == "query" for part in each["parameters"])]
FITTING = [(path, method, GenerationMode.POSITIVE) for path, method in ALL]
UNFITTING = [(path, method, GenerationMode.NEGATIVE) for path, method in [*ASKED, *ACTS[::ACTS_A_SAMPLE]]]
"""An operation that takes nothing but ids takes them all; all acts read their wish in one place."""


class Office:
    """A running office, and the description that it serves."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.session = Session()
        generation = GenerationConfig(deterministic=True, with_security_parameters=False)
        config = SchemathesisConfig(
            seed=SEED,
            cache=CacheConfig(enabled=False),
            projects=ProjectsConfig(default=ProjectConfig(generation=generation)),
        )
        url = f"http://127.0.0.1:{port}/api/openapi.json"
        self.schema: BaseSchema = schemathesis.openapi.from_url(url, config=config)

    def close(self) -> None:
        """Let go of the connection that all requests take."""
        self.session.close()

    def get(self, path: str) -> Any:
        """Get a path of the API, which has to answer with 200."""
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=30)) as connection:
            connection.request("GET", PREFIX + path, headers=BEARER)
            answer = connection.getresponse()
            assert answer.status == 200, path
            return json.loads(answer.read())

    def ids(self, path: str) -> list[dict[str, str]]:
        """Return ids for a path that are really there, from the list that the path goes on from."""
        listing, _, rest = path.partition("/{")
        name, _, more = rest.partition("}")
        if not name or "{" in more or "get" not in describe()["paths"].get(listing, {}):
            return []
        items = self.get(listing)["items"][:IDS_MAX]
        key = next((key for key in (name, "id", "key", "name") if items and key in items[0]), "")
        return [{name: each[key]} for each in items if key]

    def cases(self, path: str, method: str, mode: GenerationMode) -> SearchStrategy[Case]:
        """Return requests of an operation: made up as a whole, and about things that are there."""
        operation: APIOperation = self.schema[path][method]
        about = [operation.as_strategy(mode, path_parameters=ids) for ids in self.ids(path)]
        return one_of(operation.as_strategy(mode), *about)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office's process over a small club with records, an amended rule and a notice."""
    home = CentralHome(tmp_path_factory.mktemp("office"))
    put_tables(home.folder / "central.db")
    init_keys(home.folder)
    with closing(Database(home.url)) as database:
        add_club_tables(database)
        fill_club(database)
        store(database, make_decision(), make_passage(1), make_decision(granted=False))
        note_and_tell(database)
    (home.folder / "token").write_text(TOKEN + "\n")
    port = free_ports(2)
    with home.config.open("a") as config:
        config.write(f'\n[office]\ntoken_file = "token"\nport = {port}\nhealth_port = {port + 1}\n')
    command = [sys.executable, "-m", "kiosk", "office", "--config", str(home.folder / "central.toml")]
    with Started(command, home.folder / "office.log", os.environ):
        eventually(lambda: is_serving(port), 60.0)
        with closing(Office(port)) as running:
            yield running


def is_serving(port: int) -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/api/openapi.json")
        return connection.getresponse().status == 200
    return False


def try_all(cases: SearchStrategy[Case], attempt: Any, examples: int) -> None:
    """Hand the same requests in every run to `attempt`."""
    limits = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    limits(given(cases)(attempt))()


@pytest.mark.parametrize(("path", "method", "mode"), [*FITTING, *UNFITTING])
def test_every_answer_is_one_that_the_description_names_and_an_act_answers_a_repeat_alike(
    office: Office, path: str, method: str, mode: GenerationMode
) -> None:
    def attempt(case: Case) -> None:
        # One made up would mostly be no key, and one that another act had would be refused before anybody looks.
        key = {"Idempotency-Key": f"turn-{next(TURNS)}"} if method == "post" else {}
        answer = case.call_and_validate(session=office.session, headers=BEARER | key, checks=CHECKS)
        assert answer.status_code not in (401, 429), "the token was not taken"
        if method == "post" and answer.status_code == 200:
            again = case.call_and_validate(session=office.session, headers=BEARER | key, checks=CHECKS)
            assert again.status_code == 200
            assert (again.text == answer.text) is (path not in SHOWN_ONCE)

    try_all(office.cases(path, method, mode), attempt, EXAMPLES)


def test_an_act_needs_its_key(office: Office) -> None:
    def attempt(case: Case) -> None:
        case.headers.pop("Idempotency-Key")
        assert case.call_and_validate(session=office.session, headers=BEARER, checks=CHECKS).status_code == 400
        assert case.call_and_validate(session=office.session, checks=CHECKS).status_code == 401

    path, method = ACTS[0]
    try_all(office.cases(path, method, GenerationMode.POSITIVE), attempt, EXAMPLES)
