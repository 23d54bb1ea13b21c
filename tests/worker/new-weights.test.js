// Calls that were on their way to the worker when the model's weights were changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareClassifier } from '../../js/api/fit/classification.js';
import { tuningOptions } from '../../js/api/fit/tuning.js';
import { describe } from '../../js/io/describe.js';
import { createMethods } from '../../js/worker/methods.js';
import { tiny, toyExamples } from '../support.js';

const context = { signal: new AbortController().signal, emit() {}, part() {} };

test('a head of the weights before is neither kept nor saved; a fit says which weights it was for', async () => {
  const methods = createMethods();
  const { description, close } = await describe(tiny());
  const params = { description, names: { model: 'tiny' }, dtype: 'f32', threads: 1, cache: false };
  const info = { ...(await methods.load(params, context)), dtype: 'f32' };
  close(); // an open port would keep Node from exiting
  const task = 'text-classification';
  const fit = (/** @type {number} */ head, /** @type {import('../../js/types.js').FitMethod} */ method) => {
    const { params: prepared } = prepareClassifier(toyExamples(12), { task, method, c: 1 }, info);
    const tuning = method === 'head' ? undefined : tuningOptions({ task, method, epochs: 1 }, info);
    return methods.fit({ head, task, ...prepared, tuning }, context);
  };
  const { fingerprint } = info;
  const before = await fit(1, 'head');
  assert.equal(before.fingerprint, fingerprint);
  const tuned = await fit(2, 'full');
  assert.notEqual(tuned.fingerprint, fingerprint);
  assert.equal((await fit(3, 'head')).fingerprint, tuned.fingerprint);

  const mismatch = { name: 'BertletError', code: 'HEAD_MODEL_MISMATCH', message: /trained since|has fingerprint/ };
  const old = { task, labels: ['neg', 'pos'], network: before.network, baseModel: 'tiny', fingerprint };
  await assert.rejects(methods.keepHead({ head: 4, ...old }, context), mismatch);
  await assert.rejects(methods.logits({ head: 4, texts: [['good']] }, context), mismatch);
  await assert.rejects(methods.save({ head: old, dtype: 'f32' }, context), mismatch);
  await methods.keepHead({ head: 5, network: tuned.network, fingerprint: tuned.fingerprint }, context);
  await methods.logits({ head: 5, texts: [['good']] }, context);
});
