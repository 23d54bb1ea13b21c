// The demo page as a person uses it: load, train, classify, save, reload, open, the same scores.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../scripts/serve.js';
import {
  addPasted,
  download,
  FIXTURES,
  foldersOnlyInChromium,
  launch,
  minilmReference,
  openPage,
  readTensors,
  withoutModel,
} from './browser.js';

const TEXT = 'what a lovely film'; // one of the fixture's, so that there is PyTorch's embedding for it

let browser;
let server;
let folder;

before(async () => {
  browser = await launch();
  server = await serve({ port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'bertlet-journey-'));
});

after(async () => {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true });
});

const ready = (page) => page.waitForSelector('#model[data-state=ready]');

/** The scores that the page shows for `text`: { label: score }. */
async function classify(page, text) {
  await page.fill('#try-text', '');
  await page.waitForSelector('#try-result', { state: 'hidden' });
  await page.fill('#try-text', text);
  await page.waitForSelector('#try-result', { state: 'visible' });
  return scores(page);
}

const scores = (page) =>
  page.$$eval('#try-result .score', (rows) =>
    Object.fromEntries(
      rows.map((row) => [row.querySelector('.score-label').textContent, Number(row.querySelector('data').value)]),
    ),
  );

/** Softmax of what the saved tensors make of a mean-pooled embedding, in double precision. */
function probabilities({ 'linear.weight': weight, 'linear.bias': bias }, embedding) {
  const norm = Math.hypot(...embedding);
  const logits = Array.from(bias.data, (sum, k) =>
    embedding.reduce((total, value, i) => total + (value / norm) * weight.data[k * embedding.length + i], sum),
  );
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const total = powers.reduce((sum, power) => sum + power);
  return powers.map((power) => power / total);
}

test('load, train, classify, save, reload, open: the same scores', { skip: withoutModel }, async (t) => {
  const page = await openPage(browser, `${server.url}?dtype=f32`); // as PyTorch, which the scores are held to
  const saved = join(folder, 'classifier.safetensors');
  let first;

  await t.test('the model loads by itself, and the page says what runs it', async () => {
    await ready(page);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    assert.equal(await page.textContent('.model-status'), 'all-MiniLM-L6-v2 is ready');
    const cores = await page.evaluate(() => navigator.hardwareConcurrency);
    const threads = Math.min(cores, 4);
    assert.match(await page.textContent('.model-aside'), new RegExp(`, ${threads} threads?$`));
    assert.match(await page.textContent('.facts'), /6 layers.*30,522 word pieces.*512 word pieces/);
  });

  await t.test('it learns from the examples', async () => {
    assert.equal(await page.isDisabled('#save-head'), true);
    await page.click('#train');
    await page.waitForSelector('.accuracy');
    assert.match(
      await page.textContent('#training-result'),
      /\d+% right .*Learned from 16 examples, in [\d.]+ s\..*calibrated/,
    );
  });

  await t.test('it classifies what is typed', async () => {
    first = await classify(page, TEXT);
    assert.deepEqual(Object.keys(first), ['positive', 'negative']);
    assert.ok(first.positive > 0.5);
    assert.match(await page.textContent('#try-result .verdict'), /^positive \d+%$/);
    const other = await classify(page, 'what an awful film');
    assert.ok(other.negative > 0.5);
  });

  await t.test('below a threshold it is none of these', async () => {
    const threshold = page.locator('#threshold');
    await threshold.fill('0.95');
    await page.fill('#try-text', 'a chair has four legs');
    await page.waitForSelector('#try-result .verdict:has-text("none of these")');
    assert.equal(await page.locator('#try-result .score.best').count(), 0);
    await threshold.fill('0');
    await page.waitForSelector('#try-result .verdict:has-text("%")');
    assert.equal(await page.locator('#try-result .score.best').count(), 1);
  });

  await t.test('what it saves makes the shown scores out of PyTorch’s embedding', async () => {
    const { name, bytes } = await download(page, () => page.click('#save-head'));
    assert.equal(name, 'classifier.safetensors');
    await writeFile(saved, bytes);
    const tensors = readTensors(bytes);
    assert.deepEqual(tensors['linear.weight'].shape, [2, 384]);
    const { texts, means } = minilmReference();
    const [negative, positive] = probabilities(tensors, means[texts.indexOf(TEXT)]);
    assert.ok(Math.abs(positive - first.positive) < 1e-4);
    assert.ok(Math.abs(negative - first.negative) < 1e-4);
  });

  await t.test('after a reload the opened classifier gives the same scores', async () => {
    await page.reload();
    await ready(page);
    assert.equal(await page.isDisabled('#save-head'), true);
    assert.equal(await page.isVisible('#try-result'), false);
    await page.setInputFiles('#open-head', saved);
    await page.waitForSelector('#training-result:has-text("Opened classifier.safetensors")');
    assert.deepEqual(await classify(page, TEXT), first);
  });

  await t.test('a classifier can be dropped onto the page, too', async () => {
    await page.reload();
    await ready(page);
    const bytes = [...(await readFile(saved))];
    await page.evaluate((bytes) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(bytes)], 'dropped.safetensors'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, bytes);
    await page.waitForSelector('#training-result:has-text("Opened dropped.safetensors")');
    assert.deepEqual(await classify(page, TEXT), first);
  });

  await t.test('a file that is no classifier is refused kindly', async () => {
    await page.setInputFiles('#open-head', {
      name: 'x.safetensors',
      mimeType: '',
      buffer: Buffer.from('no such thing'),
    });
    await page.waitForSelector('.problem:has-text("That file is not a saved classifier.")');
    assert.deepEqual(await classify(page, TEXT), first);
  });

  await t.test('what it got wrong becomes an example, and it learns it', async () => {
    const text = 'They went out of their way to help us.';
    const before = await classify(page, text);
    await page.click('.teach button:has-text("positive")');
    assert.equal(await page.inputValue('.row-text >> nth=0'), text);
    await page.click('#train');
    await page.waitForSelector('#training-result:has-text("Learned from 17 examples, in")');
    await page.waitForFunction(
      (score) => Number(document.querySelector('#try-result .score data').value) !== score,
      before.positive,
    );
    assert.ok((await scores(page)).positive > before.positive);

    await page.selectOption('.row select >> nth=0', 'negative');
    await page.click('#train');
    await page.waitForSelector('#training-result:has-text("17 of which it had read before")');
  });

  await t.test('no error, no breach of the policy, no request to another origin', () => {
    assert.deepEqual(page.faults, []);
  });
  await page.context().close();
});

test('training can be stopped', { skip: withoutModel }, async () => {
  const page = await openPage(browser, server.url);
  await ready(page);
  const lines = Array.from({ length: 3000 }, (_, i) => `this is example number ${i} of very many\tlabel ${i % 3}`);
  await page.click('#paste-many');
  const buffer = Buffer.from(lines.join('\n'));
  await page.setInputFiles('#paste-file', { name: 'examples.tsv', mimeType: 'text/plain', buffer });
  await addPasted(page);
  await page.click('#train');
  await page.click('#train:has-text("Stop")');
  await page.waitForSelector('#train:has-text("Train")');
  assert.equal(await page.isVisible('#training-work'), false);
  assert.equal(await page.isDisabled('#save-head'), true);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('loading can be cancelled and begun again', { skip: withoutModel }, async () => {
  const page = await openPage(browser, `${server.url}icon.svg`);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/model.safetensors', async (route) => {
    await held;
    await route.continue().catch(() => {}); // cancelled
  });
  await page.goto(server.url);
  await page.click('.model-cancel');
  await page.waitForSelector('.model-status:has-text("Loading was cancelled")');
  await page.waitForSelector('.model-retry:focus');
  assert.equal(await page.isDisabled('#train'), true);
  release();
  await page.click('.model-retry');
  await ready(page);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a model can come from a folder of the user's", { skip: foldersOnlyInChromium }, async () => {
  const page = await openPage(browser, `${server.url}?model=nobody/nothing&hub=/models`);
  await page.waitForSelector('#model[data-state=absent]');
  await page.setInputFiles('.model-folder', join(FIXTURES, 'tiny-f32'));
  await ready(page);
  assert.equal(await page.textContent('.model-status'), 'tiny-f32 is ready');
  assert.equal(await page.isVisible('#model .problem'), false);
  await page.click('#train');
  await page.waitForSelector('.accuracy');
  await page.context().close();
});

test('a model that is not there is explained', async () => {
  const page = await openPage(browser, `${server.url}?model=nobody/nothing&hub=/models`);
  await page.waitForSelector('#model[data-state=absent]');
  assert.match(await page.textContent('#model .problem'), /^The model was not found\. .*nobody\/nothing/);
  assert.equal(await page.isVisible('.model-retry'), true);
  await page.context().close();
});
