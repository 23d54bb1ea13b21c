// The server of the demo: what it sends, and what it does not.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../scripts/serve.js';

let folder;
let server;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bertlet-serve-'));
  await mkdir(join(folder, 'models/org/name'), { recursive: true });
  await writeFile(join(folder, 'models/org/name/model.safetensors'), 'weights');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  server = await serve({ port: 0, models: join(folder, 'models') });
});

after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** The status for a path that `fetch` would tidy up before sending it, and for a host of any name. */
function rawStatus(path, host = new URL(server.url).host) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.on('data', (data) => (answer += data)).on('error', reject);
    socket.on('close', () => resolve(Number(answer.split(' ')[1])));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}

test('a page is isolated and may run only what this server sends', async () => {
  const { status, headers } = await fetch(server.url);
  assert.equal(status, 200);
  assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(headers.get('cross-origin-embedder-policy'), 'require-corp');
  assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
  const scripts = /script-src ([^;]*)/.exec(headers.get('content-security-policy'))[1];
  assert.equal(scripts, "'self' 'wasm-unsafe-eval'");
});

test('WebAssembly has the type that streaming compilation asks for', async () => {
  const { status, headers } = await fetch(`${server.url}dist/bertlet-simd.wasm`);
  assert.equal(status, 200);
  assert.equal(headers.get('content-type'), 'application/wasm');
});

test('models are found under the hub’s addresses, with their length', async () => {
  const response = await fetch(`${server.url}models/org/name/resolve/main/model.safetensors`);
  assert.equal(response.headers.get('content-length'), '7');
  assert.equal(await response.text(), 'weights');
  assert.equal((await fetch(`${server.url}models/org/name/resolve/main/config.json`)).status, 404);
  assert.equal((await fetch(`${server.url}models/org/other/resolve/main/model.safetensors`)).status, 404);
});

test('no path leads out of the folders that are served', async () => {
  const paths = [
    '/../package.json',
    '/%2e%2e/package.json',
    '/..%2fpackage.json',
    '/dist/../../package.json',
    '/models/org/name/resolve/main/../../../secret.txt',
    '/models/org/name/resolve/main/%2e%2e/%2e%2e/%2e%2e/secret.txt',
    '/models/org/name/resolve/main/..%2f..%2f..%2fsecret.txt',
    '/models/../resolve/main/secret.txt',
    '/dist/%00',
    '/%zz',
  ];
  for (const path of paths) assert.equal(await rawStatus(path), 404, path);
  assert.equal(await rawStatus('/models/org/name/resolve/main/model.safetensors'), 200);
});

test('no link leads out of the models, whatever it is called; the folder itself may be reached by one', async (t) => {
  const models = join(folder, 'models');
  const model = join(models, 'org/name');
  await mkdir(join(folder, 'other'));
  await writeFile(join(folder, 'other/index'), 'secret');
  const links = {
    'vocab.txt': '../../../secret.txt',
    'a%23.txt': join(folder, 'secret.txt'),
    'page.html': '../../../secret.txt',
    outside: '../../../other',
    'inside.json': 'model.safetensors',
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(model, name));
  await symlink('../../other', join(models, 'org/linked'));
  await symlink('models', join(folder, 'chosen'));
  const chosen = await serve({ port: 0, models: join(folder, 'chosen') });
  t.after(() => chosen.close());
  const at = (file, name = 'name') => `models/org/${name}/resolve/main/${file}`;
  for (const { url } of [server, chosen]) {
    for (const file of ['vocab.txt', 'a%23.txt', 'a%2523.txt', 'page', 'page.html', 'outside', 'outside/index'])
      assert.equal((await fetch(url + at(file))).status, 404, file);
    assert.equal((await fetch(url + at('index', 'linked'))).status, 404);
    for (const file of ['model.safetensors', 'inside.json'])
      assert.equal(await (await fetch(url + at(file))).text(), 'weights');
  }
});

test('only requests for this machine are answered, not those for a name that is made to mean it', async () => {
  const { port } = new URL(server.url);
  const path = '/models/org/name/resolve/main/model.safetensors';
  for (const host of ['localhost', 'LOCALHOST', 'demo.localhost', '127.0.0.1', '192.168.1.2', '[::1]']) {
    assert.equal(await rawStatus(path, host), 200, host);
    assert.equal(await rawStatus(path, `${host}:${port}`), 200, host);
  }
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '',
  ])
    assert.equal(await rawStatus(path, host), 403, host);
});

test('nothing but GET and HEAD is answered', async () => {
  const { status, headers } = await fetch(server.url, { method: 'POST' });
  assert.equal(status, 405);
  assert.equal(headers.get('allow'), 'GET, HEAD');
});

test('a port that is taken is replaced by a free one', async (t) => {
  const { port } = new URL(server.url);
  const second = await serve({ port: Number(port), models: folder });
  t.after(() => second.close()); // also when this fails: an open server keeps the process
  assert.notEqual(second.url, server.url);
  assert.equal((await fetch(second.url)).status, 200);
});
