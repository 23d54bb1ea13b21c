// Sentences with marked entities, as they are typed into the page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEntities, wordsOf } from '../../demo/entities/parse-entities.js';
import { splitWords } from '../../js/decode/words.js';

/** "Ada/B-person lives/O" */
const tagged = (text) => parseEntities(text).examples.map(({ words, tags }) => words.map((w, i) => `${w}/${tags[i]}`));

test('marked words have a tag that begins or goes on, the others have none', () => {
  assert.deepEqual(tagged('[Ada Lovelace](person) lives in [London](place).\r\n\n  \nit rains'), [
    ['Ada/B-person', 'Lovelace/I-person', 'lives/O', 'in/O', 'London/B-place', './O'],
    ['it/O', 'rains/O'],
  ]);
});

test('marks may touch, hold punctuation, and end within a word', () => {
  assert.deepEqual(tagged('([Rome](place)[Ada]( given name )) [Paris](place)-born, [a (b)](x)'), [
    [
      '(/O',
      'Rome/B-place',
      'Ada/B-given name',
      ')/O',
      'Paris/B-place',
      '-born/O',
      ',/O',
      'a/B-x',
      '(/I-x',
      'b/I-x',
      ')/I-x',
    ],
  ]);
});

test('types are counted', () => {
  const { types } = parseEntities('[a](x) [b](y)\n[c](x)');
  assert.deepEqual(
    [...types],
    [
      ['x', 2],
      ['y', 1],
    ],
  );
});

test('the first line that is not understood is named', () => {
  const fault = (text) => parseEntities(text).fault;
  assert.deepEqual(fault('fine\n\nnot [Ada'), { line: 3, message: '“[Ada” is not of the form [words](type)' });
  assert.deepEqual(fault('[Ada] (person)'), {
    line: 1,
    message: '“[Ada] (person)” is not of the form [words](type)',
  });
  assert.deepEqual(fault('[Ada]()'), { line: 1, message: '[Ada]() has no type in the parentheses' });
  assert.deepEqual(fault('[ ](x)'), { line: 1, message: 'no words are marked in [ ](x)' });
  assert.equal(fault('[Ada [Lovelace](a)](b)').line, 1);
  assert.equal(fault('(this) is fine'), undefined);
});

test('words are cut as heads cut them', () => {
  const texts = [
    'Hello, "world"! (It’s 7:30 - or $5.) … ¿Qué? «oui» don\'t 50% a.b.c. [x]',
    "北京 is 1,000 km away... '' ((\")) \t“so,” she said",
  ];
  for (const text of texts) {
    assert.deepEqual(
      wordsOf(text),
      splitWords(text).map(([start, end]) => text.slice(start, end)),
    );
  }
});
