// The library in a real page: PyTorch's numbers from every build, threads or a reason why not, cancelling, errors.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serve } from '../../scripts/serve.js';
import {
  compare,
  EMPTY_PAGE,
  FIXTURES,
  launch,
  minilmReference,
  MODEL,
  noWorkers,
  openPage,
  withoutModel,
  withoutRelaxed,
} from './browser.js';

let browser;
let server;
let unisolated;
let fixtures;
let page;

before(async () => {
  browser = await launch();
  server = await serve({ port: 0 });
  unisolated = await serve({ port: 0, isolated: false });
  fixtures = await serve({ port: 0, models: FIXTURES });
});

after(async () => {
  await browser.close();
  await Promise.all([server, unisolated, fixtures].map(({ close }) => close()));
});

const open = async ({ url }) => (page = await openPage(browser, url + EMPTY_PAGE));

/** Loads in the page, embeds, disposes; gives back the model's `info` and the vectors as arrays of numbers. */
const embed = (model, options, texts) =>
  page.evaluate(
    async ([model, options, texts]) => {
      const { load } = await import('/dist/bertlet.js');
      const bert = await load(model, { hub: '/models', ...options });
      const vectors = await bert.embed(texts, { pooling: 'mean', onWarning() {} }); // some are longer than 512 tokens
      await bert.dispose();
      return { isolated: crossOriginIsolated, info: bert.info, vectors: vectors.map((vector) => [...vector]) };
    },
    [model, options, texts],
  );

/** Runs `call(bertlet, argument)` in the page, where it must fail; gives back what is worth knowing of the error. */
const failure = (call, argument) =>
  page.evaluate(`(async () => {
    const bertlet = await import('/dist/bertlet.js');
    try {
      await (${call})(bertlet, ${JSON.stringify(argument)});
    } catch (error) {
      const { name, code, message } = error;
      return { name, code, message, ours: error instanceof bertlet.BertletError };
    }
    throw new Error('It did not fail');
  })()`);

describe('all-MiniLM-L6-v2 gives the embeddings that PyTorch computes', { skip: withoutModel }, () => {
  const { texts, means } = minilmReference();

  const matches = (vectors, chosen) => {
    chosen.forEach((index, i) => {
      const { cosine, distance } = compare(vectors[i], means[index]);
      const text = JSON.stringify(texts[index].slice(0, 60));
      assert.ok(cosine >= 0.99999, `cosine ${cosine} for ${text}`);
      assert.ok(distance <= 1e-4, `off by ${distance} for ${text}`);
    });
  };
  const all = [...texts.keys()];
  const some = all.slice(0, 20);
  const pick = (indices) => indices.map((index) => texts[index]);

  test('with the build that the engine is best at, on several threads', async () => {
    await open(server);
    const { isolated, info, vectors } = await embed(MODEL, { dtype: 'f32', threads: 2 }, pick(all));
    assert.equal(isolated, true);
    assert.match(info.build, /-mt$/);
    assert.equal(info.threads, 2);
    matches(vectors, all);
    assert.deepEqual(page.faults, []);
  });

  for (const build of ['scalar', 'simd', 'relaxed']) {
    test(`with the build "${build}"`, { skip: build === 'relaxed' && withoutRelaxed }, async () => {
      await open(server);
      const { info, vectors } = await embed(MODEL, { dtype: 'f32', build, threads: 3 }, pick(some));
      assert.deepEqual([info.build, info.threads], [build, 1]);
      matches(vectors, some);
      if (build !== 'scalar') {
        const threaded = await embed(MODEL, { dtype: 'f32', build: `${build}-mt`, threads: 3 }, pick(some));
        assert.deepEqual([threaded.info.build, threaded.info.threads], [`${build}-mt`, 3]);
        assert.deepEqual(threaded.vectors, vectors, 'the same bits with three threads as with one');
      }
      assert.deepEqual(page.faults, []);
    });
  }

  test('on one thread in a page that is not isolated, and says why', async () => {
    await open(unisolated);
    const { isolated, info, vectors } = await embed(MODEL, { dtype: 'f32', threads: 2 }, pick(some));
    assert.equal(isolated, false);
    assert.equal(info.threads, 1);
    assert.doesNotMatch(info.build, /-mt$/);
    assert.match(info.notes.join(' '), /cross-origin isolated.*Cross-Origin-Opener-Policy/);
    matches(vectors, some);
    assert.deepEqual(page.faults, []);
  });
});

test('a model from files that the page holds is the one from the server', async () => {
  await open(fixtures);
  const [fromServer, fromFiles] = await page.evaluate(async () => {
    const { load } = await import('/dist/bertlet.js');
    const folder = '/models/tiny-f32/resolve/main/';
    const get = (file) => fetch(folder + file);
    const files = {
      'config.json': new Uint8Array(await (await get('config.json')).arrayBuffer()),
      'vocab.txt': await (await get('vocab.txt')).blob(),
      'model.safetensors': await get('model.safetensors'),
    };
    const vectors = [];
    for (const spec of [folder, files]) {
      const bert = await load(spec);
      vectors.push([...(await bert.embed('the best film ever'))]);
      await bert.dispose();
    }
    return vectors;
  });
  assert.equal(fromServer.length, 32);
  assert.deepEqual(fromFiles, fromServer);
});

test('dispose() ends the workers, and what is called afterwards fails', async () => {
  await open(fixtures);
  const error = await failure(async ({ load }) => {
    const bert = await load('/models/tiny-f32/resolve/main/', { threads: 2 });
    await bert.dispose();
    await bert.embed('too late');
  });
  assert.equal(error.code, 'DISPOSED');
  await noWorkers(page);
});

describe('cancelling', { skip: withoutModel }, () => {
  test('a download rejects with AbortError and ends', async () => {
    await open(server);
    const { name } = await failure(({ load }, model) => {
      const controller = new AbortController();
      const onProgress = ({ loaded, total }) => loaded < total && controller.abort();
      return load(model, { hub: '/models', signal: controller.signal, onProgress });
    }, MODEL);
    assert.equal(name, 'AbortError');
    await noWorkers(page);
  });

  test('embed() and fit() stop, and the model goes on being useful', async () => {
    await open(server);
    const outcome = await page.evaluate(async (model) => {
      const { load } = await import('/dist/bertlet.js');
      const bert = await load(model, { hub: '/models' });
      const before = await bert.embed('still the same');
      const texts = Array.from({ length: 5000 }, (_, i) => `text number ${i}, which is one of very many`);
      const examples = texts.map((text, i) => ({ text, label: i % 2 }));
      const errors = [];
      const counts = [];
      for (const run of [(options) => bert.embed(texts, options), (options) => bert.fit(examples, options)]) {
        const controller = new AbortController();
        let events = 0;
        const onProgress = () => {
          events += 1;
          controller.abort();
        };
        errors.push(await run({ signal: controller.signal, onProgress }).catch(({ name }) => name));
        const sofar = events;
        const after = await bert.embed('still the same');
        counts.push(events - sofar);
        if (after.some((value, i) => value !== before[i])) errors.push('other numbers than before');
      }
      await bert.dispose();
      return { errors, counts };
    }, MODEL);
    assert.deepEqual(outcome.errors, ['AbortError', 'AbortError']);
    assert.deepEqual(outcome.counts, [0, 0], 'progress after the rejection');
  });

  test('a signal that is aborted already starts nothing', async () => {
    await open(server);
    const requests = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    const { name } = await failure(async ({ load }, model) => {
      await load(model, { hub: '/models', signal: AbortSignal.abort() });
    }, MODEL);
    assert.equal(name, 'AbortError');
    assert.ok(requests.includes('/dist/bertlet.js'));
    const others = requests.filter((path) => !/^\/dist\/(bertlet|(page|shared)-[\w-]+)\.js$/.test(path));
    assert.deepEqual(others, [], 'neither a worker nor the model');
  });
});

describe('a model that can’t be loaded', () => {
  test('an HTML page in place of it', async () => {
    await open(fixtures);
    const address = `${fixtures.url}models/tiny-f32/resolve/main/model.safetensors`;
    await page.route(address, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Sign in</title>' }),
    );
    const error = await failure(({ load }) => load('tiny-f32', { hub: '/models' }));
    assert.equal(error.ours, true);
    assert.equal(error.code, 'NOT_A_MODEL');
    assert.ok(error.message.includes(address), error.message);
  });

  test('weights that end too early', async () => {
    await open(fixtures);
    await page.route('**/model.safetensors', async (route) => {
      const response = await route.fetch();
      const body = await response.body();
      await route.fulfill({ body: body.subarray(0, body.length - 100) });
    });
    const error = await failure(({ load }) => load('tiny-f32', { hub: '/models' }));
    assert.equal(error.code, 'TRUNCATED_FILE');
  });

  test('a name that nobody knows', async () => {
    await open(fixtures);
    const error = await failure(({ load }) => load('nobody/nothing', { hub: '/models' }));
    assert.equal(error.code, 'FILE_NOT_FOUND');
    assert.match(error.message, /nobody\/nothing/);
  });

  test('a server that does not answer', async () => {
    await open(fixtures);
    await page.route('**/config.json', (route) => route.abort());
    const error = await failure(({ load }) => load('tiny-f32', { hub: '/models' }));
    assert.equal(error.code, 'NETWORK');
  });
});

test('a saved model outlives its worker, and comes back', async () => {
  await open(fixtures);
  const result = await page.evaluate(async () => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load('tiny-f16', { hub: '/models', dtype: 'f32', cache: false });
    const files = await bert.save();
    await bert.dispose();
    const again = await load(files);
    const sameHead = again.head.labels.join() === bert.head.labels.join();
    await again.dispose();
    const weights = files['model.safetensors'];
    return {
      isBlob: weights instanceof Blob,
      sameHead,
      isSame: again.info.fingerprint === bert.info.fingerprint,
      threads: bert.info.threads,
    };
  });
  assert.ok(result.threads > 1, 'the weights are in shared memory');
  assert.deepEqual(result, { isBlob: true, sameHead: true, isSame: true, threads: result.threads });
  await noWorkers(page);
});
