// From Intercom's guide "Converting visitors and leads to users", retyped; client and calls as they stand there.
var Intercom = require('intercom-client');
var client = new Intercom.Client({ token: process.env['AT'] });

var vid = process.argv[2];
var usr_email = process.argv[3];

// Convert visitors into Users
var conversion = {
  visitor: { user_id: vid },
  user: { email: usr_email },
  type: "user"
};

// Return the body of the user
client.visitors.convert(conversion,
  function (rsp) {
    console.log(rsp.body)
  });
