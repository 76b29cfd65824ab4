"""Where the content of a file comes from, so that the file can say so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import lexgraph
from lexgraph.account.model import Snapshot
from lexgraph.catalog.actions import catalog
from lexgraph.evaluation.stack import LAYERS
from lexgraph.policy.model import Policy
from lexgraph.policy.write import policy_document

POLICIES_ALONE = "Policies are told as they are written: no principal, boundary or organization limits them here."
REDACTED = "Ids of accounts, principals and keys, external ids and addresses are replaced by placeholders."
UNKNOWN_CONTEXT = "Condition keys that a request was not given are unknown: answers that need them are conditional."


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where something comes from.

    Parameters
    ----------
    inputs : the name of each input, and the sha256 of its bytes (of its JSON with sorted keys and without white
        space, where only a policy is known and no file); None where it is not known.
    snapshot_date : the day on which the account was read, where it is known.
    not_considered : the layers of policies that no answer takes into account; None where nobody says.
    assumptions : what the answers lean on, as sentences.
    catalog_date : the day of the catalogue of actions; by default that of the bundled one.
    redacted : whether ids were replaced by placeholders; hashes of inputs are withheld then.

    Examples
    --------
    >>> Provenance(inputs=(("support-center.json", "ab12"),)).to_dict()["inputs"]
    [{'name': 'support-center.json', 'sha256': 'ab12'}]
    """

    inputs: tuple[tuple[str, str | None], ...] = ()
    snapshot_date: str | None = None
    not_considered: tuple[str, ...] | None = ()
    assumptions: tuple[str, ...] = ()
    catalog_date: str | None = None
    redacted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "generator": "lexgraph",
            "version": lexgraph.__version__,
            "catalog_date": self.catalog_date or catalog().date,
            "inputs": [{"name": name, "sha256": digest} for name, digest in self.inputs],
            "snapshot_date": self.snapshot_date,
            "not_considered": None if self.not_considered is None else list(self.not_considered),
            "assumptions": list(self.assumptions),
            **({"redacted": REDACTED} if self.redacted else {}),
        }

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return all of it as pairs of a name and a text."""
        said = self.to_dict()
        missing = "withheld" if self.redacted else "unknown"
        layers = "unknown" if self.not_considered is None else ", ".join(self.not_considered) or "none"
        inputs = (("input", f"{name}, sha256 {digest or missing}") for name, digest in self.inputs)
        return (
            ("made by", f"lexgraph {said['version']}"),
            ("catalogue of actions", f"of {said['catalog_date']}"),
            *inputs,
            ("account as of", self.snapshot_date or "unknown"),
            ("layers not considered", layers),
            *(("assumption", text) for text in self.assumptions),
            *((("redacted", REDACTED),) if self.redacted else ()),
        )

    def text(self) -> str:
        """Return all of it in one line, for a place that takes a text."""
        return json.dumps(self.to_dict(), ensure_ascii=True)


def provenance_of(source: Any, thing: Any = None) -> Provenance:
    """Return where `source` (an account, policies, or a Provenance) comes from, else what `thing` says of itself."""
    if isinstance(source, Provenance):
        return source
    if source is None:
        attrs = getattr(thing, "attrs", None)
        return _of_attributes(attrs if attrs is not None else getattr(thing, "graph", None))
    snapshot = getattr(source, "snapshot", source)
    if isinstance(snapshot, Snapshot):
        return of_account(snapshot)
    return of_policies(policies_of(source))


def of_account(snapshot: Snapshot) -> Provenance:
    """Return where an account comes from."""
    # A dump holds no resource's policy; a role's trust policy is looked at when a role is assumed.
    left_out = tuple(layer for layer in LAYERS if layer not in snapshot.considered)
    assumptions = (UNKNOWN_CONTEXT, *snapshot.notes)
    return Provenance(((snapshot.source, snapshot.sha256 or None),), snapshot.date, left_out, assumptions)


def attributes_of(snapshot: Snapshot) -> dict[str, Any]:
    """Return the same as attributes of a table, which :func:`provenance_of` reads back."""
    about = of_account(snapshot)
    return {
        "source": snapshot.source,
        "sha256": snapshot.sha256 or None,
        "snapshot_date": about.snapshot_date,
        "not_considered": about.not_considered,
        "assumptions": about.assumptions,
        "catalog_date": catalog().date,
    }


def of_policies(policies: Iterable[Policy], inputs: tuple[tuple[str, str | None], ...] | None = None) -> Provenance:
    """Return where policies come from: `inputs`, or else their names and the hashes of their documents."""
    if inputs is None:
        inputs = tuple((policy.key, document_hash(policy)) for policy in policies)
    left_out = tuple(layer for layer in LAYERS if layer != "identity")
    return Provenance(inputs, None, left_out, (POLICIES_ALONE,))


def document_hash(policy: Policy) -> str:
    """Return the sha256 of a policy's document as JSON with sorted keys and without white space."""
    text = json.dumps(policy_document(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()


def policies_of(source: Any) -> tuple[Policy, ...]:
    """Return the policies that something holds: a policy, several, a comparison, a history."""
    if isinstance(source, Policy):
        return (source,)
    if isinstance(source, Iterable):
        found = source.values() if isinstance(source, Mapping) else source
        return tuple(policy for policy in found if isinstance(policy, Policy))
    sides = (getattr(source, "a", None), getattr(source, "b", None), *getattr(source, "versions", ()))
    return tuple(policy for policy in sides if isinstance(policy, Policy))


def _of_attributes(said: Any) -> Provenance:
    """What the attributes of a table or a graph say: source, sha256, and the other fields of a Provenance."""
    known: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    name, left_out = known.get("source"), known.get("not_considered")
    return Provenance(
        ((str(name), known.get("sha256")),) if name else (),
        known.get("snapshot_date"),
        None if left_out is None else tuple(left_out),
        tuple(known.get("assumptions") or ()),
        known.get("catalog_date"),
    )
