"""The table of grants: a row per action pattern and resource pattern of every statement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lexgraph.account.pausing import collector_paused
from lexgraph.catalog.actions import catalog
from lexgraph.tables.names import Flags
from lexgraph.tables.schema import EFFECTS, SCHEMAS, Coded
from lexgraph.tables.source import Policies
from lexgraph.tables.written import Elements, Places, Written, written


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
    found = written(policies)
    actions, resources, counts = _products(found.acting, found.on)
    columns = {
        **statement_columns(found, counts),
        "action": Coded(actions, found.acting.texts),
        "action_negated": np.repeat(found.acting.negated[found.acting.places], counts),
        "resource": Coded(resources, found.on.texts),
        "resource_negated": np.repeat(found.on.negated[found.on.places], counts),
        "condition": repeated(found.condition, counts),
        "known": _known(actions, found.acting.texts),
    }
    return SCHEMAS["grants"].from_columns(columns, catalog_date=catalog().date)


def statement_columns(found: Written, counts: Places) -> dict[str, object]:
    """Return the columns that say which statement a row is of; `counts` rows for each statement."""
    each = np.repeat(np.arange(len(found.sizes), dtype=np.int32), found.sizes)
    numbers = np.arange(len(each)) - (np.cumsum(found.sizes) - found.sizes)[each]
    return {
        "policy": Coded(np.repeat(each, counts), found.keys),
        "statement": np.repeat(numbers, counts),
        "sid": repeated(found.sid, counts),
        "effect": pd.Categorical.from_codes(
            np.repeat(found.denies.astype(np.int8), counts), categories=pd.Index(EFFECTS, dtype="str")
        ),
    }


def repeated(texts: Coded, counts: Places) -> Coded:
    """Return texts, each so many times."""
    return Coded(np.repeat(texts.codes, counts), texts.values)


def _products(acting: Elements, on: Elements) -> tuple[Places, Places, Places]:
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
    places = zip(cat.indexes_of(texts), texts, strict=True)
    known = [place is not None or all(map(cat.bits, text.split(" "))) for place, text in places]
    return np.array(known, dtype=bool)[actions]
