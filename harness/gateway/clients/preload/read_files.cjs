'use strict';
/*
 * Loaded before a command's own code where a receipt is wanted: it writes down which files of the project the process
 * opens, a line for each, into a file of its own in the folder HARNESS_READ_FILES. R: opened for reading; W: for writing;
 * V: what runs here; P: a program that was started. What follows is
 * in hexadecimal.
 */
const folder = process.env.HARNESS_READ_FILES;
const root = process.env.HARNESS_READ_ROOT;

if (folder && root) {
  const fs = require('fs');
  const path = require('path');
  const { fileURLToPath } = require('url');
  const moduleApi = require('module');
  const append = fs.appendFileSync;
  const own = path.join(folder, `${process.pid}.node`);
  const seen = new Set();
  const hex = (text) => Buffer.from(text).toString('hex');

  const write = (line) => {
    if (seen.has(line)) return;
    seen.add(line);
    try {
      append(own, `${line}\n`);
    } catch {
      // the run is over
    }
  };
  const note = (kind, place) => {
    try {
      if (typeof place === 'number' || place == null || typeof place.fd === 'number') return;
      const named = place instanceof URL || String(place).startsWith('file:') ? fileURLToPath(place) : String(place);
      const whole = path.resolve(named);
      if (whole.startsWith(root + path.sep)) write(`${kind} ${hex(whole)}`);
    } catch {
      // what is no path is told by the call itself
    }
  };
  const writes = (flags) => (typeof flags === 'number' ? (flags & 3) !== 0 : /[wa+]/.test(String(flags ?? 'r')));
  const flagsOf = (options, usual) => (options && typeof options === 'object' ? options.flag ?? options.flags : null) ?? usual;

  const watch = (holder, name, kindOf) => {
    const real = holder[name];
    if (typeof real !== 'function') return;
    const watched = function (...args) {
      note(kindOf(args), args[0]);
      return real.apply(this, args);
    };
    Object.defineProperties(watched, Object.getOwnPropertyDescriptors(real));
    holder[name] = watched;
  };
  for (const [holder, suffixes] of [[fs, ['', 'Sync']], [fs.promises, ['']]]) {
    for (const suffix of suffixes) {
      watch(holder, `open${suffix}`, ([, flags]) => (writes(typeof flags === 'function' ? 'r' : flags) ? 'W' : 'R'));
      watch(holder, `readFile${suffix}`, ([, options]) => (writes(flagsOf(options, 'r')) ? 'W' : 'R'));
      for (const name of ['writeFile', 'appendFile', 'truncate']) watch(holder, `${name}${suffix}`, () => 'W');
    }
  }
  if (typeof moduleApi.registerHooks === 'function') {
    moduleApi.registerHooks({
      load(url, context, next) {
        if (url.startsWith('file:')) note('R', url);
        return next(url, context);
      },
    });
  }
  moduleApi.syncBuiltinESMExports();
  const { ChildProcess } = require('child_process');
  const spawn = ChildProcess.prototype.spawn;
  ChildProcess.prototype.spawn = function (options) {
    if (options && options.file) write(`P ${hex(path.basename(String(options.file)))}`);
    return spawn.call(this, options);
  };
  write(`V ${hex(`node ${process.versions.node}`)}`);
  note('R', path.join(root, 'package.json'));
  if (process.argv[1]) note('R', process.argv[1]);
  process.on('exit', () => Object.keys(require.cache).forEach((name) => note('R', name)));
}
