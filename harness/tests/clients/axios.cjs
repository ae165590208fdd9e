'use strict';
// One GET with the axios that is named: node axios.cjs PACKAGE URL
const [name, url] = process.argv.slice(2);
const axios = require(name);

axios
  .get(url, { auth: { username: process.env.AT, password: '' } })
  .then((answer) => console.log(answer.data.type))
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
