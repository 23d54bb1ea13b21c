// The three LoRA adapters for all-MiniLM-L6-v2, trained with PEFT, as the demo has them, in F16. Oracle: PyTorch with PEFT, f32
// (tests/fixtures/make_adapter_fixtures.py). What they reach on whole test sets `npm run accuracy` measures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { toTexts } from '../../js/api/texts.js';
import { compare, fixtures, fromRoot, minilm, withoutMinilm } from '../support.js';

const TOLERANCE = 1e-4;

const demo = fromRoot('demo/public/adapters');
const expected = JSON.parse(readFileSync(join(fixtures, 'tasks/adapters.json'), 'utf8'));
const open = (adapter, dtype = 'f32') => load(minilm, { adapter: join(demo, adapter), dtype });

async function logitsOf(bert, texts) {
  const results = [];
  await bert.head.logits(toTexts(texts), {}, (index, logits) => (results[index] = [...logits]));
  return results;
}

describe("the demo's adapters", { skip: withoutMinilm }, () => {
  const sentences = readFileSync(join(fixtures, 'model/minilm-sentences/texts.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const cases = {
    ...expected,
    'sentiment-rt-polarity': sentences.map((text, i) => ({ text, logits: [expected['sentiment-rt-polarity'][i]] })),
  };

  for (const [name, texts] of Object.entries(cases)) {
    test(`${name}: logits as in PyTorch`, async () => {
      const bert = await open(name);
      const results = await logitsOf(
        bert,
        texts.map(({ text, textPair }) => (textPair === undefined ? text : { text, textPair })),
      );
      await bert.dispose();
      let largest = 0;
      texts.forEach(({ logits }, i) => {
        const values = logits.flat();
        assert.equal(results[i].length, values.length);
        values.forEach((value, k) => (largest = Math.max(largest, Math.abs(value - results[i][k]))));
      });
      assert.ok(largest <= TOLERANCE, `differs by ${largest}`);
    });
  }

  test('all three beside one model, at once: logits as in PyTorch; in int8 close to them', async () => {
    for (const dtype of /** @type {const} */ (['f32', 'int8'])) {
      const bert = await load(minilm, { dtype });
      // Logits near 0 turn easily. Where weights have less than 8 bits (Node 22), the sentiments that are right are 84.1 % of rt-polarity's test set,
      // elsewhere 84.3.
      const isNarrow = bert.info.notes.some((note) => note.includes('between 7 and 8 bits'));
      const worstCosine = dtype === 'f32' ? 1 - 1e-9 : isNarrow ? 0.99 : 0.995;
      const heads = await Promise.all(Object.keys(cases).map((name) => bert.loadHead(join(demo, name))));
      const results = await Promise.all(
        Object.values(cases).map((texts, i) =>
          logitsOf(
            { head: heads[i] },
            texts.map(({ text, textPair }) => (textPair === undefined ? text : { text, textPair })),
          ),
        ),
      );
      await bert.dispose();
      Object.entries(cases).forEach(([name, texts], i) => {
        const wanted = texts.flatMap(({ logits }) => logits.flat());
        const { maxAbs, meanCosine } = compare(results[i].flat(), wanted, texts[0].logits[0].length);
        if (dtype === 'f32') assert.ok(maxAbs <= TOLERANCE, `${name} differs by ${maxAbs}`);
        assert.ok(meanCosine >= worstCosine, `${name}, ${dtype}: mean cosine ${meanCosine}`);
      });
    }
  });

  test('int8: a sentiment that is clear in PyTorch is the same', async () => {
    const bert = await open('sentiment-rt-polarity', 'int8');
    const results = await logitsOf(bert, sentences);
    await bert.dispose();
    const marginOf = ([negative, positive]) => positive - negative;
    const margins = expected['sentiment-rt-polarity'].map(marginOf);
    const clear = sentences.flatMap((_, i) => (Math.abs(margins[i]) > 0.5 ? [i] : []));
    assert.ok(clear.length > 100);
    for (const i of clear) assert.equal(Math.sign(marginOf(results[i])), Math.sign(margins[i]), sentences[i]);
  });

  test('question answering: the example of its README', async () => {
    const bert = await open('qa-squad');
    const context =
      'Polar bears live in the Arctic and hunt seals on the sea ice near Svalbard. They can swim for days.';
    const [{ answer, score, start, end }] = await bert.head.answer({ question: 'Where do polar bears hunt?', context });
    assert.equal(answer, 'Svalbard');
    assert.equal(context.slice(start, end), answer);
    assert.ok(score > 0 && score <= 1);
    await bert.dispose();
  });

  test('entities: the example of its README', async () => {
    const bert = await open('entities-wnut17');
    const text = 'Angela Merkel met Tim Cook of Apple in Berlin to talk about the new iPhone';
    const found = await bert.head.entities(text);
    const of = (type) => found.filter(({ entity_group: group }) => group === type).map(({ word }) => word);
    assert.deepEqual(of('person'), ['Angela Merkel', 'Tim Cook']);
    assert.deepEqual(of('location'), ['Berlin']);
    assert.equal(of('product').length, 2);
    for (const { word, start, end } of found) assert.equal(text.slice(start, end), word);
    await bert.dispose();
  });
});
