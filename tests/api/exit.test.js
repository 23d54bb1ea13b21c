// However a call ends, the process ends with it: each group of failing calls runs in a process of its own, which must exit by itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fromRoot, tiny } from '../support.js';

/** What the groups share. Each call must be rejected, or the process prints it. */
const COMMON = `
  import { readFileSync } from 'node:fs';
  import { load, loadTokenizer } from ${JSON.stringify(fromRoot('js/index.js'))};
  const folder = ${JSON.stringify(tiny())};
  const options = { threads: 1, cache: false, onWarning() {} };
  const files = () => Object.fromEntries(
    ['config.json', 'vocab.txt', 'model.safetensors'].map((name) => [name, new Uint8Array(readFileSync(folder + '/' + name))]),
  );
  const rejected = (call, what) => call.then(() => console.log(what + ' was not rejected'), () => {});
  const hung = () => new ReadableStream({ pull: () => new Promise(() => {}) });
  const aborted = (milliseconds) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds); // that of AbortSignal.timeout() would not keep the process
    return controller.signal;
  };
`;

const GROUPS = {
  'loads of wrong arguments': `
    await rejected(load(files(), { ...options, adapter: { 'adapter_config.json': 7 } }), 'an adapter that is none');
    await rejected(load({ ...files(), 'vocab.txt': 7 }, options), 'a vocabulary that is none');
    await rejected(load(files(), { ...options, adapter: 'neither/an/id' }), 'an adapter without address');
    await rejected(load(files(), { ...options, dtype: 'f64' }), 'a dtype that is none');
    await rejected(load(files(), { ...options, headers: { 'a b': '' } }), 'headers that are none');
    await rejected(load(files(), { ...options, build: 'fast' }), 'a build that is none');
    await rejected(loadTokenizer({ ...files(), 'vocab.txt': '' }), 'an empty address');`,
  'loads of wrong files': `
    await rejected(load({ ...files(), 'config.json': new Uint8Array(3) }, options), 'a configuration of zeros');
    await rejected(load({ ...files(), 'model.safetensors': new Uint8Array(99) }, options), 'weights of zeros');
    await rejected(load({ ...files(), 'vocab.txt': new Uint8Array(0) }, options), 'an empty vocabulary');
    await rejected(load(folder + '/nothing', options), 'a folder that is not there');
    await rejected(loadTokenizer({ 'vocab.txt': new Uint8Array(0) }), 'an empty vocabulary');
    await rejected(load(files(), { ...options, adapter: { 'adapter_config.json': new Uint8Array(9) } }), 'an adapter of zeros');`,
  'loads that are aborted, of files that never come': `
    await rejected(load({ ...files(), 'model.safetensors': hung() }, { ...options, signal: aborted(300) }), 'weights');
    await rejected(load({ ...files(), 'config.json': hung() }, { ...options, signal: aborted(300) }), 'a configuration');
    await rejected(loadTokenizer({ 'vocab.txt': hung() }, { signal: aborted(300) }), 'a vocabulary');
    await rejected(load(files(), { ...options, adapter: { 'adapter_config.json': hung() }, signal: aborted(300) }), 'an adapter');
    await rejected(load(files(), { ...options, signal: AbortSignal.abort() }), 'nothing');
    await rejected(load(files(), { ...options, onProgress() { throw new Error('mine'); } }), 'a listener that throws');`,
  'calls and fits that fail or are aborted, on a model that nobody disposes of': `
    const bert = await load(files(), options);
    const examples = Array.from({ length: 400 }, (_, i) => ({ text: 'the ' + i, label: 'l' + i }));
    const many = Array.from({ length: 20000 }, (_, i) => 'text ' + i);
    await rejected(bert.embed([1]), 'a number');
    await rejected(bert.embed(many, { signal: aborted(100) }), 'embed');
    await rejected(bert.embed(many, { onProgress() { throw new Error('mine'); } }), 'a listener that throws');
    await rejected(bert.fit(examples.slice(0, 1)), 'one label');
    for (const more of [{ c: 1e5 }, { head: 'mlp', epochs: 9999, earlyStopping: false }])
      for (const phase of ['features', 'train']) {
        const controller = new AbortController();
        const onProgress = (progress) => progress.phase === phase && controller.abort();
        await rejected(bert.fit(examples, { ...more, signal: controller.signal, onProgress, onWarning() {} }), 'fit');
      }
    await rejected(bert.loadHead(hung(), { signal: aborted(300) }), 'a head that never comes');
    await rejected(bert.loadHead(new Uint8Array(5)), 'a head of zeros');`,
};

for (const [what, source] of Object.entries(GROUPS)) {
  test(what, { timeout: 180_000 }, async (t) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', `${COMMON}${source} console.log('end');`]);
    t.after(() => child.kill('SIGKILL'));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(output, 'end\n');
    assert.equal(code, 0);
  });
}
