// iam-simulate: its two simulations, over the same lines of JSON as peers/_shared/serving.py.
// The first argument is the folder that node_modules is in.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readAccount, simulationsOf } from './accounts.mjs'

const require = createRequire(join(process.argv[2], 'package.json'))
const { runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')
const { version } = require(join(process.argv[2], 'node_modules/@cloud-copilot/iam-simulate/package.json'))

const WORDS = { Allowed: 'allowed', ExplicitlyDenied: 'denied', ImplicitlyDenied: 'denied' }
const options = { simulationMode: 'Strict' }
const ways = {
  // Without validation.
  decide: async (one) => runUnsafeSimulation(one, options),
  // With it: what it cannot place is refused.
  'decide, safely': async (one) => {
    const found = await runSimulation(one, options)
    return found.resultType === 'error' ? undefined : found.overallResult
  }
}

// Of an account: who is allowed, question by question, of its principals one by one.
async function whoCan(principals, questions) {
  const found = []
  for (const question of questions) {
    const allowed = []
    for (const one of simulationsOf(principals, question)) {
      if ((await runUnsafeSimulation(one, options)) === 'Allowed') allowed.push(one.request.principal)
    }
    found.push(allowed)
  }
  return found
}

const accountTasks = {
  'who can': (data) => {
    const principals = readAccount(data.path)
    return () => whoCan(principals, data.questions)
  },
  'first answer': (data) => () => whoCan(readAccount(data.path), data.questions)
}

let decide
let ask
let simulations = []

function simulation(policies, one) {
  const resource = { resource: one.resource, accountId: one.principal.split(':')[4] }
  return {
    request: { principal: one.principal, action: one.action, resource, contextVariables: one.context },
    identityPolicies: policies.map((policy, i) => ({ name: `p${i}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }
}

async function run() {
  const found = []
  for (const one of simulations) found.push(await decide(one))
  return found
}

const orders = {
  prepare(order) {
    const start = performance.now()
    ask = accountTasks[order.task]?.(order.data)
    if (ask) return { seconds: (performance.now() - start) / 1000, forgets: 'nothing' }
    decide = ways[order.task]
    if (!decide) throw new Error(`no task "${order.task}"`)
    simulations = order.data.requests.map((one) => simulation(order.data.policies, one))
    return { seconds: (performance.now() - start) / 1000, forgets: 'nothing' }
  },
  async answers() {
    if (ask) return ask()
    return (await run()).map((result) => WORDS[result] ?? 'refused')
  },
  async time() {
    const start = performance.now()
    await (ask ?? run)()
    return (performance.now() - start) / 1000
  }
}

function reply(value) {
  process.stdout.write(JSON.stringify(value) + '\n')
}

reply({ ok: { package: 'iam-simulate', version, 'runs on': `Node ${process.versions.node}` } })
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const order = JSON.parse(line)
    reply({ ok: await orders[order.do](order) })
  } catch (error) {
    reply({ error: String(error).slice(0, 300) })
  }
}
