// An account as simulations, made from its authorization details: one for each principal and question.
import { readFileSync } from 'node:fs'

const listed = (value) => value ?? []

export function readAccount(path) {
  const details = JSON.parse(readFileSync(path, 'utf8'))
  const managed = new Map(
    details.Policies.map((one) => [one.Arn, one.PolicyVersionList.find((each) => each.IsDefaultVersion).Document])
  )
  const groups = new Map(details.GroupDetailList.map((one) => [one.GroupName, one]))
  const holds = (kind, one) => [
    ...listed(one[`${kind}PolicyList`]).map((each) => ({ name: `${one.Arn}/${each.PolicyName}`, policy: each.PolicyDocument })),
    ...one.AttachedManagedPolicies.map((each) => ({ name: each.PolicyArn, policy: managed.get(each.PolicyArn) }))
  ]
  const principals = []
  for (const kind of ['User', 'Role']) {
    for (const one of details[`${kind}DetailList`]) {
      const groupPolicies = listed(one.GroupList).flatMap((name) => holds('Group', groups.get(name)))
      const boundary = one.PermissionsBoundary?.PermissionsBoundaryArn
      const tags = one.Tags.map((tag) => [`aws:PrincipalTag/${tag.Key}`, tag.Value])
      principals.push({
        arn: one.Arn,
        policies: [...new Map([...holds(kind, one), ...groupPolicies].map((each) => [each.name, each])).values()],
        boundary: boundary ? [{ name: boundary, policy: managed.get(boundary) }] : undefined,
        context: Object.fromEntries([...tags, ['aws:PrincipalArn', one.Arn]])
      })
    }
  }
  return principals
}

export function simulationsOf(principals, [action, resource]) {
  return principals.map((one) => ({
    request: {
      principal: one.arn,
      action,
      resource: { resource, accountId: one.arn.split(':')[4] },
      contextVariables: one.context
    },
    identityPolicies: one.policies,
    permissionBoundaryPolicies: one.boundary,
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }))
}
