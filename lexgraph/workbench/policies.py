"""Policies by name, with their tables as attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from lexgraph.account.templates import TemplatePolicies
from lexgraph.errors import LexgraphError, PolicyError, shown
from lexgraph.markup import visible
from lexgraph.policy.model import Policy

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


def html_of(table: pd.DataFrame) -> str:
    """Return a table as a notebook shows it; pandas escapes what the cells hold."""
    html: str = table._repr_html_()  # type: ignore[operator]  # pandas-stubs leaves it out
    return html


class PolicyTables:
    """Tables of policies, made on first use."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def _kept(self, name: str, make: Any) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _policies(self) -> tuple[Policy, ...]:
        raise LexgraphError("a collection of policies says which they are")

    def _origin(self) -> tuple[Mapping[str, str], str | None]:
        """The policies' own versions, by key, and what they were read from; where they are known."""
        return {}, None

    def _table(self, name: str) -> pd.DataFrame:
        from lexgraph import tables

        make = getattr(tables, f"{name}_table")
        found: pd.DataFrame = self._kept(name, lambda: make(self._policies()))
        return found

    @property
    def policies(self) -> pd.DataFrame:
        """A row per policy (schema ``policies``)."""
        from lexgraph import tables

        def make() -> pd.DataFrame:
            versions, source = self._origin()
            return tables.policies_table(self._policies(), versions=versions, source=source)

        found: pd.DataFrame = self._kept("policies", make)
        return found

    @property
    def statements(self) -> pd.DataFrame:
        """A row per statement (schema ``statements``)."""
        return self._table("statements")

    @property
    def grants(self) -> pd.DataFrame:
        """A row per action pattern × resource pattern × statement (schema ``grants``)."""
        return self._table("grants")

    @property
    def conditions(self) -> pd.DataFrame:
        """A row per condition value (schema ``conditions``)."""
        return self._table("conditions")

    @property
    def actions(self) -> pd.DataFrame:
        """A row per policy and action of the catalogue that it grants (schema ``policy_actions``)."""
        return self._table("policy_actions")

    @property
    def access_levels(self) -> pd.DataFrame:
        """How many actions of each access level a policy grants (schema ``access_levels``)."""
        return self._table("access_levels")

    @property
    def cells(self) -> pd.DataFrame:
        """What each policy grants, as few disjoint rows of actions, resources and condition (schema ``cells``)."""
        return self._table("cells")

    @property
    def overlap(self) -> pd.DataFrame:
        """How many actions every two policies share (schema ``overlap``)."""
        return self._table("overlap")

    @property
    def never_matches(self) -> pd.DataFrame:
        """The statements that no request can match, and on which assumption (schema ``never_matches``)."""
        return self._table("never_matches")

    @property
    def console_readiness(self) -> pd.DataFrame:
        """Which features of the Lex console each policy lacks (schema ``console_readiness``)."""
        return self._table("console_readiness")


class PolicySet(PolicyTables, Mapping[str, Policy]):
    """Policies by name, with their tables as attributes.

    `date` is the day as of which they are known, `versions` their own versions, by key, `source` what they were read
    from; the table ``policies`` tells the last two. `templates` are the templates that some of them stand in, with who
    holds what there.

    >>> from lexgraph.policy.parse import parse_policy
    >>> text = '{"Statement": {"Effect": "Allow", "Action": "lex:Get*", "Resource": "*"}}'
    >>> PolicySet([parse_policy(text, name="reader")])
    PolicySet of 1: reader
    """

    def __init__(
        self,
        policies: Iterable[Policy],
        *,
        name: str = "policies",
        date: str | None = None,
        versions: Mapping[str, str] | None = None,
        source: str | None = None,
        skipped: Iterable[tuple[str, str | None, str | None, str]] = (),
        templates: Iterable[TemplatePolicies] = (),
    ) -> None:
        super().__init__()
        self._by_name: dict[str, Policy] = {}
        for policy in policies:
            if policy.name in self._by_name:
                raise PolicyError(f"two policies are called {shown(policy.name)}", code="DUPLICATE_NAME")
            self._by_name[policy.name] = policy
        self.name = name
        self.date = date
        self.templates = tuple(templates)
        self._from = dict(versions or {}), source
        self._skipped = tuple(skipped)

    def __getitem__(self, name: str) -> Policy:
        if not isinstance(name, str):
            raise KeyError(f"a policy is found by its name, not by {shown(type(name).__name__)}; .values() lists them")
        if name not in self._by_name:
            from lexgraph.catalog.nearest import nearest

            raise KeyError(f"no policy {shown(name)} here{nearest(name, self._by_name)}")
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        names = list(self._by_name)
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        return f"PolicySet of {len(names)}: {visible(', '.join(names[:5]))}{more}"

    def _repr_html_(self) -> str:
        return html_of(self.policies)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)

    def _policies(self) -> tuple[Policy, ...]:
        return tuple(self._by_name.values())

    def _origin(self) -> tuple[Mapping[str, str], str | None]:
        return self._from

    @property
    def skipped(self) -> pd.DataFrame:
        """What was passed over while the policies were read, and why (schema ``skipped``)."""
        from lexgraph import tables

        found: pd.DataFrame = self._kept("skipped", lambda: tables.skipped_table(self._skipped))
        return found

    def graph(self) -> nx.DiGraph[Any]:
        """Return the policy graph: policy → statement → action pattern, resource pattern."""
        from lexgraph.graph import policy_graph

        return policy_graph(self._policies())
