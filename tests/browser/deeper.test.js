// The classifier's tab trains the model itself after a layer on top, and the learning curve draws what that brings.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { toyExamples } from '../support.js';
import { addPasted, FIXTURES, useSite } from './browser.js';

const site = useSite({ models: FIXTURES });
let page;

beforeEach(async () => {
  page = await site.open('?model=tiny-f32&hub=/models');
  await page.waitForSelector('#model[data-state=ready]');
});
afterEach(async () => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

/** Makes so many examples those of the user. */
async function paste(count) {
  await page.click('#paste-many');
  const lines = toyExamples(count).map(({ text, label }) => `${text.trim()}\t${label}`);
  await page.fill('#paste-text', lines.join('\n'));
  await page.check('#paste-replace');
  await addPasted(page);
}

const told = () => page.textContent('#training-result');

test('few examples tune the model in pairs, many one by one; the better one is kept, and told', async () => {
  for (const [count, where] of [
    [12, 'examples that were left out in turn'],
    [140, 'held-out examples'],
  ]) {
    await paste(count);
    assert.equal(await page.isVisible('#train-deeper'), false);
    await page.click('#train');
    await page.waitForSelector('#train-deeper:visible');
    await page.click('#train-deeper');
    await page.waitForSelector('#training-result:has-text("with a layer on top alone")', { timeout: 120000 });
    const [, tuned, frozen, on] = /^\s*(\d+)% *right on (?:(?!;).)*; (\d+)% with a layer on top alone\.(.*)$/
      .exec(await told())
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    assert.ok((await told()).includes(where));
    if (tuned > frozen) assert.match(on, /the model itself has learned is kept/);
    if (tuned < frozen) assert.match(on, /the layer on top alone is kept/);
    assert.equal(await page.isVisible('#train-deeper'), false);
    await page.fill('#try-text', 'the good great movie');
    await page.waitForSelector('#try-result[aria-busy=false] .verdict:has-text("pos")');
  }
});

test('stopped, the classifier is the one that was there', async () => {
  await paste(60);
  await page.click('#train');
  await page.waitForSelector('#train-deeper:visible');
  const before = await told();
  await page.click('#train-deeper');
  await page.click('#train:has-text("Stop")');
  await page.waitForSelector('#train-deeper:visible');
  assert.equal(await told(), before);
  await page.fill('#try-text', 'the good great movie');
  await page.waitForSelector('#try-result[aria-busy=false] .verdict:has-text("pos")');
});

test('the learning curve of the model tuned on pairs grows size by size, can be stopped, and goes on', async () => {
  await paste(60);
  await page.click('#tab-curve');
  await page.check('#curve-mine');
  await page.click('#measure');
  await page.waitForSelector('#measure-tuned', { timeout: 60000 });
  // Stopped in the page, as soon as there is a dot: from here the others might come first.
  const stopped = page.evaluate(
    () =>
      new Promise((resolve) => {
        const [button, chart] = ['#measure', '#panel-curve .chart'].map((name) => document.querySelector(name));
        const observer = new MutationObserver(() => {
          if (!chart.querySelector('.tuned circle')) return;
          observer.disconnect();
          resolve(button.textContent);
          button.click();
        });
        observer.observe(chart, { childList: true, subtree: true });
      }),
  );
  assert.match(await page.textContent('.tune-curve .hint'), /on pairs of these examples.*next with 4 of each label/);
  await page.click('#measure-tuned');
  assert.equal(await stopped, 'Stop');
  await page.waitForSelector('#measure:has-text("Measure again")');
  assert.match(
    await page.textContent('#panel-curve .summary'),
    /Tuned with 4 examples of each label, the model is right \d+% of the time; on the same draws, a layer on top alone \d+%\./,
  );
  const rows = await page.$$eval('#panel-curve tbody tr', (lines) =>
    lines.map((line) => [...line.cells].map((cell) => cell.textContent)),
  );
  const [, , , share] = rows.find(([n]) => n === '4');
  assert.match(share, /^\d+% ± \d+$/);
  const height = await page.$eval('#panel-curve .chart', (svg) => {
    const lines = [...svg.querySelectorAll('.grid')].map((line) => line.getBBox().y);
    const [dot] = svg.querySelectorAll('.tuned circle');
    return (100 * (lines[0] - dot.cy.baseVal.value)) / (lines[0] - lines.at(-1));
  });
  assert.ok(Math.abs(height - parseInt(share)) <= 0.51);

  await page.click('#measure-tuned:has-text("Go on")');
  await page.waitForSelector('#panel-curve .summary:has-text("Tuned with 16 examples")', { timeout: 120000 });
  const dots = await page.$$eval('#panel-curve .tuned circle title', (titles) => titles.map((one) => one.textContent));
  assert.deepEqual(
    dots.map((title) => /^with the model tuned, (\d+) of each label/.exec(title)[1]),
    ['4', '8', '16'],
  );
  const last = (await page.textContent('#panel-curve .summary')).split('Tuned with 16')[1];
  const [tuned, frozen] = last.match(/\d+(?=%)/g).map(Number);
  if (tuned !== frozen) assert.equal(last.includes('without tuning'), tuned < frozen, last);
  assert.equal(await page.isVisible('#measure-tuned'), false, 'no size is left that leaves examples over');
});

test('with many labels there is nothing to tune on few examples of each, and that is told', async () => {
  await page.click('#paste-many');
  const lines = Array.from({ length: 21 * 6 }, (_, i) => `film ${i} about topic ${i % 21}\ttopic ${i % 21}`);
  await page.fill('#paste-text', lines.join('\n'));
  await page.check('#paste-replace');
  await addPasted(page);
  await page.click('#tab-curve');
  await page.check('#curve-mine');
  await page.click('#measure');
  await page.waitForSelector('.tune-curve .hint:has-text("With 21, a layer on top alone is the one to take")', {
    timeout: 60000,
  });
  assert.equal(await page.isVisible('#measure-tuned'), false);
});
