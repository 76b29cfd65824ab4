"""AWS's managed policies, the current ones and every known version, from the bundled data.

A policy is named as AWS names it, ``AmazonLexFullAccess``, and a version of it ``AmazonLexFullAccess@v6``.
Names compare exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from lexgraph.bundled import bundled_path
from lexgraph.errors import CatalogError, shown
from lexgraph.policy.patterns import compile_glob

_ARN = "arn:aws:iam::aws:policy"


@dataclass(frozen=True, slots=True)
class ManagedVersion:
    """One version of one of AWS's managed policies.

    `document` is the policy as AWS wrote it, parsed from JSON: not to be changed. `date` is when the
    version came, as ISO 8601 text; it is known for current versions only. `repeats` names the latest
    earlier version with the same document, which AWS publishes now and then. `current` marks AWS's default
    version; a policy that AWS has withdrawn has none. `source` names the packages that the version was
    taken from.
    """

    name: str
    arn: str
    path: str
    version: str
    date: str | None
    source: str
    current: bool
    repeats: str | None
    document: dict[str, Any] = field(repr=False, hash=False)


def managed_names(pattern: str = "*", *, retired: bool = False) -> tuple[str, ...]:
    """Return the names of the managed policies that `pattern` matches, sorted.

    With `retired`, the names of those that AWS has withdrawn instead.

    >>> managed_names("AmazonLex*")[:2]
    ('AmazonLexChannelsAccess', 'AmazonLexFullAccess')
    """
    fits = compile_glob(pattern)
    return tuple(name for name in (_retired() if retired else _current()) if fits(name))


def is_managed(name_or_arn: str) -> bool:
    """Return whether this is the name or the ARN of one of AWS's managed policies, withdrawn ones included.

    >>> is_managed("arn:aws:iam::aws:policy/AmazonLexReadOnly"), is_managed("AmazonLexNothing")
    (True, False)
    """
    return name_of(name_or_arn) is not None if name_or_arn.startswith("arn:") else _known(name_or_arn)


def name_of(arn: str) -> str | None:
    """Return the name of the managed policy with this ARN, or None where there is none.

    Only ARNs of the partition ``aws`` are known: what AWS publishes in its other partitions may say
    something else.

    >>> name_of("arn:aws:iam::aws:policy/aws-service-role/AmazonLexV2BotPolicy")
    'AmazonLexV2BotPolicy'
    """
    name = arn.rpartition("/")[2]
    return name if _known(name) and managed_arn(name) == arn else None


def managed_arn(name: str) -> str:
    """Return the ARN of a managed policy.

    >>> managed_arn("AmazonLexFullAccess")
    'arn:aws:iam::aws:policy/AmazonLexFullAccess'
    """
    if name in _current():
        return str(_current()[name][2])
    return _retired()[name] if name in _retired() else _unknown(name)


def parse_reference(text: str) -> tuple[str, str | None]:
    """Return the name and the version that ``Name@v6`` means; the version is None where the text names none.

    >>> parse_reference("AmazonLexFullAccess@v6"), parse_reference("AmazonLexReadOnly")
    (('AmazonLexFullAccess', 'v6'), ('AmazonLexReadOnly', None))
    """
    name, at, version = text.rpartition("@")
    return (name, version) if at else (text, None)


def managed_document(name: str, version: str | None = None) -> ManagedVersion:
    """Return a version of a managed policy: by default the current one, or the last of a withdrawn policy.

    Parameters
    ----------
    name
        The policy's name, or ``Name@v6``.
    version
        Such as ``"v6"``, where `name` does not say it.

    Raises
    ------
    CatalogError
        ``UNKNOWN_POLICY`` with the nearest names, ``UNKNOWN_VERSION`` with the known versions.

    >>> managed_document("AmazonLexFullAccess").version
    'v9'
    """
    if version is None:
        name, version = parse_reference(name)
    if version is None and name in _current():
        return managed_documents((name,))[0]
    versions = managed_versions(name)
    if version is None:
        return versions[-1]
    for one in versions:
        if one.version == version:
            return one
    known = ", ".join(one.version for one in versions)
    raise CatalogError(f"{name} has no version {shown(version)} here; known are {known}", code="UNKNOWN_VERSION")


def managed_documents(names: Iterable[str]) -> tuple[ManagedVersion, ...]:
    """Return the current versions of several managed policies, read in one go and in the order asked."""
    import json

    places = [_current()[name] if name in _current() else _not_current(name) for name in names]
    with bundled_path("managed", "policies.jsonl").open("rb") as file:
        return tuple(_from_record(json.loads(_read(file, place))) for place in places)


def managed_versions(name: str) -> tuple[ManagedVersion, ...]:
    """Return every known version of a managed policy, oldest first.

    A version may be missing between two (see `is_complete`).

    >>> [one.version for one in managed_versions("AmazonLexReadOnly")]
    ['v1', 'v2', 'v3', 'v4', 'v5']
    """
    import json
    import lzma

    place = _history()[name] if name in _history() else _unknown(name)
    with bundled_path("managed", "history.bin").open("rb") as file:
        records = json.loads(lzma.decompress(_read(file, place)))
    return tuple(_versions(name, records))


def is_complete(name: str) -> bool:
    """Return whether every version of a managed policy from v1 to the latest is known.

    >>> is_complete("AmazonLexFullAccess")
    True
    """
    return bool(_history()[name][3]) if name in _history() else _unknown(name)


def managed_date() -> str:
    """Return the day of the latest change that the bundled managed policies know of.

    >>> managed_date()
    '2026-09-30'
    """
    return str(_read_json("meta.json")["date"])


def _versions(name: str, records: list[dict[str, Any]]) -> Iterator[ManagedVersion]:
    arn = managed_arn(name)
    for at, one in enumerate(records):
        # The current version is the latest one that is known, unless AWS has withdrawn the policy.
        current = at == len(records) - 1 and name in _current()
        version, date, source = one["version"], one["date"], one["source"]
        yield ManagedVersion(name, arn, _path(arn), version, date, source, current, one["repeats"], one["document"])


def _from_record(one: dict[str, Any]) -> ManagedVersion:
    name, arn, path, document = one["name"], one["arn"], one["path"], one["document"]
    return ManagedVersion(
        name, arn, path, one["version"], one["updated"], one["source"], True, one["repeats"], document
    )


def _path(arn: str) -> str:
    return arn.removeprefix(_ARN).rpartition("/")[0] + "/"


def _read(file: Any, place: list[Any]) -> bytes:
    file.seek(place[0])
    return bytes(file.read(place[1]))


def _known(name: str) -> bool:
    return name in _current() or name in _retired()


def _not_current(name: str) -> NoReturn:
    if name in _retired():
        raise CatalogError(f"AWS has withdrawn {name}: it has versions, but no current one", code="RETIRED_POLICY")
    _unknown(name)


def _unknown(name: str) -> NoReturn:
    from .nearest import nearest

    hint = nearest(name, [*_current(), *_retired()])
    raise CatalogError(f"AWS has no managed policy {shown(name)} in the bundled data{hint}", code="UNKNOWN_POLICY")


@cache
def _current() -> dict[str, list[Any]]:
    """Where each policy stands in policies.jsonl, and its ARN."""
    return dict(_read_json("index.json"))


@cache
def _history_index() -> dict[str, Any]:
    return dict(_read_json("history_index.json"))


def _history() -> dict[str, list[Any]]:
    policies: dict[str, list[Any]] = _history_index()["policies"]
    return policies


def _retired() -> dict[str, str]:
    retired: dict[str, str] = _history_index()["retired"]
    return retired


def _read_json(name: str) -> Any:
    import json

    return json.loads(bundled_path("managed", name).read_text(encoding="ascii"))
