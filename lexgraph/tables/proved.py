"""The schemas of what is proved for every request: cells, the lattice, and changes by meaning."""

from __future__ import annotations

from lexgraph.tables.schema import LEVEL, NAME, POLICY, Column, Schema

DIRECTIONS = ("granted", "taken away")
WHATS = ("action", "principal", "resource", "condition", "undecided")
_VERSION = Column("policy_version", "str", "the version that brought the change")
_DATE = Column("date", "str", "the version's ISO 8601 date, where it is known")
_DIRECTION = Column("direction", "category", "whether the version newly grants it, or took it away", DIRECTIONS)
_WHAT = Column(
    "what",
    "category",
    "whether the whole action is new (or gone), or only some principals, resources or contexts",
    WHATS,
)

PROVED = (
    Schema(
        "cells",
        (
            POLICY,
            Column("cell", "Int64", "the cell's place in the policy, from 0; no request is in two"),
            Column("action", "str", "the actions: names and patterns, joined by spaces"),
            Column("actions", "Int64", "number of actions"),
            Column("level_counts", "str", "how many of them have which access level"),
            Column("resource", "str", "the resource patterns, joined by spaces"),
            Column("except_resource", "str", "patterns of resources that are not meant, joined by spaces"),
            Column("outcome", "category", "allowed, or conditional", ("allowed", "conditional")),
            Column("condition", "str", "the words of a conditional cell"),
        ),
        ("policy", "cell"),
    ),
    Schema(
        "changes",
        (
            POLICY,
            _VERSION,
            _DATE,
            Column("number", "Int64", "the change's number in the version, from 0"),
            _DIRECTION,
            _WHAT,
            Column("actions", "Int64", "number of actions"),
            Column("action", "str", "the actions, joined by spaces; a pattern stands for those not in the catalogue"),
            Column("resource", "str", "the resource of a request with the first action that shows the change"),
            Column("context", "str", "the request's context as JSON; missing where there is no request"),
        ),
        ("policy", "policy_version", "number"),
    ),
    Schema(
        "policy_changes",
        (
            Column("number", "Int64", "the row's number, from 0; no request is in two"),
            _DIRECTION,
            _WHAT,
            Column("actions", "Int64", "number of actions"),
            Column("action", "str", "the actions: names and patterns, joined by spaces"),
            Column("level_counts", "str", "how many of them have which access level"),
            Column("resource", "str", "the resource patterns, joined by spaces; missing where they are not known"),
            Column("except_resource", "str", "patterns of resources that are not meant, joined by spaces"),
            Column("condition", "str", "the words under which only one side allows; missing where it always does"),
            Column("principals", "str", "who: ARNs and patterns, account numbers, services, joined by spaces; * is"
                   " everyone; missing where the policies name nobody, or where it is not known"),
            Column("except_principals", "str", "those among them that are not meant, joined by spaces"),
            Column("request_principal", "str", "who asks in a request that shows the row; missing where there is none"),
            Column("request_action", "str", "the request's action"),
            Column("request_resource", "str", "the request's resource"),
            Column("request_context", "str", "the request's context as JSON; what is not in it is absent"),
        ),
        ("number",),
    ),
    Schema(
        "timeline",
        (
            POLICY,
            _VERSION,
            _DATE,
            _DIRECTION,
            _WHAT,
            LEVEL,
            Column("actions", "Int64", "number of actions of the level"),
        ),
        ("policy", "policy_version", "direction", "what", "level"),
    ),
    Schema(
        "histories",
        (
            POLICY,
            NAME,
            Column("versions", "Int64", "number of known versions"),
            Column("granting", "Int64", "versions that newly allow something"),
            Column("taking", "Int64", "versions that no longer allow something"),
            Column("quiet", "Int64", "versions that allow more, and only on other resources or in other contexts"),
            Column("same", "Int64", "versions that allow the same as the one before, however they say it"),
            Column("repeats", "Int64", "versions with the document of an earlier one"),
            Column("undecided", "Int64", "versions with a change that could be neither shown nor ruled out"),
        ),
        ("policy",),
    ),
    Schema(
        "lattice",
        (
            Column("narrow", "str", "the name of the policy that allows less"),
            Column("wide", "str", "the name of the policy that allows everything the other does, and more"),
        ),
        ("narrow", "wide"),
    ),
    Schema(
        "breadth",
        (
            NAME,
            Column("contains", "Int64", "number of policies of which it allows everything, and more"),
            Column("contained_in", "Int64", "number of policies that allow everything it does, and more"),
            Column("equals", "Int64", "number of other policies that allow the same"),
        ),
        ("name",),
    ),
)  # fmt: skip
