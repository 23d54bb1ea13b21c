// Texts as sequences of full length, and which of their tokens are masked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Masking } from '../../js/train/deep/masking.js';
import { packTexts, separateTexts } from '../../js/train/deep/packing.js';

const [PAD, UNK, CLS, SEP, MASK] = [0, 1, 2, 3, 4];
const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 95 }, (_, i) => word(i))];
const specials = [PAD, UNK, CLS, SEP, MASK];
const pause = async () => {};

/** Every third piece continues a word. */
function word(i) {
  return i % 3 === 2 ? `##${i}` : `w${i}`;
}

/** One whose texts are ids with spaces between them. */
const tokenizer = {
  pieces,
  specials,
  vocabSize: pieces.length,
  encode([text], maxTokens) {
    const ids = text.split(' ').filter(Boolean).map(Number);
    return { ids: Int32Array.of(CLS, ...ids.slice(0, maxTokens - 2), SEP) };
  },
};

const numbers = (from, count) => Array.from({ length: count }, (_, i) => from + i);
const idsOf = (sequences) => sequences.map(({ encoded }) => [...encoded.ids]);

test('texts follow each other until a sequence is full, and go on in the next one', async () => {
  const texts = [numbers(10, 3).join(' '), '', numbers(20, 9).join(' '), numbers(40, 1).join(' ')];
  assert.deepEqual(idsOf(await packTexts(tokenizer, texts, 8, pause)), [
    [CLS, 10, 11, 12, SEP, 20, 21, SEP],
    [CLS, 22, 23, 24, 25, 26, 27, SEP],
    [CLS, 28, SEP, 40, SEP],
  ]);
});

test('whatever the lengths: no token is lost, no sequence is too long, and each begins and ends as a text does', async () => {
  for (let maxTokens = 3; maxTokens < 12; maxTokens++)
    for (let first = 1; first < 14; first++)
      for (let second = 1; second < 6; second++) {
        const texts = [numbers(10, first), numbers(30, second), numbers(50, first)];
        const packed = idsOf(
          await packTexts(
            tokenizer,
            texts.map((ids) => ids.join(' ')),
            maxTokens,
            pause,
          ),
        );
        assert.deepEqual(
          packed.flat().filter((id) => !specials.includes(id)),
          texts.flat(),
        );
        packed.forEach((ids, i) => {
          assert.ok(ids.length <= maxTokens && ids.length > 2, `${ids}`);
          assert.ok(i === packed.length - 1 || ids.length >= maxTokens - 1, `${ids} of ${maxTokens}`);
          assert.equal(ids[0], CLS);
          assert.equal(ids.at(-1), SEP);
          assert.equal(ids.lastIndexOf(CLS), 0);
          assert.ok(ids.every((id, at) => id !== SEP || ids[at + 1] !== SEP));
        });
      }
});

test('each text by itself: longer ones are cut, empty ones left out', async () => {
  const texts = ['10 11 12 13', '', '20'];
  assert.deepEqual(idsOf(await separateTexts(tokenizer, texts, 5, pause)), [
    [CLS, 10, 11, 12, SEP],
    [CLS, 20, SEP],
  ]);
});

/** Sequences of 60 ordinary tokens in two texts, with an unknown one. */
const sequence = Int32Array.of(CLS, ...numbers(10, 30), SEP, UNK, ...numbers(50, 30), SEP);

test('15 % of the tokens: 80 % of these are [MASK], 10 % others, 10 % the same; special ones stay', () => {
  const masking = new Masking(tokenizer, { mlmProbability: 0.15, wholeWords: false });
  const before = sequence.slice();
  const counts = { mask: 0, same: 0, other: 0 };
  const at = new Float64Array(sequence.length);
  const others = new Set();
  const rounds = 4000;
  for (let round = 0; round < rounds; round++) {
    const { ids, places, labels } = masking.mask(sequence, 7, round, 3);
    assert.equal(places.length, 9); // 0.15 * 60
    assert.deepEqual(
      places,
      [...new Set(places)].sort((a, b) => a - b),
    );
    sequence.forEach((id, place) => {
      const i = places.indexOf(place);
      if (i < 0) assert.equal(ids[place], id);
      else {
        assert.ok(!specials.includes(id));
        assert.equal(labels[i], id);
        at[place] += 1;
        counts[ids[place] === MASK ? 'mask' : ids[place] === id ? 'same' : 'other'] += 1;
        if (ids[place] !== MASK && ids[place] !== id) others.add(ids[place]);
      }
    });
  }
  assert.deepEqual(sequence, before);
  const all = 9 * rounds;
  for (const [kind, share] of Object.entries({ mask: 0.8, same: 0.1, other: 0.1 }))
    assert.ok(Math.abs(counts[kind] / all - share) < 0.01, `${kind}: ${counts[kind] / all}`);
  assert.equal(others.size, 95, 'all ordinary pieces, and no special one');
  at.forEach((count, place) =>
    assert.ok(specials.includes(sequence[place]) ? count === 0 : Math.abs(count / rounds - 0.15) < 0.03, `${place}`),
  );
});

test('whole words: all pieces of a word or none', () => {
  const masking = new Masking(tokenizer, { mlmProbability: 0.3, wholeWords: true });
  const wordOf = [];
  sequence.forEach((id, place) => {
    const continues = pieces[id].startsWith('##') && !specials.includes(sequence[place - 1]);
    wordOf.push(continues ? wordOf.at(-1) : place);
  });
  const sizes = new Set();
  for (let round = 0; round < 300; round++) {
    const { places } = masking.mask(sequence, 0, round, 0);
    assert.ok(places.length >= 17 && places.length <= 18, `${places.length}`); // 0.3 * 60
    sequence.forEach((_, place) => assert.equal(places.includes(place), places.includes(wordOf[place])));
    for (const place of places) sizes.add(wordOf.filter((one) => one === wordOf[place]).length);
  }
  assert.deepEqual([...sizes].sort(), [1, 2]);
});

test('the same numbers give the same masks, others give others', () => {
  const masking = new Masking(tokenizer, { mlmProbability: 0.15, wholeWords: false });
  const key = (...numbers) => masking.mask(sequence, ...numbers).places.join();
  const keys = [key(0, 0, 0), key(1, 0, 0), key(0, 1, 0), key(0, 0, 1), key(0, -1, 0)];
  assert.equal(new Set(keys).size, 5);
  assert.equal(key(0, 1, 0), keys[2]);
});

test('a short sequence has one masked word, one of special tokens none', () => {
  const masking = new Masking(tokenizer, { mlmProbability: 0.15, wholeWords: true });
  assert.deepEqual(masking.mask(Int32Array.of(CLS, 10, SEP), 0, 0, 0).places, [1]);
  assert.equal(masking.mask(Int32Array.of(CLS, 11, 12, SEP), 0, 0, 0).places.length, 1);
  assert.deepEqual(masking.mask(Int32Array.of(CLS, 12, 13, SEP), 0, 0, 0).places, [1, 2], 'a word of two pieces');
  assert.ok(masking.canMask(Int32Array.of(CLS, UNK, 10, SEP)));
  assert.ok(!masking.canMask(Int32Array.of(CLS, UNK, MASK, SEP)));
});
