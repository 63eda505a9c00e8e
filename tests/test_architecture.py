"""The house rules of docs and DESIGN that a machine can check: who imports whom, and what a module may do."""

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from kiosk.core import staff_texts, texts
from kiosk.core.records import DenyReason, GrantReason
from kiosk.core.texts import Language, member_text
from tests.support import architecture as house
from tests.support import imports

SOURCE = Path(__file__).parent.parent / "kiosk"

EDGE = {"core", "local", "store", "readers"}
PARTS = {"core", "club", "wire", "local", "readers", "store", "gate", "sync", "web", "central", "office"}

MAY_IMPORT = {
    "core": set(),
    "club": {"core"},
    "wire": {"core"},
    "local": {"core"},
    "readers": {"core"},
    "store": {"core"},
    "gate": EDGE,
    "sync": {"core", "local", "store", "wire"},
    "web": EDGE,
    "central": {"core", "club", "local", "wire"},
    "office": {"core", "club", "local", "central"},
    "hostile": {"core", "local"},
    "demo": PARTS | {"top", "hostile"},
    "bench": PARTS | {"top", "demo", "hostile"},
    "top": PARTS | {"demo", "bench", "hostile"},
}
"""Which package may import which; itself always. `top` is the command line and the wiring, directly below kiosk/."""

ANYWHERE = ("top", *(f"{package}/" for package in sorted(MAY_IMPORT)))
BEHIND_CORE = tuple(place for place in ANYWHERE if place not in ("core/", "club/"))
COMMANDS = ("top", "demo/", "bench/")
LIBRARIES = {
    "msgspec": ANYWHERE,
    "prometheus_client": BEHIND_CORE,
    "cryptography": BEHIND_CORE,
    "paho": ("wire/mqtt.py",),
    "smartcard": ("readers/pcsc.py",),
    "nfc": ("readers/nfc.py",),
    "serial": ("readers/serial.py",),
    "gpiozero": ("gate/gpio.py",),
    "pymodbus": ("gate/modbus.py",),
    "flask": ("web/", "office/"),
    "flask_babel": ("web/", "office/"),
    "werkzeug": ("web/", "office/"),
    "waitress": ("local/webserver.py",),
    "sqlalchemy": ("central/",),
    "alembic": ("central/",),
    "psycopg": ("central/",),
    "openpyxl": ("central/", "office/"),
    "wechatpayv3": ("central/pay/wechat.py",),
    "alipay": ("central/pay/alipay.py",),
    "amqtt": ("demo/",),
    "segno": ("web/qr.py",),
    "click": COMMANDS,
    "markupsafe": ("office/",),
    "rich": COMMANDS,
}
"""Where each library may be imported."""

PURE = ("core/", "club/")
NOT_IN_PURE_CODE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "queue", "random", "select", "shutil",
    "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
NOT_CALLED_IN_PURE_CODE = {
    "open", "print", "input", "datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now",
    "date.today", "datetime.date.today",
}  # fmt: skip

HARMLESS = {
    # built in, and of the standard library: values from values
    "bytes", "dict", "enumerate", "frozenset", "int", "len", "list", "map", "max", "min", "range", "set", "sorted",
    "str", "tuple", "vars", "zip", "bytes.fromhex", "dict.fromkeys", "str.maketrans", ".encode", ".decode", ".format",
    ".items", ".join", ".keys", ".split", ".values", "dataclasses.dataclass", "dataclasses.field", "datetime.date",
    "datetime.datetime", "datetime.time", "datetime.timedelta", "datetime.timezone", "decimal.Decimal", "enum.auto",
    "functools.lru_cache", "functools.partial", "logging.getLogger", "logging.makeLogRecord", "operator.attrgetter",
    "operator.itemgetter", "pathlib.Path", "random.SystemRandom", "re.compile", "struct.Struct",
    "types.MappingProxyType", "typing.NewType", "typing.ParamSpec", "typing.TypeVar",
    # libraries: declarations
    "msgspec.field", "msgspec.Meta", "msgspec.json.Encoder", "msgspec.json.Decoder",
    "prometheus_client.Counter", "prometheus_client.Gauge", "prometheus_client.Histogram",
    # libraries: statements, which are values until a connection is given them (decision 0014)
    "sqlalchemy.bindparam", "sqlalchemy.func.max", "sqlalchemy.select", ".group_by", ".in_", ".is_not", ".label",
    ".order_by", ".subquery", ".where", ".with_for_update",
    "click.group", "click.command", "click.option", "click.argument", "click.version_option", "click.Path",
    "click.Choice", "click.IntRange", "click.FloatRange", ".command", ".group",
}  # fmt: skip
"""What may be called while a module is imported: it makes a value and does nothing else."""

HARMLESS_HERE = {
    "core/decision.py": {"_from_funnel"},
    "readers/keyboard.py": {"_layout"},
    "central/club/privacy_tables.py": {"_readings_of"},
    "central/sealed.py": {"weakref.WeakKeyDictionary"},
    "office/care_complaints.py": {"_act_of"},
    **{f"office/care_{name}.py": {"_act"} for name in ("drills", "faults", "owners", "votes")},
}
"""What one module may call besides: own functions that build a table, and an empty table to fill."""

SCHEMA = ("central/", "tables.py")
DECLARED_IN_SCHEMA = {f"sqlalchemy.{name}" for name in (
    "BigInteger", "Boolean", "CheckConstraint", "Column", "ForeignKey", "Index", "Integer", "LargeBinary", "MetaData",
    "String", "Table", "Text", "UniqueConstraint", "text",
)} | {f"kiosk.central.sealed.{name}" for name in ("SealedBytes", "SealedText")} | {".with_variant"}  # fmt: skip
"""What the modules that declare central's tables may call."""

RUN_BY_ALEMBIC = "central/migrations/env.py"
FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400


parse = cache(ast.parse)


@cache
def modules() -> dict[str, str]:
    """Return the source of every module by its path below `kiosk/`."""
    return {path.relative_to(SOURCE).as_posix(): path.read_text() for path in sorted(SOURCE.rglob("*.py"))}


@cache
def trees() -> dict[str, ast.Module]:
    """Return every module parsed, kept from the garbage collector: it would look at millions of nodes every time."""
    gc.disable()
    try:
        return {path: parse(source) for path, source in modules().items()}
    finally:
        gc.freeze()
        gc.enable()


@cache
def values() -> frozenset[str]:
    """Return the classes of all modules that are mere values."""
    return house.value_classes(trees())


def complaints(path: str, source: str) -> Iterator[str]:
    """Yield everything that is wrong with one module."""
    tree = parse(source)
    yield from imports.forbidden_packages(path, tree, MAY_IMPORT)
    yield from imports.forbidden_libraries(path, tree, LIBRARIES)
    if path.startswith(PURE):
        yield from house.impurities(path, tree, NOT_IN_PURE_CODE, NOT_CALLED_IN_PURE_CODE)
    if path != RUN_BY_ALEMBIC:
        yield from house.happenings(path, tree, values() | HARMLESS | _harmless_here(path))
    yield from house.lengths(path, source, tree, FUNCTION_LINES_MAX, MODULE_LINES_MAX)
    yield from house.missing_docstrings(path, tree)
    yield from house.bad_threads(path, tree)


def _harmless_here(path: str) -> set[str]:
    is_schema = path.startswith(SCHEMA[0]) and path.endswith(SCHEMA[1])
    return HARMLESS_HERE.get(path, set()) | (DECLARED_IN_SCHEMA if is_schema else set())


def test_every_module_keeps_the_house_rules() -> None:
    found = [complaint for path, source in modules().items() for complaint in complaints(path, source)]
    assert not found, "\n" + "\n".join(found)


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert imports.cycles(trees()) == []


def test_the_walk_sees_the_modules_that_matter() -> None:
    assert {"core/decision.py", "local/talk.py", "wire/batches.py"} <= modules().keys()


FORBIDDEN = [
    ("gate/planted.py", "import paho.mqtt.client", "paho belongs in wire/mqtt.py"),
    ("gate/planted.py", "from kiosk.wire import topics", "gate may not import wire"),
    ("gate/planted.py", "def late():\n    import kiosk.sync.uplink", "gate may not import sync"),
    ("gate/planted.py", "from ..central import database", "gate may not import central"),
    ("gate/planted.py", "import importlib\nimportlib.import_module('kiosk.wire.mqtt')", "gate may not import wire"),
    ("gate/planted.py", "import importlib\nimportlib.import_module(x)", "by a name that cannot be read"),
    ("sync/planted.py", "from kiosk.readers.reader import Reader", "sync may not import readers"),
    ("core/planted.py", "import kiosk.local.clock", "core may not import local"),
    ("core/planted.py", "import sqlalchemy", "sqlalchemy belongs in central/"),
    ("core/planted.py", "import socket", "pure code may not import socket"),
    ("club/planted.py", "from datetime import datetime\nx = datetime.now()", "may not call datetime.now()"),
    ("club/planted.py", "from kiosk import central", "club may not import central"),
    ("store/planted.py", "import sqlalchemy", "sqlalchemy belongs in central/"),
    ("readers/planted.py", "from smartcard.System import readers", "smartcard belongs in readers/pcsc.py"),
    ("local/planted.py", "import flask", "flask belongs in web/ and office/"),
    ("local/planted.py", "import requests", "requests is not in the table"),
    ("gate/planted.py", "from kiosk import wiring", "gate may not import wiring"),
    ("central/planted.py", "from kiosk.demo.club import members", "central may not import demo"),
    ("planted.py", "import sqlalchemy", "sqlalchemy belongs in central/"),
    ("newcomer/planted.py", "import os", "newcomer is not in the import table"),
    ("local/planted.py", "import socket\n_sock = socket.socket()", "calls socket.socket() at import"),
    ("local/planted.py", "def f(when=open('x')):\n    pass", "calls open() at import"),
    ("local/planted.py", "class _A:\n    rows = open('x').read()", "calls open() at import"),
    ("local/planted.py", "import os\nif os.name:\n    pass", "if at import"),
    ("local/planted.py", "for _ in ():\n    pass", "for at import"),
    ("local/planted.py", "def _f():\n" + "    pass\n" * 60, "_f has 61 lines, at most 60"),
    ("local/planted.py", "\n" * 400, "lines, at most 400"),
    ("local/planted.py", "def f():\n    pass", "f without docstring"),
    ("local/planted.py", "class A:\n    '''A.'''\n    def f(self):\n        pass", "A.f without docstring"),
    ("local/__init__.py", "from kiosk.core import errors", "an __init__.py is a docstring and no more"),
    ("local/planted.py", "from threading import Thread\ndef _f():\n    Thread(name='x')", "a name and daemon"),
    ("local/planted.py", "import threading\ndef _f():\n    threading.Thread(daemon=True)", "a name and daemon"),
    ("local/planted.py", "import threading\n_t = threading.Thread(name='x', daemon=True)", "Thread() at import"),
    ("gate/planted.py", "from kiosk.local.clock import SystemClock\n_c = SystemClock()", "SystemClock() at import"),
    ("gate/planted.py", "class _A:\n    pass\ndef _f(a=_A()):\n    pass", "planted._A() at import"),
    ("local/planted.py", "from sqlalchemy import Table\n_t = Table()", "calls sqlalchemy.Table() at import"),
    ("local/planted.py", "import time\ndef _f():\n    time.sleep(1)", "wait on an event"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "source", "expected"), FORBIDDEN, ids=[case[2] for case in FORBIDDEN])
def test_a_planted_fault_is_found(path: str, source: str, expected: str) -> None:
    found = list(complaints(path, f'"""Planted."""\n{source}\n'))
    assert any(expected in complaint for complaint in found), found


def test_a_module_without_docstring_is_found() -> None:
    assert list(complaints("local/planted.py", "import os\n")) == ["local/planted.py:1: module without docstring"]


def test_what_is_allowed_passes() -> None:
    source = '''"""Planted."""
import re
from datetime import timedelta as span
from kiosk.core.model import VisitRule
from typing import NamedTuple
_WORD = re.compile("x")
_ANY = VisitRule()
class _Pair(NamedTuple):
    wait: object = span(seconds=1)
_PAIR = _Pair()
if __name__ == "__main__":
    print(_PAIR)
'''
    assert list(complaints("gate/planted.py", source)) == []


def test_a_circle_is_found_even_through_a_function() -> None:
    planted = {
        "core/first.py": ast.parse("from kiosk.core.second import x"),
        "core/second.py": ast.parse("def f():\n    from kiosk.core import third"),
        "core/third.py": ast.parse("import kiosk.core.first"),
        "core/apart.py": ast.parse("import kiosk.core.first"),
    }
    assert imports.cycles(planted) == [["core/first.py", "core/second.py", "core/third.py"]]


@pytest.mark.parametrize("reason", [*DenyReason, *GrantReason])
def test_every_reason_has_its_texts(reason: DenyReason | GrantReason) -> None:
    assert reason in texts._MEMBER
    assert reason in staff_texts.STAFF
    for language in Language:
        text = member_text(reason, language)
        assert text.title.strip()
        assert text.advice.strip()
