'use strict';
// Right: one script for all three, which hands the contact back as JSON and fails where Intercom refuses.
const { ask, run } = require('./intercom.cjs');

const identity = (id, email, externalId, external) => {
  if (id) return { id };
  if (externalId) return { [external]: externalId };
  if (email) return { email };
  throw new Error('nobody to convert into');
};

const steps = {
  visitor_to_lead: (visitor) => ask('POST', '/visitors/convert', { visitor: { user_id: visitor }, type: 'lead' }),
  visitor_to_user: (visitor, ...user) =>
    ask('POST', '/visitors/convert', { visitor: { user_id: visitor }, user: identity(...user, 'user_id'), type: 'user' }),
  lead_to_user: (lead, id, ...user) =>
    id
      ? ask('POST', '/contacts/merge', { from: lead, into: id, skip_duplicate_validation: true })
      : ask('PUT', `/contacts/${lead}`, { role: 'user', ...identity(id, ...user, 'external_id') }),
};

run(async (step, ...words) => console.log(JSON.stringify(await steps[step](...words))));
