// Heads: trained, used, saved, brought back.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { serve, temporaryFolder, tiny, toyExamples } from '../support.js';

describe('a classifier on a model of random weights', () => {
  let bert;
  before(async () => {
    bert = await load(tiny(), { dtype: 'f32', threads: 1 });
  });
  after(() => bert.dispose());

  test('learns what there is to learn, and says how well', async () => {
    const events = [];
    const head = await bert.fit(toyExamples(200), { validation: 0.2, onProgress: (event) => events.push(event) });
    assert.deepEqual(head.labels, ['neg', 'pos']);
    const { report } = head;
    assert.equal(report.examples, 160);
    assert.equal(report.classes, 2);
    assert.equal(report.converged, true);
    assert.ok(report.trainAccuracy > 0.95, `${report.trainAccuracy}`);
    assert.equal(report.validation.n, 40);
    assert.ok(report.validation.accuracy > 0.95);
    assert.ok(report.search.length > 1);
    assert.ok(report.search.some(({ c }) => c === report.c));

    const phases = [...new Set(events.map(({ phase }) => phase))];
    assert.deepEqual(phases, ['features', 'search', 'train']);
    assert.ok(events.every(({ loaded, total }) => loaded >= 0 && loaded <= total));
    for (const phase of phases) {
      const last = events.filter((event) => event.phase === phase).at(-1);
      assert.equal(last.loaded, last.total);
    }
  });

  test('the same examples and seed give the same head; c is used when given', async () => {
    const fit = async (options) => (await bert.fit(toyExamples(60), options)).save();
    assert.deepEqual(await fit({ seed: 3 }), await fit({ seed: 3 }));
    const head = await bert.fit(toyExamples(60), { c: 0.5 });
    assert.equal(head.report.c, 0.5);
    assert.deepEqual(head.report.search, []);
  });

  test('classify(): one text or several, the best first, topK', async () => {
    const examples = toyExamples(60, ['pos', 'neg', 'other']);
    const head = await bert.fit(examples, { c: 1000 });
    assert.ok(head.report.trainAccuracy > 0.9);
    const [{ text }] = examples;
    const one = await head.classify(text);
    assert.deepEqual(one.map(({ label }) => label).sort(), ['neg', 'other', 'pos']);
    assert.equal(one[0].label, 'pos');
    assert.ok(one[0].score >= one[1].score && one[1].score >= one[2].score);
    assert.ok(Math.abs(one.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-6);
    const many = await head.classify([text, 'awful', '']);
    assert.deepEqual(many[0], one);
    assert.equal(many.length, 3);
    assert.deepEqual(await head.classify(text, { topK: 1 }), one.slice(0, 1));
    await assert.rejects(head.classify('a', { topK: 0 }), { code: 'BAD_INPUT' });
    await assert.rejects(head.classify([1]), { code: 'BAD_INPUT' });
  });

  test('evaluate()', async () => {
    const head = await bert.fit(toyExamples(60), { c: 100 });
    const examples = toyExamples(20);
    const { accuracy, n, labels, confusion } = await head.evaluate(examples);
    assert.equal(n, 20);
    assert.equal(accuracy, 1);
    assert.deepEqual(labels, ['neg', 'pos']);
    assert.deepEqual(confusion, [
      [10, 0],
      [0, 10],
    ]);
    const swapped = examples.map(({ text, label }) => ({ text, label: label === 'pos' ? 'neg' : 'pos' }));
    assert.equal((await head.evaluate(swapped)).accuracy, 0);
    await assert.rejects(head.evaluate([{ text: 'a', label: 'neutral' }]), { code: 'BAD_LABELS', message: /neutral/ });
    await assert.rejects(head.evaluate([]), { code: 'NO_EXAMPLES' });
  });

  test('numbers as labels, labels of any script, odd texts', async () => {
    const head = await bert.fit(
      [
        { text: 'good', label: 1 },
        { text: 'bad', label: 0 },
        { text: '', label: 'négatif 😀' },
        { text: 'new '.repeat(100), label: '__proto__' },
      ],
      { onWarning() {} },
    );
    assert.deepEqual(head.labels, ['0', '1', '__proto__', 'négatif 😀']);
    assert.equal((await head.classify('good')).length, 4);
  });

  test('one example of each label is enough; a label with one example is never left out', async () => {
    const few = [
      { text: 'good', label: 'a' },
      { text: 'bad', label: 'b' },
    ];
    const head = await bert.fit(few);
    assert.deepEqual(head.report.search, []);
    assert.equal(head.report.trainAccuracy, 1);
    const more = await bert.fit([...toyExamples(20), { text: 'dark', label: 'rare' }], { validation: 0.3 });
    assert.equal(more.labels.length, 3);
    assert.equal(more.report.validation.n, 6);
  });

  test('any number of labels, a hidden layer or none', async () => {
    const singles = toyExamples(120, ['pos', 'neg', 'other']).map(({ text, label }) => ({ text, labels: [label] }));
    const both = toyExamples(60).map(({ text }, i, all) => ({
      text: `${text} ${all[(i + 1) % all.length].text}`,
      labels: ['pos', 'neg'],
    }));
    const examples = [...singles, ...both, { text: 'the very movie', labels: [] }];
    for (const options of [{}, { head: 'mlp', hiddenSize: 16, epochs: 60, learningRate: 0.02 }]) {
      const head = await bert.fit(examples, { task: 'multi-label', validation: 0.2, ...options });
      assert.equal(head.task, 'multi-label');
      assert.deepEqual(head.labels, ['neg', 'other', 'pos']);
      assert.ok(head.report.validation.microF1 > 0.9, JSON.stringify(head.report.validation));
      if (!options.head) {
        const { c, search } = head.report;
        const most = Math.max(...search.map(({ microF1 }) => microF1));
        assert.equal(search.find((step) => step.c === c).microF1, most);
      }
      const back = await bert.loadHead(await head.save());
      assert.deepEqual(await back.classify('the movie'), await head.classify('the movie'));
      const likely = await back.classify(
        both.map(({ text }) => text),
        { threshold: 0.5 },
      );
      assert.ok(likely.filter((labels) => labels.length === 2).length > 50);
      const { microF1, macroF1, accuracy } = await back.evaluate(examples);
      assert.ok(Math.min(microF1, macroF1, accuracy) > 0.8, `${microF1} ${macroF1} ${accuracy}`);
    }
    await assert.rejects(bert.fit([{ text: 'a', labels: 'b' }], { task: 'multi-label' }), { code: 'BAD_LABELS' });
  });

  test('a single label that a text has or has not', async () => {
    const examples = toyExamples(80).map(({ text, label }) => ({ text, labels: label === 'pos' ? ['good'] : [] }));
    const head = await bert.fit(examples, { task: 'multi-label' });
    assert.deepEqual(head.labels, ['good']);
    assert.equal((await head.evaluate(examples)).accuracy, 1);
    const alike = examples.map(({ text }) => ({ text, labels: ['good'] }));
    for (const same of [alike, examples.map(({ text }) => ({ text, labels: [] }))])
      await assert.rejects(bert.fit(same, { task: 'multi-label' }), { code: 'ONE_CLASS', message: /texts without it/ });
  });

  test('a hidden layer: early stopping, the same for the same seed', async () => {
    const options = { head: 'mlp', hiddenSize: 8, epochs: 40, learningRate: 0.02, seed: 5 };
    const head = await bert.fit(toyExamples(100), options);
    const { epochs, epochSearch, trainAccuracy } = head.report;
    assert.ok(trainAccuracy > 0.95);
    const least = Math.min(...epochSearch.map(({ logLoss }) => logLoss));
    assert.equal(epochSearch.find(({ logLoss }) => logLoss === least).epochs, epochs);
    assert.ok(epochSearch.length === 40 || epochSearch.length === epochs + 3);
    assert.deepEqual(await (await bert.fit(toyExamples(100), options)).save(), await head.save());
    const all = await bert.fit(toyExamples(100), { ...options, earlyStopping: false });
    assert.equal(all.report.epochs, 40);
    assert.deepEqual(all.report.epochSearch, []);
    for (const bad of [{ hiddenSize: 0 }, { epochs: 1.5 }, { learningRate: 0 }, { head: 'forest' }])
      await assert.rejects(bert.fit(toyExamples(10), { head: 'mlp', ...bad }), { code: 'BAD_INPUT' });
  });

  test('what the head reads: a layer, a pooling, or the best of them', async () => {
    const head = await bert.fit(toyExamples(100), { layer: 1, pooling: 'max', standardize: true });
    assert.equal(head.report.layer, 1);
    assert.equal(head.report.pooling, 'max');
    assert.equal((await head.evaluate(toyExamples(40))).accuracy, 1);
    const best = await bert.fit(toyExamples(100), { layer: 'auto', pooling: 'auto' });
    assert.equal(best.report.featureSearch.length, 6);
    const least = Math.min(...best.report.featureSearch.map(({ logLoss }) => logLoss));
    const { layer, pooling } = best.report.featureSearch.find(({ logLoss }) => logLoss === least);
    assert.deepEqual([best.report.layer, best.report.pooling], [layer, pooling]);
    const either = await bert.fit(toyExamples(100), { layer: 'auto', standardize: 'auto' });
    assert.deepEqual(
      either.report.featureSearch.map(({ layer: at, standardize }) => [at, standardize]),
      [[1, false], [1, true], [2, false], [2, true]], // prettier-ignore
    );
    const lowest = either.report.featureSearch.reduce((a, b) => (b.logLoss < a.logLoss ? b : a));
    assert.deepEqual([either.report.layer, either.report.standardize], [lowest.layer, lowest.standardize]);
    await assert.rejects(bert.fit(toyExamples(10), { standardize: 'yes' }), {
      code: 'BAD_INPUT',
      message: /standardize/,
    });
    await assert.rejects(bert.fit(toyExamples(10), { layer: 9 }), { code: 'BAD_INPUT', message: /0 to 2/ });
    await assert.rejects(bert.fit(toyExamples(10), { pooling: 'sum' }), { code: 'BAD_INPUT' });
  });

  test('options of the other kind of head are refused', async () => {
    for (const options of [{ epochs: 3 }, { hiddenSize: 8 }, { learningRate: 0.1 }, { head: 'mlp', c: 1 }]) {
      const name = Object.keys(options).at(-1);
      await assert.rejects(bert.fit(toyExamples(10), options), { code: 'BAD_INPUT', message: new RegExp(`"${name}"`) });
    }
  });

  test('class weights', async () => {
    const examples = [...toyExamples(80).slice(0, 79), { text: 'the good movie', label: 'neg' }];
    const score = async (classWeight) => {
      const head = await bert.fit(examples, { c: 0.01, classWeight });
      const [labels] = await head.classify(['the new movie']);
      return labels.find(({ label }) => label === 'neg').score;
    };
    assert.ok((await score({ neg: 20 })) > (await score()) + 0.1);
    await assert.rejects(score({ nope: 1 }), { code: 'BAD_LABELS', message: /"nope"/ });
    await assert.rejects(score({ neg: 0 }), { code: 'BAD_INPUT' });
    await assert.rejects(score('even'), { code: 'BAD_INPUT' });
  });

  test('training again computes only what is new', async () => {
    const other = await load(tiny(), { dtype: 'f32', threads: 1 });
    const count = async (examples) => {
      let computed = 0;
      const onProgress = ({ phase, total }) => phase === 'features' && (computed = total);
      const texts = new Set(examples.map(({ text }) => text)).size;
      const head = await other.fit(examples, { c: 1, onProgress });
      return { head, computed, texts };
    };
    const unique = (from, to) =>
      toyExamples(to)
        .slice(from)
        .map(({ text, label }, i) => ({ text: `${text} ${'new '.repeat(i % 30)} ${i}`, label }));
    const first = await count(unique(0, 40));
    assert.equal(first.computed, first.texts);
    const relabelled = unique(0, 40).map(({ text, label }) => ({ text, label: label === 'pos' ? 'neg' : 'pos' }));
    const again = await count([...relabelled, { text: 'brand new', label: 'pos' }]);
    assert.equal(again.computed, 1);
    const fresh = await bert.fit([...relabelled, { text: 'brand new', label: 'pos' }], { c: 1 });
    assert.deepEqual(await again.head.save(), await fresh.save());
    await other.dispose();
  });

  test('few examples that are all told apart leave a doubt', async () => {
    const doubt = async (count) => {
      const examples = toyExamples(count).map(({ label }) => ({ text: label === 'pos' ? 'good' : 'bad', label }));
      const head = await bert.fit(examples);
      assert.equal(head.report.search.at(-1).accuracy, 1);
      const [{ label, score }] = await head.classify('good');
      assert.equal(label, 'pos');
      return 1 - score;
    };
    const [few, many] = [await doubt(16), await doubt(160)];
    assert.ok(few > 0.02 && few < 0.1 && many > 0.002 && many < 0.01, `${few} ${many}`);
  });

  test('none of these: a threshold', async () => {
    const head = await bert.fit(toyExamples(60), { c: 100 });
    const [{ score }] = await head.classify('the good movie');
    assert.deepEqual(await head.classify('the good movie', { threshold: score + 1e-6 }), []);
    assert.equal((await head.classify('the good movie', { threshold: score })).length, 1);
    await assert.rejects(head.classify('a', { threshold: 2 }), { code: 'BAD_INPUT' });
  });

  test('save() and loadHead(): the same scores, from bytes, Blob, Response, stream, URL', async (t) => {
    const head = await bert.fit(toyExamples(60, ['pos', 'neg', 'other']), { validation: 0.1 });
    const scores = await head.classify(['good', 'a new film', 'worst']);
    const bytes = await head.save();
    const url = `${await serve(t, (_, res) => res.end(bytes))}head`; // that of a folder ends in a slash
    for (const content of [
      bytes,
      Buffer.from(bytes),
      bytes.buffer,
      new Blob([bytes]),
      new Response(bytes),
      new Blob([bytes]).stream(),
      url,
      new URL(url),
    ]) {
      const back = await bert.loadHead(content);
      assert.deepEqual(back.labels, head.labels);
      assert.deepEqual(back.report, head.report);
      assert.deepEqual(await back.classify(['good', 'a new film', 'worst']), scores);
      assert.deepEqual(await back.save(), bytes);
    }
  });

  test('a head trained on f32 vectors works on int8 ones', async () => {
    const head = await bert.fit(toyExamples(60), { c: 1 });
    const int8 = await load(tiny(), { dtype: 'int8', threads: 1 });
    const moved = await int8.loadHead(await head.save());
    const texts = toyExamples(20).map(({ text }) => text);
    const [here, there] = await Promise.all([head.classify(texts), moved.classify(texts)]);
    const probability = (labels) => labels.find(({ label }) => label === 'pos').score;
    here.forEach((labels, i) => assert.ok(Math.abs(probability(labels) - probability(there[i])) < 0.05, `text ${i}`));
    await int8.dispose();
  });

  test('what is not a head, and a head of another model', async (t) => {
    await assert.rejects(bert.loadHead(new Uint8Array(3)), { code: 'BAD_HEAD' });
    await assert.rejects(bert.loadHead('nowhere'), { code: 'BAD_INPUT' });
    await assert.rejects(bert.loadHead(7), { code: 'BAD_INPUT' });
    const page = await serve(t, (_, res) => res.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>'));
    await assert.rejects(bert.loadHead(page), { code: 'NOT_A_MODEL' });
    await assert.rejects(bert.loadHead(new Uint8Array(3), { signal: AbortSignal.abort() }), { name: 'AbortError' });

    const head = await bert.fit(toyExamples(10), { c: 1 });
    const other = await load(tiny('bf16'), { dtype: 'f32' });
    await assert.rejects(other.loadHead(await head.save()), { code: 'HEAD_MODEL_MISMATCH', message: /fingerprint/ });
    await other.dispose();

    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'model.safetensors'), await head.save());
    const isBytes = { code: 'FILE_NOT_FOUND', message: /adapter_config\.json.*given as the bytes of its file/ };
    await assert.rejects(bert.loadHead(folder), isBytes);
    await assert.rejects(bert.loadHead(join(folder, 'model.safetensors')), isBytes);
  });

  test('examples and options that are none', async () => {
    const fails = (examples, options, error) =>
      assert.rejects(bert.fit(examples, options), { name: 'BertletError', ...error });
    const good = toyExamples(4);
    await fails([], {}, { code: 'NO_EXAMPLES' });
    await fails('x', {}, { code: 'BAD_INPUT' });
    await fails([...good, null], {}, { code: 'BAD_INPUT', message: /Example 4/ });
    await fails([...good, { text: 7, label: 'a' }], {}, { code: 'BAD_INPUT', message: /Example 4/ });
    await fails([...good, { text: 'a' }], {}, { code: 'BAD_LABELS', message: /example 4 is undefined/ });
    await fails([...good, { text: 'a', label: '' }], {}, { code: 'BAD_LABELS' });
    await fails([...good, { text: 'a', label: NaN }], {}, { code: 'BAD_LABELS' });
    await fails(
      good.map(({ text }) => ({ text, label: 'same' })),
      {},
      { code: 'ONE_CLASS', message: /"same"/ },
    );
    await fails(
      [{ text: 'a', labels: [] }],
      { task: 'multi-label' },
      { code: 'ONE_CLASS', message: /^No example has/ },
    );
    await fails(good, { task: 'poetry' }, { code: 'BAD_INPUT' });
    await fails(good, { epoch: 3 }, { code: 'BAD_INPUT', message: /no option "epoch" for text-classification/ });
    await fails(good, { stride: 8 }, { code: 'BAD_INPUT', message: /no option "stride"/ });
    await fails(good, { validation: 1 }, { code: 'BAD_INPUT', message: /validation/ });
    await fails(good, { c: -1 }, { code: 'BAD_INPUT', message: /c is -1/ });
    await fails(good, { seed: 0.5 }, { code: 'BAD_INPUT', message: /seed/ });
  });

  test('cancelling in each phase', async () => {
    for (const phase of ['features', 'search', 'train']) {
      const controller = new AbortController();
      const onProgress = (event) => event.phase === phase && controller.abort(new Error(phase));
      await assert.rejects(bert.fit(toyExamples(300), { signal: controller.signal, onProgress }), new Error(phase));
    }
    const head = await bert.fit(toyExamples(10), { c: 1 });
    for (const call of [
      (options) => head.classify(['a'], options),
      (options) => head.evaluate(toyExamples(4), options),
    ]) {
      await assert.rejects(call({ signal: AbortSignal.abort() }), { name: 'AbortError' });
    }
  });
});
