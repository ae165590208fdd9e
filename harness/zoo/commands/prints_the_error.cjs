'use strict';
const https = require('https');
const { headers } = require('./intercom.cjs');

const [visitor] = process.argv.slice(2);
const options = { method: 'POST', headers };
const request = https.request('https://api.intercom.io/visitors/convert', options, (answer) => {
  answer.resume();
  if (answer.statusCode >= 400) {
    console.error('conversion failed', { status: answer.statusCode, request: options });
    process.exitCode = 1;
  }
});
request.end(JSON.stringify({ visitor: { user_id: visitor }, type: 'lead' }));
