// Prompts of sentence-transformers models. Oracle: `encode` of sentence-transformers (tests/fixtures/make_prompt_fixtures.py).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { cosineSimilarity, load } from '../../js/index.js';
import { bertlet, jsonLines } from '../cli/cli.js';
import { fixtures, temporaryFolder } from '../support.js';

const { texts, cases } = JSON.parse(readFileSync(join(fixtures, 'compatibility/prompts.json'), 'utf8'));

/** A folder as bytes by name, with other content of some. */
function filesOf(folder, changed) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath ?? one.path, one.name).slice(folder.length + 1));
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
  const others = Object.entries(changed).map(([name, json]) => [name, Buffer.from(JSON.stringify(json))]);
  return { ...files, ...Object.fromEntries(others) };
}

/** The model of a case, or of its files changed further. */
function loadCase({ model, files }, options = {}) {
  const spec = filesOf(join(fixtures, model), files);
  const rest = { dtype: 'f32', threads: 1, cache: false, onWarning: assert.fail, ...options };
  return model.includes('lora')
    ? load(join(fixtures, 'checkpoints/bert'), { adapter: spec, ...rest })
    : load(spec, rest);
}

const optionsOf = ({ prompt_name: promptName, prompt }) => ({ promptName, prompt });

for (const one of cases) {
  const { default_prompt_name: name } = one.files['config_sentence_transformers.json'];
  const { pooling_mode: mode, include_prompt: included } = one.files['1_Pooling/config.json'];
  const how = `default ${name}, ${mode} ${included ? 'with' : 'without'} the prompt's tokens`;
  test(`${one.model}: embed() as encode(), ${how}`, async () => {
    const bert = await loadCase(one);
    for (const { options, vectors, tokens } of one.calls) {
      const ours = { ...optionsOf(options), onWarning() {} };
      const results = await bert.embed(texts, ours);
      vectors.forEach((vector, i) => {
        const where = `${JSON.stringify(options)} "${texts[i]}"`;
        assert.equal(results[i].length, vector.length);
        vector.forEach((value, k) => assert.ok(Math.abs(value - results[i][k]) < 1e-4, `${where}: ${results[i]}`));
      });
      if (!(options.prompt_name === 'long')) {
        const all = await bert.embed(texts[0], { ...ours, pooling: 'none' });
        assert.equal(all.length, tokens, `tokens by ${JSON.stringify(options)}`);
      }
    }
    await bert.dispose();
  });
}

const retrieval = JSON.parse(readFileSync(join(fixtures, 'compatibility/retrieval.json'), 'utf8'));

for (const { files, ...vectors } of retrieval.cases) {
  const { prompts, default_prompt_name: name } = files['config_sentence_transformers.json'];
  test(`task: as encode_query() and encode_document(), ${JSON.stringify(prompts)}, default ${name}`, async () => {
    const bert = await loadCase({ model: 'checkpoints/sentence-mean', files });
    for (const task of ['query', 'document']) {
      const results = await bert.embed(retrieval.texts, { task, onWarning() {} });
      results.forEach((vector, i) => {
        assert.equal(vector.length, vectors[task][i].length);
        vector.forEach((value, k) => assert.ok(Math.abs(value - vectors[task][i][k]) < 1e-4, `${task} ${i}`));
      });
      const [given, named] = [{ prompt: 'with you, ' }, { promptName: Object.keys(prompts)[0] ?? 'query' }];
      for (const options of [given, named])
        assert.deepEqual(await bert.embed('good', { task, ...options }), await bert.embed('good', options));
    }
    await bert.dispose();
  });
}

test('task: of models without prompts, and what is none', async () => {
  const bert = await load(join(fixtures, 'checkpoints/bert'), { dtype: 'f32', threads: 1, cache: false });
  assert.deepEqual(await bert.embed('good', { task: 'query' }), await bert.embed('good'));
  for (const task of ['passage', 'constructor', '', 1, null])
    await assert.rejects(bert.embed('good', { task }), { code: 'BAD_INPUT', message: /task/ });
  await bert.dispose();
});

test('bertlet search: queries and texts with their own prompts', async (t) => {
  const folder = await temporaryFolder(t);
  const { model } = cases[0];
  await cp(join(fixtures, model), folder, { recursive: true });
  const { files } = retrieval.cases[0];
  for (const [name, json] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(json));
  const documents = ['the movie was great', 'a dull, slow plot'];
  const file = join(folder, 'texts.txt');
  await writeFile(file, documents.join('\n'));
  const bert = await load(folder, { dtype: 'f32', threads: 1, cache: false });
  const scores = async (query, document) => {
    const q = await bert.embed('good film', query);
    const vectors = await bert.embed(documents, document);
    return Object.fromEntries(vectors.map((vector, i) => [documents[i], cosineSimilarity(q, vector)]));
  };
  for (const [args, expected] of [
    [[], await scores({ promptName: 'query' }, { promptName: 'document' })],
    [
      ['--query-prompt-name', 'document', '--document-prompt-name', 'query'],
      await scores({ promptName: 'document' }, { promptName: 'query' }),
    ],
  ]) {
    const { stdout, code } = await bertlet(
      ['search', '--model', folder, '--dtype', 'f32', '--texts', file, ...args],
      'good film\n',
    );
    assert.equal(code, 0);
    const [hits] = jsonLines(stdout);
    assert.equal(hits.length, 2);
    for (const { text, score } of hits) assert.ok(Math.abs(score - expected[text]) < 1e-6, text);
  }
  await bert.dispose();
});

test('prompts from the cache', async (t) => {
  const home = process.env.BERTLET_HOME;
  process.env.BERTLET_HOME = await temporaryFolder(t);
  t.after(() => (process.env.BERTLET_HOME = home));
  const { model, files } = cases[2];
  const folder = await temporaryFolder(t);
  await cp(join(fixtures, model), folder, { recursive: true });
  for (const [name, json] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(json));
  const vectors = [];
  for (const fromCache of [false, true]) {
    const bert = await load(folder, { threads: 1, dtype: 'int8', onWarning: assert.fail });
    assert.equal(bert.info.fromCache, fromCache);
    vectors.push([...(await bert.embed(texts[0])), ...(await bert.embed(texts[0], { promptName: 'query' }))]);
    await bert.dispose();
  }
  assert.deepEqual(vectors[1], vectors[0]);
});

test('names and prompts that are wrong', async () => {
  const bert = await loadCase(cases[0]);
  for (const promptName of ['nope', 'constructor', ''])
    await assert.rejects(bert.embed('a', { promptName }), {
      code: 'BAD_INPUT',
      message: `The model has no prompt "${promptName}". It has: query, document, passage, long.`,
    });
  await assert.rejects(bert.embed('a', { prompt: 1 }), { code: 'BAD_INPUT', message: /prompt is of type number/ });
  await assert.rejects(bert.embed('a', { promptName: 1 }), { message: /promptName is of type number/ });
  const warnings = [];
  const both = await bert.embed('a', { prompt: '', promptName: 'x', onWarning: (text) => warnings.push(text) });
  assert.match(warnings.join(), /only the first counts/);
  assert.deepEqual(both, await bert.embed('a', { prompt: '' }));
  await bert.dispose();

  const plain = await load(join(fixtures, 'checkpoints/bert'), { dtype: 'f32', threads: 1, cache: false });
  await assert.rejects(plain.embed('a', { promptName: 'query' }), { code: 'BAD_INPUT', message: /It has: none/ });
  assert.deepEqual(await plain.embed('movie', { prompt: 'good ' }), await plain.embed('good movie'));
  await plain.dispose();

  // 'fi' alone is two tokens, 'f' and '##i', but 'film' is one.
  const without = await loadCase(cases[2]);
  await assert.rejects(without.embed('lm', { prompt: 'fi' }), {
    code: 'BAD_INPUT',
    message: /Text 0 has no token besides/,
  });
  await without.dispose();
});

test('a folder whose prompts are damaged is refused', async () => {
  const changed = (settings) => ({
    ...cases[0],
    files: { 'config_sentence_transformers.json': settings },
  });
  await assert.rejects(loadCase(changed({ default_prompt_name: 'q', prompts: { passage: 'x' } })), {
    code: 'BAD_CONFIG',
    message: /default_prompt_name is "q", but prompts has query, document, passage/,
  });
  await assert.rejects(loadCase(changed({ prompts: { passage: 3 } })), {
    code: 'BAD_CONFIG',
    message: /the prompt "passage" is not a text/,
  });
  const empty = await loadCase(changed({ default_prompt_name: 'query', prompts: null }));
  const none = await loadCase(changed({}));
  assert.deepEqual(await empty.embed('good'), await none.embed('good'));
  await Promise.all([empty.dispose(), none.dispose()]);
});

test("a cross-encoder's prompt is not put before queries: a warning", async () => {
  const warnings = [];
  const files = {
    'config_sentence_transformers.json': {
      model_type: 'CrossEncoder',
      default_prompt_name: 'q',
      prompts: { q: 'query: ' },
    },
    'modules.json': [],
  };
  const one = { model: 'compatibility/cross-encoder', files };
  await (await loadCase(one, { onWarning: (text) => warnings.push(text) })).dispose();
  assert.match(warnings.join(), /puts the prompt "query: " before every query, but rerank\(\) does not/);
});
