"""``df.iam``: what a table is, where it comes from, its rows about an action, and the way into a file.

It stands here because it calls `export`, and tables know nothing of the layers above them. Once they are loaded the
package loads this module too, so whoever holds a table has the accessor.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from lexgraph.errors import LexgraphError, RequestError, shown
from lexgraph.exports import export
from lexgraph.exports.provenance import Provenance, provenance_of
from lexgraph.policy.intersect import covers
from lexgraph.policy.patterns import ascii_lower
from lexgraph.policy.reader import action_problem
from lexgraph.reasoning.questions import common_part
from lexgraph.tables.schema import SCHEMAS, Schema
from lexgraph.tables.source import each_of


@pd.api.extensions.register_dataframe_accessor("iam")
class Iam:
    """What lexgraph knows of one of its tables.

    >>> import lexgraph as lg
    >>> lg.managed_policies("AmazonLex*").grants.iam.schema.name
    'grants'
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table

    @property
    def schema(self) -> Schema:
        """The schema of the table, told from its columns.

        Raises LexgraphError (``WRONG_TABLE``) where no table of lexgraph has these columns.

        >>> import lexgraph as lg
        >>> lg.example_account().principals.iam.schema.key
        ('principal',)
        """
        names = tuple(map(str, self._table.columns))
        for schema in SCHEMAS.values():
            if names == schema.names or self._goes_on(schema, names):
                return schema
        message = f"no table of lexgraph has the columns {shown(', '.join(names))[1:-1]}, neither more nor fewer"
        raise LexgraphError(message, code="WRONG_TABLE")

    def _goes_on(self, schema: Schema, names: tuple[str, ...]) -> bool:
        """Whether the table has the schema's columns, and then some of the kind that depend on the input."""
        size = len(schema.columns)
        more = self._table.dtypes.iloc[size:]
        return schema.more is not None and names[:size] == schema.names and all(str(d) == schema.more for d in more)

    def columns(self) -> pd.DataFrame:
        """Return what the table's columns are: column, dtype, meaning; no meaning for those that depend on the input.

        >>> import lexgraph as lg
        >>> lg.console_needs().iam.columns()["column"].tolist()
        ['service', 'action', 'feature', 'reason']
        """
        schema = self.schema
        told = [(column.name, column.dtype, column.doc) for column in schema.columns]
        more = [(str(name), schema.more, None) for name in self._table.columns[len(told) :]]
        return pd.DataFrame([*told, *more], columns=["column", "dtype", "meaning"], dtype="str")

    @property
    def source(self) -> Provenance:
        """What the table says of where it comes from: inputs with their sha256, the dates, what was not considered.

        It can be given to `lg.export` as the source of what was made from the table.

        >>> import lexgraph as lg
        >>> lg.example_account().who_can("lex:ListBots", "*").iam.source.inputs[0][0]
        'support-center.json'
        """
        return provenance_of(None, self._table)

    def export(self, path: str | Path, *, source: Any = None, raw: bool = False, redact: bool = False) -> Path:
        """Write the table to a file, as `lg.export` does, and return the file's path.

        >>> import lexgraph as lg, tempfile
        >>> lg.example_account().principals.iam.export(f"{tempfile.mkdtemp()}/principals.csv").name
        'principals.csv'
        """
        return export(self._table, path, source=source, raw=raw, redact=redact)

    def acting(self, actions: str | Iterable[str]) -> pd.DataFrame:
        """Return the rows that are about an action, or about any of those that a pattern matches, in their order.

        Case does not matter. Where a row holds patterns, as in ``grants``, it is kept if some action could match both;
        a row of a NotAction, if it leaves some of these actions. A row that names no action is kept: it may be about
        any.

        Parameters
        ----------
        actions : an action or a pattern, such as ``lex:Get*``, or several.

        Raises
        ------
        RequestError
            Where one is no action and no pattern of actions.
        LexgraphError
            Where the table has no column action (``WRONG_TABLE``), or only examples of actions in it.
        UnsupportedError
            Where two patterns have so many stars that what they have in common is not worked out.

        Examples
        --------
        >>> import lexgraph as lg
        >>> reader = lg.managed_policies("AmazonLexReadOnly")
        >>> reader.grants.iam.acting("LEX:getbotalias*")["action"].tolist()
        ['lex:GetBotAlias', 'lex:GetBotAliases']
        """
        asked = _asked(actions)
        column = self._actions()
        texts = {str(text): ascii_lower(str(text)).split() for text in column.dropna().unique()}
        found = {word for word in set().union(*texts.values()) if any(common_part(word, one) for one in asked)}
        kept = column.isin([text for text, words in texts.items() if not found.isdisjoint(words)])
        if "action_negated" in self._table.columns:
            left = column.isin([text for text, words in texts.items() if not _name_all(words, asked)])
            kept = kept.where(~self._table["action_negated"].isin([True]), left)
        return self._table[kept | column.isna()]

    def _actions(self) -> pd.Series[Any]:
        if list(self._table.columns).count("action") != 1:
            raise LexgraphError("the table must have one column action", code="WRONG_TABLE")
        if tuple(self._table.columns) == SCHEMAS["access_changes"].names:
            message = "access_changes names one action of each row as an example: the others would not be found"
            raise LexgraphError(message, code="WRONG_TABLE")
        return self._table["action"]


def _asked(actions: str | Iterable[str]) -> tuple[str, ...]:
    given = each_of((actions,) if isinstance(actions, str) else actions, str, "an action or a pattern, or several")
    for one in given:
        if problem := action_problem(one):
            raise RequestError(problem[1], code=problem[0])
    return tuple(map(ascii_lower, given))


def _name_all(words: Iterable[str], asked: Iterable[str]) -> bool:
    """Whether each of the asked patterns is within one of the words, so that a NotAction of these leaves nothing."""
    return all(any(covers(word, one) for word in words) for one in asked)
