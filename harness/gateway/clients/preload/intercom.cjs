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

// In a rehearsal each wait is told to the harness, whose clock moves by as much; the first one says that waits are told.
const tells = Boolean(process.env.HARNESS_TOLD_WAITS) && Boolean(doorPort);
const tell = (ms, slot, then) => {
  const body = JSON.stringify({ seconds: ms / 1000, sleeper: `${process.pid}-${slot}` });
  const token = process.env.INTERCOM_ACCESS_TOKEN || '';
  const door = require('net').connect(Number(doorPort), doorHost);
  door.on('error', () => {});
  door.on('close', then);
  door.resume();
  door.write(`POST /_sandbox/clock/waits HTTP/1.1\r\nHost: ${doorHost}:${doorPort}\r\nConnection: close\r\n`
    + `Authorization: Bearer ${token}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
};
if (tells) tell(0, 0, () => {});

if (process.env.HARNESS_SHORT_WAITS || tells) {
  // A timer is a wait if no request is under way while it runs: it then ends in a moment. One that limits a request is
  // cleared when that is answered, and runs as long as it says until then.
  const real = global.setTimeout;
  const { subscribe } = require('diagnostics_channel');
  let underway = 0;
  let begun = 0;
  const starts = () => { underway += 1; begun += 1; };
  const ends = () => { underway = Math.max(0, underway - 1); };
  for (const name of ['http.client.request.start', 'undici:request:create']) subscribe(name, starts);
  for (const name of ['http.client.response.finish', 'http.client.request.error', 'undici:request:trailers',
    'undici:request:error']) subscribe(name, ends);
  const short = (ms) => (tells ? 2 : 10 * (1 + Math.log2(ms / 10)));
  const slots = new Set(); // timers that run at the same time have a slot each
  const freeSlot = () => { let slot = 0; while (slots.has(slot)) slot += 1; slots.add(slot); return slot; };
  const shortened = (callback, ms, ...rest) => {
    const timer = real(callback, ms, ...rest);
    if (!(ms > 10)) return timer;
    const before = begun;
    const slot = freeSlot();
    real(() => {
      slots.delete(slot);
      if (timer._destroyed || underway || begun !== before) return;
      clearTimeout(timer);
      if (tells) tell(ms, slot, () => callback(...rest));
      else callback(...rest);
    }, short(ms)).unref();
    return timer;
  };
  Object.defineProperties(shortened, Object.getOwnPropertyDescriptors(real));
  global.setTimeout = shortened;
}
