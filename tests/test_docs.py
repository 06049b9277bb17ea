"""What can be set, called, sent or opened is documented, or the build fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import get_resolver

from pathways.kinds import KINDS
from tests.test_architecture import LAYERS, ROOT, routes

DOCS = "\n".join(path.read_text() for path in [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"] if path.exists())


def settings_read() -> list[str]:
    source = (ROOT / "config" / "settings.py").read_text()
    return sorted(set(re.findall(r"(?:env(?:\.\w+)?|required)\(\s*\"([A-Z_]+)\"", source)))


def commands() -> list[str]:
    found = [path for layer in LAYERS for path in (ROOT / layer / "management" / "commands").glob("*.py")]
    return sorted(path.stem for path in found if path.stem != "__init__")


def endpoints() -> list[str]:
    """Our own routes as a reader would write them: `/journeys/<uid>/`."""
    ours = [route for route, entry in routes(get_resolver()) if (entry.callback.__module__ or "").partition(".")[0] in LAYERS]
    ours = [route for route in ours if not route.startswith("admin/")]  # Django's own
    return sorted({"/" + re.sub(r"<\w+:(\w+)>", r"<\1>", route) for route in ours})


@pytest.mark.parametrize("name", settings_read())
def test_every_variable_is_explained(name: str) -> None:
    assert f"`{name}`" in DOCS


@pytest.mark.parametrize("name", commands())
def test_every_command_is_explained(name: str) -> None:
    assert re.search(rf"manage\.py {name.replace('_', '[-_]')}\b", DOCS)


def test_every_event_kind_is_explained() -> None:
    assert not [kind for kind in KINDS if f"`{kind}`" not in DOCS]


def test_every_endpoint_is_explained() -> None:
    assert not [route for route in endpoints() if f"`{route}`" not in DOCS]


def test_links_within_the_docs_lead_somewhere() -> None:
    links = [
        (path, target)
        for path in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text())
    ]
    assert not [f"{path.relative_to(ROOT)} -> {target}" for path, target in links if not (path.parent / target).exists()]


def test_no_document_names_a_path_of_somebodys_machine() -> None:
    assert not [
        path.name
        for path in [*Path(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
        if re.search(r"(?<![\w.])/(?:home|root|Users)/\w", path.read_text())
    ]
