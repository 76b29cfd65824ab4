"""What a value of a Terraform plan hangs on that is known only after the plan is applied: its configuration tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Any
Path = tuple[str, ...]
Step = tuple[Path, Mapping[str, Json], Json]
"""The module that an expression stands in, the block (whose ``each`` it may name), and the expression."""
_INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]')
_LONGEST = 10_000  # of an address; names and indices are far shorter
_MOST = 1_000  # names that one value may hang on, in all
# What is known while Terraform plans, so that no value waits for it.
_KNOWN = frozenset({"count.index", "each.key", "path", "terraform", "self"})


def base(address: str) -> str:
    """Return an address without its indices.

    >>> base('module.bots["a.b"].aws_iam_policy.own[0]')
    'module.bots.aws_iam_policy.own'
    """
    return _INDEX.sub("", address) if len(address) <= _LONGEST else address


class References:
    """The expressions of a plan's configuration."""

    def __init__(self, configuration: Json) -> None:
        self.modules: dict[Path, Mapping[str, Json]] = {}
        self.calls: dict[Path, Mapping[str, Json]] = {}
        self.resources: dict[tuple[Path, str], Mapping[str, Json]] = {}
        waiting: list[tuple[Path, Mapping[str, Json]]] = [((), _object(_object(configuration).get("root_module")))]
        for path, module in waiting:
            self.modules[path] = module
            listed = module.get("resources")
            for item in map(_object, listed if isinstance(listed, list) else ()):
                self.resources[path, str(item.get("address"))] = item
            for name, call in _object(module.get("module_calls")).items():
                self.calls[*path, name] = _object(call)
                waiting.append(((*path, name), _object(_object(call).get("module"))))

    def of(self, address: str, key: str) -> tuple[str, ...]:
        """Return the addresses, without indices, of the resources and data that an attribute hangs on; nothing where
        the configuration does not tell.

        Variables and outputs of modules are followed. Local values are not: a plan does not hold what they are.
        """
        path, name = _apart(base(address))
        block = self.resources.get((path, name))
        if block is None:
            return ()
        found: dict[str, None] = {}
        seen: set[tuple[Path, int, str]] = set()
        waiting: list[Step] = [(path, block, _object(block.get("expressions")).get(key))]
        while waiting:
            path, block, expression = waiting.pop()
            names = _names(expression)
            if names is None or len(seen) > _MOST:
                return ()
            for name in names:
                if (path, id(block), name) in seen:
                    continue
                seen.add((path, id(block), name))
                after = self.follow(path, block, name)
                if isinstance(after, str):
                    found[after] = None
                elif after is None:
                    return ()
                else:
                    waiting += after
        return tuple(found)

    def leaves_out(self, address: str, key: str) -> bool:
        """Return whether a resource surely does not set an attribute."""
        block = self.resources.get(_apart(base(address)))
        return block is not None and key not in _object(block.get("expressions"))

    def follow(self, path: Path, block: Mapping[str, Json], name: str) -> str | list[Step] | None:
        """Return the resource that a name is, or the expressions that it leads to; None where that is not known."""
        first, *rest = name.split(".")
        if not rest or first == "local":
            return None
        if name in _KNOWN or first in _KNOWN:
            return []
        if first == "each":
            return [(path, block, block.get("for_each_expression"))]
        if first == "var":
            call = self.calls.get(path, {})  # the root's variables are known, and so are those that nobody gives
            given = _object(call.get("expressions"))
            return [(path[:-1], call, given[rest[0]])] if rest[0] in given else []
        if first == "module":
            inner = (*path, rest[0])
            outputs = _object(self.modules.get(inner, {}).get("outputs"))
            output = _object(outputs.get(rest[1])) if len(rest) > 1 else {}
            return [(inner, {}, output.get("expression"))]
        modules = [part for module in path for part in ("module", module)]
        return ".".join([*modules, first, *rest[: 2 if first == "data" else 1]])


def _names(expression: Json) -> list[str] | None:
    """The names in an expression, without indices and without those that only begin another; None where it is none."""
    found = _object(expression)
    if "constant_value" in found:
        return []
    listed = found.get("references")
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        return None
    names = dict.fromkeys(base(one) for one in listed)
    outputs = {name.rpartition(".")[0] for name in _begins(names)}
    return [name for name in names if name not in outputs]


def _begins(names: Mapping[str, None]) -> Iterator[str]:
    """The outputs of modules, up to the output's name; beside each, Terraform lists the module itself."""
    for name in names:
        parts = name.split(".")
        if parts[0] == "module" and len(parts) > 2:
            yield ".".join(parts[:3])


def _apart(address: str) -> tuple[Path, str]:
    """The modules of an address, and the address within the innermost."""
    parts = address.split(".")
    start = 0
    while parts[start] == "module" and start + 3 < len(parts):
        start += 2
    return tuple(parts[1:start:2]), ".".join(parts[start:])


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
