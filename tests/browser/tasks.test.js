// The demo's tabs other than the first: what a head does that was trained beforehand, an adapter's or a checkpoint's own.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { load } from '../../js/index.js';
import { serve } from '../../scripts/serve.js';
import {
  FIXTURES,
  foldersOnlyInChromium,
  launch,
  marks,
  namesOnlyInChromium,
  openPage,
  overhang,
  withoutModel,
} from './browser.js';

const CHECKPOINTS = fileURLToPath(new URL('../fixtures/checkpoints', import.meta.url));
const RAMPART = fileURLToPath(new URL('../../../shared/models/rampart-ner', import.meta.url));
const withoutRampart = existsSync(RAMPART) ? false : '../shared/models/rampart-ner is not here';

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
    await page.focus('#tab-pretrain');
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

  test('a learning curve, beside that of words alone', async () => {
    await page.click('#tab-curve');
    await page.click('#measure');
    await page.click('#measure:has-text("Stop")');
    await page.waitForSelector('#measure:has-text("Measure")');
    assert.equal(await page.isVisible('#panel-curve .working'), false);
    await page.click('#measure');
    await page.waitForSelector('#panel-curve .summary:has-text("With 8 examples")', { timeout: 60000 });
    await page.click('#panel-curve details summary');
    const numbers = await page.$$eval('#panel-curve tbody tr', (lines) =>
      lines.map((line) => [...line.cells].map((cell) => parseInt(cell.textContent))),
    );
    assert.deepEqual(
      numbers.map(([n]) => n),
      [1, 2, 4, 8, 16, 32],
    );
    for (const [n, model, words] of numbers) assert.ok(model > words && words > 10, `${n}: ${model}% and ${words}%`);
    const [, model, words] = numbers[3];
    assert.ok(model >= 84 && words < 75, `8 of each: ${model}% and ${words}%`);
    await page.check('#curve-mine');
    assert.equal(await page.isDisabled('#measure'), false);
    await page.click('#tab-classify');
    await page.click('.bucket .remove-label >> nth=0');
    await page.click('#tab-curve');
    assert.equal(await page.isDisabled('#measure'), true, 'with a single label there is nothing to tell apart');
    // Each point of the chart is where its number says, between the lines of 0% and 100%.
    const chart = await page.$eval('#panel-curve .chart', (svg) => {
      const lines = [...svg.querySelectorAll('.grid')].map((line) => line.getBBox().y);
      const heights = (kind) =>
        [...svg.querySelectorAll(`${kind} circle`)].map(
          (dot) => (100 * (lines[0] - dot.cy.baseVal.value)) / (lines[0] - lines.at(-1)),
        );
      return { model: heights('.with-model'), words: heights('.words') };
    });
    numbers.forEach(([, model, words], i) => {
      assert.ok(Math.abs(chart.model[i] - model) <= 0.51);
      assert.ok(Math.abs(chart.words[i] - words) <= 0.51);
    });
  });

  const TABS = ['classify', 'tune', 'pretrain', 'sentiment', 'entities', 'questions', 'similar', 'curve'];
  const show = async (tab) => {
    await page.click(`#tab-${tab}`);
    if (!['classify', 'tune', 'pretrain', 'curve'].includes(tab)) await result(tab);
  };

  test('everything has a name for screen readers', { skip: namesOnlyInChromium }, async () => {
    const session = await page.context().newCDPSession(page);
    const roles = ['tab', 'tabpanel', 'button', 'textbox', 'slider', 'radio', 'progressbar', 'link', 'region', 'image'];
    for (const tab of TABS) {
      await show(tab);
      const { nodes } = await session.send('Accessibility.getFullAXTree');
      const named = nodes.filter(({ ignored, role }) => !ignored && roles.includes(role?.value));
      const nameless = named.filter(({ name }) => !name?.value);
      assert.deepEqual([tab, ...nameless.map(({ role }) => role.value)], [tab]);
      assert.equal(nodes.filter(({ ignored, role }) => !ignored && role?.value === 'tabpanel').length, 1);
    }
  });

  test('nothing sticks out of a narrow window', async () => {
    for (const tab of TABS) {
      await show(tab);
      for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        assert.equal(await overhang(page), 0, `${tab}, ${width}`);
      }
    }
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
    ['bert-text', 'sentiment', '.verdict strong'],
    ['bert-tokens', 'entities', '.marked'],
    ['bert-answers', 'questions', '.verdict strong'],
    ['bert-masked', 'fill', '.marked'],
  ];
  let checkpoints;
  before(async () => (checkpoints = await serve({ port: 0, models: CHECKPOINTS })));
  after(() => checkpoints.close());

  for (const [name, tab, shown] of cases) {
    test(name, async () => {
      page = await openPage(browser, `${checkpoints.url}?model=${name}&hub=/models`);
      await ready();
      assert.equal(await page.getAttribute(`#tab-${tab}`, 'aria-selected'), 'true');
      const panel = await result(tab);
      assert.notEqual(await panel.locator(shown).textContent(), '');
      if (tab !== 'fill') assert.match(await panel.locator('.origin').textContent(), new RegExp(name));
    });
  }

  test('rampart-ner from its folder', { skip: withoutModel || withoutRampart || foldersOnlyInChromium }, async () => {
    page = await openPage(browser, server.url);
    await ready();
    await page.setInputFiles('.model-folder', RAMPART);
    await page.waitForSelector('#tab-entities[aria-selected=true]', { timeout: 60000 });
    await page.fill('#entities-text', 'Maria Schmidt lives in London.');
    const panel = await result('entities', 'London');
    assert.deepEqual(await marks(panel), [
      ['Maria', 'GIVEN NAME'],
      ['Schmidt', 'SURNAME'],
      ['London', 'CITY'],
    ]);
    assert.equal(await panel.locator('.origin').textContent(), 'This is what rampart-ner was trained for.');
  });

  test('what may stand in a gap, as in transformers', async () => {
    const [expected, restricted] = JSON.parse(readFileSync(join(CHECKPOINTS, 'bert-masked/fill-mask.json'), 'utf8'));
    page = await openPage(browser, `${checkpoints.url}?model=bert-masked&hub=/models&dtype=f32`);
    await ready();
    await page.fill('#fill-text', expected.text);
    await page.waitForSelector(`#panel-fill .marked:has-text("${expected.results[0].sequence}")`);
    const shown = await rows(page.locator('#panel-fill'));
    assert.equal(shown.length, 8);
    expected.results.forEach(({ token_str: word, score }, i) => {
      assert.equal(shown[i][0], word);
      assert.ok(Math.abs(shown[i][1] - score) < 1e-5);
    });
    await page.fill('#fill-targets', restricted.targets.join(', '));
    await page.waitForSelector(`#panel-fill .marked:has-text("${restricted.results[0].sequence}")`);
    const [first, second] = await rows(page.locator('#panel-fill'));
    assert.deepEqual(
      [first[0], second[0]],
      restricted.results.map(({ token_str: word }) => word),
    );
    await page.fill('#fill-text', 'no gap');
    await page.waitForSelector('#panel-fill .note:has-text("Write [MASK]")');
    assert.equal(await page.isVisible('#panel-fill .live'), false);
  });

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
