// pretrain() and createModel(): a masked language model of one's own texts. That the numbers of a step are PyTorch's is shown in
// tests/train/masked-lm.test.js.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseSafetensors } from '../../js/checkpoint/safetensors.js';
import { createModel, load } from '../../js/index.js';
import { fixtures, tiny, toyExamples } from '../support.js';

/** Texts in which a masked word can be told from the others. */
const words = ['great', 'awful', 'dull', 'good'];
const texts = Array.from({ length: 300 }, (_, i) => {
  const word = words[(i * 7 + (i >> 3)) % 4];
  return `the ${word} movie was ${word} and the story was very ${word} .`;
});

const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...new Set(texts.join(' ').split(' '))];
const small = { vocabulary, layers: 2, hiddenSize: 32, heads: 2, maxTokens: 32, threads: 1 };
const quick = { packed: false, batchSize: 32, learningRate: 5e-3 };

describe('from nothing', () => {
  let bert;
  let report;
  before(async () => {
    bert = await createModel(small);
    report = await bert.pretrain(texts, { ...quick, learningRate: 2e-3, steps: 400, validation: 0.1 });
  });
  after(() => bert.dispose());

  test('the report: measured at the beginning and ten times after that, the best is kept', () => {
    const { history, kept, steps, texts: count, sequences, heldOutSequences, newHead, method } = report;
    assert.deepEqual([steps, count, sequences, heldOutSequences, newHead, method], [400, 270, 270, 30, false, 'full']);
    assert.deepEqual(
      history.map(({ step }) => step),
      [0, 40, 80, 120, 160, 200, 240, 280, 320, 360, 400],
    );
    const [first, ...others] = history;
    assert.equal(first.loss, undefined);
    const chance = Math.log(vocabulary.length);
    assert.ok(Math.abs(first.heldOut.loss - chance) < 0.1, `${first.heldOut.loss}, as by chance ${chance}`);
    const best = Math.min(...others.map(({ heldOut }) => heldOut.loss));
    assert.equal(history.find(({ step }) => step === kept).heldOut.loss, best);
    assert.ok(best < 0.3, `${best}`);
    assert.ok(others.at(-1).heldOut.accuracy > 0.8);
    for (const { heldOut } of history) assert.ok(Math.abs(Math.log(heldOut.perplexity) - heldOut.loss) < 1e-9);
    assert.ok(others.at(-1).loss < 0.3);
  });

  test('gaps are filled by what the text says', async () => {
    for (const word of words) {
      const text = `the ${word} movie was ${word} and the [MASK] was very ${word} .`;
      assert.equal((await bert.fillMask(text))[0].token_str, 'story');
      const copied = `the ${word} movie was [MASK] and the story was very ${word} .`;
      assert.equal((await bert.fillMask(copied))[0].token_str, word);
    }
  });

  test('embed and fit work on top of it, and other heads come after', async () => {
    const [great, again, dull] = await bert.embed(['the great movie .', 'the great movie .', 'the dull movie .']);
    assert.deepEqual(great, again);
    assert.notDeepEqual(great, dull);
    const examples = texts.slice(0, 60).map((text) => ({ text, label: /great|good/.test(text) ? 'pos' : 'neg' }));
    const head = await bert.fit(examples, { c: 1 });
    assert.equal((await head.evaluate(examples)).accuracy, 1);
  });

  test('saved and loaded: the same numbers', async () => {
    const files = await bert.save();
    const config = JSON.parse(new TextDecoder().decode(files['config.json']));
    assert.deepEqual(config.architectures, ['BertForMaskedLM']);
    assert.equal(config.vocab_size, vocabulary.length);
    const again = await load(files, { dtype: 'f32', threads: 1 });
    assert.equal(again.info.fingerprint, bert.info.fingerprint);
    assert.ok(again.info.hasMaskedLMHead);
    const text = 'the great movie was [MASK] .';
    assert.deepEqual(await again.fillMask(text), await bert.fillMask(text));
    await again.dispose();
  });
});

describe('live', () => {
  const run = { ...quick, warmup: 0, steps: 20, batchSize: 8 };
  const text = 'the great movie was [MASK] .';
  const start = () => createModel(small);

  test('after each measurement the model is what a training that ends there gives', async () => {
    const bert = await start();
    const old = await bert.fit(texts.slice(0, 20).map((one, i) => ({ text: one, label: `${i % 2}` })));
    const { fingerprint } = bert.info;
    const seen = new Map();
    const report = await bert.pretrain(texts, {
      ...run,
      live: true,
      onProgress({ loaded, history = [] }) {
        if (history.length > 0 && !seen.has(loaded)) seen.set(loaded, bert.fillMask(text));
      },
    });
    assert.deepEqual(
      report.history.map(({ step }) => step),
      [2, 4, 6, 8, 10, 12, 14, 16, 18, 20],
    );
    assert.notEqual(bert.info.fingerprint, fingerprint);
    await assert.rejects(old.classify('the'), { code: 'HEAD_MODEL_MISMATCH' });
    assert.ok(seen.size > 0);
    const last = await bert.fillMask(text);
    const whole = await start();
    await whole.pretrain(texts, run);
    assert.equal(whole.info.fingerprint, bert.info.fingerprint);
    assert.deepEqual(await whole.fillMask(text), last);
    await Promise.all([bert.dispose(), whole.dispose()]);
  });

  test('aborted it leaves what was measured last, and goes on from there', async () => {
    const bert = await start();
    const controller = new AbortController();
    let checkpoint;
    // Steps of many texts, so that the abort is there before the last.
    const options = { ...run, batchSize: 200, learningRate: 1e-3, steps: 10, live: true };
    const aborted = bert.pretrain(texts, {
      ...options,
      signal: controller.signal,
      onCheckpoint: (bytes) => (checkpoint = bytes),
      onProgress: ({ history = [] }) => history.length > 0 && controller.abort(),
    });
    await assert.rejects(aborted, { name: 'AbortError' });

    // Without warm-up the first step has the highest rate, however many steps follow: one alone is the oracle of the first measurement.
    const { standing } = JSON.parse(parseSafetensors(checkpoint, 'it').metadata['bertlet.checkpoint']);
    assert.ok(standing.step < 10, 'it was aborted before its end');
    if (standing.history.length === 1) {
      const one = await start();
      await one.pretrain(texts, { ...options, live: false, steps: 1 });
      assert.equal(bert.info.fingerprint, one.info.fingerprint);
      assert.deepEqual(await bert.fillMask(text), await one.fillMask(text));
      await one.dispose();
    }

    const [again, whole] = await Promise.all([start(), start()]);
    await again.pretrain(texts, { ...options, resume: checkpoint });
    await whole.pretrain(texts, { ...options, live: false });
    assert.equal(again.info.fingerprint, whole.info.fingerprint);
    await Promise.all([bert, again, whole].map((model) => model.dispose()));
  });

  test('heads come and go with the weights, on both sides', async () => {
    const bert = await start();
    const examples = texts.slice(0, 40).map((one) => ({ text: one, label: /great|good/.test(one) ? 'pos' : 'neg' }));
    const controller = new AbortController();
    const before = await bert.fit(examples, { c: 1 });
    const { signal } = controller;
    const aborted = bert.pretrain(texts, {
      ...run,
      steps: 400, // which take longer than the abort is on its way
      live: true,
      signal,
      onProgress: ({ history = [] }) => history.length > 1 && controller.abort(), // after weights that are new
    });
    await assert.rejects(aborted, { name: 'AbortError' });
    await assert.rejects(before.classify('the great movie'), { code: 'HEAD_MODEL_MISMATCH' });
    const after = await bert.fit(examples, { c: 1 });
    const saved = await after.save();
    const again = await bert.loadHead(saved);
    assert.deepEqual(await again.classify('the great movie'), await after.classify('the great movie'));
    await assert.rejects(bert.loadHead(await before.save()), { code: 'HEAD_MODEL_MISMATCH' });
    await bert.dispose();
  });

  test('it is for all weights', async () => {
    const bert = await start();
    await assert.rejects(bert.pretrain(texts, { method: 'lora', live: true }), { code: 'BAD_INPUT', message: /live/ });
    await bert.dispose();
  });
});

test('the same seed gives the same model, another one another, and initial weights are as BERT has them', async () => {
  const models = await Promise.all([small, small, { ...small, seed: 1 }].map((options) => createModel(options)));
  const [one, two, three] = models.map(({ info }) => info.fingerprint);
  assert.equal(one, two);
  assert.notEqual(one, three);
  assert.equal(models[0].info.hasMaskedLMHead, true);
  assert.deepEqual([models[0].info.numLayers, models[0].info.hiddenSize, models[0].info.maxTokens], [2, 32, 32]);
  const { tensors } = await readFiles(await models[0].save());
  for (const [name, values] of tensors) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    if (/LayerNorm.weight$/.test(name)) assert.ok(values.every((value) => value === 1));
    else if (/bias$/.test(name)) assert.ok(values.every((value) => value === 0));
    else if (values.length > 1000) assert.ok(Math.abs(deviation - 0.02) < 0.002 && Math.abs(mean) < 0.002, name);
  }
  assert.ok(
    tensors
      .get('bert.embeddings.word_embeddings.weight')
      .subarray(0, 32)
      .every((value) => value === 0),
  );
  assert.equal(tensors.size, 3 + 2 + 2 * 16 + 5);
  await Promise.all(models.map((bert) => bert.dispose()));
});

test('a model narrower than the default rank learns, by adapters and without', async () => {
  const bert = await createModel({ ...small, hiddenSize: 8, heads: 1 });
  await bert.pretrain(texts, { steps: 2 });
  await bert.pretrain(texts, { steps: 2, method: 'lora' });
  const examples = texts.slice(0, 8).map((text, i) => ({ text, label: i % 2 ? 'odd' : 'even' }));
  const ranks = [];
  for (const method of ['full', 'lora']) {
    const { report } = await bert.fit(examples, { method, epochs: 1 });
    ranks.push(report.lora?.rank);
  }
  assert.deepEqual(ranks, [undefined, 8]);
  await bert.dispose();
});

test('texts are normalized as the vocabulary was made', async () => {
  const pieces = [...vocabulary, 'Café', 'café', 'cafe', '日本', '日', '本'];
  const tokensOf = async (options) => {
    const bert = await createModel({ ...small, vocabulary: pieces, ...options });
    const { tokens } = await bert.tokenize('Café 日本');
    const files = await bert.save();
    const again = await load(files, { dtype: 'f32', threads: 1 });
    assert.deepEqual((await again.tokenize('Café 日本')).tokens, tokens);
    await Promise.all([bert.dispose(), again.dispose()]);
    return tokens.slice(1, -1).join(' ');
  };
  assert.equal(await tokensOf({}), 'cafe 日 本');
  assert.equal(await tokensOf({ lowercase: false }), 'Café 日 本');
  assert.equal(await tokensOf({ stripAccents: false, splitChinese: false }), 'café 日本');
});

async function readFiles(files) {
  const bytes = new Uint8Array(await files['model.safetensors'].arrayBuffer());
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  delete header.__metadata__;
  const entries = Object.entries(header).map(
    ([
      name,
      {
        data_offsets: [begin, end],
      },
    ]) => [name, new Float32Array(bytes.slice(8 + length + begin, 8 + length + end).buffer)],
  );
  return { tensors: new Map(entries) };
}

for (const method of ['full', 'lora'])
  test(`${method}, from a model without a masked-LM head: it gets one, and has new weights`, async () => {
    const bert = await load(tiny(), { dtype: 'f32', threads: 1 });
    const frozen = await bert.fit(toyExamples(20), { c: 1 });
    const before = await bert.embed('the lovely film');
    assert.equal(bert.info.hasMaskedLMHead, false);
    const options = { ...quick, method, steps: 60, validation: texts.slice(0, 20), wholeWords: true };
    const report = await bert.pretrain(texts.slice(20), options);
    assert.equal(report.newHead, true);
    assert.equal(report.heldOutSequences, 20);
    assert.equal(report.lora?.rank, method === 'lora' ? 16 : undefined);
    const losses = report.history.map(({ heldOut }) => heldOut.loss);
    assert.ok(Math.min(...losses) < 0.6 * losses[0], losses.join(' '));
    assert.equal(bert.info.hasMaskedLMHead, true);
    assert.ok((await bert.fillMask('the great [MASK] was good .')).length === 5);
    assert.notDeepEqual(await bert.embed('the lovely film'), before);
    await assert.rejects(frozen.classify('good'), { code: 'HEAD_MODEL_MISMATCH' });
    const again = await load(await bert.save(), { dtype: 'f32', threads: 1 });
    assert.equal(again.info.fingerprint, bert.info.fingerprint);
    assert.deepEqual(await again.fillMask('the [MASK]'), await bert.fillMask('the [MASK]'));
    await Promise.all([bert.dispose(), again.dispose()]);
  });

test('what was measured is what the model then is: no step forward, nothing changes', async () => {
  const bert = await load(join(fixtures, 'checkpoints/bert-masked'), { dtype: 'f32', threads: 1 });
  const text = 'the [MASK] was great';
  const [fills, { fingerprint }] = [await bert.fillMask(text), bert.info];
  const options = { maxTokens: 16, steps: 3, learningRate: 0.5, validation: texts.slice(0, 40) };
  const { kept, newHead } = await bert.pretrain(texts, { ...options, packed: true });
  assert.equal(kept === 0, bert.info.fingerprint === fingerprint);
  assert.equal(newHead, false);
  if (kept === 0) assert.deepEqual(await bert.fillMask(text), fills);
  await bert.dispose();
});

for (const method of ['full', 'lora'])
  test(`${method}, interrupted: what goes on from a checkpoint ends with the same bits`, async () => {
    const options = { method, steps: 120, batchSize: 8, maxTokens: 20, validation: 0.1, seed: 3 };
    const run = async (more) => {
      const bert = await load(tiny(), { dtype: 'f32', threads: 1, cache: false });
      try {
        const report = await bert.pretrain(texts, { ...options, ...more });
        return { report, fingerprint: bert.info.fingerprint, fills: await bert.fillMask('the [MASK] is good') };
      } finally {
        await bert.dispose();
      }
    };
    const whole = await run();
    const controller = new AbortController();
    const checkpoints = [];
    const onProgress = ({ phase, history }) => {
      if (phase === 'train' && history.length >= 3) controller.abort();
    };
    const { signal } = controller;
    const onCheckpoint = (bytes) => checkpoints.push(bytes);
    await assert.rejects(run({ signal, onCheckpoint, onProgress }), { name: 'AbortError' });
    assert.equal(checkpoints.length, 1);
    assert.deepEqual(await run({ resume: checkpoints[0] }), whole);
    const others = { code: 'BAD_CHECKPOINT' };
    await assert.rejects(run({ resume: checkpoints[0], steps: 121 }), { ...others, message: /steps is 120, not 121/ });
    await assert.rejects(run({ resume: checkpoints[0], wholeWords: true }), { ...others, message: /wholeWords/ });
  });

describe('what can go wrong', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  });
  after(() => bert.dispose());

  for (const [given, options, code, message] of [
    [[], {}, 'NO_EXAMPLES', /no texts/],
    ['text', {}, 'BAD_INPUT', /Texts are an array of strings, not of type string/],
    [['a', 5], {}, 'BAD_INPUT', /Text 1 is no string, but of type number/],
    [['', ' '], {}, 'BAD_INPUT', /No text has a token that could be masked/],
    [['[SEP] [MASK]'], {}, 'BAD_INPUT', /No text has a token that could be masked/],
    [['日本語の文', 'ещё текст'], {}, 'BAD_VOCABULARY', /does not know 100 % of the texts' tokens/],
    [texts, { method: 'head' }, 'BAD_INPUT', /method is "head"; it must be full or lora/],
    [texts, { rank: 4 }, 'BAD_INPUT', /no option "rank" for pre-training with method 'full'/],
    [texts, { method: 'lora', modulesToSave: ['LayerNorm'] }, 'BAD_INPUT', /no option "modulesToSave"/],
    [texts, { steps: 0 }, 'BAD_INPUT', /steps is 0/],
    [texts, { maxTokens: 41 }, 'BAD_INPUT', /maxTokens is 41; it must be an integer from 3 to 40/],
    [texts, { mlmProbability: 1 }, 'BAD_INPUT', /mlmProbability is 1; it must be above 0 and below 1/],
    [texts, { validation: 1 }, 'BAD_INPUT', /validation is 1; it must be texts, or a share from 0 to 0.9/],
    [texts, { validation: [''] }, 'BAD_INPUT', /No text of validation/],
    [texts.slice(0, 3), { validation: 0.1 }, 'BAD_INPUT', /of 3 texts that is none/],
    [texts, { memory: 1000 }, 'OUT_OF_MEMORY', /What would fit: at least \d+ MB/],
    [texts, { learningRate: 1e30, steps: 20 }, 'BAD_WEIGHTS', /learningRate/],
  ])
    test(`${JSON.stringify(given).slice(0, 20)}, ${JSON.stringify(options).slice(0, 40)}: ${code}`, async () => {
      const { fingerprint } = bert.info;
      await assert.rejects(bert.pretrain(given, options), { code, message });
      assert.equal(bert.info.fingerprint, fingerprint);
      assert.ok(await bert.embed('it works on'));
    });

  test('some words that the vocabulary does not know: a warning', async () => {
    const warnings = [];
    const onWarning = (message) => warnings.push(message);
    await bert.pretrain(['the movie is good 日'], { steps: 1, onWarning });
    assert.match(warnings.join(), /does not know 20 % of the texts' tokens/);
  });

  test('a decoder of its own, and 8 bits', async () => {
    const untied = await load(join(fixtures, 'checkpoints/bert-untied'), { dtype: 'f32', threads: 1 });
    await assert.rejects(untied.pretrain(texts), { code: 'UNSUPPORTED_MODEL', message: /tie_word_embeddings/ });
    const int8 = await load(tiny(), { threads: 1, dtype: 'int8' });
    await assert.rejects(int8.pretrain(texts), { code: 'BAD_INPUT', message: /dtype 'f32'/ });
    await Promise.all([untied.dispose(), int8.dispose()]);
  });

  test('a vocabulary without [MASK]', async () => {
    const read = (name) => readFile(join(tiny(), name));
    const names = ['config.json', 'model.safetensors', 'vocab.txt'];
    const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)])));
    files['vocab.txt'] = new TextEncoder().encode(String(files['vocab.txt']).replace('[MASK]', 'mask'));
    const maskless = await load(files, { dtype: 'f32', threads: 1 });
    await assert.rejects(maskless.pretrain(texts), { code: 'BAD_VOCABULARY', message: /no \[MASK\]/ });
    await maskless.dispose();
  });

  for (const [options, code, message] of [
    [{ vocabulary: undefined }, 'BAD_INPUT', /"vocabulary" must be an array of pieces/],
    [{ vocabulary: ['a b'] }, 'BAD_INPUT', /without white space/],
    [{ vocabulary: vocabulary.slice(1) }, 'BAD_VOCABULARY', /lacks \[PAD\]/],
    [{ vocabulary: [...vocabulary, 'was'] }, 'BAD_VOCABULARY', /has "was" twice, also as number \d+/],
    [{ hiddenSize: 30 }, 'BAD_INPUT', /hiddenSize \(30\) must be a multiple of 8 and of heads/],
    [{ heads: 3 }, 'BAD_INPUT', /of heads \(3\)/],
    [{ layers: 0 }, 'BAD_INPUT', /layers is 0/],
    [{ dropout: 1 }, 'BAD_INPUT', /dropout is 1/],
    [{ depth: 1 }, 'BAD_INPUT', /no option "depth"/],
  ])
    test(`createModel, ${JSON.stringify(options).slice(0, 40)}: ${code}`, () =>
      assert.rejects(createModel({ ...small, ...options }), { code, message }));

  test('createModel without options: BAD_INPUT', () =>
    assert.rejects(createModel(), { code: 'BAD_INPUT', message: /"vocabulary" must be an array of pieces/ }));
});
