// Readers that take bytes: heads, entries of the cache, files of examples.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readHead, writeHead } from '../../js/checkpoint/head-file.js';
import { readExamples, readLabelFile } from '../../js/cli/data/examples.js';
import { findSuspicions } from '../../js/cli/data/suspicions.js';
import {
  damagedJson,
  damagedJsonFile,
  damagedSafetensors,
  damagedText,
  joinSafetensors,
  splitSafetensors,
} from './damage.js';

const layer = (outputs, inputs) => ({
  weight: Float32Array.from({ length: outputs * inputs }, (_, i) => i / 8),
  bias: new Float32Array(outputs),
  activation: 'none',
});

const lora = new Map([
  [
    'encoder.layer.0.attention.self.query.weight',
    { a: new Float32Array(2 * 4), b: new Float32Array(8 * 2), rank: 2, rows: 8, columns: 4, scale: 0.5 },
  ],
]);

const tagger = writeHead({
  task: 'token-classification',
  labels: ['O', 'B-LOC', 'I-LOC'],
  network: {
    layer: 2,
    pooling: 'none',
    normalize: true,
    dense: [{ ...layer(4, 8), activation: 'relu' }, layer(3, 4)],
    lora,
    ignoreTokenTypes: true,
  },
  transitions: { start: new Float64Array(3), next: new Float64Array(9), end: new Float64Array(3) },
  baseModel: 'org/name',
  adapter: 'org/adapter',
  fingerprint: '0123456789abcdef',
  report: { n: 10, accuracy: 0.9 },
});

/** Heads whose metadata's own JSON is damaged. */
function damagedMetadata() {
  const { header, data } = splitSafetensors(tagger);
  return damagedJson(JSON.parse(header.__metadata__.bertlet)).map((bertlet) =>
    joinSafetensors(new TextEncoder().encode(JSON.stringify({ ...header, __metadata__: { bertlet } })), data),
  );
}

function useHead(bytes) {
  const { labels, network, task, transitions } = readHead(bytes);
  let inputs = network.dense[0].weight.length / network.dense[0].bias.length;
  for (const { weight, bias } of network.dense) {
    assert.equal(weight.length, inputs * bias.length);
    assert.ok(weight.every(Number.isFinite) && bias.length > 0);
    inputs = bias.length;
  }
  assert.equal(inputs, task === 'question-answering' ? 2 : labels.length);
  for (const { a, b, rank, rows, columns, scale } of network.lora?.values() ?? []) {
    assert.equal(a.length, rank * columns);
    assert.equal(b.length, rows * rank);
    assert.ok(rank > 0 && Number.isFinite(scale) && a.every(Number.isFinite) && b.every(Number.isFinite));
  }
  if (transitions) assert.equal(transitions.next.length, labels.length ** 2);
}

const heads = [
  { name: 'a head', input: damagedSafetensors(tagger), read: useHead },
  { name: 'a head’s metadata', input: damagedMetadata(), read: useHead },
];

const scratch = mkdtempSync(join(tmpdir(), 'bertlet-damaged-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** A file of examples, read as the command line reads it. */
function examples(name, task, input, options = {}) {
  const path = join(scratch, name);
  return {
    name: `examples for ${task}: ${name}`,
    input,
    async read(bytes) {
      writeFileSync(path, bytes);
      const list = await readExamples(path, task, options);
      assert.ok(list.length > 0);
      for (const { text, textPair, negative, label, labels, score, words, tags, question, context, answers } of list) {
        if (task === 'text-classification') assert.ok(typeof text === 'string' && typeof label === 'string' && label);
        if (task === 'multi-label') assert.equal(new Set(labels).size, labels.length);
        if (task === 'regression') assert.ok(typeof text === 'string' && Number.isFinite(score));
        if (task === 'sentence-similarity') {
          assert.ok(typeof text === 'string' && typeof textPair === 'string');
          assert.ok(score === undefined ? negative !== '' : negative === undefined && score >= 0 && score <= 1);
        }
        if (task === 'token-classification') assert.ok(words.length === tags.length && tags.every(Boolean));
        if (task === 'question-answering') {
          assert.equal(typeof question, 'string');
          for (const answer of answers) assert.ok(context.startsWith(answer.text, answer.start));
        }
      }
      if (task.endsWith('label') || task.startsWith('text'))
        for (const one of findSuspicions(list, path)) assert.ok(one);
    },
  };
}

const TABLE_MARKS = [
  '"',
  '""',
  ',',
  ';',
  '\t',
  '|',
  '\n',
  '\r\n',
  '\r',
  'sep=;\n',
  '\ufeff',
  ' ',
  "'",
  '\u0000',
  'text,label\n',
];
const csv =
  'id,review,sentiment\n1,"a ""fine"" film, really",pos\n2,dull,neg\n3,"two\nlines",neg\n4,good,pos\n5,bad,neg\n';
const tsv = 'a fine film\tpos\ndull\tneg\n"so ""good"""\tpos\nslow\tneg\n';
const jsonLines = [
  { text: 'a fine film', label: 'pos' },
  { text: 'dull', text_pair: 'or not', label: 1 },
  { text: '', label: 'neg' },
];
const tagged = { words: ['Ann', 'in', 'Rome'], tags: ['B-PER', 'O', 'B-LOC'] };
const conll = '-DOCSTART- -X- O O\n\nAnn NNP I-PER\nin IN O\nRome NNP I-LOC\n\nHe PRP O\n';
const squad = {
  version: '2.0',
  data: [
    {
      title: 'x',
      paragraphs: [
        {
          context: 'The 𝔽ilm was made in Rome in 1950.',
          qas: [
            { id: '1', question: 'Where?', answers: [{ text: 'Rome', answer_start: 21 }], is_impossible: false },
            { id: '2', question: 'Why?', answers: [], is_impossible: true },
          ],
        },
      ],
    },
  ],
};
const lines = (values) =>
  fc
    .tuple(fc.nat({ max: values.length - 1 }), fc.oneof(...values.map(damagedJson)))
    .map(([place, damaged]) =>
      new TextEncoder().encode(values.map((value, i) => (i === place ? damaged : JSON.stringify(value))).join('\n')),
    );

const exampleFiles = [
  examples('table.csv', 'text-classification', damagedText(csv, TABLE_MARKS)),
  examples('table', 'text-classification', damagedText(csv, TABLE_MARKS), { table: { textColumn: 'review' } }),
  examples('table.tsv', 'text-classification', damagedText(tsv, TABLE_MARKS)),
  examples('labels.csv', 'multi-label', damagedText('text,labels\nfine,"a,b"\ndull,\ngood,b\n', TABLE_MARKS)),
  examples('lines.jsonl', 'text-classification', lines(jsonLines)),
  examples(
    'bytes.jsonl',
    'text-classification',
    damagedText(jsonLines.map((one) => JSON.stringify(one)).join('\n'), TABLE_MARKS),
  ),
  examples(
    'labels.jsonl',
    'multi-label',
    lines([
      { text: 'fine', labels: ['a', 'b'] },
      { text: 'dull', labels: [] },
    ]),
  ),
  examples(
    'scores.csv',
    'regression',
    damagedText('left,right,score\nfine,"so, so",4.5\ndull,bad,-1e0\n', TABLE_MARKS),
    {
      table: { textColumn: '1', textPairColumn: '2' },
    },
  ),
  examples('scores.tsv', 'regression', damagedText('a fine film\t4.5\ndull\t1\ngood\t3\n', TABLE_MARKS)),
  examples(
    'scores.jsonl',
    'regression',
    lines([
      { text: 'fine', text_pair: 'good', score: 4.5 },
      { text: 'dull', score: 1 },
    ]),
  ),
  examples(
    'pairs.csv',
    'sentence-similarity',
    damagedText('anchor,positive,negative\nfine,"so, so",bad\ndull,slow,\n', TABLE_MARKS),
    { maxScore: 1 },
  ),
  examples('pairs.tsv', 'sentence-similarity', damagedText('fine\tgood\t0.5\ndull\tslow\t1\n', TABLE_MARKS), {
    maxScore: 1,
  }),
  examples(
    'pairs.jsonl',
    'sentence-similarity',
    lines([
      { text: 'fine', text_pair: 'good', score: 0.5 },
      { sentence1: 'dull', sentence2: 'slow', score: 1 },
    ]),
    { maxScore: 1 },
  ),
  examples('tags.jsonl', 'token-classification', lines([tagged, tagged])),
  examples('tags.conll', 'token-classification', damagedText(conll, [...TABLE_MARKS, 'O', '-DOCSTART-', ' O\n\n'])),
  examples('squad.json', 'question-answering', damagedJsonFile(squad)),
];

const labels = { 0: 'neg', 1: 'pos', 2: 'other' };
const labelFiles = [
  ['labels.json', damagedJsonFile(labels)],
  ['names.json', damagedJsonFile(Object.values(labels))],
  ['labels.txt', damagedText('neg\npos\nother\n', TABLE_MARKS)],
].map(([name, input]) => ({
  name: `labels: ${name}`,
  input,
  async read(bytes) {
    const path = join(scratch, name);
    writeFileSync(path, bytes);
    const names = await readLabelFile(path);
    assert.ok(names.length > 0 && names.every((one) => typeof one === 'string' && one));
    assert.equal(new Set(names).size, names.length);
  },
}));

/** All of them. */
export const readers = [...heads, ...exampleFiles, ...labelFiles];
