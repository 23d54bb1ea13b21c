// What those who judge packages say of ours, as npm packs it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { temporaryFolder } from '../support.js';
import { pack } from './app.js';

let tarball;
before(async (t) => {
  tarball = await readFile(await pack(await temporaryFolder(t)));
});

test('Are the types wrong? In no way that a program resolves them', async () => {
  const { problems, types } = await checkPackage(createPackageFromTarballData(tarball));
  assert.deepEqual([types.kind, problems], ['included', []]);
});

/** Who imports as a page does, but is no bundler, gets bertlet.cjs: Jest with jsdom. Its exports are those that the types of ES modules name. */
const KNOWN = /^pkg\.exports\["\."\]\.types\.default types is interpreted as ESM/;

test('publint', async () => {
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, level: 'warning' });
  const said = messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
  assert.deepEqual(
    said.filter((sentence) => !KNOWN.test(sentence)),
    [],
  );
});
