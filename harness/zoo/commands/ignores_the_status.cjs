'use strict';
const { run, send } = require('./intercom.cjs');

run(async (visitor) => {
  const answer = await send('POST', '/visitors/convert', { visitor: { user_id: visitor }, type: 'lead' });
  const contact = await answer.json();
  console.log(`converted ${contact.id}`);
});
