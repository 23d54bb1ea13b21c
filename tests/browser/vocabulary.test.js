// A vocabulary trained in a page: Hugging Face's pieces, without a worker or a model, and cancelled when it is no longer wanted.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixtures } from '../support.js';
import { readFixture } from '../tokenize/golden.js';
import { EMPTY_PAGE, useSite } from './browser.js';

const site = useSite();

test('the pieces that Hugging Face makes, with little to fetch; its tokenizer; stopped halfway', async () => {
  const oracle = JSON.parse(readFileSync(join(fixtures, 'tokenizer/vocabularies.json'), 'utf8'));
  const runs = oracle.fixtures.slice(0, 4);
  const texts = readFixture('uncased').map(({ text }) => text);
  const page = await site.open(EMPTY_PAGE);
  const fetched = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  const found = await page.evaluate(
    async ([texts, runs]) => {
      const { loadTokenizer, trainVocabulary } = await import('/dist/bertlet.js');
      const phases = new Set();
      const vocabularies = [];
      let frames = 0;
      let training = true;
      const frame = () => {
        frames += 1;
        if (training) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      for (const { options } of runs) {
        const onProgress = ({ phase }) => phases.add(phase);
        vocabularies.push(await trainVocabulary(texts, { ...options, onProgress, onWarning() {} }));
      }
      const controller = new AbortController();
      const { signal } = controller;
      const onProgress = ({ phase }) => phase === 'pieces' && controller.abort();
      const aborted = await trainVocabulary(texts, { signal, onProgress, onWarning() {} }).catch(({ name }) => name);
      training = false;
      const requestsOfTraining = performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname);
      const tokenizer = await loadTokenizer(vocabularies[0].files);
      const { tokens } = tokenizer.tokenize('Hello, world!');
      tokenizer.dispose();
      return {
        pieces: vocabularies.map(({ vocabulary }) => vocabulary),
        phases: [...phases],
        aborted,
        frames,
        wasm: requestsOfTraining.filter((path) => path.endsWith('.wasm')),
        joined: tokens.slice(1, -1).join('').replaceAll('##', ''),
      };
    },
    [texts, runs],
  );
  assert.deepEqual(
    found.pieces,
    runs.map(({ pieces }) => pieces.split('\n')),
  );
  assert.deepEqual(found.phases, ['words', 'pieces']);
  assert.equal(found.aborted, 'AbortError');
  assert.ok(found.frames > 0, 'the page is drawn meanwhile');
  assert.deepEqual([...new Set(found.wasm)], ['/dist/bertlet-train-scalar.wasm']);
  assert.ok(!fetched.some((path) => path.endsWith('worker.js')));
  assert.equal(found.joined, 'hello,world!');
  assert.deepEqual(page.faults, []);
});
