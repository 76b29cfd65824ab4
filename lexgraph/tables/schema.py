"""What a table promises: its columns with their dtypes and meaning, and the columns that tell its rows apart.

Text columns have pandas' ``str`` dtype, counts ``Int64``; text that repeats over long tables is a ``category`` with
sorted categories.
What is unknown or absent is missing (``isna``), never an empty string or a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from lexgraph.errors import LexgraphError

Dtype = Literal["str", "Int64", "Float64", "bool", "boolean", "category"]
LEVELS = ("List", "Read", "Tagging", "Write", "Permissions management")
OUTCOMES = ("allowed", "conditional", "explicitDeny", "implicitDeny")
GENERATIONS = ("V1", "V1+V2", "V2")
EFFECTS = ("Allow", "Deny")
Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, dtype and meaning; `categories` where they are fixed, in order where `ordered`."""

    name: str
    dtype: Dtype
    doc: str
    categories: tuple[str, ...] = ()
    ordered: bool = False

    def array(self, values: Any) -> Any:
        """Return `values` as an array of the column's dtype; a :class:`Coded` stays in codes."""
        if isinstance(values, Coded):
            return values.categorical() if self.dtype == "category" else values.text()
        if isinstance(values, pd.Categorical):  # in codes already, of the column's own categories
            return values
        if self.dtype == "category":
            return _categorical(values, self.categories, ordered=self.ordered)
        return pd.array(values, dtype=self.dtype)

    def fits(self, series: pd.Series[Any]) -> bool:
        """Return whether a column of a frame has this dtype, and these categories where they are fixed."""
        if self.dtype != "category":
            return str(series.dtype) == self.dtype
        if not isinstance(series.dtype, pd.CategoricalDtype):
            return False
        fixed = tuple(series.dtype.categories) == self.categories if self.categories else True
        return fixed and bool(series.dtype.ordered) is self.ordered


@dataclass(frozen=True, slots=True)
class Coded:
    """Text that repeats, as integer codes into its distinct values; -1 where it is missing."""

    codes: npt.NDArray[np.integer[Any]]
    values: Sequence[str]

    def categorical(self) -> pd.Categorical:
        """Return a categorical with the values that occur, sorted."""
        occurs = np.zeros(len(self.values), dtype=bool)
        occurs[self.codes[self.codes >= 0]] = True
        used = sorted(np.flatnonzero(occurs).tolist(), key=self.values.__getitem__)
        renumbered = np.full(len(self.values) + 1, -1, dtype=np.int32)
        renumbered[used] = np.arange(len(used), dtype=np.int32)
        categories = pd.Index([self.values[place] for place in used], dtype="str")
        return pd.Categorical.from_codes(renumbered[self.codes], categories=categories)

    def text(self) -> Any:
        """Return the text itself."""
        return pd.array([*self.values, None], dtype="str").take(self.codes)


@dataclass(frozen=True, slots=True)
class Schema:
    """A table's columns and key; `more` is the dtype of columns beyond these, where a table has some that depend on
    its input.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    more: Dtype | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def empty(self) -> pd.DataFrame:
        """Return the table without rows.

        >>> SCHEMAS["access"].empty().shape
        (0, 7)
        """
        return self.from_columns({name: [] for name in self.names})

    def frame(self, rows: Iterable[Sequence[Any]], **attrs: Any) -> pd.DataFrame:
        """Return a table of `rows`, each in the order of the columns; `attrs` go into the frame's ``attrs``."""
        lists = list(zip(*rows, strict=True)) or [()] * len(self.columns)
        return self.from_columns(dict(zip(self.names, lists, strict=True)), **attrs)

    def from_columns(self, values: Mapping[str, Any], **attrs: Any) -> pd.DataFrame:
        """Return a table of whole columns."""
        arrays = {column.name: column.array(values[column.name]) for column in self.columns}
        more = {name: pd.array(values[name], dtype=self.more) for name in values if name not in arrays}
        df = pd.DataFrame({**arrays, **more}, copy=False)
        df.attrs.update(attrs)
        return df

    def check(self, df: pd.DataFrame) -> None:
        """Raise LexgraphError (``SCHEMA``) where a frame is not such a table: other columns, another dtype, a key
        twice.
        """
        names = [str(name) for name in df.columns]
        expected = len(self.columns)
        if names[:expected] != list(self.names) or (len(names) > expected and self.more is None):
            raise self._error(f"has the columns {', '.join(names)}, not {', '.join(self.names)}")
        for column in self.columns:
            if not column.fits(df[column.name]):
                raise self._error(f"column {column.name} is {df[column.name].dtype}, not {column.dtype}")
        for name in names[expected:]:
            if str(df[name].dtype) != self.more:
                raise self._error(f"column {name} is {df[name].dtype}, not {self.more}")
        if df.duplicated(list(self.key)).any():
            raise self._error(f"has two rows with one key ({', '.join(self.key)})")

    def _error(self, what: str) -> LexgraphError:
        return LexgraphError(f"the table {self.name} {what}", code="SCHEMA")


def _categorical(values: Any, categories: tuple[str, ...], *, ordered: bool) -> pd.Categorical:
    known = categories or sorted({value for value in values if value is not None})
    return pd.Categorical(list(values), categories=pd.Index(known, dtype="str"), ordered=ordered)


POLICY = Column("policy", "str", "the policy's ARN; owner's ARN/name for an inline one; its name where it has none")
POLICY_C = Column("policy", "category", POLICY.doc)
NAME = Column("name", "str", "the policy's name")
NAME_C = Column("name", "category", "the policy's name")
STATEMENT = Column("statement", "Int64", "the statement's place in the policy, from 0")
SID = Column("sid", "str", "the statement's Sid, missing where it has none")
SID_C = Column("sid", "category", SID.doc)
EFFECT = Column("effect", "category", "Allow or Deny", EFFECTS)
ACTION = Column("action", "str", "the action in AWS's spelling")
ACTION_C = Column("action", "category", ACTION.doc)
SERVICE_C = Column("service", "category", "the prefix of the action's service")
LEVEL = Column("level", "category", "the action's primary access level", LEVELS, ordered=True)
GENERATION = Column("generation", "category", "of an Amazon Lex action: V1, V2 or both; missing elsewhere", GENERATIONS)
OUTCOME = Column("outcome", "category", "the answer", OUTCOMES)
PRINCIPAL = Column("principal", "str", "the ARN of the user or role")

_ALL = (
    Schema(
        "policies",
        (
            POLICY,
            NAME,
            Column("kind", "category", "identity, resource, trust, …"),
            Column("version", "str", "the version of the policy language"),
            Column("policy_version", "str", "the version of the policy itself, such as v6, where it is known"),
            Column("aws", "bool", "whether it is AWS's own managed policy"),
            Column("statements", "Int64", "number of statements"),
            Column("size", "Int64", "characters without white space, as IAM counts them"),
            Column("actions", "Int64", "number of the catalogue's actions that its Allow statements name"),
            Column("source", "str", "the file or the data that it comes from, where it is known"),
        ),
        ("policy",),
    ),
    Schema(
        "statements",
        (
            POLICY,
            STATEMENT,
            SID,
            EFFECT,
            Column("action_element", "category", "Action or NotAction", ("Action", "NotAction")),
            Column("resource_element", "category", "Resource, NotResource, or missing", ("NotResource", "Resource")),
            Column("principal_element", "category", "Principal, NotPrincipal or none", ("NotPrincipal", "Principal")),
            Column("actions", "Int64", "number of action patterns"),
            Column("resources", "Int64", "number of resource patterns"),
            Column("conditions", "Int64", "number of condition tests"),
            Column("unknown", "str", "why the statement could not be read whole; missing where it was"),
            Column("document", "str", "the statement as JSON, what was read of it"),
        ),
        ("policy", "statement"),
    ),
    Schema(
        "grants",
        (
            POLICY_C,
            STATEMENT,
            SID_C,
            EFFECT,
            Column("action", "category", "the pattern; all patterns of a NotAction, joined by spaces"),
            Column("action_negated", "bool", "whether this is a NotAction: every action but these"),
            Column("resource", "category", "the pattern; all patterns of a NotResource, joined by spaces"),
            Column("resource_negated", "bool", "whether this is a NotResource: every resource but these"),
            Column("condition", "category", "the Condition as JSON, keys and values sorted; missing if none"),
            Column("known", "bool", "whether the catalogue knows an action that the pattern matches"),
        ),
        ("policy", "statement", "action", "resource"),
    ),
    Schema(
        "conditions",
        (
            POLICY_C,
            STATEMENT,
            SID_C,
            EFFECT,
            Column("operator", "category", "the operator without qualifier and IfExists, in AWS's spelling"),
            Column("key", "category", "the condition key, as the policy spells it"),
            Column("value", "category", "one value; missing where the list of values is empty"),
            Column("qualifier", "category", "ForAllValues or ForAnyValue", ("ForAllValues", "ForAnyValue")),
            Column("if_exists", "bool", "whether the operator ends in IfExists"),
        ),
        ("policy", "statement", "operator", "key", "value", "qualifier", "if_exists"),
    ),
    Schema(
        "actions",
        (
            ACTION,
            SERVICE_C,
            LEVEL,
            Column("levels", "str", "all access levels, the primary one first, joined by a comma"),
            GENERATION,
            Column("resource_types", "str", "joined by a comma; missing where the action takes no resource"),
            Column("condition_keys", "str", "joined by a comma; missing where there are none"),
            Column("dependent_actions", "str", "joined by a comma; missing where there are none or no source tells"),
            Column("wildcard_only", "bool", "whether only a statement about every resource grants it"),
            Column("permission_only", "boolean", "whether it is no operation of an API; missing where no source tells"),
            Column("description", "str", "AWS's own words"),
        ),
        ("action",),
    ),
    Schema(
        "policy_actions",
        (
            POLICY_C,
            NAME_C,
            ACTION_C,
            SERVICE_C,
            LEVEL,
            GENERATION,
            Column("conditional", "bool", "whether it is so under conditions only, or a Deny with conditions names it"),
            Column("everywhere", "bool", "whether it is granted on Resource *, and no Deny names it on some resources"),
        ),
        ("policy", "action"),
    ),
    Schema(
        "principals",
        (
            PRINCIPAL,
            Column("kind", "category", "user or role", ("role", "user")),
            Column("name", "str", "the friendly name"),
            Column("path", "str", "the path, / by default"),
            Column("unique_id", "str", "AIDA…, AROA…"),
            Column("created", "str", "ISO 8601 date"),
            Column("groups", "Int64", "number of groups"),
            Column("attached", "Int64", "number of managed policies attached to the principal itself"),
            Column("inline", "Int64", "number of inline policies of the principal itself, unreadable ones included"),
            Column("boundary", "str", "the ARN of the permissions boundary"),
        ),
        ("principal",),
    ),
    Schema(
        "attachments",
        (
            Column("principal", "category", PRINCIPAL.doc),
            POLICY_C,
            Column("via", "category", "how it is held", ("attached", "boundary", "group", "inline")),
            Column("group", "category", "the ARN of the group that brings it"),
        ),
        ("principal", "policy", "via", "group"),
    ),
    Schema(
        "access",
        (
            Column("principal", "category", PRINCIPAL.doc),
            ACTION_C,
            Column("resource", "category", "the ARN asked about; * for an action that takes no resource"),
            OUTCOME,
            Column("condition", "str", "the words of a conditional answer"),
            Column("missing_keys", "str", "the condition keys that it hangs on, joined by a comma"),
            Column("decided_by", "category", "the statement that allowed or denied, or: no Allow"),
        ),
        ("principal", "action", "resource"),
    ),
    Schema(
        "access_levels",
        (POLICY, NAME, LEVEL, Column("actions", "Int64", "number of the level's actions that the policy names")),
        ("policy", "level"),
    ),
    Schema(
        "overlap",
        (
            Column("policy_a", "category", "the name of the first policy"),
            Column("policy_b", "category", "the name of the second policy"),
            Column("shared", "Int64", "number of actions that both name"),
            Column("only_a", "Int64", "number of actions that only the first names"),
            Column("only_b", "Int64", "number of actions that only the second names"),
            Column("jaccard", "Float64", "shared / all of both; missing where neither names any"),
        ),
        ("policy_a", "policy_b"),
    ),
    Schema("action_sets", (ACTION, LEVEL, GENERATION), ("action",), more="bool"),
    Schema(
        "difference",
        (
            ACTION,
            LEVEL,
            GENERATION,
            Column("side", "category", "which of the two names the action", ("only A", "both", "only B"), ordered=True),
            Column("narrowed", "bool", "whether both name it, but under other conditions or on other resources"),
        ),
        ("action",),
    ),
    Schema(
        "history",
        (
            POLICY,
            Column("policy_version", "str", "v1, v2, …; one may be missing between two"),
            Column("date", "str", "ISO 8601 date, where it is known"),
            Column("statements", "Int64", "number of statements"),
            Column("actions", "Int64", "number of actions that the version names"),
            Column("added", "Int64", "number of actions that the version before did not name; missing for the first"),
            Column("removed", "Int64", "number of actions that the version before named; missing for the first"),
            Column("unchanged", "bool", "whether the document is that of the version before"),
        ),
        ("policy", "policy_version"),
    ),
    Schema(
        "history_changes",
        (
            POLICY,
            Column("policy_version", "str", "the version that brought the change"),
            ACTION,
            LEVEL,
            GENERATION,
            Column("change", "category", "added, removed, or narrowed (other conditions or resources)",
                   ("added", "removed", "changed")),
        ),
        ("policy", "policy_version", "action"),
    ),
    Schema(
        "console_needs",
        (
            Column("service", "str", "the prefix of the action's service"),
            Column("action", "str", "the action, or a pattern that stands for all it matches"),
            Column("feature", "str", "the part of the Amazon Lex console that needs it"),
            Column("reason", "str", "what the console does with it"),
        ),
        ("action",),
    ),
    Schema(
        "console_readiness",
        (
            POLICY,
            NAME,
            Column("feature", "str", "the part of the Amazon Lex console"),
            Column("action", "str", "what it needs: an action, or a pattern that stands for all it matches"),
            OUTCOME,
            Column("blocked", "bool", "whether the feature cannot work; not so where a condition decides"),
            Column("condition", "str", "the words of a conditional answer; several, joined by a semicolon"),
            Column("lacking", "Int64", "of the requests that the need stands for, how many are not allowed"),
        ),
        ("policy", "action"),
    ),
    Schema(
        "never_matches",
        (
            POLICY,
            STATEMENT,
            SID,
            Column("reason", "str", "why the statement matches no request"),
            Column("assumption", "str", "what this leans on, missing where it follows from the policy alone"),
        ),
        ("policy", "statement", "reason"),
    ),
)  # fmt: skip
SCHEMAS: dict[str, Schema] = {schema.name: schema for schema in _ALL}
"""Every schema by its name."""
