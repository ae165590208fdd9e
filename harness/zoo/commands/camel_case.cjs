'use strict';
const { ask, run } = require('./intercom.cjs');

run(async (userId) => {
  await ask('POST', '/visitors/convert', { visitor: { userId }, type: 'lead' });
});
