"""Which layer brought a change of access: the one that, put in the place of the other account's, changes its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lexgraph.access.comparison.decider import Held
from lexgraph.access.comparison.model import Via
from lexgraph.access.comparison.sides import Sides
from lexgraph.access.decide import GRANTING
from lexgraph.account.model import Principal
from lexgraph.conditions.context import Context
from lexgraph.evaluation.authorize import authorize
from lexgraph.evaluation.request import Request
from lexgraph.evaluation.stack import Layer, PolicyStack

LAYERS: tuple[tuple[Layer, Via], ...] = (
    ("identity", "own policies"),
    ("boundary", "permissions boundary"),
    ("scp", "service control policies"),
    ("rcp", "resource control policies"),
    ("resource", "resource policy"),
)
_FIELDS = {"identity": "identity", "boundary": "boundary", "scp": "scps", "rcp": "rcps", "resource": "resource"}


def cause_of(request: Request, sides: Sides) -> Via:
    """Return the layer that brought it about that the account here allows a request and that there does not;
    ``several layers`` where no one alone did.
    """
    here, there = (one.held(request) for one in sides.both)
    if here is None or there is None:
        return "own policies"  # a principal who is new, or gone, with all that it holds
    swapped = tuple(_swapped(here, there, request))
    if len(swapped) == 1:
        return swapped[0][0]
    for via, one in swapped:
        if authorize(one.stack, replace(request, context=one.context)).outcome in GRANTING:
            return via
    return "several layers"


def differing(who: Principal, sides: Sides) -> Via:
    """Return which layer that goes with a principal differs; ``several layers`` where more than one does.

    >>> from lexgraph.account.readers import example_account_path, read_account
    >>> from lexgraph.access.comparison.decider import Decider
    >>> account = Decider(read_account(example_account_path()))
    >>> differing(account.snapshot.principal("user/maria"), Sides("gained", account, account, {}, {}))
    'keys of the principal'
    """
    other = sides.there.principals.get(who.arn)
    if other is None:
        return "own policies"
    stacks = sides.here.snapshot.stack(who), sides.there.snapshot.stack(other)
    found = [via for layer, via in LAYERS if not _same(layer, *stacks)]
    return found[0] if len(found) == 1 else "several layers" if found else "keys of the principal"


def _swapped(here: Held, there: Held, request: Request) -> Iterator[tuple[Via, Held]]:
    """The other account with one of this account's layers, for each that differs."""
    for layer, via in LAYERS:
        if not _same(layer, here.stack, there.stack):
            yield _named(via, request), replace(there, stack=_with_layer(there.stack, layer, here.stack))
    mine, other = _about_resource(here.context), _about_resource(there.context)
    if mine != other:
        yield "keys of the resource", replace(there, context=_with_resource(there.context, here.context))
    if replace(here.context, **_no_resource(here)) != replace(there.context, **_no_resource(there)):
        yield "keys of the principal", replace(there, context=_with_resource(here.context, there.context))


def _about_resource(context: Context) -> tuple[object, ...]:
    return context.resource_tags, {key: value for key, value in context.values.items() if _is_about_resource(key)}


def _is_about_resource(key: str) -> bool:
    return key.lower().startswith("aws:resource")


def _no_resource(held: Held) -> dict[str, Any]:
    values = {key: value for key, value in held.context.values.items() if not _is_about_resource(key)}
    return {"values": values, "resource_tags": None}


def _with_resource(context: Context, other: Context) -> Context:
    """A context with the keys of the resource that another one has."""
    about = {key: value for key, value in other.values.items() if _is_about_resource(key)}
    values = {key: value for key, value in context.values.items() if not _is_about_resource(key)}
    return replace(context, values={**values, **about}, resource_tags=other.resource_tags)


def _named(via: Via, request: Request) -> Via:
    """A role's own policy is its trust policy."""
    assumed = request.action.lower().startswith("sts:assumerole")
    return "trust policy" if assumed and via == "resource policy" else via


def _same(layer: Layer, a: PolicyStack, b: PolicyStack) -> bool:
    name = _FIELDS[layer]
    unread = [layer in one.unreadable for one in (a, b)]
    return getattr(a, name) == getattr(b, name) and unread[0] == unread[1]


def _with_layer(stack: PolicyStack, layer: Layer, other: PolicyStack) -> PolicyStack:
    """Return a stack with one layer as another one has it."""
    name = _FIELDS[layer]
    unread = (*(one for one in stack.unreadable if one != layer), *((layer,) if layer in other.unreadable else ()))
    return replace(stack, unreadable=unread, **{name: getattr(other, name)})
