// The kinds of classifier: texts with several labels, and pairs of texts. Their examples, and what is learned from them.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { hotelReviews, sentencePairs } from '../../demo/examples/samples.js';
import { serve } from '../../scripts/serve.js';
import {
  addPasted,
  download,
  FIXTURES,
  launch,
  minilmReference,
  namesOnlyInChromium,
  openPage,
  overhang,
  readTensors,
  retype,
  withoutModel,
} from './browser.js';

let browser;
let page;

before(async () => (browser = await launch()));
after(() => browser.close());
afterEach(async () => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const open = (kind) => page.check(`.kinds [value=${kind}]`, { force: true });
const ready = () => page.waitForSelector('#model[data-state=ready]');
const bucket = (label) => page.locator(`.bucket[aria-label="Examples of ${label}"]`);

/** What the page lists: { label: [what is to be seen of an example, ...] }. */
const listed = () =>
  page.$$eval('.bucket', (buckets) =>
    Object.fromEntries(
      buckets.map((one) => [
        one.querySelector('.bucket-name').value,
        [...one.querySelectorAll('.row')].map((row) =>
          [...row.querySelectorAll('.texts > *')]
            .filter((part) => part.checkVisibility())
            .map((part) => part.value ?? part.textContent)
            .join(' | '),
        ),
      ]),
    ),
  );

async function paste(text, { replace = true } = {}) {
  await page.click('#paste-many');
  await page.fill('#paste-text', text);
  const preview = await page.textContent('#paste-preview');
  if (replace) await page.check('#paste-replace');
  await addPasted(page);
  return preview;
}

describe('examples', () => {
  let server;
  before(async () => (server = await serve({ port: 0, models: FIXTURES })));
  after(() => server.close());
  beforeEach(async () => {
    page = await openPage(browser, `${server.url}?model=tiny-f32&hub=/models`);
  });

  test('each kind has its own, and which one is open is remembered', async () => {
    await paste('one,a\ntwo,b');
    await open('several');
    assert.deepEqual(Object.keys(await listed()), ['room', 'food', 'staff', 'price']);
    await open('pairs');
    assert.deepEqual(Object.keys(await listed()), ['same meaning', 'different']);
    await page.click('#clear-examples');
    await page.reload();
    assert.equal(await page.isChecked('.kinds [value=pairs]'), true);
    assert.deepEqual(await listed(), {});
    await open('single');
    assert.deepEqual(await listed(), { a: ['one'], b: ['two'] });
    await open('pairs');
    await page.click('#reset-examples');
    assert.equal((await listed()).different.length, 16);
  });

  test('what is taken back comes back in its own kind', async () => {
    await open('several');
    const before = await listed();
    await page.click('#clear-examples');
    await open('single');
    await page.click('.toast button');
    assert.equal(await page.isChecked('.kinds [value=several]'), true);
    assert.deepEqual(await listed(), before);
  });

  test('a text is put under several labels, changed under all and removed from one', async () => {
    await open('several');
    assert.equal(await paste('one\ta\none\tb\ntwo\tb\none\tb'), '2 examples: b 3, a 1.');
    assert.equal(await page.textContent('#training-count'), '2 examples');
    assert.deepEqual(await listed(), { a: ['one | also b'], b: ['one | also a', 'two'] });
    assert.equal(await bucket('b').locator('select').first().isDisabled(), true, 'it is under every label already');
    await bucket('b').getByRole('combobox', { name: 'Also under another label' }).selectOption('a');
    assert.deepEqual(await listed(), { a: ['two | also b', 'one | also b'], b: ['one | also a', 'two | also a'] });

    await retype(bucket('a').locator('.row-text').last(), 'changed');
    await page.keyboard.press('Enter');
    assert.deepEqual((await listed()).b, ['changed | also a', 'two | also a']);

    await bucket('a').locator('.remove').first().click();
    assert.deepEqual(await listed(), { a: ['changed | also b'], b: ['changed | also a', 'two'] });

    await retype(bucket('a').locator('.bucket-name'), 'b');
    await page.keyboard.press('Enter');
    assert.deepEqual(await listed(), { b: ['changed', 'two'] });
  });

  test('a pair is added by keyboard, changed, moved and pasted', async () => {
    await open('pairs');
    assert.equal(
      await paste('first\tsecond\tsame\n"one, two",three,other\nno pair,other'),
      '2 examples: same 1, other 1. Left out for want of two texts and a label: 1 line.',
    );
    assert.deepEqual(await listed(), { same: ['first | second'], other: ['one, two | three'] });
    await bucket('same').locator('.add-text').focus();
    await page.keyboard.type('left');
    await page.keyboard.press('Enter');
    await page.keyboard.type('right');
    await page.keyboard.press('Enter');
    assert.deepEqual((await listed()).same, ['left | right', 'first | second']);
    assert.equal(await page.evaluate(() => document.activeElement.className), 'add-text', 'ready for the next one');

    await retype(bucket('same').locator('.row-pair').first(), 'wrong');
    await page.keyboard.press('Enter');
    await bucket('same').locator('select').first().selectOption('other');
    assert.deepEqual(await listed(), { same: ['first | second'], other: ['left | wrong', 'one, two | three'] });
    const before = await listed();
    await page.reload();
    assert.deepEqual(await listed(), before);
  });

  test('everything has a name for screen readers', { skip: namesOnlyInChromium }, async () => {
    await page.getByRole('group', { name: 'Kind of classifier' }).waitFor();
    const session = await page.context().newCDPSession(page);
    const roles = ['button', 'textbox', 'combobox', 'radio', 'slider', 'region'];
    for (const kind of ['several', 'pairs']) {
      await open(kind);
      const { nodes } = await session.send('Accessibility.getFullAXTree');
      const controls = nodes.filter(({ ignored, role }) => !ignored && roles.includes(role?.value));
      assert.ok(controls.length > 100);
      assert.deepEqual(
        controls.filter(({ name }) => !name?.value),
        [],
      );
    }
  });

  test('nothing sticks out of a narrow window', async () => {
    for (const kind of ['several', 'pairs']) {
      await open(kind);
      for (const width of [320, 390, 1280]) {
        await page.setViewportSize({ width, height: 800 });
        assert.equal(await overhang(page), 0, `${kind}, ${width}`);
      }
    }
  });
});

describe('learning', { skip: withoutModel }, () => {
  let server;
  let folder;
  before(async () => {
    server = await serve({ port: 0 });
    folder = await mkdtemp(join(tmpdir(), 'bertlet-kinds-'));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    page = await openPage(browser, `${server.url}?dtype=f32`);
    await ready();
  });

  async function train(kind) {
    await open(kind);
    await page.click('#train');
    await page.waitForSelector('.accuracy');
  }

  /** What the page says of what is typed: its verdict, and { label: score }. */
  async function classify(text, textPair) {
    await page.fill('#try-text', '');
    await page.waitForSelector('#try-result', { state: 'hidden' });
    await page.fill('#try-text', text);
    if (textPair) await page.fill('#try-pair', textPair);
    await page.waitForSelector('#try-result[aria-busy=false]', { state: 'visible' });
    const verdict = (await page.textContent('#try-result .verdict')).replace(/ \d+%/g, '');
    const scores = await page.$$eval('#try-result .score', (rows) =>
      rows.map((row) => [row.querySelector('.score-label').textContent, Number(row.querySelector('data').value)]),
    );
    return { verdict, scores: Object.fromEntries(scores) };
  }

  async function save(name) {
    const path = join(folder, name);
    await writeFile(path, (await download(page, () => page.click('#save-head'))).bytes);
    return path;
  }

  test('several labels: all that fit are named, and a saved head opens in its kind', async () => {
    await train('several');
    const report = await page.textContent('#training-result');
    const [, f1, whole] = /(\d+)% agreement .*For (\d+)% of them it got all labels right/.exec(report).map(Number);
    assert.ok(f1 >= 80 && whole >= 60, report);

    const known = hotelReviews.examples.map(({ text }) => text);
    const cases = [
      ['Clean rooms at a fair price.', ['price', 'room']],
      ['Nine euros for a bowl of soup is robbery.', ['food', 'price']],
      ['The buffet had the same dishes every evening.', ['food']],
      ['Everyone who works there was friendly and helpful.', ['staff']],
      ['It was too hot to sleep and the curtains let the light in.', ['room']],
    ];
    for (const [text, labels] of cases) {
      assert.ok(!known.includes(text));
      const { verdict } = await classify(text);
      assert.deepEqual(verdict.split(', ').sort(), labels, text);
    }
    await page.fill('#try-text', 'a chair');
    await page.fill('#threshold', '0.95');
    await page.waitForSelector('#try-result .verdict:has-text("none of these")');

    const text = 'what a lovely film'; // there is PyTorch's embedding for it
    const { scores } = await classify(text);
    const path = await save('aspects.safetensors');
    const { 'linear.weight': weight, 'linear.bias': bias } = readTensors(await readFile(path));
    const { texts, means } = minilmReference();
    const embedding = means[texts.indexOf(text)];
    const norm = Math.hypot(...embedding);
    ['food', 'price', 'room', 'staff'].forEach((label, k) => {
      const logit = embedding.reduce((sum, x, i) => sum + (x / norm) * weight.data[k * 384 + i], bias.data[k]);
      assert.ok(Math.abs(1 / (1 + Math.exp(-logit)) - scores[label]) < 1e-4, label);
    });

    await open('single');
    await page.reload();
    await ready();
    assert.equal(await page.isDisabled('#save-head'), true);
    await page.setInputFiles('#open-head', path);
    await page.waitForSelector('#training-result:has-text("Opened aspects.safetensors")');
    assert.equal(await page.isChecked('.kinds [value=several]'), true);
    assert.deepEqual((await classify(text)).scores, scores);
  });

  test('pairs: two texts are labelled together', async () => {
    await train('pairs');
    const report = await page.textContent('#training-result');
    const [, accuracy, layer] = /^(\d+)% right .*It reads layer (\d) of the model/.exec(report).map(Number);
    assert.ok(accuracy >= 75 && layer < 6, report);

    const known = sentencePairs.examples.map(({ text }) => text);
    const cases = [
      ['What does it cost?', 'How much do I have to pay?', 'same meaning'],
      ['She speaks three languages.', 'She is trilingual.', 'same meaning'],
      ['I am tired.', 'I need some sleep.', 'same meaning'],
      ['The moon is full tonight.', 'My tooth hurts.', 'different'],
      ['I am tired.', 'Sheep eat grass.', 'different'],
    ];
    for (const [text, textPair, label] of cases) {
      assert.ok(!known.includes(text));
      assert.equal((await classify(text, textPair)).verdict, label, text);
    }
    await page.fill('#try-pair', '');
    await page.waitForSelector('.note:has-text("It needs both texts.")');
    assert.equal(await page.isVisible('#try-result'), false);

    const [text, textPair] = cases[0];
    const { scores } = await classify(text, textPair);
    const path = await save('pairs.safetensors');
    await page.reload();
    await ready();
    await page.setInputFiles('#open-head', path);
    await page.waitForSelector('#training-result:has-text("Opened pairs.safetensors")');
    assert.equal(await page.isChecked('.kinds [value=pairs]'), true);
    assert.deepEqual((await classify(text, textPair)).scores, scores);

    await page.click('.teach button:has-text("same meaning")');
    assert.deepEqual(
      [await page.inputValue('.row-text >> nth=0'), await page.inputValue('.row-pair >> nth=0')],
      [text, textPair],
    );
  });

  test('each kind keeps its classifier, and what is typed, while another is open', async () => {
    await train('several');
    await page.fill('#try-text', 'The soup was too salty.');
    await page.waitForSelector('#try-result .verdict:has-text("food")');
    await open('single');
    assert.equal(await page.isVisible('#try-result'), false);
    assert.equal(await page.isVisible('.accuracy'), false);
    assert.equal(await page.textContent('#train'), 'Train');
    await page.click('#train');
    await page.waitForSelector('#try-result .verdict:has-text("positive")');
    await open('several');
    await page.waitForSelector('#try-result .verdict:has-text("food")');
    assert.equal(await page.inputValue('#try-text'), 'The soup was too salty.');
    assert.equal(await page.textContent('#train'), 'Train again');
  });
});
