"""Sixty ways to write a definition wrong: each file of `broken/` says in its head which faults `validate` must name, with their lines."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from config.management.commands.pathways import WORDINGS
from pathways.definitions.faults import RULES
from pathways.definitions.laddering import Wordings
from pathways.definitions.reading import CATALOG, LARGEST, Unacceptable, read_text
from pathways.definitions.validate import Fault, faults_of_files

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))


def expected(path: Path) -> list[tuple[int, str]]:
    return sorted((int(line), rule) for line, rule in re.findall(r"^# fault: (\d+) ([a-z-]+)$", path.read_text(), re.MULTILINE))


def named(*paths: Path, wordings: Wordings = WORDINGS) -> list[tuple[int, str]]:
    return [(fault.line, fault.rule) for fault in faults_of_files(paths, wordings)]


def test_there_are_enough_of_them_and_each_says_what_is_wrong() -> None:
    assert len(FILES) >= 40
    assert not [path.name for path in FILES if not expected(path)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_broken_definition_yields_the_errors_that_name_its_faults(path: Path) -> None:
    assert sorted(named(path)) == expected(path)


def test_two_files_with_one_programme_are_two_versions_active_at_once() -> None:
    one, two = sorted((BROKEN / "two-versions-active").glob("*.yaml"))
    assert not named(one)
    assert named(one, two) == expected(two)


def test_a_language_that_lacks_a_text_is_named() -> None:
    poorer = Wordings({"en": frozenset({"pickup.reminder"}), "es": frozenset(), "vi": frozenset({"pickup.reminder"})})
    (fault,) = faults_of_files([BROKEN / "two-versions-active" / "a.yaml"], poorer)
    assert (fault.rule, fault.detail.rpartition(" ")[2]) == ("missing-language", "es")


def test_every_rule_is_broken_by_some_file_but_those_that_no_file_can_show() -> None:
    shown = {rule for path in BROKEN.rglob("*.yaml") for _, rule in expected(path)}
    assert set(RULES) - shown == {"too-large", "missing-language"}


def test_the_document_has_the_table_of_rules() -> None:
    text = (CATALOG.parent.parent / "docs" / "pathways.md").read_text()
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|$", text, re.MULTILINE)).items() >= RULES.items()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: " + "x" * LARGEST, "too-large"),
        ("[" * 200_000, "too-deep"),
        ("a: 1" + "0" * 5_000, "bad-value"),
        ('a: "\\0"', "bad-value"),
        ("? [a, b]\n: 1", "bad-key"),
        ("a: 1\n---\nb: 2", "not-yaml"),
        ("", "not-yaml"),
        ("a: =", "not-yaml"),
    ],
)
def test_files_that_could_harm_are_refused_before_anything_is_built(text: str, rule: str) -> None:
    with pytest.raises(Unacceptable) as refused:
        read_text(text)
    assert [one for _, one, _ in refused.value.refusals] == [rule]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"code: small\ntitle: \xff\xfe")
    assert named(path) == [(2, "not-yaml")]


# the command


def run(*words: str) -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("pathways", "validate", *words, stdout=out)
    except CommandError:
        return False, out.getvalue()
    return True, out.getvalue()


def test_the_catalogue_passes() -> None:
    assert run() == (True, "no fault found\n")


def test_the_command_takes_files_and_folders_and_names_file_line_and_rule() -> None:
    ok, said = run(str(BROKEN))
    assert not ok
    for path in FILES:
        for line, rule in expected(path):
            assert f"{path.name}:{line}: {rule}: " in said


def test_the_command_says_it_in_json_too() -> None:
    ok, said = run(str(BROKEN / "no-ball.yaml"), "--json")
    answer = json.loads(said)
    assert (ok, answer["ok"], len(answer["faults"])) == (False, False, 1)
    fault = Fault(**answer["faults"][0])
    assert (fault.file, fault.line, fault.rule) == ("no-ball.yaml", *expected(BROKEN / "no-ball.yaml")[0])


def test_a_folder_without_definitions_is_no_success(tmp_path: Path) -> None:
    assert run(str(tmp_path))[0] is False
    assert run(str(tmp_path / "missing.yaml"))[0] is False
