// Workers begin, end, and give everything back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { load } from '../../js/index.js';
import { fromRoot, minilm, tiny, toyExamples, withoutMinilm } from '../support.js';

/** Runs a module in a process of its own. @returns {Promise<{ code: number | null, output: string }>} */
function run(source) {
  const prelude = `import { load } from ${JSON.stringify(fromRoot('js/index.js'))}; const tiny = ${JSON.stringify(tiny())};`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', prelude + source], { timeout: 60000 });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

test('a script ends by itself, whether it disposes of the model or forgets to', async () => {
  const use = "const bert = await load(tiny, { threads: 2 }); console.log((await bert.embed('good')).length);";
  assert.deepEqual(await run(`${use} await bert.dispose();`), { code: 0, output: '32\n' });
  assert.deepEqual(await run(use), { code: 0, output: '32\n' });
});

test('a script waits for what it has begun', async () => {
  const { code, output } = await run(
    "load(tiny).then((bert) => bert.embed('good')).then((vector) => console.log(vector.length));",
  );
  assert.deepEqual({ code, output }, { code: 0, output: '32\n' });
});

test('a failed load leaves nothing that keeps the process', async () => {
  const { code, output } = await run("await load('./nothing').catch((error) => console.log(error.code));");
  assert.deepEqual({ code, output }, { code: 0, output: 'FILE_NOT_FOUND\n' });
});

test('files given as streams leave nothing that keeps the process', async () => {
  const { code, output } = await run(`
    import { openAsBlob } from 'node:fs';
    const names = ['config.json', 'vocab.txt', 'model.safetensors'];
    const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await openAsBlob(tiny + '/' + name)])));
    const bert = await load({ ...files, 'training_args.json': new Blob(['unused']) });
    console.log(bert.info.numLayers);`);
  assert.match(output, /^2$/m);
  assert.equal(code, 0);
});

test('dispose() rejects what runs and what comes later, and may be repeated', async () => {
  const bert = await load(tiny());
  const head = await bert.fit(toyExamples(4), { c: 1 });
  const running = bert.embed(Array.from({ length: 100000 }, () => 'a good movie'));
  const first = bert.dispose();
  const disposed = { name: 'BertletError', code: 'DISPOSED' };
  await assert.rejects(running, disposed);
  await first;
  await bert.dispose();
  await assert.rejects(bert.embed('good'), disposed);
  await assert.rejects(bert.tokenize('good'), disposed);
  await assert.rejects(bert.fit(toyExamples(4)), disposed);
  await assert.rejects(head.classify('good'), disposed);
  const saved = await head.save();
  assert.ok(saved.length > 0, 'a head is a value and can still be saved');
  await assert.rejects(bert.loadHead(saved), disposed);
});

test('several models side by side', async () => {
  const models = await Promise.all(['f32', 'f16', 'bf16'].map((dtype) => load(tiny(dtype), { threads: 2 })));
  const vectors = await Promise.all(models.map((bert) => bert.embed('a good movie')));
  assert.equal(new Set(vectors.map(String)).size, 3);
  assert.equal(new Set(models.map(({ info }) => info.fingerprint)).size, 3);
  await Promise.all(models.map((bert) => bert.dispose()));
});

test('loading and disposing again and again does not eat memory', { skip: withoutMinilm }, async () => {
  const sizes = [];
  for (let i = 0; i < 8; i++) {
    const bert = await load(minilm);
    await bert.embed('good');
    await bert.dispose();
    sizes.push(process.memoryUsage.rss() / 2 ** 20);
  }
  // One model takes about 95 MB. If none were given back, six more would take 570.
  const growth = Math.max(...sizes.slice(2)) - sizes[1];
  assert.ok(growth < 200, `${sizes.map(Math.round)} MB`);
});

test('weights pass through JavaScript in pieces, never as a whole', { skip: withoutMinilm }, async () => {
  const { output } = await run(`
    const peak = async (spec) => {
      await (await load(spec, { threads: 1 })).dispose();
      return process.resourceUsage().maxRSS;
    };
    console.log(await peak(tiny), await peak(${JSON.stringify(minilm)}));`);
  const [before, after] = output.split(' ').map((kilobytes) => Number(kilobytes) / 1024);
  // The weights, 87 MiB, are in the core once. A second copy would make it 174.
  assert.ok(after - before < 130, output);
});
