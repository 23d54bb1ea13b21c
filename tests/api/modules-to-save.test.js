// fit({ method: 'lora', modulesToSave }): modules that are trained as a whole beside adapters. That PEFT opens what is written, with the same
// numbers, tests/python/folders.test.js tries; that gradients of such a mixture are PyTorch's, tests/train/trainer_test.c.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { random, shuffle } from '../../js/base/random.js';
import { load } from '../../js/index.js';
import { fixtures, tiny, toyExamples } from '../support.js';
import { parseFile } from '../checkpoint/written.js';

const quick = { epochs: 6, batchSize: 8, learningRate: 5e-3, rank: 4 };
const examples = toyExamples(40);
const texts = ['the great movie', 'the awful film, very long'];

async function open(t, options = {}) {
  const bert = await load(tiny(), { dtype: 'f32', threads: 1, ...options });
  t.after(() => bert.dispose());
  return bert;
}

/** Tensors of the model as it is now, without a head, by name. */
async function tensorsOf(bert) {
  const files = await bert.save({ head: undefined });
  return parseFile(new Uint8Array(await files['model.safetensors'].arrayBuffer()));
}

const changed = (before, after) =>
  [...before.keys()].filter(
    (name) => !before.get(name).values.every((value, i) => value === after.get(name).values[i]),
  );

test('these modules change, the others have adapters; the file has both', async (t) => {
  const bert = await open(t);
  const before = await tensorsOf(bert);
  const { fingerprint } = bert.info;
  const older = await bert.fit(examples, { c: 1 });
  const head = await bert.fit(examples, { method: 'lora', modulesToSave: ['LayerNorm', 'layer.1.output'], ...quick });
  assert.notEqual(bert.info.fingerprint, fingerprint);
  await assert.rejects(older.classify('good'), { code: 'HEAD_MODEL_MISMATCH' });
  assert.deepEqual(head.report.lora.modulesToSave, ['LayerNorm', 'layer.1.output']);
  const losses = head.report.history.map(({ loss }) => loss);
  assert.ok(losses.at(-1) < 0.9 * losses[0], losses.join(' '));

  const isSaved = (name) => /LayerNorm\.|layer\.1\.output\./.test(name);
  const after = await tensorsOf(bert);
  const moved = changed(before, after);
  assert.deepEqual(moved, [...before.keys()].filter(isSaved));
  const scores = await head.classify(texts);

  const files = await head.saveAdapter();
  const written = parseFile(files['adapter_model.safetensors']);
  for (const name of moved)
    assert.deepEqual(written.get(`base_model.model.bert.${name}`).values, after.get(name).values, name);
  const adapted = [...written.keys()].filter((name) => name.includes('lora_A'));
  assert.equal(adapted.length, 11, 'all linear layers but one');
  assert.ok(!adapted.some(isSaved));
  const { modules_to_save: saved } = JSON.parse(new TextDecoder().decode(files['adapter_config.json']));
  assert.deepEqual(saved.slice(0, 3), ['classifier', 'score', 'embeddings.LayerNorm']);
  assert.equal(saved.length, 2 + 5 + 1);

  // Into the model as it was; beside it there is no place for whole modules.
  const merged = await open(t, { adapter: files });
  const again = await merged.head.classify(texts);
  again.flat().forEach(({ label, score }, i) => {
    assert.equal(label, scores.flat()[i].label);
    assert.ok(Math.abs(score - scores.flat()[i].score) < 1e-5, `${score}, not ${scores.flat()[i].score}`);
  });
  const base = await open(t);
  await assert.rejects(base.loadHead(files), { code: 'BAD_ADAPTER', message: /can't lie beside the model/ });
  await assert.rejects(base.loadHead(await head.save()), { code: 'HEAD_MODEL_MISMATCH' });

  // The head's own file goes with the model of now, which is saved whole.
  const tuned = await load(await bert.save({ head: undefined }), { dtype: 'f32', threads: 1 });
  t.after(() => tuned.dispose());
  const beside = await tuned.loadHead(await head.save());
  assert.deepEqual(await beside.classify(texts), scores);
  assert.deepEqual(await beside.saveAdapter({ baseModel: tiny() }), await head.saveAdapter({ baseModel: tiny() }));

  await bert.fit(examples, { method: 'layers', layers: 1, ...quick, rank: undefined, epochs: 1 });
  await assert.rejects(head.saveAdapter(), { code: 'HEAD_MODEL_MISMATCH', message: /trained since/ });
});

test('without such modules the model stays as it is', async (t) => {
  const bert = await open(t);
  const { fingerprint } = bert.info;
  const head = await bert.fit(examples, { method: 'lora', modulesToSave: [], ...quick });
  assert.equal(bert.info.fingerprint, fingerprint);
  assert.equal(head.report.lora.modulesToSave, undefined);
});

test('a learning curve leaves the model as it is', async (t) => {
  const bert = await open(t);
  const { fingerprint } = bert.info;
  const options = { method: 'lora', modulesToSave: ['embeddings'], ...quick };
  const sizes = { test: toyExamples(30), sizes: [3], draws: 1, baseline: false };
  const [{ accuracies }] = await bert.learningCurve(examples, { ...sizes, ...options });
  assert.equal(bert.info.fingerprint, fingerprint);
  const left = { pos: 3, neg: 3 };
  const order = shuffle([...examples.keys()], random(0)).map((i) => examples[i]);
  const head = await bert.fit(
    order.filter(({ label }) => left[label]-- > 0),
    { ...options, seed: 0 },
  );
  assert.equal(accuracies[0], (await head.evaluate(sizes.test)).accuracy);
});

test('interrupted, and gone on with: the same bits', async (t) => {
  const long = { ...quick, epochs: 60 };
  const fit = (bert, more) => bert.fit(examples, { method: 'lora', modulesToSave: ['LayerNorm'], ...long, ...more });
  const [whole, first, second] = [await open(t), await open(t), await open(t)];
  await fit(whole);
  const controller = new AbortController();
  let resume;
  const onProgress = () => controller.abort();
  const onCheckpoint = (bytes) => (resume = bytes);
  await assert.rejects(fit(first, { signal: controller.signal, onProgress, onCheckpoint }), { name: 'AbortError' });
  await assert.rejects(fit(second, { resume, modulesToSave: ['embeddings'] }), { code: 'BAD_CHECKPOINT' });
  await fit(second, { resume });
  assert.equal(second.info.fingerprint, whole.info.fingerprint);
});

test('what is not possible', async (t) => {
  const bert = await open(t);
  for (const [options, message] of [
    [{ modulesToSave: ['classifier'] }, /"classifier", which is no module of this model's encoder.*head is always/],
    [{ modulesToSave: ['Norm'] }, /"Norm", which is no module/],
    [{ modulesToSave: 'LayerNorm' }, /modulesToSave is "LayerNorm"; it must be an array/],
    [{ modulesToSave: [''] }, /must be an array of names/],
    [{ modulesToSave: ['encoder'] }, /all modules that would get an adapter/],
    [{ method: 'full', modulesToSave: ['embeddings'] }, /no option "modulesToSave"/],
  ])
    await assert.rejects(bert.fit(examples, { method: 'lora', ...quick, rank: undefined, ...options }), {
      code: 'BAD_INPUT',
      message,
    });
  const int8 = await open(t, { dtype: 'int8' });
  await assert.rejects(int8.fit(examples, { method: 'lora', modulesToSave: ['LayerNorm'] }), {
    code: 'BAD_INPUT',
    message: /modulesToSave trains the model's own weights.*f32.*method 'lora' without it/,
  });
});

test('the modules that a message names are those of the family', async (t) => {
  for (const [family, named] of [
    ['bert', 'embeddings, layer.0 and LayerNorm'],
    ['distilbert', 'embeddings, layer.0 and LayerNorm, sa_layer_norm, output_layer_norm'],
    ['megatron-bert', 'embeddings, layer.0 and ln'],
  ]) {
    const bert = await load(join(fixtures, 'checkpoints', family), { dtype: 'f32', threads: 1 });
    t.after(() => bert.dispose());
    const fit = (modulesToSave) => bert.fit(toyExamples(8), { method: 'lora', epochs: 1, rank: 2, modulesToSave });
    await assert.rejects(fit(['norm']), ({ code, message }) => code === 'BAD_INPUT' && message.includes(`${named}.`));
    await fit(named.split(/, | and /).filter((name) => name !== 'layer.0'));
  }
});
