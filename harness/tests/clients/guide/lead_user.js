// From Intercom's guide "Converting visitors and leads to users", retyped; client and calls as they stand there.
var Intercom = require('intercom-client');
var client = new Intercom.Client({ token: process.env['AT'] });

var lead_id = process.argv[2];
var usr_id = process.argv[3];

// Convert Leads into Users
var conversion = {
  // Remember to use the URL ID to identify leads
  contact: { id: lead_id },
  user: { user_id: usr_id }
};

// Return the body of the user
client.leads.convert(conversion,
  function (rsp) {
    console.log(rsp.body)
  });
