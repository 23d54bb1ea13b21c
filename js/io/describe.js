// Turns a ModelSpec, by which the caller says where a model is, into a description that can be sent to the worker. There sources.js
// opens it.
import { hubDefaults, locate } from '#platform';
import { fetchPart } from '../base/fetch-part.js';
import { BertletError } from '../errors.js';
import { isAddress } from './file-name.js';

/** @typedef {import('../types.js').ModelSpec} ModelSpec */

/** @typedef {import('./description.js').Description} Description */
/** @typedef {import('./description.js').Described} Described */
/** @typedef {import('./description.js').Headers} Headers */

/** @typedef {Pick<import('../types.js').LoadOptions, 'hub' | 'revision' | 'token' | 'headers'>} PlaceOptions */

const HUB_ID = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * @param {ModelSpec} spec
 * @param {PlaceOptions} [options]
 * @returns {Promise<Described>} rejects with BAD_INPUT if the spec is none of these, or an option is not what it should be
 */
export async function describe(spec, options = {}) {
  const defaults = hubDefaults();
  const { hub = defaults.hub ?? 'https://huggingface.co', revision = 'main', token = defaults.token } = options;
  const headers = toHeaders(options.headers);
  if (isAddress(spec)) {
    const name = String(spec);
    const located = locate(name);
    if (located && 'path' in located) return withoutPorts(located.path, { kind: 'directory', ...located });
    if (located) {
      if (URL.canParse('config.json', located.url))
        return withoutPorts(name, { kind: 'folder', url: withSlash(located.url), headers });
      throw new BertletError(
        'BAD_INPUT',
        `"${name}" is the address of one file; a model is a folder. Give load() its files by name: { 'config.json': … }.`,
      );
    }
    if (!HUB_ID.test(name)) {
      const how = 'Folders begin with https://, / or ./';
      throw new BertletError(
        'BAD_INPUT',
        `"${name}" is neither a model of the hub ("org/name") nor the address of a folder. ${how}`,
      );
    }
    const server = locate(String(hub));
    if (!server || !('url' in server)) throw new BertletError('BAD_INPUT', `The hub "${hub}" is not a URL.`);
    if (typeof revision !== 'string' || !/^(?!\.{1,2}$)[\w./-]+$/.test(revision))
      throw new BertletError('BAD_INPUT', `The revision "${revision}" is not the name of a branch, a tag or a commit.`);
    const authorization = token ? toHeaders({ Authorization: `Bearer ${token}` }, 'token') : {};
    const hubHeaders = { ...authorization, ...headers };
    return withoutPorts(name, { kind: 'hub', id: name, revision, hub: withSlash(server.url), headers: hubHeaders });
  }
  if (typeof spec === 'object' && spec !== null) {
    const { describeFiles } = await fetchPart(() => import('./given-files.js')); // most pages name an address
    return describeFiles(spec, headers);
  }
  throw new BertletError('BAD_INPUT', `A model is given as a hub id, a URL, a path or files, not as ${spec}.`);
}

/**
 * @param {string} name
 * @param {Description} description
 * @returns {Described}
 */
const withoutPorts = (name, description) => ({ name, description, transfer: [], close() {} });

/**
 * @param {HeadersInit} [init]
 * @param {string} [option] that it was given as
 * @returns {Headers} throws BAD_INPUT if a request can't have them
 */
function toHeaders(init, option = 'headers') {
  try {
    return Object.fromEntries(new globalThis.Headers(init));
  } catch (error) {
    // Not the error's own message: it may show a secret.
    throw new BertletError('BAD_INPUT', `The option "${option}" holds what a request’s headers can't be made of.`, {
      cause: error,
    });
  }
}

/** @param {string} href */
function withSlash(href) {
  const url = new URL(href);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}
