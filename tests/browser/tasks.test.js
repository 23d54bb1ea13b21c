// The demo's tabs other than the first: what a head does that was trained beforehand, an adapter's or a checkpoint's own.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { serve } from '../../scripts/serve.js';
import { FIXTURES, launch, openPage, withoutModel } from './chromium.js';

const CHECKPOINTS = fileURLToPath(new URL('../fixtures/checkpoints', import.meta.url));

let browser;
let server;
let page;

before(async () => {
  browser = await launch();
  server = await serve({ port: 0 });
});

after(async () => {
  await browser.close();
  await server.close();
});

afterEach(async () => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const ready = () => page.waitForSelector('#model[data-state=ready]');
const selected = () => page.innerText('[role=tab][aria-selected=true]');

/** The panel of a tab, once it shows a result that is not in the making. */
async function result(tab, text = '') {
  const panel = page.locator(`#panel-${tab}`);
  await panel.locator(`.live[aria-busy=false]:has-text(${JSON.stringify(text)})`).waitFor();
  return panel;
}

/** What is marked, and as what. */
const marks = (panel) =>
  panel
    .locator('mark')
    .evaluateAll((all) =>
      all.map((mark) => [mark.firstChild.textContent, mark.querySelector('small')?.textContent ?? '']),
    );

const rows = (panel) =>
  panel
    .locator('.score')
    .evaluateAll((all) =>
      all.map((row) => [row.querySelector('.score-label').textContent, Number(row.querySelector('data').value)]),
    );

describe('adapters for all-MiniLM-L6-v2', { skip: withoutModel }, () => {
  beforeEach(async () => {
    page = await openPage(browser, server.url);
    await ready();
  });

  test('sentiment, of a text and of its sentences', async () => {
    await page.click('#tab-sentiment');
    const panel = await result('sentiment', 'positive');
    assert.deepEqual(await marks(panel), [
      ['The actors are a joy to watch.', 'positive'],
      ['But the story drags, and the ending makes no sense at all.', 'negative'],
      ['Still, I would see it again.', 'positive'],
    ]);
    await page.fill('#sentiment-text', 'what a lovely film');
    await result('sentiment', 'positive');
    await page.waitForSelector('#panel-sentiment .verdict:has-text("positive")');
    assert.equal(await panel.locator('.marked').isVisible(), false, 'a single sentence is not marked once more');
    await page.fill('#sentiment-text', 'what an awful film');
    await page.waitForSelector('#panel-sentiment .verdict:has-text("negative")');
    const scores = Object.fromEntries(await rows(panel));
    assert.ok(scores.negative > 0.8);
    assert.ok(Math.abs(scores.negative + scores.positive - 1) < 1e-6);
  });

  test('entities, marked in the text', async () => {
    await page.click('#tab-entities');
    const panel = await result('entities', 'Merkel');
    const expected = [
      ['Angela Merkel', 'person'],
      ['Tim Cook', 'person'],
      ['Apple', 'product'],
      ['Berlin', 'location'],
      ['iPhone', 'product'],
    ];
    assert.deepEqual(await marks(panel), expected);
    assert.deepEqual(
      (await rows(panel)).map(([name]) => name),
      expected.map(([name]) => name),
    );
    assert.equal(
      await panel.locator('.marked').evaluate((text) => {
        for (const name of text.querySelectorAll('small')) name.remove();
        return text.textContent;
      }),
      await page.inputValue('#entities-text'),
    );
    await page.fill('#entities-text', 'it rains');
    await panel.locator('.empty').waitFor();
    assert.deepEqual(await marks(panel), []);
  });

  test('the answer to a question, marked in its text, and those that it was preferred to', async () => {
    await page.click('#tab-questions');
    const panel = await result('questions', 'Svalbard');
    assert.match(await panel.locator('.verdict').textContent(), /^Svalbard \d+%$/);
    assert.deepEqual(await marks(panel), [['Svalbard', '']]);
    const scores = (await rows(panel)).map(([, score]) => score);
    assert.equal(scores.length, 4);
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
    await panel.locator('.suggestions button:has-text("What do polar bears hunt?")').click();
    await panel.locator('.verdict:has-text("seals")').waitFor();
    assert.deepEqual(await marks(panel), [['seals', '']]);
  });

  test('tabs are in the address, within reach of the keyboard, and keep what was typed', async () => {
    await page.focus('#tab-classify');
    await page.keyboard.press('ArrowRight');
    assert.equal(await selected(), 'Classify', 'arrows only move the focus');
    await page.keyboard.press('Enter');
    assert.equal(await selected(), 'Sentiment');
    assert.equal(new URL(page.url()).hash, '#sentiment');
    await page.fill('#sentiment-text', 'a wonder');
    await page.focus('#tab-sentiment');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await result('entities', 'Merkel');
    await page.goBack();
    assert.equal(await selected(), 'Sentiment');
    assert.equal(await page.inputValue('#sentiment-text'), 'a wonder');
    await result('sentiment', 'positive');
    assert.equal(await page.isVisible('#panel-entities'), false);
    await page.goto(`${server.url}#similar`);
    await page.reload();
    assert.equal(await selected(), 'Similar texts');
    await ready();
  });

  test('lines that mean the same', async () => {
    await page.click('#tab-similar');
    const panel = await result('similar', 'parcel');
    assert.equal((await rows(panel))[0][0], 'My parcel has not arrived yet.');
    await page.fill('#similar-query', 'Can I get my money back?');
    await page.waitForSelector('#panel-similar .score:first-child .score-label:has-text("money back")');
    const [[line, score]] = await rows(panel);
    assert.equal(line, 'Can I get my money back?');
    assert.ok(Math.abs(score - 1) < 1e-5, 'of two equal texts');
    await page.fill('#similar-texts', 'a dog\na cat\n\na dog\na tax return\n');
    await page.fill('#similar-query', 'kitten');
    await page.waitForSelector('#panel-similar .score:first-child .score-label:has-text("a cat")');
    assert.deepEqual((await rows(panel)).map(([text]) => text).sort(), ['a cat', 'a dog', 'a tax return']);
  });

  test('an adapter that can’t be had is explained, and can be asked for again', async () => {
    await page.route('**/adapters/**', (route) => route.abort());
    await page.click('#tab-entities');
    const panel = page.locator('#panel-entities');
    await panel.locator('.problem:has-text("could not be fetched")').waitFor();
    await page.unroute('**/adapters/**');
    await panel.locator('.retry').click();
    await result('entities', 'Merkel');
    assert.equal(await panel.locator('.problem').first().isVisible(), false);
    page.faults = page.faults.filter((fault) => !fault.includes('ERR_FAILED'));
  });

  test('loading an adapter can be cancelled', async () => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route('**/adapter_model.safetensors', async (route) => {
      await held;
      await route.continue().catch(() => {}); // cancelled
    });
    await page.click('#tab-questions');
    const panel = page.locator('#panel-questions');
    await panel.locator('.cancel').click();
    await panel.locator('.retry:focus').waitFor();
    assert.match(await panel.locator('.head-status .hint').textContent(), /cancelled/);
    release();
    await panel.locator('.retry').click();
    await result('questions', 'Svalbard');
  });
});

describe('a checkpoint’s own head opens its tab', () => {
  const cases = [
    ['bert-text', 'Sentiment', '.verdict strong'],
    ['bert-tokens', 'Entities', '.marked'],
    ['bert-answers', 'Questions', '.verdict strong'],
  ];
  let checkpoints;
  before(async () => (checkpoints = await serve({ port: 0, models: CHECKPOINTS })));
  after(() => checkpoints.close());

  for (const [name, tab, shown] of cases) {
    test(name, async () => {
      page = await openPage(browser, `${checkpoints.url}?model=${name}&hub=/models`);
      await ready();
      assert.equal(await selected(), tab);
      const panel = await result(tab.toLowerCase());
      assert.notEqual(await panel.locator(shown).textContent(), '');
      assert.match(await page.textContent(`#panel-${tab.toLowerCase()} .origin`), new RegExp(name));
    });
  }

  test('and so does a saved head of its task', async () => {
    const bert = await load(join(FIXTURES, 'tiny-f32'), { threads: 1 });
    const examples = ['good', 'great', 'love', 'bad'].map((word) => ({ words: ['the', word], tags: ['O', 'B-word'] }));
    const head = await bert.fit(examples, { task: 'token-classification', c: 1 });
    const buffer = Buffer.from(await head.save());
    await bert.dispose();

    const models = await serve({ port: 0, models: FIXTURES });
    page = await openPage(browser, `${models.url}?model=tiny-f32&hub=/models`);
    await ready();
    await page.setInputFiles('#open-head', { name: 'words.safetensors', mimeType: '', buffer });
    await page.waitForSelector('#tab-entities[aria-selected=true]');
    await page.fill('#entities-text', 'the great');
    const panel = await result('entities', 'great');
    assert.deepEqual(await marks(panel), [['great', 'word']]);
    await models.close();
  });
});
