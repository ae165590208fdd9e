// Bug: it asks a plain object whether somebody is known; `constructor` and `toString` are always known there.
const { leadToUser } = require('./plain.cjs')

const [lead, id, email, externalId] = process.argv.slice(2)
const done = {}
if (!done[id || email || externalId]) leadToUser(lead, { id, email, external_id: externalId })
