'use strict';
const { ask, run } = require('./intercom.cjs');

run(async (visitor) => {
  const { user_id } = visitor; // a string has none, and JSON drops what is undefined
  await ask('POST', '/visitors/convert', { visitor: { user_id }, type: 'lead' });
});
