// Masks are scored together, and get what they get alone.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillMask } from '../../js/worker/fill-mask.js';
import { loadEngine } from '../../js/worker/load.js';
import { fixtures } from '../support.js';

const context = () => ({ signal: new AbortController().signal, emit() {} });

for (const name of ['bert-masked', 'bert-untied', 'distilbert-masked', 'electra-masked']) {
  for (const dtype of ['f32', 'int8']) {
    test(`${name}, ${dtype}: texts in one batch, their masks in few calls of the decoder`, async () => {
      const description = { kind: 'directory', path: join(fixtures, 'checkpoints', name) };
      const engine = await loadEngine({ description, dtype, threads: 1 }, context());
      const calls = { embed: 0, softmax: 0 };
      let copies = 0;
      const { fn } = engine.core;
      for (const called of Object.keys(calls)) {
        const original = fn[called];
        fn[called] = (...args) => {
          calls[called] += 1;
          return original(...args);
        };
      }
      const { copyIn } = engine.core;
      engine.core.copyIn = (arrays, extra) => {
        copies += Number(engine.core.copiedIn !== arrays);
        return copyIn.call(engine.core, arrays, extra);
      };
      const texts = [
        'a [MASK] movie',
        '[MASK] [MASK] good',
        'the story was [MASK].',
        ...new Array(3).fill(`${'[MASK] '.repeat(12)}good`),
      ];
      const params = { texts: texts.map((text) => [text]), topK: 4 };
      const together = await fillMask(engine, params, context());
      assert.deepEqual(
        together.map((masks) => masks.length),
        [1, 2, 1, 12, 12, 12],
      );
      assert.deepEqual(calls, { embed: 1, softmax: 2 }, '40 masks, 32 at once');
      assert.equal(copies, 1);
      for (const [i, text] of params.texts.entries())
        assert.deepEqual(await fillMask(engine, { texts: [text], topK: 4 }, context()), [together[i]]);
    });
  }
}
