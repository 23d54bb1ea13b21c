// The list of examples: add, edit, move, rename, delete, take back, paste; kept over a reload; within reach of everybody.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { serve } from '../../scripts/serve.js';
import { addPasted, FIXTURES, launch, namesOnlyInChromium, openPage, overhang, retype } from './browser.js';

let browser;
let server;
let page;

before(async () => {
  browser = await launch();
  server = await serve({ port: 0, models: FIXTURES });
});

after(async () => {
  await browser.close();
  await server.close();
});

beforeEach(async () => {
  page = await openPage(browser, `${server.url}?model=tiny-f32&hub=/models`, {
    viewport: { width: 1280, height: 900 },
  });
});

afterEach(async () => {
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

/** What the page lists: { label: [text, ...] }. */
const listed = () =>
  page.$$eval('.bucket', (buckets) =>
    Object.fromEntries(
      buckets.map((bucket) => [
        bucket.querySelector('.bucket-name').value,
        [...bucket.querySelectorAll('.row-text')].map(({ value }) => value),
      ]),
    ),
  );

const bucket = (label) => page.locator(`.bucket[aria-label="Examples of ${label}"]`);

async function replaceAll(lines) {
  await page.click('#paste-many');
  const buffer = Buffer.from(lines.join('\n'));
  await page.setInputFiles('#paste-file', { name: 'examples.tsv', mimeType: 'text/plain', buffer });
  await page.check('#paste-replace');
  await addPasted(page);
}

test('it begins with eight positive and eight negative sentences', async () => {
  const { positive, negative } = await listed();
  assert.equal(positive.length, 8);
  assert.equal(negative.length, 8);
});

test('an example is added, edited, moved and removed, by keyboard alone', async () => {
  await replaceAll(['first,a', 'second,b']);
  await bucket('a').locator('.add-text').focus();
  await page.keyboard.type('third');
  await page.keyboard.press('Enter');
  assert.deepEqual(await listed(), { a: ['third', 'first'], b: ['second'] });
  assert.equal(await page.evaluate(() => document.activeElement.className), 'add-text', 'ready for the next one');

  await bucket('a').locator('.row-text').first().focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('changed');
  await page.keyboard.press('Enter');
  assert.deepEqual(await listed(), { a: ['changed', 'first'], b: ['second'] });

  await bucket('a').locator('.row-text').first().focus();
  await page.keyboard.type('not this');
  await page.keyboard.press('Escape');
  assert.deepEqual(await listed(), { a: ['changed', 'first'], b: ['second'] });

  await bucket('a').locator('select').first().selectOption('b');
  assert.deepEqual(await listed(), { a: ['first'], b: ['changed', 'second'] });

  await bucket('b').locator('.remove').first().focus();
  await page.keyboard.press('Enter');
  assert.deepEqual(await listed(), { a: ['first'], b: ['second'] });
  assert.equal(await page.evaluate(() => document.activeElement.className), 'icon remove', 'the focus is not lost');
});

test('what was removed can be taken back', async () => {
  const before = await listed();
  await bucket('positive').locator('.remove').first().click();
  await page.click('.toast button');
  assert.deepEqual(await listed(), before);

  await bucket('negative').locator('.remove-label').click();
  assert.deepEqual(Object.keys(await listed()), ['positive']);
  await page.locator('h1').click();
  await page.keyboard.press('Control+z');
  assert.deepEqual(await listed(), before);

  await page.click('#clear-examples');
  assert.deepEqual(await listed(), {});
  await page.click('.toast button');
  assert.deepEqual(await listed(), before);
});

test('labels are added, renamed and merged', async () => {
  await replaceAll(['one,a', 'two,b']);
  await page.fill('.new-label input', 'c');
  await page.keyboard.press('Enter');
  await page.keyboard.type('three');
  await page.keyboard.press('Enter');
  assert.deepEqual(await listed(), { a: ['one'], b: ['two'], c: ['three'] });

  await retype(bucket('a').locator('.bucket-name'), 'd');
  await page.keyboard.press('Enter');
  assert.deepEqual(await listed(), { d: ['one'], b: ['two'], c: ['three'] });

  await retype(bucket('c').locator('.bucket-name'), 'd');
  await page.keyboard.press('Enter');
  assert.deepEqual(await listed(), { d: ['three', 'one'], b: ['two'] });
});

describe('pasting', () => {
  test('says what it found before it is added', async () => {
    await page.click('#paste-many');
    assert.equal(await page.isDisabled('#paste-add'), true);
    const pasted = 'Where is my parcel?\tdelivery\n"Charged twice, again",payment\nhello\nRefused,payment';
    await page.fill('#paste-text', pasted);
    const preview = await page.textContent('#paste-preview');
    assert.equal(preview, '3 examples: payment 2, delivery 1. Left out for want of a label: 1 line.');
    await page.fill('#paste-text', 'Late,delivery\n"Twice,payment\n"Never again,payment');
    assert.match(
      await page.textContent('#paste-preview'),
      /^3 examples: .* A quote \("\) that opens in line 2 and in 1 other line is never closed, and is read as a part of the text\.$/,
    );
    await page.fill('#paste-text', pasted);
    await addPasted(page);
    const { delivery, payment, positive } = await listed();
    assert.deepEqual(delivery, ['Where is my parcel?']);
    assert.deepEqual(payment, ['Charged twice, again', 'Refused']);
    assert.equal(positive.length, 8);
  });

  test('takes a table of a spreadsheet, and names a file that is none', async () => {
    const before = await listed();
    await page.click('#paste-many');
    const choose = (name, content) =>
      page.setInputFiles('#paste-file', { name, mimeType: 'text/csv', buffer: Buffer.from(content, 'latin1') });
    await choose('shop.png', '\x89PNG\r\n\x1a\n\0\0\0,\0');
    await page.waitForSelector('#paste-preview:has-text("shop.png is a PNG image, not text.")');
    assert.equal(await page.isDisabled('#paste-add'), true);
    await choose('shop.csv', 'id;review;sentiment\r\n1;"Late; and cold, too";bad\r\n2;Fine;good\r\n');
    await page.waitForSelector('#paste-preview:has-text("2 examples: bad 1, good 1.")');
    await page.keyboard.press('Escape');
    assert.deepEqual(await listed(), before);
  });

  test('adds nothing when it is cancelled', async () => {
    const before = await listed();
    await page.click('#paste-many');
    await page.fill('#paste-text', 'one,a');
    await addPasted(page);
    await page.click('.toast button');
    await page.click('#paste-many');
    await page.fill('#paste-text', 'two,b');
    await page.keyboard.press('Escape');
    assert.deepEqual(await listed(), before);
  });

  test('takes a dropped file', async () => {
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['one\ta\ntwo\tb\n'], 'examples.tsv'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    });
    await page.waitForSelector('#paste-add:has-text("Add 2 examples")');
    await addPasted(page);
    assert.deepEqual((await listed()).a, ['one']);
  });

  test('several lines into the field of a label makes as many examples', async () => {
    await replaceAll(['one,a', 'two,b']);
    await bucket('a').locator('.add-text').focus();
    await page.evaluate(() => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', 'three, or so\nfour\n');
      const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true });
      Object.defineProperty(event, 'clipboardData', { value: clipboardData }); // Firefox takes none from a script
      document.activeElement.dispatchEvent(event);
    });
    assert.deepEqual(await listed(), { a: ['three, or so', 'four', 'one'], b: ['two'] });
  });

  test('thousands of lines shows some of them and counts all', async () => {
    await replaceAll(Array.from({ length: 5000 }, (_, i) => `text ${i}\tlabel ${i % 2}`));
    assert.equal(await page.locator('.row').count(), 50);
    assert.equal(await page.textContent('#training-count'), '5,000 examples');
    await bucket('label 0').locator('.more').click();
    assert.equal(await bucket('label 0').locator('.row').count(), 2500);
  });
});

test('the examples are still there after a reload', async () => {
  await replaceAll(['one,a', 'two,b', '<b>three</b> & "four",a']);
  const before = await listed();
  await page.reload();
  assert.deepEqual(await listed(), before);
});

test('what it can’t understand in storage is passed over', async () => {
  await page.evaluate(() => localStorage.setItem('bertlet:examples', '{"labels":["a"],"items":[{"text":1}]}'));
  await page.reload();
  assert.deepEqual(Object.keys(await listed()), ['positive', 'negative']);
});

test('one label is not enough, and the page says so', async () => {
  await page.waitForSelector('#model[data-state=ready]');
  await replaceAll(['one,a', 'two,a']);
  await page.waitForSelector('#training-note:text-is("It needs examples of at least two labels.")');
  assert.equal(await page.isDisabled('#train'), true);
});

test('everything that can be used has a name for screen readers', { skip: namesOnlyInChromium }, async () => {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const roles = ['button', 'textbox', 'combobox', 'checkbox', 'progressbar', 'link', 'region', 'dialog'];
  const controls = nodes.filter(({ ignored, role }) => !ignored && roles.includes(role?.value));
  assert.ok(controls.length > 60);
  const nameless = controls.filter(({ name }) => !name?.value);
  assert.deepEqual(
    nameless.map(({ role }) => role.value),
    [],
  );
});

test('nothing sticks out of a narrow window', async () => {
  for (const width of [320, 360, 390, 768, 1024]) {
    await page.setViewportSize({ width, height: 800 });
    assert.equal(await overhang(page), 0, `${width}`);
  }
});
