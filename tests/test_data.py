"""The shipped data files: what they are, what they hold, and known facts about AWS that they must show."""

from __future__ import annotations

import hashlib
import json
import lzma
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lexgraph.catalog.actions import catalog
from lexgraph.catalog.managed import (
    ManagedVersion,
    is_complete,
    managed_document,
    managed_documents,
    managed_names,
    managed_versions,
)

DATA = Path(__file__).resolve().parent.parent / "data"
CATALOG = catalog()
CHECKSUMS = dict(reversed(line.split("  ")) for line in (DATA / "CHECKSUMS.txt").read_text().splitlines())


def statements(version: ManagedVersion) -> list[dict[str, Any]]:
    found = version.document["Statement"]
    return found if isinstance(found, list) else [found]


def granted(version: ManagedVersion) -> int:
    """The actions that the Allow statements of a version name."""
    bits = 0
    for statement in statements(version):
        if statement["Effect"] == "Allow":
            negated = "NotAction" in statement
            patterns = statement["NotAction" if negated else "Action"]
            bits |= CATALOG.bits_of((patterns,) if isinstance(patterns, str) else tuple(patterns), negated)
    return bits


def literal_actions() -> set[str]:
    """The actions without a wildcard in all current managed policies, lower-cased."""
    found: set[str] = set()
    for policy in managed_documents(managed_names()):
        for statement in statements(policy):
            patterns = statement.get("Action", statement.get("NotAction", []))
            found.update([patterns] if isinstance(patterns, str) else patterns)
    return {pattern for pattern in found if "*" not in pattern and "?" not in pattern}


# Files


def test_every_file_is_the_one_that_was_built() -> None:
    files = {
        path.relative_to(DATA).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("accounts", "catalog", "examples", "managed", "serverless")
        for path in (DATA / folder).rglob("*")
        if path.is_file()
    }
    assert files == CHECKSUMS


def test_the_script_writes_these_checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DATA / "build"))
    import checksums

    assert checksums.checksums(DATA) == CHECKSUMS
    del sys.modules["checksums"]


def test_no_file_is_larger_than_five_megabytes() -> None:
    assert max(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 5_000_000


def test_the_licence_of_every_source_is_there() -> None:
    wanted = {
        f"{one['package']}-{one['licence']}.txt"
        for folder in ("catalog", "managed", "serverless")
        for one in json.loads((DATA / folder / "meta.json").read_text())["sources"]
    }
    assert wanted == {path.name for path in (DATA / "licenses").iterdir()}


# The catalogue


def test_the_catalogue_has_as_much_as_its_source() -> None:
    counts = json.loads((DATA / "catalog" / "meta.json").read_text())["counts"]
    assert counts == {
        "services": 457,
        "actions": 22_321,
        "resourceTypes": 2_348,
        "conditionKeys": 2_595,
        "actionsWithDependentActions": 1_728,
        "actionsWithUnknownDependentActions": 1_040,
        "permissionOnlyActions": 1_432,
    }


def test_every_service_can_be_read_and_together_they_have_these_counts() -> None:
    services = [CATALOG.service(prefix) for prefix in CATALOG.service_prefixes]
    assert sum(len(service.resource_types) for service in services) == 2_348
    assert sum(len(service.condition_keys) for service in services) == 2_595
    actions = [action for service in services for action in service.actions]
    assert {action.name for action in actions} == set(CATALOG.names)
    assert all(CATALOG.level(action.name) == action.level for action in actions)
    assert all(CATALOG.wildcard_only(action.name) == action.wildcard_only for action in actions)


def test_the_access_levels_are_these() -> None:
    levels = ("List", "Read", "Write", "Tagging", "Permissions management")
    assert [CATALOG.count(CATALOG.level_bits(level)) for level in levels] == [3_748, 5_947, 12_626, 719, 422]


def test_the_two_generations_of_lex_are_told_apart() -> None:
    lex = CATALOG.service("lex").actions
    assert len(lex) == 152
    assert Counter(action.generation for action in lex) == {"V1": 33, "V2": 96, "V1+V2": 14, None: 9}
    generations = {action.name: action.generation for action in lex}
    assert generations["lex:PostText"] == "V1"
    assert generations["lex:RecognizeText"] == "V2"
    assert generations["lex:DeleteBot"] == "V1+V2"
    assert generations["lex:CreateBotChannel"] is None


def test_only_lex_has_generations() -> None:
    assert {action.generation for action in CATALOG.service("s3").actions} == {None}


# The managed policies


def test_there_are_this_many_policies_and_versions() -> None:
    meta = json.loads((DATA / "managed" / "meta.json").read_text())
    assert meta["counts"] == {
        "policies": 1_582,
        "retiredPolicies": 29,
        "policiesWithHistory": 1_611,
        "versions": 6_286,
        "completeFromV1": 1_432,
        "versionsThatRepeatAnEarlierOne": 759,
    }


def test_every_history_can_be_read_by_itself_and_ends_with_the_current_version() -> None:
    index = json.loads((DATA / "managed" / "history_index.json").read_text())
    blob = (DATA / "managed" / "history.bin").read_bytes()
    current = {one.name: one for one in managed_documents(managed_names())}
    versions = repeats = 0
    for name, (start, length, count, complete) in index["policies"].items():
        found = json.loads(lzma.decompress(blob[start : start + length]))
        assert len(found) == count
        assert complete is is_complete(name)
        if name in current:
            assert found[-1]["version"] == current[name].version
            assert found[-1]["document"] == current[name].document
        versions += count
        repeats += sum(one["repeats"] is not None for one in found)
    assert (versions, repeats) == (6_286, 759)
    assert index["policies"].keys() == current.keys() | index["retired"].keys()


def test_a_version_that_repeats_another_has_its_document() -> None:
    for name in ("ReadOnlyAccess", "SecurityAudit", "AmazonEC2FullAccess", "AmazonLexFullAccess"):
        documents: dict[str, Any] = {}
        for one in managed_versions(name):
            same = [version for version, document in documents.items() if document == one.document]
            assert one.repeats == (same[-1] if same else None)
            documents[one.version] = one.document


def test_the_catalogue_lacks_few_of_the_actions_that_managed_policies_name() -> None:
    named = literal_actions()
    assert len(named) == 15_666
    assert sum(CATALOG.index_of(action) is None for action in named) == 129


# Known facts about the Lex policies


def test_version_seven_of_full_access_took_two_actions_away() -> None:
    before, after = (granted(managed_document("AmazonLexFullAccess", version)) for version in ("v6", "v7"))
    assert CATALOG.names_in(before & ~after) == ("iam:DeleteRole", "iam:DetachRolePolicy")


def test_read_only_lacks_twenty_seven_of_the_reading_actions_of_lex() -> None:
    reading = CATALOG.bits("lex:*") & (CATALOG.level_bits("Read") | CATALOG.level_bits("List"))
    assert CATALOG.count(reading & ~granted(managed_document("AmazonLexReadOnly"))) == 27


@pytest.mark.parametrize(
    "name", ["AmazonLexReadOnly", "AmazonLexRunBotsOnly", "AmazonLexChannelsAccess", "LexChannelPolicy"]
)
def test_full_access_names_every_action_of_the_lesser_lex_policies(name: str) -> None:
    assert not granted(managed_document(name)) & ~granted(managed_document("AmazonLexFullAccess"))


def test_about_twenty_policies_grant_lex_actions_by_name() -> None:
    naming = [one.name for one in managed_documents(managed_names()) if '"lex:' in json.dumps(one.document).lower()]
    assert 15 <= len(naming) <= 30
