// What a program in Node gets by import and by require() of each entry, and where its files may be.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, after, test } from 'node:test';
import { promisify } from 'node:util';
import { load } from '../../js/index.js';
import { fromRoot, temporaryFolder, tiny } from '../support.js';

const run = promisify(execFile);
const TEXT = 'a good movie';

let bert;
before(async () => {
  bert = await load(tiny(), { cache: false, threads: 2 });
});
after(() => bert.dispose());

/** What a program prints that has the package installed. @param {string} name of its file @param {string} source */
async function outputOf(t, name, source) {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'node_modules'));
  await symlink(fromRoot('.'), join(folder, 'node_modules/bertlet'));
  await writeFile(join(folder, name), source);
  return (await run(process.execPath, [join(folder, name), tiny()])).stdout;
}

const USE = `
  const bert = await load(process.argv[2], { cache: false, threads: 2, ...options });
  console.log(JSON.stringify([bert.info.threads, ...(await bert.embed('${TEXT}'))]));
  await bert.dispose();`;

for (const [name, beginning] of [
  ['main.mjs', "import { load } from 'bertlet';"],
  ['main.cjs', "const { load } = require('bertlet');"],
])
  for (const worker of [true, false])
    test(`${name}, worker: ${worker}: the same numbers`, async (t) => {
      const output = await outputOf(t, name, `${beginning} (async (options) => {${USE}})({ worker: ${worker} });`);
      const [threads, ...vector] = JSON.parse(output);
      assert.equal(threads, worker ? 2 : 1);
      assert.deepEqual(vector, [...(await bert.embed(TEXT))]);
    });

for (const [name, beginning] of [
  ['main.mjs', "import { createPool } from 'bertlet';"],
  ['main.cjs', "const { createPool } = require('bertlet');"],
])
  test(`${name}: a pool`, async (t) => {
    const source = `${beginning}
      (async () => {
        const pool = await createPool({ model: process.argv[2], size: 2 });
        console.log(JSON.stringify([pool.size, ...(await pool.embed('${TEXT}'))]));
        await pool.dispose();
      })();`;
    assert.deepEqual(JSON.parse(await outputOf(t, name, source)), [2, ...(await bert.embed(TEXT))]);
  });

test('the smaller entries, package.json and the .wasm files', async (t) => {
  const expected = {
    tokens: (await bert.tokenize(TEXT)).tokens,
    exported: ['BertletError', 'createModel', 'trainVocabulary'],
  };
  const use = `
    const tokenizer = await loadTokenizer(process.argv[2]);
    const { tokens } = tokenizer.tokenize('${TEXT}');
    console.log(JSON.stringify({ tokens, exported: Object.keys(train).sort() }));`;
  const byImport = `import { loadTokenizer } from 'bertlet/tokenizer'; import * as train from 'bertlet/train'; ${use}`;
  const byRequire = `const { loadTokenizer } = require('bertlet/tokenizer'); const train = require('bertlet/train'); (async () => {${use}})();`;
  assert.deepEqual(JSON.parse(await outputOf(t, 'main.mjs', byImport)), expected);
  assert.deepEqual(JSON.parse(await outputOf(t, 'main.cjs', byRequire)), expected);
  const files = `console.log(require('bertlet/package.json').name, require.resolve('bertlet/dist/bertlet-simd.wasm'));`;
  assert.match(await outputOf(t, 'main.cjs', files), /^bertlet .*bertlet-simd\.wasm\n$/);
});

test('assets: the worker and the .wasm files come from a copy of dist/; where there is none, an error names it', async (t) => {
  const assets = join(await temporaryFolder(t), 'a copy');
  await cp(fromRoot('dist'), assets, { recursive: true });
  const program = (where) =>
    `import { load } from 'bertlet'; const options = { assets: ${JSON.stringify(where)} }; ${USE}`;
  const [threads, ...vector] = JSON.parse(await outputOf(t, 'main.mjs', program(assets)));
  assert.deepEqual([threads, vector], [2, [...(await bert.embed(TEXT))]]);
  const nowhere = join(assets, 'nothing');
  await assert.rejects(outputOf(t, 'main.mjs', program(nowhere)), ({ stderr }) => {
    assert.match(stderr, /WORKER_FAILED/);
    return stderr.includes(nowhere);
  });
});

test('what bundlers get for pages names no file in a circle, and its worker has no parts', async () => {
  const worker = await readFile(fromRoot('dist/bundler-worker.js'), 'utf8');
  assert.doesNotMatch(worker, /\bimport\(|^import|new Worker\(new URL/);
  assert.match(worker, /new URL\("\.\/bertlet-simd\.wasm",import\.meta\.url\)/);
});
