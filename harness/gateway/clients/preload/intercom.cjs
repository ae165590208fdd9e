'use strict';
/*
 * Loaded before a command's own code wherever that is Node: a connection that is meant for one of Intercom's hosts goes to
 * the harness's door instead, TLS and all. Every client ends in net.Socket's connect: http, https, fetch, undici, axios.
 * All other connections are left alone, and so is everything else.
 */
const [doorHost, doorPort] = (process.env.HARNESS_DOOR || '').split(/:(?=\d+$)/);
const domains = (process.env.HARNESS_INTERCOM_DOMAINS || '').split(',').filter(Boolean);

const isIntercoms = (host) => {
  const name = typeof host === 'string' ? host.toLowerCase().replace(/\.$/, '') : '';
  return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
};

const redirected = (options) => ({ ...options, host: doorHost, port: Number(doorPort) });

if (doorPort && domains.length) {
  const { Socket } = require('net');
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (...args) {
    const [first, second] = args;
    if (Array.isArray(first) && first[0] && isIntercoms(first[0].host)) {
      first[0] = redirected(first[0]); // what net.connect has sorted out already; the array carries a mark of Node's
    } else if (first && typeof first === 'object' && !Array.isArray(first) && isIntercoms(first.host)) {
      args[0] = redirected(first);
    } else if (isIntercoms(second)) {
      args.splice(0, 2, Number(doorPort), doorHost);
    }
    return connect.apply(this, args);
  };
}
