// The tab that tunes the model itself: live, paused, after a reload, compared, and taken home.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { unzipSync } from 'fflate';
import { toyExamples } from '../support.js';
import {
  addPasted,
  download,
  FIXTURES,
  foldersOnlyInChromium,
  namesOnlyInChromium,
  onlyInChromium,
  overhang,
  useSite,
} from './browser.js';

const python = process.env.PYTHON ?? 'python3';
const packages = 'torch, transformers, peft';
const withoutPeft =
  spawnSync(python, ['-c', `import ${packages}`]).status === 0 ? false : `${python} lacks ${packages}`;

const site = useSite({ models: FIXTURES });
let page;

beforeEach(async () => {
  page = await site.open('?model=tiny-f32&hub=/models&dtype=f32#tune');
  await ready();
});
afterEach(async () => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const ready = () => page.waitForSelector('#model[data-state=ready]');
const panel = () => page.locator('#panel-tune');
const note = () => page.textContent('#tune-note');
const button = (name) => page.locator(`#tune-start:text-is("${name}")`);
const finished = () => panel().locator('.accuracy').waitFor({ timeout: 240000 });

/** Makes examples of a file those of the user, by the tab's own button. */
async function paste(examples) {
  const lines = examples.map(({ text, label }) => `${text.trim()}\t${label}`);
  await page.click('#tune-paste');
  const buffer = Buffer.from(lines.join('\n'));
  await page.setInputFiles('#paste-file', { name: 'examples.tsv', mimeType: 'text/plain', buffer });
  await page.waitForSelector('#paste-add:enabled');
  await page.check('#paste-replace');
  await addPasted(page);
}

/** Begins, and pauses as soon as the page says that a step is done. */
async function pauseEarly() {
  await page.evaluate(() => {
    const start = document.querySelector('#tune-start');
    const observer = new MutationObserver(() => {
      if (start.textContent !== 'Pause') return;
      observer.disconnect();
      start.click();
    });
    observer.observe(start, { childList: true, characterData: true, subtree: true });
  });
  await page.click('#tune-start');
  await button('Go on').waitFor({ timeout: 60000 });
}

/** What both heads make of a sentence: [layer on top, tuned], each { label: score }. */
async function compare(text) {
  await page.fill('#tune-text', '');
  await page.locator('#tune-compare .live').waitFor({ state: 'hidden' });
  await page.fill('#tune-text', text);
  await page.locator('#tune-compare .live[aria-busy=false]').waitFor();
  return page.$$eval('#tune-compare .sides section', (sides) =>
    sides.map((side) =>
      Object.fromEntries(
        [...side.querySelectorAll('.score')].map((row) => [
          row.querySelector('.score-label').textContent,
          Number(row.querySelector('data').value),
        ]),
      ),
    ),
  );
}

test('it is drawn as it goes, and both heads are compared', async () => {
  await paste(toyExamples(60));
  assert.equal(await page.isChecked('#tune-mine'), true);
  assert.equal(await page.textContent('#tune-mine-count'), '60 examples of one label each');
  assert.equal(await page.isVisible('#tune-after'), false);
  await page.click('#tune-start');
  await finished();
  assert.match(
    await panel().locator('.result').textContent(),
    /^\d+% of the held-out examples right; \d+% with a layer on top alone\..*Tuned on 48 examples in .*: \d+ rounds?, \d+ steps\./,
  );
  const rounds = await panel().locator('tbody tr').count();
  assert.ok(rounds >= 3);
  const length = (name) =>
    panel()
      .locator(`.chart ${name} .mean`)
      .first()
      .evaluate((path) => path.getTotalLength());
  assert.ok((await length('.with-model')) > 0 && (await length('.words')) > 0);
  assert.match(
    await panel().locator('.facts').textContent(),
    /^Step\d+ of \d+Tokens a second[\d,]+.*Memory for it\d+ MB$/,
  );
  assert.match(await panel().locator('.chart').getAttribute('aria-label'), /After \d+ rounds it gets \d+%/);

  // Each point of the chart is where its number says, between the lines that are named.
  const drawn = await panel()
    .locator('.chart')
    .evaluate((svg) => {
      const lines = [...svg.querySelectorAll('.grid')].map((line) => line.getBBox().y).slice(3); // below those of the loss
      const names = [...svg.querySelectorAll('.end')].map(({ textContent }) => parseInt(textContent)).slice(3);
      return [...svg.querySelectorAll('circle')].map(
        ({ cy }) => names[0] + ((100 - names[0]) * (lines[0] - cy.baseVal.value)) / (lines[0] - lines.at(-1)),
      );
    });
  const told = await panel().locator('tbody td:last-child').allTextContents();
  assert.equal(drawn.length, told.length);
  told.forEach((text, i) => assert.ok(Math.abs(drawn[i] - parseInt(text)) <= 0.51));

  const [frozen, tuned] = await compare('the good great movie');
  assert.ok(frozen.pos > 0.5 && tuned.pos > 0.5);
  assert.notEqual(frozen.pos, tuned.pos);
  const others = await compare('the awful bad movie');
  assert.ok(others[0].neg > 0.5 && others[1].neg > 0.5);
});

test('paused, reloaded and resumed it ends where the library does without a pause', async () => {
  const examples = toyExamples(640).map(({ text, label }) => ({ text: text.trim(), label }));
  await paste(examples);
  await pauseEarly();
  const before = await note();
  assert.match(before, /^Paused at step \d+ of \d+, with 640 examples\. It is kept in this browser/);
  assert.equal(await page.isDisabled('#tune-mine'), true);
  await page.reload();
  await ready();
  await button('Go on').waitFor();
  assert.equal(await note(), before);
  assert.equal(await page.isChecked('#tune-mine'), true);
  await button('Go on').click();
  await finished();
  assert.equal(await panel().locator('.problem:visible').count(), 0);
  const shown = await compare('the good old movie');

  const expected = await page.evaluate(async (all) => {
    const { load } = await import('/dist/bertlet.js');
    const bert = await load('tiny-f32', { hub: '/models', dtype: 'f32' });
    const common = { validation: 0.2, onWarning() {} };
    const heads = [await bert.fit(all, common), await bert.fit(all, { ...common, method: 'lora' })];
    return {
      shares: heads.map(({ report }) => Math.round(100 * report.validation.accuracy)),
      predictions: await Promise.all(heads.map((head) => head.classify('the good old movie'))),
    };
  }, examples);
  const [frozen, tuned] = expected.shares;
  assert.match(
    await panel().locator('.result').textContent(),
    new RegExp(`^${tuned}% of the held-out examples right; ${frozen}% with`),
  );
  assert.deepEqual(
    shown,
    expected.predictions.map((list) => Object.fromEntries(list.map(({ label, score }) => [label, score]))),
  );

  await page.reload();
  await ready();
  await button('Fine-tune').waitFor();
  assert.equal(await note(), '', 'nothing is left of it');
});

/** Waits until so many paused trainings are in the browser's database. */
const keptRuns = (wanted) =>
  page.waitForFunction(
    (wanted) =>
      new Promise((resolve) => {
        const opening = indexedDB.open('bertlet-tuning');
        opening.onsuccess = () => {
          const counting = opening.result.transaction('runs').objectStore('runs').count();
          counting.onsuccess = () => {
            opening.result.close();
            resolve(counting.result === wanted);
          };
        };
      }),
    wanted,
  );

test('what is paused can be discarded, and that taken back', async () => {
  await paste(toyExamples(640));
  await pauseEarly();
  await page.click('#tune-discard');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'tune-start');
  await button('Fine-tune').waitFor();
  await page.click('.toast button');
  await button('Go on').waitFor();
  await keptRuns(1);
  await page.click('#tune-discard');
  await keptRuns(0); // a page that is left while it writes leaves the old state
  await page.reload();
  await ready();
  await button('Fine-tune').waitFor();
});

test('it does not go on with another model, and says so', { skip: foldersOnlyInChromium }, async () => {
  await paste(toyExamples(640));
  await pauseEarly();
  await page.setInputFiles('.model-folder', join(FIXTURES, 'tiny-f16'));
  await page.waitForSelector('#tab-entities[aria-selected=true]'); // which is for the head that it brings
  await page.click('#tab-tune');
  await page.waitForSelector('#tune-note:has-text("It was begun with another model, tiny-f32")');
  assert.equal(await page.isDisabled('#tune-start'), true);
  await page.click('#tune-discard');
  assert.equal(await page.isDisabled('#tune-start'), false);
});

test('one label is not enough, and what can’t be fetched is named', async () => {
  await paste([{ text: 'the good movie', label: 'pos' }]);
  assert.equal(await note(), 'It needs examples of at least two labels.');
  assert.equal(await page.isDisabled('#tune-start'), true);
  await page.route('**/reviews.tsv', (route) => route.fulfill({ status: 404 }));
  await page.check('#panel-tune [value=reviews]');
  await page.click('#tune-start');
  await panel().locator('.problem:has-text("data/reviews.tsv could not be fetched (HTTP 404).")').waitFor();
  page.faults = page.faults.filter((fault) => !fault.includes('404'));
  await button('Fine-tune').waitFor();
});

const tuneToLongLabels = async () => {
  await page.check('#panel-tune [value=banking]'); // with long names of labels
  await page.click('#tune-start');
  await finished();
};

test('everything has a name for screen readers', { skip: namesOnlyInChromium }, async () => {
  await tuneToLongLabels();
  const cdp = await page.context().newCDPSession(page);
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  const roles = ['button', 'textbox', 'radio', 'tab', 'region', 'image', 'progressbar'];
  const controls = nodes.filter(({ role, ignored }) => !ignored && roles.includes(role?.value));
  assert.deepEqual(
    controls.filter(({ name }) => !name?.value),
    [],
  );
  assert.ok(controls.some(({ name }) => name.value === 'Copy the lines of Python'));
});

test('nothing sticks out of a narrow window', async () => {
  await tuneToLongLabels();
  for (const width of [320, 390, 768, 1024, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await overhang(page), 0, `${width}`);
  }
});

describe('taken home', () => {
  const TEXT = toyExamples(1)[0].text.trim(); // which is in the lines, too
  let folder;
  let scores;
  let files;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'bertlet-tuned-'))));
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    await paste(toyExamples(60));
    await page.click('#tune-start');
    await finished();
    const { name, bytes } = await download(page, () => page.locator('.save-adapter:has-text("MB")').click());
    assert.equal(name, 'tuned-adapter.zip');
    files = unzipSync(bytes);
    [, scores] = await compare(TEXT);
  });

  const linesOf = (language) => page.locator(`#tune-home .${language} code`).textContent();

  test('one file opens in the first tab, with the same scores', async () => {
    const { name, bytes } = await download(page, () => page.click('.save-file'));
    const path = join(folder, name);
    await writeFile(path, bytes);
    await page.reload();
    await ready();
    await page.click('#tab-classify');
    await page.setInputFiles('#open-head', path);
    await page.waitForSelector('#training-result:has-text("Opened tuned.safetensors")');
    await page.fill('#try-text', '');
    await page.waitForSelector('#try-result', { state: 'hidden' });
    await page.fill('#try-text', TEXT);
    await page.waitForSelector('#try-result[aria-busy=false]', { state: 'visible' });
    const shown = await page.$$eval('#try-result .score', (rows) =>
      rows.map((row) => [row.querySelector('.score-label').textContent, Number(row.querySelector('data').value)]),
    );
    assert.deepEqual(Object.fromEntries(shown), scores);
  });

  test('the lines of Python give the same scores', { skip: withoutPeft }, async () => {
    await mkdir(join(folder, 'tuned-adapter'));
    for (const [name, bytes] of Object.entries(files))
      if (!name.endsWith('/')) await writeFile(join(folder, name), bytes);
    await symlink(join(FIXTURES, 'tiny-f32'), join(folder, 'tiny-f32'));
    const lines = await linesOf('python');
    assert.equal(lines.split('\n').length, 6);
    const { status, stdout, stderr } = spawnSync(python, ['-c', lines], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
    });
    assert.equal(status, 0, stderr.split('\n').slice(-8).join('\n'));
    const found = JSON.parse(stdout.trim().replaceAll("'", '"'));
    assert.deepEqual(Object.keys(found).sort(), Object.keys(scores).sort());
    for (const [label, score] of Object.entries(found)) assert.ok(Math.abs(score - scores[label]) < 1e-5, label);
  });

  test('the lines of JavaScript give the same scores', async () => {
    const lines = await linesOf('javascript');
    assert.equal(lines.split('\n').length, 6);
    await page.route('**/tuned-adapter/*', (route) => {
      const bytes = files[new URL(route.request().url()).pathname.slice(1)];
      return route.fulfill(bytes ? { body: Buffer.from(bytes) } : { status: 404 });
    });
    const here = lines
      .replace('import { load } from "bertlet"', 'const { load } = await import("/dist/bertlet.js")')
      .replace('adapter:', 'hub: "/models", dtype: "f32", adapter:'); // in int8 an adapter that is merged rounds otherwise than one beside
    /** @type {Record<string, number>} */
    const found = {};
    page.on('console', (message) => {
      const [label, score] = message.text().split(' ');
      found[label] = Number(score);
    });
    await page.evaluate(`(async () => {${here}})()`);
    assert.deepEqual(Object.keys(found).sort(), Object.keys(scores).sort());
    for (const [label, score] of Object.entries(found)) assert.ok(Math.abs(score - scores[label]) < 1e-5, label);
  });

  test('the lines can be copied', { skip: onlyInChromium('a clipboard that a test may read') }, async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.click('#tune-home .python .copy');
    await page.waitForSelector('#tune-home .copied:has-text("Copied.")');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await linesOf('python'));
  });
});
