// The file for Cloudflare's workers, in a Node that lacks what they lack. In their runtime itself it runs in `npm run test:matrix cloudflare`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ensureNode24 } from '../../scripts/setup.js';
import { fromRoot, temporaryFolder, tiny, toyExamples } from '../support.js';

const run = promisify(execFile);

/** Makes a module of an imported .wasm file, as they do. */
const LOADER = `
import { readFile } from 'node:fs/promises';
export const load = (url, context, next) => url.endsWith('.wasm')
  ? { format: 'module', shortCircuit: true, source: \`
      import { readFileSync } from 'node:fs';
      export default new globalThis.Module(readFileSync(new URL('\${url}')));\` }
  : next(url, context);`;

/** Takes away what they lack: also time, which passes there only when they wait for others. */
const LACKING = `
import { register } from 'node:module';
register('./loader.mjs', import.meta.url);
const { WebAssembly } = globalThis;
globalThis.Module = WebAssembly.Module;
const refuse = () => { throw new Error('Wasm code generation disallowed by embedder'); };
const { instantiate } = WebAssembly;
WebAssembly.compile = WebAssembly.compileStreaming = WebAssembly.instantiateStreaming = refuse;
WebAssembly.instantiate = (module, imports) => (module instanceof Module ? instantiate(module, imports) : refuse());
performance.now = Date.now = () => 0;
new Headers(); // which Node has ready then
for (const name of ['MessageChannel', 'MessagePort', 'Worker', 'SharedArrayBuffer', 'location', 'setTimeout', 'setInterval', 'setImmediate', 'process'])
  delete globalThis[name];`;

const uses = (/** @type {string} */ from, /** @type {string} */ options) => `
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { load, trainVocabulary } from ${JSON.stringify(from)};
const names = ['config.json', 'vocab.txt', 'model.safetensors'];
const files = Object.fromEntries(names.map((name) => [name, readFileSync(argv[2] + '/' + name)]));
const bert = await load(files, ${options});
const { build, threads, notes } = bert.info;
const examples = ${JSON.stringify(toyExamples(16))};
const head = await bert.fit(examples);
const tuned = await bert.fit(examples, { method: 'lora', epochs: 1 });
const outcome = [];
for (const text of ['a good movie', 'bad'])
  outcome.push([...(await bert.embed(text))], await head.classify(text), await tuned.classify(text));
outcome.push((await trainVocabulary(['a good movie', 'a bad movie'], { size: 30 })).vocabulary);
await bert.dispose();
console.log(JSON.stringify({ build, threads, notes, outcome }));`;

test('a model is loaded, used and trained with nothing but what they have: the numbers of the same build on the calling thread', async (t) => {
  const node = Number(process.versions.node.split('.')[0]) >= 22 ? process.execPath : await ensureNode24();
  if (!node) return t.skip('Node 20 has no relaxed SIMD, and there is no other Node for this machine.');
  const folder = await temporaryFolder(t);
  const files = {
    'loader.mjs': LOADER,
    'lacking.mjs': LACKING,
    'there.mjs': uses(fromRoot('dist/workerd.js'), '{}'),
    'here.mjs': uses(fromRoot('js/index.js'), "{ worker: false, build: 'relaxed' }"),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const output = async (/** @type {string[]} */ ...args) => JSON.parse((await run(node, [...args, tiny()])).stdout);
  const there = await output('--import', join(folder, 'lacking.mjs'), join(folder, 'there.mjs'));
  const here = await output(join(folder, 'here.mjs'));
  assert.deepEqual([there.build, there.threads], ['relaxed', 1]);
  assert.match(there.notes.join(' '), /No worker can be started here \(Cloudflare.*\).* on the calling thread/);
  assert.deepEqual(there.outcome, here.outcome);
});

/** What `load` says. @param {string} from file of the package @param {string} [before] a statement */
async function errorOf(from, before = '') {
  const program = `${before}
    import(${JSON.stringify(fromRoot(from))})
      .then(({ load }) => load('https://127.0.0.1/model/', { worker: false, cache: false }))
      .catch(({ code, message }) => console.log(code, message));`;
  return (await run(process.execPath, ['-e', program])).stdout;
}

test('elsewhere an error says what to import; so it does where another file is imported in their runtime', async () => {
  assert.match(await errorOf('dist/workerd.js'), /^NO_WASM There is no WebAssembly\.Module .*import "bertlet"/);
  const there = "Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Cloudflare-Workers' } });";
  for (const file of ['js/index.js', 'dist/bertlet.cjs', 'dist/service-worker.js'])
    assert.match(await errorOf(file, there), /^NO_WASM .*condition "workerd"/, file);
});

test('its .wasm files are imported by plain names, which bundlers find beside it', async () => {
  const text = await readFile(fromRoot('dist/workerd.js'), 'utf8');
  const names = [...text.matchAll(/import\("(.*?)"\)/g)].map(([, name]) => name);
  assert.deepEqual(names.sort(), ['./bertlet-relaxed.wasm', './bertlet-train-relaxed.wasm']);
  assert.doesNotMatch(text, /import\.meta|\bMessageChannel\b/);
});
