// What train says about examples that look wrong, and the accuracies that it prints.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { findSuspicions } from '../../js/cli/data/suspicions.js';
import { tiny, toyExamples } from '../support.js';
import { bertlet, jsonLines, temporaryFolder } from './cli.js';

/** What is said of examples that are written "text/label", or, with several labels, "text/label+label". */
function suspicionsOf(list, multiLabel = false) {
  const examples = list.map((one, i) => {
    const [text, label] = one.split('/');
    return { text, line: i + 1, ...(multiLabel ? { labels: label ? label.split('+') : [] } : { label }) };
  });
  return findSuspicions(examples, 'x.csv').map((message) => message.replace('x.csv: ', ''));
}

const fine = ['one/a', 'two/b', 'three/a', 'four/b'];

/** Asserts that there is one suspicion, and that it fits. */
const suspects = (list, pattern, multiLabel) => {
  const found = suspicionsOf(list, multiLabel);
  assert.equal(found.length, 1, found.join('\n'));
  assert.match(found[0], pattern);
};

test('nothing is said of examples in order', () => {
  assert.deepEqual(suspicionsOf(fine), []);
  assert.deepEqual(suspicionsOf(['one/0', 'two/1', 'three/0', 'four/1']), []);
  assert.deepEqual(suspicionsOf(['one/a+b', 'two/a', 'three/b', 'four/'], true), []);
  assert.deepEqual(suspicionsOf([...fine, 'five/a', 'six/b', 'seven/a', 'eight/b', 'nine/a']), []);
});

test('as many labels as examples: more than four fifths of eight examples or more', () => {
  const labels = (/** @type {number} */ examples, /** @type {number} */ different) =>
    Array.from({ length: examples }, (_, i) => `text ${i}/label ${Math.min(i, different - 1)}`);
  const swapped = (/** @type {string[]} */ list) => suspicionsOf(list).some((one) => one.startsWith('there are'));
  assert.deepEqual([labels(8, 8), labels(7, 7), labels(10, 9), labels(10, 8)].map(swapped), [true, false, true, false]);
});

test('columns that are swapped', () => {
  const texts = Array.from({ length: 10 }, (_, i) => `text ${i}`);
  const [first, ...others] = suspicionsOf(texts.map((text, i) => `${i % 2 ? 'good' : 'bad'}/${text}`));
  assert.match(first, /^there are 10 labels for 10 examples and fewer texts than labels\. Are the columns swapped\?/);
  assert.equal(others.length, 1); // the same text with another label
  suspects(
    texts.map((text, i) => `${text}/${i}th`),
    /^there are 10 labels for 10 examples\. Is this the column of the labels\?/,
  );
});

test('labels that are numbers', () => {
  suspects(['one/1', 'two/2', 'three/3', 'four/1', 'five/2', 'six/3'], /^the labels are numbers \("1", "2", "3"\)/);
  suspects(['one/0,5', 'two/-1.5', 'three/0,5', 'four/-1.5'], /^the labels are numbers/);
});

test('labels that differ by case or spaces', () => {
  const list = ['Good film', 'good_film', 'bad'].flatMap((label, i) => [`one ${i}/${label}`, `two ${i}/${label}`]);
  suspects(list, /^the labels "Good film", "good_film" differ by case or spaces only/);
  suspects(['one/A+b', 'two/a', 'three/b+A', 'four/a'], /^the labels "A", "a" differ/, true);
});

test('labels with one example', () => {
  suspects([...fine, 'five/c'], /^the label "c" has one example, too few/);
  suspects([...fine, 'five/c', 'six/d'], /^the labels "c", "d" have one example each/);
});

test('texts that occur twice', () => {
  suspects([...fine, 'two/a', 'one/b'], /^2 examples repeat .* another label \(lines 5, 6, first in line 2\)/);
  suspects([...fine, 'two/b'], /^1 example repeats an earlier one \(line 5\)/);
  suspects(['one/a+b', 'two/a', 'three/b', 'one/b+a'], /^1 example repeats an earlier one \(line 4\)/, true);
});

test('texts that are empty', () => {
  suspects([...fine, ' /a'], /^1 of the texts is empty \(line 5\)/);
});

test('train warns, and prints the cross-validated accuracy and that on held-out examples', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'toy.tsv');
  const lines = toyExamples(60).map(({ text, label }, i) => `${text} ${i}\t${label}`);
  writeFileSync(file, [...lines, '\tpos', ''].join('\n'));
  const args = ['train', '--model', tiny(), '--train', file, '--output', join(folder, 'head')];
  const { code, stdout, stderr } = await bertlet([...args, '--validation', '0.2']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /warning: .*toy\.tsv: 1 of the texts is empty \(line 61\)/);
  const [summary] = jsonLines(stdout);
  const { cv_accuracy: crossValidated, train_accuracy: trained, validation } = summary;
  assert.ok(crossValidated > 0.5 && crossValidated <= 1 && trained >= crossValidated - 0.1, JSON.stringify(summary));
  assert.equal(validation.n, 12);
  assert.ok(validation.accuracy > 0.5);

  const [given] = jsonLines((await bertlet([...args, '--c', '1'])).stdout);
  assert.equal('cv_accuracy' in given || 'validation' in given, false);
  const [units] = jsonLines((await bertlet([...args, '--hidden-size', '8', '--epochs', '5'])).stdout);
  assert.ok(units.cv_accuracy > 0 && units.cv_accuracy <= 1);
  const wrong = await bertlet([...args, '--validation', '0.95']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--validation must be from 0 to 0\.9/);
});
