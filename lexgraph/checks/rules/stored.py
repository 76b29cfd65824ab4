"""Rules about actions, resources, variables and principals that are stored, but hardly mean what was meant.

The form of a record is told in :mod:`lexgraph.checks.rules.refused`.
"""

TABLE = """
INVALID_ACTION warning error
    An action that the catalogue does not know
    Correct the spelling, or keep the action if AWS has added it since the date of the catalogue.
LEX_V1_ONLY warning -
    Conversations with bots of Amazon Lex V1, which AWS ended on 15 September 2025
    Allow the actions of Lex V2 instead: lex:RecognizeText for PostText, lex:RecognizeUtterance for PostContent.
INVALID_SERVICE_IN_ACTION warning error
    An action of a service that the catalogue does not know
    Write the service's prefix as AWS does, such as lex:Get*.
INVALID_SERVICE warning error
    A service that the catalogue does not know, in an ARN or in a condition key
    Write the service's prefix as AWS does, such as lex.
MISSING_ARN_FIELD warning error
    An ARN with fewer than six parts
    Write all six parts: arn:partition:service:region:account:resource.
INVALID_ARN_SERVICE_CASE warning error
    A service in capital letters in an ARN
    Write the service in lower case: ARNs compare letter by letter.
INVALID_ARN_REGION warning error
    A region in an ARN that does not exist
    Write a region of AWS, such as eu-west-1, or a wildcard.
ARN_REGION_NOT_ALLOWED warning error
    A region in an ARN whose service puts none there
    Leave the region empty.
MISSING_ARN_REGION warning error
    No region in an ARN that always has one
    Add the region, or a wildcard in its place.
INVALID_ARN_ACCOUNT warning error
    An account in an ARN that is no account id
    Write the twelve digits of the account, or a wildcard.
ARN_ACCOUNT_NOT_ALLOWED warning error
    An account in an ARN whose service puts none there
    Leave the account empty; a condition on aws:ResourceAccount names it.
MISSING_ARN_ACCOUNT warning error
    No account in an ARN that always has one
    Add the account id, or a wildcard in its place.
INVALID_ARN_RESOURCE warning error
    A resource part that is like none of the service's resource types
    Write the resource as the service reference shows it, such as bot/BOTID for Lex.
WILDCARD_IN_SERVICE_NAME suggestion suggestion
    A wildcard in the service of an ARN
    Name the service: a wildcard also means services that do not exist yet.
ARN_READS_TWO_WAYS suggestion -
    An ARN whose wildcard can be read to run past a colon
    Write the part before the colon in full, or check the account by a condition on aws:ResourceAccount.
MISSING_BRACE_IN_VARIABLE warning error
    A policy variable without its closing brace
    Close the variable with }.
MISSING_QUOTE_IN_VARIABLE warning error
    A variable's default without quotes
    Put the default in single quotes: ${aws:PrincipalTag/team, 'none'}.
UNSUPPORTED_SPACE_IN_VARIABLE warning error
    A space in a variable's name
    Remove the space.
EMPTY_VARIABLE warning error
    A policy variable without a name
    Name the variable, or remove it.
VARIABLE_UNSUPPORTED_IN_ELEMENT warning error
    A policy variable where none is read
    Write the text itself: variables stand in resources and in condition values only.
VARIABLE_UNSUPPORTED_IN_VERSION warning error
    A policy variable in a document whose Version has none
    Write "Version": "2012-10-17", or remove the variable.
INVALID_VARIABLE_FOR_OPERATOR warning error
    A policy variable under an operator that takes none
    Use a string or ARN operator, or write the value itself.
MISSING_VERSION warning warning
    A document without Version
    Add "Version": "2012-10-17"; without it AWS reads the policy by the rules of 2008.
EMPTY_SID_VALUE suggestion suggestion
    An empty Sid
    Give the statement a name, or remove the Sid.
EMPTY_ARRAY_PRINCIPAL suggestion suggestion
    An empty list of principals
    Name a principal, or remove the statement.
EMPTY_OBJECT_PRINCIPAL suggestion suggestion
    A Principal that names nobody
    Name a principal, or remove the statement.
CONFUSABLE warning -
    A character that looks like another, or like nothing
    Write the plain character, or remove the invisible one.
EMPTY_PLACEHOLDER warning -
    A place where text seems to be lost
    Put back the text that was lost, perhaps between < and > when the policy was copied from a page.
INVALID_ROLE_REFERENCE warning warning resource trust endpoint
    A role named by its id
    Name the role by its ARN; an id in a stored policy often means that the role was deleted.
INVALID_USER_REFERENCE warning warning resource trust endpoint
    A user named by its id
    Name the user by its ARN; an id in a stored policy often means that the user was deleted.
INVALID_SERVICE_PRINCIPAL_FORMAT warning error
    A service principal that is not written as one
    Write the principal as AWS does, such as lex.amazonaws.com, or with the region in front for kms:ViaService.
FEDERATED_PRINCIPAL_NOT_SUPPORTED warning error resource endpoint rcp
    A federated principal outside a trust policy
    Name a role that the identity provider's users assume.
MISMATCHED_ACTION_FOR_PRINCIPAL warning error trust
    A way of assuming the role that the principal cannot go
    Use sts:AssumeRoleWithSAML for SAML, sts:AssumeRoleWithWebIdentity for OIDC, sts:AssumeRole for the others.
MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY warning error trust
    A role for Roles Anywhere that cannot be assumed
    Allow sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity.
UNSUPPORTED_ACTION_IN_POLICY warning error resource trust
    An action that the policy's resource does not have
    Remove the action, or move it to the policy of the resource that it is about.
UNSUPPORTED_RESOURCE_ARN_IN_POLICY warning error resource
    A resource of another service than the policy's
    Name the resource that the policy is attached to.
UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL warning error resource trust
    A condition on who calls, which a service never meets
    Use aws:SourceArn, aws:SourceAccount or aws:SourceOrgID for a service principal.
ALLOW_WITH_NOTPRINCIPAL security security resource endpoint
    Access for everybody but those named
    Name those who need access in Principal, and nobody else.
RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL security security resource
    A service that may act for anybody
    Add aws:SourceArn, aws:SourceAccount or aws:SourceOrgID, so that it acts for your own resources only.
RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL suggestion suggestion resource
    A service narrowed by a key that its caller can choose
    Use aws:SourceArn, aws:SourceAccount or aws:SourceOrgID instead.
MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL security security trust
    An OIDC provider without a condition on its claims
    Add a condition on the provider's sub or aud claim.
MISSING_GITHUB_REPO_CONDITION_KEY security security trust
    GitHub Actions without a condition on the repository
    Add a condition on token.actions.githubusercontent.com:sub that names repository and branch.
SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED warning warning trust
    GitHub Actions from more than one repository or branch
    Name repository and branch in token.actions.githubusercontent.com:sub, or the branch in …:ref.
CONFIRM_AUDIENCE_CLAIM_TYPE suggestion suggestion trust
    A set operator on an audience claim
    Use the operator without ForAllValues or ForAnyValue if the provider sends one audience.
REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY suggestion suggestion trust
    A session beside its role
    Remove the session: the role's ARN stands for all of its sessions.
PASS_ROLE_WITH_STAR_IN_RESOURCE security security identity
    iam:PassRole on every role
    Name the roles that may be passed, or add a condition on iam:PassedToService.
PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE security security identity
    iam:PassRole on every role, by a wildcard
    Name the actions and the roles, or add a condition on iam:PassedToService.
PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOTACTION security security identity
    iam:PassRole on every role, by NotAction
    List the actions instead, or add iam:PassRole to NotAction.
PASS_ROLE_WITH_NOTRESOURCE security security identity
    iam:PassRole on every role but some
    Name the roles that may be passed in Resource.
PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOTRESOURCE security security identity
    iam:PassRole on every role but some, by a wildcard
    Name the actions, and the roles in Resource.
PASS_ROLE_WITH_NOTACTION_AND_NOTRESOURCE security security identity
    iam:PassRole on every role but some, by NotAction
    List the actions instead, and the roles in Resource.
CREATE_SLR_WITH_STAR_IN_RESOURCE warning warning identity
    Any service-linked role may be created
    Name the service-linked role, or add a condition on iam:AWSServiceName.
CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE warning warning identity
    Any service-linked role may be created, by a wildcard
    Name the actions and the role, or add a condition on iam:AWSServiceName.
CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOTACTION warning warning identity
    Any service-linked role may be created, by NotAction
    List the actions instead, or add iam:CreateServiceLinkedRole to NotAction.
CREATE_SLR_WITH_NOTRESOURCE warning warning identity
    Any service-linked role but some may be created
    Name the service-linked role in Resource.
CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOTRESOURCE warning warning identity
    Any service-linked role but some may be created, by a wildcard
    Name the actions, and the service-linked role in Resource.
CREATE_SLR_WITH_NOTACTION_AND_NOTRESOURCE warning warning identity
    Any service-linked role but some may be created, by NotAction
    List the actions instead, and the service-linked role in Resource.
REDUNDANT_ACTION suggestion suggestion
    An action that another pattern of the list covers
    Remove the action, or the wider pattern.
REDUNDANT_RESOURCE suggestion suggestion
    A resource that another pattern of the list covers
    Remove the resource, or the wider pattern.
REDUNDANT_STATEMENT suggestion suggestion
    A statement that says what another one says
    Remove one of the two: who changes only one of them will wonder.
SEM_SHADOWED_STATEMENT suggestion suggestion
    A statement that another one covers
    Remove the statement, or the wider one.
SUPPRESSION_EXPIRED warning -
    A suppression past its date
    Mend what it hides, or decide anew and set a new date.
SUPPRESSION_UNUSED warning -
    A suppression that hides nothing
    Remove it.
"""
