"""How AWS writes the entries of an account, as types that msgspec decodes: what is written in another way is no such
entry. What has no fixed form, or is not asked for, is kept as the bytes that stand there, to be read apart.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Raw, Struct, field

Scalar = str | int | float | bool
NOTHING = Raw()
Patterns = str | list[str]


class Written(Struct, forbid_unknown_fields=True, rename="pascal", gc=False):
    """An object of AWS's answers."""


class Policy(Written, kw_only=True):
    """What every policy document may say beside its statements."""

    version: Literal["2012-10-17", "2008-10-17"] | None = None
    id: str | None = None


class Statement(Written):
    """A statement of an identity policy."""

    effect: Literal["Allow", "Deny"]
    action: Patterns | None = None
    not_action: Patterns | None = None
    resource: Patterns | None = None
    not_resource: Patterns | None = None
    condition: Raw = NOTHING
    sid: str | None = None


class Document(Policy, kw_only=True):
    """An identity policy."""

    statement: list[Statement] | Statement


class TrustStatement(Written):
    """A statement of a trust policy."""

    effect: Literal["Allow", "Deny"]
    action: Patterns
    principal: Raw
    condition: Raw = NOTHING
    sid: str | None = None


class TrustDocument(Policy, kw_only=True):
    """A trust policy."""

    statement: list[TrustStatement] | TrustStatement


class Attachment(Written):
    """An attached managed policy."""

    policy_name: str
    policy_arn: str


class Inline(Written):
    """An inline policy; its document may be written as text."""

    policy_name: str
    policy_document: Document | str


class Tag(Written):
    """A tag."""

    key: str
    value: str


class LastUsed(Written):
    """When and where a role was used last."""

    last_used_date: Scalar | None = None
    region: Scalar | None = None


class Holder(Written, kw_only=True):
    """What users, groups and roles have in common."""

    arn: str
    path: str | None = None
    create_date: str | None = None
    attached_managed_policies: list[Raw] | None = None


class Group(Holder):
    """A group."""

    name: str = field(name="GroupName")
    id: str | None = field(name="GroupId", default=None)
    inline: list[Inline] | None = field(name="GroupPolicyList", default=None)


class User(Holder):
    """A user."""

    name: str = field(name="UserName")
    id: str | None = field(name="UserId", default=None)
    inline: list[Inline] | None = field(name="UserPolicyList", default=None)
    group_list: list[str] | None = None
    permissions_boundary: Raw = NOTHING
    tags: list[Tag] | None = None


class Role(Holder):
    """A role."""

    name: str = field(name="RoleName")
    assume_role_policy_document: Raw
    id: str | None = field(name="RoleId", default=None)
    inline: list[Inline] | None = field(name="RolePolicyList", default=None)
    permissions_boundary: Raw = NOTHING
    tags: list[Tag] | None = None
    instance_profile_list: Raw = NOTHING
    role_last_used: LastUsed | None = None


class Version(Written):
    """One version of a managed policy."""

    version_id: str
    document: Document | str
    is_default_version: Scalar | None = None
    create_date: Scalar | None = None


class Managed(Written, kw_only=True):
    """A managed policy."""

    arn: str
    policy_name: str
    default_version_id: str
    policy_version_list: list[Version]
    attachment_count: Raw = NOTHING
    policy_id: Scalar | None = None
    path: Scalar | None = None
    permissions_boundary_usage_count: Scalar | None = None
    is_attachable: Scalar | None = None
    description: Scalar | None = None
    create_date: Scalar | None = None
    update_date: Scalar | None = None
    tags: list[Tag] | None = None
