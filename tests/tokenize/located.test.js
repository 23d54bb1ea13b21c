// Ids that fit into the model, with their tokens and offsets: the same ids as without.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTokenizer } from '../../js/index.js';
import { encodeLocated } from '../../js/tokenize/located.js';
import { Tokenizer } from '../../js/tokenize/tokenizer.js';
import { tiny } from '../support.js';

test('cut as encode() cuts, singles and pairs', async (t) => {
  let tokenizer;
  const { encode } = Tokenizer.prototype;
  t.mock.method(Tokenizer.prototype, 'encode', function (...args) {
    tokenizer = this;
    return encode.apply(this, args);
  });
  (await loadTokenizer(join(tiny(), 'vocab.txt'))).encode('good');

  const texts = [[''], ['good'], ['good acting, movie!'], ['good '.repeat(50)]];
  const pairs = ['', 'bad', 'the new awful movie '.repeat(9)].flatMap((b) => texts.map(([a]) => [a, b]));
  let cuts = 0;
  for (const text of [...texts, ...pairs]) {
    for (const maxTokens of [3, 4, 5, 8, 17, 40, 512]) {
      const { located, ...encoded } = encodeLocated(tokenizer, text, maxTokens);
      const where = JSON.stringify([text, maxTokens]);
      assert.deepEqual(encoded, tokenizer.encode(text, maxTokens), where);
      cuts += Number(encoded.cut);
      assert.deepEqual(
        located.tokens,
        Array.from(encoded.ids, (id) => tokenizer.pieces[id]),
        where,
      );
      assert.equal(located.offsets.length, encoded.ids.length);
      located.offsets.forEach(([start, end], i) => {
        const own = text[i < encoded.second ? 0 : 1].slice(start, end);
        const piece = located.tokens[i].replace(/^##/, '');
        assert.ok(piece.startsWith('[') ? start === 0 || own !== '' : own.toLowerCase() === piece, where);
      });
    }
  }
  assert.ok(cuts > 10);
});
