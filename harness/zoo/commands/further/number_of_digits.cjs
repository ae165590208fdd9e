// Bug: an external id of digits goes through Number, which holds 53 bits: 9007199254740993 becomes ...992.
const { leadToUser } = require('./plain.cjs')

const [lead, id, email, externalId] = process.argv.slice(2)
const known = /^[1-9]\d*$/.test(externalId) ? String(Number(externalId)) : externalId
leadToUser(lead, { id, email, external_id: known })
