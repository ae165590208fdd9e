'use strict';
// What the Node pipelines share: one request to Intercom by its own address, with Node's own fetch.

const headers = {
  Authorization: `Bearer ${process.env.INTERCOM_ACCESS_TOKEN}`,
  'Content-Type': 'application/json',
  'Intercom-Version': '2.16',
};

const send = (method, path, body) =>
  fetch(`https://api.intercom.io${path}`, { method, headers, body: JSON.stringify(body) });

const ask = async (method, path, body) => {
  const answer = await send(method, path, body);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
};

const run = (work) =>
  work(...process.argv.slice(2)).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });

module.exports = { ask, headers, run, send };
