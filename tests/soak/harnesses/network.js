import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { below, pick } from '../driver.js';
import { files, MODEL, refusal, startServer, temporaryFolder, vectorOf } from '../shared.js';

export const name = 'network';
export const what =
  'servers that cut, stall, reset and redirect, with wrong status, type, length, range and content; then a sound load';
export const rounds = 8;

const STATUSES = [201, 204, 206, 301, 304, 400, 401, 403, 404, 405, 410, 416, 418, 429, 500, 502, 503];

/** What the server may do with one file: given its bytes, the request and the answer, and random numbers. */
const FAULTS = {
  status: (bytes, { res }, next) => res.writeHead(pick(next, STATUSES), { 'Content-Length': 0 }).end(),
  'status with the file': (bytes, { res }, next) => res.writeHead(pick(next, [201, 203, 206, 404, 500])).end(bytes),
  page: (bytes, { res }) => res.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>x</title>'),
  cut: (bytes, { res }, next) => {
    res.writeHead(200, { 'Content-Length': bytes.length });
    res.write(bytes.subarray(0, below(next, bytes.length)), () => res.destroy());
  },
  'cut chunks': (bytes, { res }, next) => {
    res.writeHead(200);
    res.write(bytes.subarray(0, below(next, bytes.length) || 1), () => res.destroy());
  },
  // What no header tells: only a file that is half as long can be noticed in all cases.
  half: (bytes, { res }, next) => res.writeHead(200).end(bytes.subarray(0, below(next, bytes.length / 2))),
  reset: (bytes, { req }) => req.socket.resetAndDestroy(),
  stall: (bytes, { res }, next) => {
    res.writeHead(200, { 'Content-Length': bytes.length });
    res.write(bytes.subarray(0, below(next, bytes.length)));
  },
  silence: () => {},
  slow: (bytes, { res }, next) => {
    const size = Math.ceil(bytes.length / (2 + below(next, 6)));
    res.writeHead(200, { 'Content-Length': bytes.length });
    const send = (at) =>
      at < bytes.length ? res.write(bytes.subarray(at, at + size), () => setTimeout(send, 5, at + size)) : res.end();
    send(0);
  },
  longer: (bytes, { res }) => res.writeHead(200).end(Buffer.concat([bytes, bytes])),
  'wrong length': (bytes, { res }, next) => {
    res.writeHead(200, { 'Content-Length': bytes.length + 1 + below(next, 1000) });
    res.write(bytes, () => res.destroy());
  },
  'not compressed': (bytes, { res }, next) =>
    res.writeHead(200, { 'Content-Encoding': pick(next, ['gzip', 'br', 'deflate']) }).end(bytes),
  'other type': (bytes, { res }) =>
    res.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': bytes.length }).end(bytes),
  'endless redirect': (bytes, { res, req }) => res.writeHead(302, { Location: req.url }).end(),
  'redirect to nowhere': (bytes, { res }, next) =>
    res
      .writeHead(302, { Location: pick(next, ['http://127.0.0.1:1/x', 'file:///etc/passwd', 'ftp://x/y', '::']) })
      .end(),
  range: (bytes, { res }) =>
    res
      .writeHead(206, { 'Content-Range': `bytes 0-9/${bytes.length}`, 'Content-Length': 10 })
      .end(bytes.subarray(0, 10)),
  noise: (bytes, { res }, next) =>
    res.writeHead(200).end(Buffer.from(Array.from({ length: 300 }, () => below(next, 256)))),
  garbage: (bytes, { req }, next) =>
    req.socket.end(
      pick(next, ['HTTP/1.1 9 x\r\n\r\n', 'x', '\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n']),
    ),
};

/** Files that are asked of a server; not all are there. */
const NAMES = [...Object.keys(files), 'tokenizer_config.json', 'tokenizer.json', 'modules.json'];

export async function start() {
  const home = process.env.BERTLET_HOME;
  const { folder, remove } = temporaryFolder();
  process.env.BERTLET_HOME = folder;
  const expected = await vectorOf(MODEL, { cache: false });
  /** @type {{ name: string, spoil: (bytes: Buffer, exchange: object) => void } | undefined} */
  let fault;
  const server = await startServer((req, res) => {
    const file = /** @type {string} */ (/** @type {string} */ (req.url).split('/').pop());
    const bytes = files[file];
    res.on('error', () => {});
    if (fault?.name === file) return fault.spoil(bytes ?? Buffer.from('{}'), { req, res });
    if (!bytes) return res.writeHead(404).end();
    res.writeHead(200, { 'Content-Length': bytes.length, ETag: '"1"' }).end(req.method === 'HEAD' ? undefined : bytes);
  });

  return {
    async trial(next) {
      const kind = pick(next, Object.keys(FAULTS));
      const fromHub = next() < 0.5;
      const place = fromHub ? `org/${randomUUID()}` : `${server.url}${randomUUID()}/`;
      const options = { hub: server.url, cache: next() < 0.5 };
      fault = { name: pick(next, NAMES), spoil: (bytes, exchange) => FAULTS[kind](bytes, exchange, next) };
      const waits = kind === 'stall' || kind === 'silence';
      /** @type {string[]} */
      const warnings = [];
      const onWarning = (/** @type {string} */ message) => warnings.push(message);
      const reason = new Error('aborted');
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(reason), waits ? 300 : 60_000);
      let outcome;
      try {
        const vector = await vectorOf(place, { ...options, onWarning, signal: controller.signal });
        // Half of a vocab.txt is a vocab.txt, but has too few pieces.
        if (warnings.length === 0) assert.deepEqual(vector, expected, `${kind} of ${fault.name}`);
        outcome = warnings.length === 0 ? 'right' : 'warned';
      } catch (error) {
        if (error === reason) assert.ok(waits, `${kind} of ${fault.name} hangs`);
        outcome = error === reason ? 'aborted' : refusal(error);
      } finally {
        clearTimeout(timer);
      }
      const kept = outcome === 'warned'; // it is whole, as far as anybody can know
      fault = undefined;
      if (!kept) assert.deepEqual(await vectorOf(place, options), expected, `after ${kind} (${outcome})`);
      return outcome;
    },
    async end() {
      server.stop();
      process.env.BERTLET_HOME = home;
      await remove();
    },
  };
}
