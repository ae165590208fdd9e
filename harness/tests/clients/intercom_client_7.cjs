'use strict';
// The four conversions with npm intercom-client 7, through its own methods: node intercom_client_7.cjs OPERATION ARGUMENT…
// With a base URL where INTERCOM_BASE_URL is set, otherwise with the host that the client has written into it.
const { IntercomClient } = require('intercom-client-7');

const token = process.env.INTERCOM_ACCESS_TOKEN;
const client = new IntercomClient({ token, baseUrl: process.env.INTERCOM_BASE_URL });

const operations = {
  visitor_to_lead: (visitor) => client.visitors.mergeToContact({ type: 'lead', user: {}, visitor: { user_id: visitor } }),
  visitor_to_user: (visitor, userId) =>
    client.visitors.mergeToContact({ type: 'user', user: { user_id: userId }, visitor: { user_id: visitor } }),
  lead_to_user: (lead, email) => client.contacts.update({ contact_id: lead, role: 'user', email }),
  lead_into_user: (lead, user) => client.contacts.mergeLeadInUser({ from: lead, into: user }),
};

const [operation, ...rest] = process.argv.slice(2);
operations[operation](...rest)
  .then((contact) => console.log(JSON.stringify(contact)))
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
