"""The house rules, held by tests: who may import whom, how long a file may be, who may read the clock."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver
from django_fsm import FSMField
from pghistory.models import Event

from pathways.models.edges import edges

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["patients", "pathways", "notifications", "config"]  # the lowest first: imports point to the left
SOURCES = sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.py") if "migrations" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
BELOW_CONFIG = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "config"]


def at(path: Path, node: ast.AST | None = None) -> str:
    line = getattr(node, "lineno", None)
    return f"{path.relative_to(ROOT)}{f':{line}' if line else ''}"


def imported(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the words it is made by: `timezone.now`, `queryset.filter(...).update` -> `update`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function, words = node.func, []
            while isinstance(function, ast.Attribute):
                words.append(function.attr)
                function = function.value
            if isinstance(function, ast.Name):
                words.append(function.id)
            yield ".".join(reversed(words)), node


def test_imports_point_down_only() -> None:
    wrong = []
    for path, tree in TREES.items():
        layer = LAYERS.index(path.relative_to(ROOT).parts[0])
        wrong += [f"{at(path, node)} imports {name}" for name, node in imported(tree) if name.partition(".")[0] in LAYERS[layer + 1 :]]
    assert not wrong


def test_only_the_transports_speak_to_twilio() -> None:
    speakers = {
        path.relative_to(ROOT).parent.as_posix() for path, tree in TREES.items() for name, _ in imported(tree) if name.startswith("twilio")
    }
    assert speakers <= {"notifications/transports"}


def test_the_simulator_knows_nothing_of_us() -> None:
    ours = {"patients", "pathways", "notifications"}
    inside = [path for path in SOURCES if path.is_relative_to(ROOT / "config" / "simulator")]
    assert inside
    assert not [
        f"{at(path, node)} imports {name}" for path in inside for name, node in imported(TREES[path]) if name.partition(".")[0] in ours
    ]


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    kept = [
        *SOURCES,
        *TESTS,
        *(path for layer in LAYERS for ending in ("sql", "html", "css") for path in (ROOT / layer).rglob(f"*.{ending}")),
    ]
    lengths = {at(path): len(path.read_text().splitlines()) for path in kept}
    assert not {path: length for path, length in lengths.items() if length > 400}


def test_functions_are_short() -> None:
    lengths = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= 10


def test_no_module_is_named_for_nothing() -> None:
    forbidden = {"utils", "util", "helpers", "helper", "common", "core", "services", "misc", "signals", "managers"}
    assert not [at(path) for path in [*SOURCES, *TESTS] if forbidden & {path.stem, *path.relative_to(ROOT).parts[:-1]}]


def test_no_signals() -> None:
    names = ("django.dispatch", "django.db.models.signals", "django.db.backends.signals", "django.core.signals", "celery.signals")
    assert not [
        f"{at(path, node)} imports {name}" for path, tree in TREES.items() for name, node in imported(tree) if name.startswith(names)
    ]


CLOCKS = re.compile(
    r"(^|\.)(timezone\.now|timezone\.localdate|timezone\.localtime|datetime\.now|datetime\.utcnow|date\.today|datetime\.today|time\.time)$"
)
MAY_READ_THE_CLOCK = re.compile(r"/(views|management|webhooks|templatetags)/|/(tasks|webhooks|views)\.py$")


def test_nobody_below_views_tasks_and_commands_reads_the_clock() -> None:
    readers = [
        f"{at(path, node)} calls {name}"
        for path in BELOW_CONFIG
        if not MAY_READ_THE_CLOCK.search(path.as_posix())
        for name, node in calls(TREES[path])
        if CLOCKS.search(name)
    ]
    assert not readers


def test_settings_are_the_only_reader_of_the_environment() -> None:
    readers = [at(path) for path in BELOW_CONFIG if re.search(r"os\.environ|os\.getenv|import environ\b", path.read_text())]
    assert not readers


WRITERS = ("pathways/journeys.py", "pathways/writing/")
STATES = {"phase", "status", "state"}


def test_states_are_written_by_their_machines_and_the_set_based_sql_only() -> None:
    wrong = [
        f"{at(path, node)} updates {keyword.arg}"
        for path in SOURCES
        if not path.relative_to(ROOT).as_posix().startswith(WRITERS)
        for name, node in calls(TREES[path])
        if name.rpartition(".")[2] == "update" and node.args == []
        for keyword in node.keywords
        if keyword.arg in STATES
    ]
    assert not wrong


def sql_files() -> list[Path]:
    return sorted(path for layer in LAYERS for path in (ROOT / layer).rglob("*.sql"))


def test_sql_says_its_name_and_purpose() -> None:
    wrong = []
    for path in sql_files():
        header = "\n".join(line for line in path.read_text().splitlines()[:8] if line.startswith("--"))
        if path.stem not in header or len(header.split()) < 12:
            wrong.append(at(path))
    assert not wrong


def test_sql_that_writes_a_state_joins_the_edges_of_its_machine() -> None:
    writes = re.compile(r"\bSET\b[^;]*?\b(phase|status|state)\s*=", re.IGNORECASE | re.DOTALL)
    assert not [at(path) for path in sql_files() if writes.search(path.read_text()) and not re.search("edges|targets", path.read_text())]


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in LAYERS]


def test_no_relation_leads_back_from_a_lower_app_to_a_higher_one() -> None:
    wrong = []
    for model in our_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey | models.ManyToManyField) and isinstance(field.related_model, type):
                target = field.related_model._meta.app_label
                if target != model._meta.app_label and target in LAYERS and not field.remote_field.hidden:
                    wrong.append(f"{model.__name__}.{field.name}")
    assert not wrong


def state_fields() -> list[tuple[type[models.Model], FSMField]]:
    """Of rows that live; history only repeats what they were."""
    living = [model for model in our_models() if not issubclass(model, Event)]
    return [(model, field) for model in living for field in model._meta.get_fields() if isinstance(field, FSMField)]


@pytest.mark.parametrize(
    ("model", "field"), state_fields(), ids=lambda value: getattr(value, "name", value.__name__ if isinstance(value, type) else "")
)
def test_every_state_can_be_reached_and_is_protected(model: type[models.Model], field: FSMField) -> None:
    assert field.protected
    states = {str(value) for value, _ in field.choices or ()}
    reached = {target for _, target in edges(model, field.name)} | {str(field.get_default())}
    assert reached == states


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern), entry


def test_no_route_carries_a_row_number() -> None:
    ours = [route for route, entry in routes(get_resolver()) if (entry.callback.__module__ or "").partition(".")[0] in LAYERS]
    ours = [route for route in ours if not route.startswith(("admin/", "accounts/"))]  # made as Django's and allauth's own
    assert ours
    assert not [route for route in ours if re.search(r"<int:|\(\?P|<pk>|_id>", route)]
