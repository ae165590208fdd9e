// From Intercom's guide "Converting visitors and leads to users", retyped; client and calls as they stand there.
var Intercom = require('intercom-client');
var client = new Intercom.Client({ token: process.env['AT'] });

// This is the Visitor ID you retrieved via JS code
var vid = process.argv[2];

// This will create a lead from the vid
var conversion = {
  visitor: { user_id: vid },
  type: "lead"
};

client.visitors.convert(conversion,
  function (rsp) {
    console.log(rsp.body.pseudonym)
  });
