'use strict';
const { send } = require('./intercom.cjs');

const [visitor] = process.argv.slice(2);
send('POST', '/visitors/convert', { visitor: { user_id: visitor }, type: 'lead' }).then(() => console.log('converted'));
process.exit(0);
