"""Tables of what policies say: policies, statements, grants, conditions, and the actions that they name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
import pandas as pd

from lexgraph.access.granted import granted_bits
from lexgraph.account.pages import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.policy.grammar import read_operator
from lexgraph.policy.model import PatternSet, Policy, Statement
from lexgraph.policy.write import policy_document, statement_document
from lexgraph.tables.names import Flags, Places, catalog_columns, mask_of, places_in
from lexgraph.tables.schema import EFFECTS, SCHEMAS, Coded
from lexgraph.tables.source import Policies, account_in, condition_text, identity_policies_of, policies_of, value_text


@collector_paused()
def policies_table(
    policies: Policies, *, versions: Mapping[str, str] | None = None, source: str | None = None
) -> pd.DataFrame:
    """Return a row per policy, in the given order.

    Parameters
    ----------
    policies : a policy, several, or an account.
    versions : the policies' own versions, by key, where they are known; an account knows its own.
    source : the file or the data that the policies come from.

    Returns
    -------
    The table ``policies``: policy, name, kind, version, policy_version, aws, statements, size, actions, source.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> policies_table([policy]).loc[0, "actions"].item()
    2
    """
    listed = policies_of(policies)
    known = dict(versions or {})
    account = account_in(policies)
    if account is not None:
        known = {managed.arn: managed.default_version for managed in account.policies} | known
        source = source or account.source
    columns = {
        "policy": [policy.key for policy in listed],
        "name": [policy.name for policy in listed],
        "kind": [policy.kind for policy in listed],
        "version": [policy.version for policy in listed],
        "policy_version": [known.get(policy.key) or _version_in(policy) for policy in listed],
        "aws": [":iam::aws:policy/" in (policy.arn or "") for policy in listed],
        "statements": [len(policy.statements) for policy in listed],
        "size": [_size(policy) for policy in listed],
        "actions": [_allowed_bits(policy).bit_count() for policy in listed],
        "source": [source] * len(listed),
    }
    return SCHEMAS["policies"].from_columns(columns, catalog_date=catalog().date)


@collector_paused()
def statements_table(policies: Policies) -> pd.DataFrame:
    """Return a row per statement.

    Returns
    -------
    The table ``statements``: policy, statement, sid, effect, action_element, resource_element, principal_element,
    actions, resources, conditions (numbers of patterns and of tests), unknown (why the statement could not be read
    whole), document (what was read of it, as JSON).

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}}')
    >>> statements_table([policy]).loc[0, "action_element"]
    'NotAction'
    """
    listed = policies_of(policies)
    each = [statement for policy in listed for statement in policy.statements]
    columns = {
        "policy": _per_statement([policy.key for policy in listed], listed),
        "statement": _numbers(listed),
        "sid": [statement.sid for statement in each],
        "effect": [statement.effect for statement in each],
        "action_element": [_element("Action", statement.actions) for statement in each],
        "resource_element": [_element("Resource", statement.resources) for statement in each],
        "principal_element": [_element("Principal", statement.principals) for statement in each],
        "actions": [len(statement.actions) for statement in each],
        "resources": [len(statement.resources or ()) for statement in each],
        "conditions": [len(statement.conditions) for statement in each],
        "unknown": [statement.unknown for statement in each],
        "document": [json.dumps(statement_document(statement)) for statement in each],
    }
    return SCHEMAS["statements"].from_columns(columns)


@collector_paused()
def grants_table(policies: Policies) -> pd.DataFrame:
    """Return a row per action pattern and resource pattern of every statement; a Not element stays whole in one row.

    An action that no catalogue knows stays, with `known` False.

    Returns
    -------
    The table ``grants``: policy, statement, sid, effect, action, action_negated, resource, resource_negated,
    condition, known.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": ["lex:Get*", "lex:Go"], "Resource": "*"}}')
    >>> grants_table([policy])[["action", "known"]].values.tolist()
    [['lex:Get*', True], ['lex:Go', False]]
    """
    listed = policies_of(policies)
    each = [statement for policy in listed for statement in policy.statements]
    acting, on = _Elements([s.actions for s in each]), _Elements([s.resources for s in each])
    actions, resources, counts = _products(acting, on)
    texts = acting.texts
    columns = {
        **_statement_columns(listed, each, counts),
        "action": Coded(actions, texts),
        "action_negated": np.repeat(acting.negated, counts),
        "resource": Coded(resources, on.texts),
        "resource_negated": np.repeat(on.negated, counts),
        "condition": _coded([condition_text(s) if s.conditions or s.empty else None for s in each], counts),
        "known": _known(actions, texts),
    }
    return SCHEMAS["grants"].from_columns(columns, catalog_date=catalog().date)


@collector_paused()
def conditions_table(policies: Policies) -> pd.DataFrame:
    """Return a row per value of every condition test; a test without values has one row whose value is missing.

    Returns
    -------
    The table ``conditions``: policy, statement, sid, effect, operator, key, value, qualifier, if_exists.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"a:b": True}}}
    >>> conditions_table(parse_policy({"Statement": statement})).loc[0, ["operator", "key", "value"]].tolist()
    ['Bool', 'a:b', 'true']
    """
    listed = policies_of(policies)
    each = [statement for policy in listed for statement in policy.statements]
    rows: list[tuple[str, str, str | None, str | None, bool]] = []
    counts = []
    for statement in each:
        before = len(rows)
        for test in statement.conditions:
            name = read_operator(test.operator)
            base, qualifier, if_exists = (
                (name.base, name.qualifier, name.if_exists) if name else (test.operator, None, False)
            )
            found: Sequence[str | None] = tuple(dict.fromkeys(map(value_text, test.values))) or (None,)
            rows += [(base, test.key, value, qualifier, if_exists) for value in found]
        counts.append(len(rows) - before)
    operators, keys, values, qualifiers, optional = zip(*rows, strict=True) if rows else ((),) * 5
    columns = {
        **_statement_columns(listed, each, counts),
        "operator": operators,
        "key": keys,
        "value": values,
        "qualifier": qualifiers,
        "if_exists": optional,
    }
    return SCHEMAS["conditions"].from_columns(columns)


@collector_paused()
def policy_actions_table(policies: Policies) -> pd.DataFrame:
    """Return a row per policy and action of the catalogue that its Allow statements name and no unconditional Deny
    on ``*`` removes.

    Trust policies and resource policies are left out: they grant to others.

    Returns
    -------
    The table ``policy_actions``: policy, name, action, service, level, generation, conditional, everywhere.

    Examples
    --------
    >>> from lexgraph.policy.parse import parse_policy
    >>> policy = parse_policy('{"Statement": {"Effect": "Allow", "Action": "lex:Post*", "Resource": "*"}}')
    >>> policy_actions_table([policy])["action"].tolist()
    ['lex:PostContent', 'lex:PostText']
    """
    listed = identity_policies_of(policies)
    sets = [granted_bits(policy) for policy in listed]
    places = [places_in(found.named) for found in sets]
    counts = [len(found) for found in places]
    flat = np.concatenate(places) if places else np.array([], dtype=np.int32)
    columns = {
        "policy": Coded(np.repeat(np.arange(len(listed)), counts), [policy.key for policy in listed]),
        "name": _coded([policy.name for policy in listed], counts),
        **catalog_columns(flat),
        "conditional": _among(flat, places, [found.conditional for found in sets]),
        "everywhere": _among(flat, places, [found.everywhere for found in sets]),
    }
    return SCHEMAS["policy_actions"].from_columns(columns, catalog_date=catalog().date)


class _Elements:
    """The Action or Resource elements of statements: their distinct patterns, and which each has, as codes.

    Elements are told apart by identity: those of an account are shared, and each is asked for its patterns only once.
    """

    def __init__(self, elements: Sequence[PatternSet | None]) -> None:
        names = list(map(id, elements))
        distinct = dict(zip(names, elements, strict=True))
        patterns = list(map(_patterns, distinct.values()))
        flat = list(chain.from_iterable(patterns))
        codes = _codes(flat)
        self.texts: list[str] = [text for text in codes if text is not None]
        self.codes = np.fromiter(map(codes.__getitem__, flat), np.int32, len(flat))
        place = dict(zip(distinct, range(len(distinct)), strict=True))
        self.places = np.fromiter(map(place.__getitem__, names), np.int32, len(names))
        self.sizes = np.fromiter(map(len, patterns), np.int32, len(patterns))
        negated = [element is not None and element.negated for element in distinct.values()]
        self.negated = np.array(negated, dtype=bool)[self.places]

    def codes_at(self, statement: Places, number: Places) -> Places:
        """Return the code of a statement's pattern by its number."""
        starts = (np.cumsum(self.sizes) - self.sizes)[self.places]
        found: Places = self.codes[starts[statement] + number]
        return found


def _patterns(element: PatternSet | None) -> Sequence[str | None]:
    """What an element has rows for: a Not element is one text, a pattern that stands in it twice counts once."""
    if element is None:
        return (None,)
    if element.negated:
        return (" ".join(element.patterns),)
    patterns = element.patterns
    return patterns if len(patterns) < 2 or len(set(patterns)) == len(patterns) else tuple(dict.fromkeys(patterns))


def _codes(values: Iterable[str | None]) -> dict[str | None, int]:
    """A number for each distinct text, and -1 for None, which comes last."""
    distinct = dict.fromkeys(values)
    distinct.pop(None, None)
    return {**dict(zip(distinct, range(len(distinct)), strict=True)), None: -1}


def _products(acting: _Elements, on: _Elements) -> tuple[Places, Places, Places]:
    """The codes of every action × resource, statement by statement, and how many each statement has."""
    width = on.sizes[on.places]
    counts = acting.sizes[acting.places] * width
    statement = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    row = np.arange(len(statement), dtype=np.int32) - (np.cumsum(counts) - counts)[statement]
    action, resource = np.divmod(row, width[statement])
    return acting.codes_at(statement, action), on.codes_at(statement, resource), counts


def _known(actions: Places, texts: Sequence[str]) -> Flags:
    """Whether the catalogue knows each pattern; for a NotAction, whether it knows all its patterns."""
    cat = catalog()
    known = np.zeros(len(texts), dtype=bool)
    for code, text in enumerate(texts):
        known[code] = cat.index_of(text) is not None or all(map(cat.bits, text.split(" ")))
    return known[actions]


def _statement_columns(
    policies: Sequence[Policy], statements: Sequence[Statement], counts: Sequence[int] | Places
) -> dict[str, object]:
    """The columns that say which statement a row is of; `counts` rows for each statement."""
    sizes = np.array([len(policy.statements) for policy in policies], dtype=np.int64)
    each = np.repeat(np.arange(len(policies), dtype=np.int32), sizes)
    numbers = np.arange(len(each)) - (np.cumsum(sizes) - sizes)[each]
    return {
        "policy": Coded(np.repeat(each, counts), [policy.key for policy in policies]),
        "statement": np.repeat(numbers, counts),
        "sid": _coded([statement.sid for statement in statements], counts),
        "effect": pd.Categorical.from_codes(
            np.repeat(np.array([statement.effect != EFFECTS[0] for statement in statements], dtype=np.int8), counts),
            categories=pd.Index(EFFECTS, dtype="str"),
        ),
    }


def _coded(values: Sequence[str | None], counts: Sequence[int] | Places) -> Coded:
    """Values repeated, as codes."""
    codes = _codes(values)
    each = np.fromiter(map(codes.__getitem__, values), np.int32, len(values))
    return Coded(np.repeat(each, counts), [value for value in codes if value is not None])


def _among(
    flat: Places,
    places: Sequence[Places],
    sets: Sequence[int],
) -> Flags:
    """Whether each policy's action is in a subset of that policy's actions."""
    found = np.zeros(len(flat), dtype=bool)
    start = 0
    for mine, bits in zip(places, sets, strict=True):
        if bits:
            found[start : start + len(mine)] = mask_of(bits)[mine]
        start += len(mine)
    return found


def _per_statement(values: Sequence[str], policies: Sequence[Policy]) -> list[str]:
    return [value for value, policy in zip(values, policies, strict=True) for _ in policy.statements]


def _numbers(policies: Sequence[Policy]) -> list[int]:
    return [i for policy in policies for i in range(len(policy.statements))]


def _element(name: str, patterns: PatternSet | None) -> str | None:
    return None if patterns is None else f"Not{name}" if patterns.negated else name


def _version_in(policy: Policy) -> str | None:
    """The version in a name such as ``AmazonLexFullAccess@v6``."""
    _, at, version = policy.name.rpartition("@")
    return version if at and policy.arn is None and version[:1] == "v" and version[1:].isdigit() else None


def _size(policy: Policy) -> int:
    text = json.dumps(policy_document(policy), ensure_ascii=False, separators=(",", ":"))
    return len(text) - sum(map(text.count, " \t\n\r"))


def _allowed_bits(policy: Policy) -> int:
    cat = catalog()
    bits = 0
    for statement in policy.statements:
        if statement.allows:
            bits |= cat.bits_of(statement.actions.patterns, statement.actions.negated)
    return bits
