'use strict';
const { ask, run } = require('./intercom.cjs');

run(async (lead, user) => {
  const contact = await ask('POST', '/contacts/merge', { from: lead, into: user, skip_duplicate_validation: true });
  console.log('merged', contact);
});
