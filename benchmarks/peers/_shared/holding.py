"""What the principals of an account hold, read from its authorization details; for runners of peers that lack a reader.

Only the standard library is used: this file runs in every peer's environment.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving import Task

Json = Any


def listed(value: Json) -> list[Json]:
    """Return a lone value as a list."""
    return value if isinstance(value, list) else [value]


class Holdings:
    """An account: its managed policies by ARN, its groups by name, and its principals."""

    def __init__(self, path: str) -> None:
        gc.disable()  # what is parsed is kept, and need not be walked through again and again
        self.details: Json = json.loads(Path(path).read_text(encoding="utf-8"))
        gc.enable()
        self.managed = {one["Arn"]: _default(one) for one in self.details["Policies"]}
        self.groups = {one["GroupName"]: one for one in self.details["GroupDetailList"]}

    def principals(self) -> Iterator[tuple[str, Json]]:
        """Yield the kind (User or Role) and the entry of each principal."""
        for kind in ("User", "Role"):
            yield from ((kind, one) for one in self.details[f"{kind}DetailList"])

    def policies(self, kind: str, one: Json) -> dict[str, Json]:
        """Return the documents that a principal holds, its groups' too, by a key."""
        found = self.of_holder(kind, one)
        for name in one.get("GroupList", ()):
            found |= self.of_holder("Group", self.groups[name])
        return found

    def of_holder(self, kind: str, one: Json) -> dict[str, Json]:
        """Return the documents that a user, role or group holds itself."""
        inline = one.get(f"{kind}PolicyList", ())
        found = {f"{one['Arn']}/{policy['PolicyName']}": policy["PolicyDocument"] for policy in inline}
        attached = (policy["PolicyArn"] for policy in one["AttachedManagedPolicies"])
        return found | {arn: self.managed[arn] for arn in attached}

    def boundary(self, one: Json) -> Json | None:
        """Return a principal's permissions boundary."""
        found = one.get("PermissionsBoundary")
        return self.managed[found["PermissionsBoundaryArn"]] if found else None


def _default(policy: Json) -> Json:
    return next(one["Document"] for one in policy["PolicyVersionList"] if one["IsDefaultVersion"])


class ActionSets(Task):
    """The actions of every principal: named by some Allow, not taken away by a Deny without a condition on ``*``, and
    in the boundary. `remembers` is whether a document that several hold is expanded once only, which is this file's
    doing, and not the peer's.
    """

    forgets = "its caches; the account is parsed"
    remembers = False

    def __init__(self, data: Json) -> None:
        super().__init__(data)
        self.account = Holdings(data["path"])

    def expand(self, patterns: list[str]) -> set[str]:
        """Return the names that some of `patterns` match."""
        raise AttributeError(patterns)  # every runner that offers the task says how

    def everything(self) -> set[str]:
        """Return every action of the catalogue."""
        return self.expand(["*"])

    def run(self) -> dict[str, set[str]]:
        """Return the set of each principal."""
        everything, made = self.everything(), {}
        documents: dict[int, tuple[set[str], set[str]]] = {}

        def sides(document: Json) -> tuple[set[str], set[str]]:
            if id(document) not in documents or not self.remembers:
                documents[id(document)] = self._sides(document, everything)
            return documents[id(document)]

        for kind, one in self.account.principals():
            allowed: set[str] = set()
            denied: set[str] = set()
            for document in self.account.policies(kind, one).values():
                allows, denies = sides(document)
                allowed |= allows
                denied |= denies
            boundary = self.account.boundary(one)
            made[one["Arn"]] = allowed - denied
            if boundary is not None:
                allows, denies = sides(boundary)
                made[one["Arn"]] &= allows - denies
        return made

    def _sides(self, document: Json, everything: set[str]) -> tuple[set[str], set[str]]:
        allowed: set[str] = set()
        denied: set[str] = set()
        for one in listed(document["Statement"]):
            negated = "NotAction" in one
            names = self.expand(listed(one["NotAction" if negated else "Action"]))
            names = everything - names if negated else names
            if one["Effect"] == "Allow":
                allowed |= names
            elif "Condition" not in one and "*" in listed(one.get("Resource", [])):
                denied |= names
        return allowed, denied

    def answers(self) -> Json:
        """Return each principal's set as bits, in hexadecimal, over the catalogue that the data gives."""
        return as_bits(self.run(), self.everything(), self.data["catalogue"])


def as_bits(sets: dict[str, set[str]], known: set[str], catalogue: list[str]) -> Json:
    """Return which names of a catalogue are known, and each set, as bits in hexadecimal."""
    places = {name: place for place, name in enumerate(catalogue)}

    def bits(names: set[str]) -> str:
        marks = bytearray((len(catalogue) + 7) // 8)
        for name in names:
            at = places.get(name.lower())
            if at is not None:
                marks[at >> 3] |= 1 << (at & 7)
        return marks.hex()

    return {"known": bits(known), "sets": {arn: bits(names) for arn, names in sets.items()}}
