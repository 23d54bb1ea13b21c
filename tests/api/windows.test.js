// Entities and tags of long texts by overlapping windows. Oracle: `stride` of the token-classification pipeline of transformers
// (tests/fixtures/make_window_fixtures.py).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { load } from '../../js/index.js';
import { mergeEntities, mergeWindows } from '../../js/decode/windows.js';
import { fixtures, unitOf } from '../support.js';

const { texts, cases } = JSON.parse(readFileSync(join(fixtures, 'tasks/entity-windows.json'), 'utf8'));
const checkpoint = join(fixtures, 'checkpoints/bert-tokens');
const files = Object.fromEntries(
  ['config.json', 'vocab.txt', 'model.safetensors'].map((name) => [name, readFileSync(join(checkpoint, name))]),
);

/** @type {Map<string, Promise<import('../../js/api/model.js').Model>>} */
const models = new Map();
after(async () => {
  for (const model of models.values()) await (await model).dispose();
});

/** The checkpoint with labels of these names. */
function modelWith(labels) {
  const key = labels.join();
  if (!models.has(key)) {
    const config = { ...JSON.parse(files['config.json']), id2label: { ...labels }, label2id: undefined };
    const spec = { ...files, 'config.json': Buffer.from(JSON.stringify(config)) };
    models.set(key, load(spec, { dtype: 'f32', threads: 1, cache: false, onWarning: assert.fail }));
  }
  return models.get(key);
}

for (const strategy of ['simple', 'first', 'average', 'max']) {
  test(`entities with stride equal those of transformers: ${strategy}`, async () => {
    let found = 0;
    for (const { labels, stride, entities } of cases.filter((one) => one.strategy === strategy)) {
      const { head } = await modelWith(labels);
      const results = await head.entities(texts, { aggregationStrategy: strategy, stride, onWarning: assert.fail });
      results.forEach((result, i) => {
        const unit = unitOf(texts[i]);
        const where = `text ${i}, stride ${stride}`;
        const spans = (list, place) =>
          list.map(({ entity_group, word, start, end }) => [entity_group, word, place(start), place(end)]);
        assert.deepEqual(
          spans(result, (n) => n),
          spans(entities[i], unit),
          where,
        );
        result.forEach(({ score }, k) => assert.ok(Math.abs(score - entities[i][k].score) < 1e-4, where));
        found += result.length;
      });
    }
    assert.ok(found > 40, `${found} entities`);
  });
}

test('the words of a long text: all are tagged, as in the text alone where it fits', async () => {
  const bert = await modelWith(['O', 'B-x', 'I-x']);
  const [short, long] = [texts[1].split(' '), texts[4].split(' ')];
  for (const decoding of ['argmax', 'viterbi']) {
    const options = { decoding, onWarning: assert.fail };
    assert.deepEqual(await bert.head.tag([short], { ...options, stride: 5 }), await bert.head.tag([short], options));
    const [tags] = await bert.head.tag([long], { ...options, stride: 8 });
    assert.equal(tags.length, long.length);
    assert.ok(
      tags.slice(24).some((tag) => tag !== 'O'),
      'behind the first window',
    );
  }
  const warnings = [];
  const [cut] = await bert.head.tag([long], { onWarning: (message) => warnings.push(message) });
  assert.match(warnings.join(), /Text 0 was longer than the model's 24 tokens and cut there/);
  assert.ok(cut.slice(24).every((tag) => tag === 'O'));
  const sequence = { aggregationStrategy: 'sequence', stride: 8, onWarning: assert.fail };
  const entities = await bert.head.entities(texts[4], sequence);
  assert.ok(entities.at(-1).end > texts[4].length / 2, 'the last entity is in the second half');
  entities.forEach(({ word, start, end }) => assert.equal(texts[4].slice(start, end), word));
});

test('evaluate reads long sentences by windows, too', async () => {
  const { head } = await modelWith(['O', 'B-x', 'I-x']);
  const words = texts[4].split(' ');
  const options = { decoding: 'argmax', stride: 8, onWarning: assert.fail };
  const [tags] = await head.tag([words], options);
  assert.equal((await head.evaluate([{ words, tags }], options)).accuracy, 1);
});

test('wrong strides are refused', async () => {
  const { head } = await modelWith(['O', 'B-x', 'I-x']);
  for (const stride of [-1, 22, 1.5, '3', null])
    await assert.rejects(head.entities('a', { stride }), { code: 'BAD_INPUT', message: /stride is .* from 0 to 21/ });
  await assert.rejects(head.entities('a', { stride: 2, aggregationStrategy: 'none' }), {
    code: 'BAD_INPUT',
    message: /'none' gives tokens/,
  });
});

test('of overlapping entities the longest counts, then the highest score, then the first', () => {
  const entity = (start, end, score, group = 'x') => ({ entity_group: group, score, word: '', start, end });
  const merged = (...list) =>
    mergeEntities('012345678', list).map(({ start, end, score, entity_group: g }) => [start, end, score, g]);
  assert.deepEqual(merged(entity(5, 9, 0.4), entity(0, 3, 0.9)), [
    [0, 3, 0.9, 'x'],
    [5, 9, 0.4, 'x'],
  ]);
  assert.deepEqual(merged(entity(0, 3, 0.9), entity(1, 5, 0.2)), [[1, 5, 0.2, 'x']]);
  assert.deepEqual(merged(entity(0, 3, 0.5), entity(0, 3, 0.7)), [[0, 3, 0.7, 'x']]);
  assert.deepEqual(merged(entity(0, 3, 0.5, 'a'), entity(0, 3, 0.5, 'b')), [[0, 3, 0.5, 'a']]);
  assert.deepEqual(merged(entity(0, 4, 0.1), entity(2, 4, 0.9), entity(4, 5, 0.3)), [
    [0, 4, 0.1, 'x'],
    [4, 5, 0.3, 'x'],
  ]);
  assert.deepEqual(merged(), []);
  const faces = mergeEntities('\u{1f600}\u{1f600}abcd', [entity(0, 4, 0.1), entity(3, 7, 0.2)]);
  assert.equal(faces[0].end, 7, 'two code points are shorter than four');
});

test('of the tags of a token in two windows the most probable counts', () => {
  const window = (offsets, rows) => ({ offsets: [[0, 0], ...offsets, [0, 0]], logits: Float32Array.from([[0, 0], ...rows, [0, 0]].flat()) }); // prettier-ignore
  const first = window([[0, 1], [2, 3], [4, 5]], [[1, 0], [2, 0], [3, 0]]); // prettier-ignore
  const second = window([[2, 3], [4, 5], [6, 7]], [[0, 9], [0, 1], [0, 5]]); // prettier-ignore
  const { offsets, logits } = mergeWindows([first, second], 2, 2);
  assert.deepEqual(offsets.slice(1, -1), [[0, 1], [2, 3], [4, 5], [6, 7]]); // prettier-ignore
  assert.deepEqual([...logits.slice(2, -2)], [1, 0, 0, 9, 3, 0, 0, 5]);
  assert.equal(logits.length, 12);
  assert.equal(mergeWindows([first], 2, 2), first);
});
