// Entities and answers that the page is taught: examples in a text field, a head on the page's own model, and back to the adapter.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { trips } from '../../demo/entities/samples.js';
import { announcements } from '../../demo/questions/samples.js';
import { serve } from '../../scripts/serve.js';
import { download, FIXTURES, launch, marks, openPage, withoutModel } from './browser.js';

let browser;
let page;

before(async () => (browser = await launch()));
after(() => browser.close());
afterEach(async () => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const ready = () => page.waitForSelector('#model[data-state=ready]');

/** Of the open tab: what is taught, and what is said about it. */
const teaching = (tab) => page.locator(`#panel-${tab} .teaching`);
const understood = (tab) => teaching(tab).locator('.understood').textContent();

/** Types into the field that the other fields are about. */
async function tryOn(tab, field, text) {
  await page.fill(field, '');
  await page.locator(`#panel-${tab} .live`).waitFor({ state: 'hidden' });
  await page.fill(field, text);
  const live = page.locator(`#panel-${tab} .live[aria-busy=false]`);
  await live.waitFor();
  return live;
}

const scores = (live) => live.locator('.score data').evaluateAll((all) => all.map(({ value }) => Number(value)));

async function train(tab) {
  await teaching(tab).locator('.train').click();
  await teaching(tab).locator('.accuracy').waitFor({ timeout: 180000 });
  return teaching(tab).locator('.result').textContent();
}

/** Saves what was taught, and opens it in the page loaded anew. */
async function reopen(tab, folder) {
  const { name, bytes } = await download(page, () => teaching(tab).locator('.save').click());
  const path = join(folder, name);
  await writeFile(path, bytes);
  await page.goto(new URL('/', page.url()).href);
  await ready();
  await page.click(`#tab-${tab}`);
  await teaching(tab).locator('.open-head').setInputFiles(path);
  await page.locator(`#panel-${tab} .origin:text-is("This is what you opened.")`).waitFor();
}

describe('what is written', () => {
  let server;
  before(async () => (server = await serve({ port: 0, models: FIXTURES })));
  after(() => server.close());

  /** Opens a tab, whose adapter is not to be had here: the model that it belongs to is not on this server. */
  async function openTab(tab) {
    page = await openPage(browser, `${server.url}?model=tiny-f32&hub=/models#${tab}`);
    await adapterAbsent(tab);
  }

  async function adapterAbsent(tab) {
    await page.locator(`#panel-${tab} .retry`).waitFor();
    page.faults = page.faults.filter((fault) => !fault.includes('404'));
  }

  test('entities are marked by selecting them, and what is not understood is named', async () => {
    await openTab('entities');
    assert.match(await understood('entities'), /^36 sentences, with these marks: from \d+, to \d+, when \d+\.$/);
    const field = page.locator('#taught-entities');
    await field.fill('Ada lives in London.\n[Rome](place) is old.');
    assert.equal(await understood('entities'), '2 sentences, with these marks: place 1.');
    const select = (from, to) => field.evaluate((node, range) => node.setSelectionRange(...range), [from, to]);
    await select(12, 19); // with the space before it
    await teaching('entities').getByRole('button', { name: 'place' }).click();
    assert.equal(await field.inputValue(), 'Ada lives in [London](place).\n[Rome](place) is old.');
    await select(0, 3);
    await teaching('entities').getByLabel('Something else').fill('person');
    await page.keyboard.press('Enter');
    assert.equal(await field.inputValue(), '[Ada](person) lives in [London](place).\n[Rome](place) is old.');
    await page.click('.toast button');
    assert.equal(await field.inputValue(), 'Ada lives in [London](place).\n[Rome](place) is old.');
    await select(4, 4);
    await teaching('entities').getByRole('button', { name: 'place' }).click();
    assert.equal(await understood('entities'), 'First select the words, in the text.');

    await field.fill('all is well\nbut [this is not');
    assert.equal(await understood('entities'), 'Line 2: “[this is not” is not of the form [words](type).');
    assert.equal(await teaching('entities').locator('.train').isDisabled(), true);
    await field.fill('nothing is marked');
    assert.equal(
      await teaching('entities').locator('.teaching-note').textContent(),
      'It needs examples in which something is marked.',
    );
    await page.reload();
    assert.equal(await field.inputValue(), 'nothing is marked', 'it is kept');
    await teaching('entities')
      .locator('.reset')
      .evaluate((button) => button.click());
    assert.equal(await field.inputValue(), trips);
  });

  test('an answer is marked by selecting it', async () => {
    await openTab('questions');
    assert.equal(await understood('questions'), '31 questions, 3 of them without an answer.');
    const field = page.locator('#taught-questions');
    await field.fill('Where?\nIn the hall.\n\nWhen?\n');
    assert.equal(await understood('questions'), 'Line 4: a question is to have a text below it.');
    await field.fill('Where?\nIn the hall.');
    await field.evaluate((node) => node.setSelectionRange(10, 18));
    await teaching('questions').getByRole('button', { name: 'Mark what is selected as the answer' }).click();
    assert.equal(await field.inputValue(), 'Where?\nIn [the hall].');
    assert.equal(await understood('questions'), '1 question.');
  });

  test('a few examples are learned from, and not tested', async () => {
    await openTab('entities');
    await page.fill('#taught-entities', 'the [great](word)\nthe [good](word)');
    await teaching('entities').locator('.train').click();
    await teaching('entities').locator('.result:has-text("too few")').waitFor();
    assert.match(
      await teaching('entities').locator('.result').textContent(),
      /^Learned from 2 examples, in .*too few\.$/,
    );
    const live = await tryOn('entities', '#entities-text', 'the great');
    assert.deepEqual(await marks(live), [['great', 'word']]);
  });
});

describe('learning', { skip: withoutModel }, () => {
  let server;
  let folder;
  before(async () => {
    server = await serve({ port: 0 });
    folder = await mkdtemp(join(tmpdir(), 'bertlet-teaching-'));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  test('entities: new sentences are understood, saved, opened, and left for the adapter', async () => {
    page = await openPage(browser, `${server.url}#entities`);
    await page.locator('#panel-entities .live[aria-busy=false]:has-text("Merkel")').waitFor();
    assert.equal(await teaching('entities').locator('.back').isVisible(), false);
    const report = await train('entities');
    const [, found, right] = /^(\d+)% of what you marked .* (\d+)% was right/.exec(report).map(Number);
    assert.ok(found >= 45 && right >= 40, report);
    await page.locator('#panel-entities .live:has-text("Athens")').waitFor(); // in the place of the names that it does not know

    const cases = [
      [
        'Which bus goes from Bristol to Cardiff?',
        [
          ['Bristol', 'from'],
          ['Cardiff', 'to'],
        ],
      ],
      [
        'Our friends left Valencia yesterday.',
        [
          ['Valencia', 'from'],
          ['yesterday', 'when'],
        ],
      ],
      [
        'Is there a train to Brussels this evening?',
        [
          ['Brussels', 'to'],
          ['this evening', 'when'],
        ],
      ],
    ];
    for (const [text, expected] of cases) {
      assert.ok(!trips.includes(expected[0][0]));
      assert.deepEqual(await marks(await tryOn('entities', '#entities-text', text)), expected);
    }
    const before = await scores(await tryOn('entities', '#entities-text', cases[0][0]));
    await reopen('entities', folder);
    const live = await tryOn('entities', '#entities-text', cases[0][0]);
    assert.deepEqual(await marks(live), cases[0][1]);
    assert.deepEqual(await scores(live), before);

    await teaching('entities').locator('.back:has-text("Back to the adapter")').click();
    await page.locator('#panel-entities .origin:has-text("WNUT 2017")').waitFor();
    await tryOn('entities', '#entities-text', 'Angela Merkel met Tim Cook.');
    await page.locator('#panel-entities .live mark:has-text("person")').first().waitFor();
    assert.equal(await teaching('entities').locator('.back').isVisible(), false);
  });

  test('answers: new texts are understood, saved, opened; training can be stopped', async () => {
    page = await openPage(browser, `${server.url}#questions`);
    await page.locator('#panel-questions .live[aria-busy=false]:has-text("Svalbard")').waitFor();
    await teaching('questions').locator('.train').click();
    await teaching('questions').locator('.train:has-text("Stop")').click();
    await teaching('questions').locator('.train:text-is("Train")').waitFor();
    assert.equal(await teaching('questions').locator('.save').isDisabled(), true);
    assert.equal(await teaching('questions').locator('.problem').isVisible(), false);

    const report = await train('questions');
    const [, right] = /^(\d+)% answered word for word/.exec(report).map(Number);
    assert.ok(right >= 60, report);
    await page.locator('#panel-questions .verdict:has-text("7 pm")').waitFor();

    const cases = [
      ['The puppet show for the little ones is at 3 pm in the tent.', '3 pm'],
      ['Dancing lessons for couples start next Friday. No partner is needed.', 'next Friday'],
      ['Breakfast is served from seven o’clock in the garden room.', 'seven o’clock'],
    ];
    for (const [text, expected] of cases) {
      assert.ok(!announcements.includes(text));
      const live = await tryOn('questions', '#passage', text);
      assert.deepEqual(await marks(live), [[expected, '']]);
    }
    const none = await tryOn('questions', '#passage', 'Our choir has forty singers and a new conductor.');
    assert.match(await none.locator('.verdict').textContent(), /^no answer in this text/);
    assert.deepEqual(await marks(none), []);

    const before = await scores(await tryOn('questions', '#passage', cases[0][0]));
    await reopen('questions', folder);
    await page.fill('#question', 'When does it start?');
    assert.deepEqual(await scores(await tryOn('questions', '#passage', cases[0][0])), before);
  });

  test('entities and answers that were taught do not take each other’s place', async () => {
    page = await openPage(browser, `${server.url}#entities`);
    await ready();
    await page.fill('#taught-entities', 'We sail to [Rhodes](port).\nShe is in [Malta](port).');
    await teaching('entities').locator('.train').click();
    await page.locator('#panel-entities .origin:text-is("This is what you taught it below.")').waitFor();
    await page.click('#tab-questions');
    await page.fill('#taught-questions', 'Where?\nIn [Malta].');
    await teaching('questions').locator('.train').click();
    await page.locator('#panel-questions .origin:text-is("This is what you taught it below.")').waitFor();
    await page.click('#tab-entities');
    assert.equal(await page.textContent('#panel-entities .origin'), 'This is what you taught it below.');
    assert.equal(await teaching('entities').locator('.save').isEnabled(), true);
    assert.deepEqual(await marks(await tryOn('entities', '#entities-text', 'They are in Malta.')), [['Malta', 'port']]);

    await teaching('entities').locator('.back').click();
    assert.equal(await teaching('entities').locator('.save').isEnabled(), false);
    await page.click('.toast button');
    assert.match(await teaching('entities').locator('.result').textContent(), /^Learned from 2 examples/);
    assert.deepEqual(await marks(await tryOn('entities', '#entities-text', 'They are in Malta.')), [['Malta', 'port']]);
  });
});
