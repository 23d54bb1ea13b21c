// Files of a folder, by HTTP.
import { realpath, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join, sep } from 'node:path';
import sirv from 'sirv';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */

/**
 * Files under `folder`, read anew at each request, or 404; of a folder, its index.html. No path leads out of `folder`, and no link in it;
 * it may itself be reached by a link.
 * @param {string} folder
 * @returns {(req: IncomingMessage, res: ServerResponse, path: string) => Promise<void>} path: of the file, in the folder
 */
export function files(folder) {
  const handle = sirv(folder, { dev: true, etag: true, extensions: [] });
  return async (req, res, path) => {
    const notFound = () => void res.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found\n');
    const file = path.endsWith('/') ? `${path}index.html` : path;
    if (!(await holds(folder, file))) return notFound();
    req.url = file;
    handle(req, res, notFound);
  };
}

/**
 * Whether a path is one of a file that lies in the folder, also when all links are followed.
 * @param {string} folder
 * @param {string} path as in an address, decoded as sirv does it
 */
async function holds(folder, path) {
  try {
    const [top, file] = await Promise.all([realpath(folder), realpath(join(folder, decodeURI(path)))]);
    return file.startsWith(top + sep) && (await stat(file)).isFile();
  } catch {
    return false; // there is no such file, or the path is no address
  }
}

/**
 * A mirror of Hugging Face's hub under /models: what is at hand is the only revision there is.
 * @param {string} folder that holds models as `org/name/`
 * @returns {(req: IncomingMessage, res: ServerResponse) => boolean} whether it was a request for a file of a model, and is answered
 */
export function modelFiles(folder) {
  const send = files(folder);
  return (req, res) => {
    const model = /^\/models\/((?:[^/]+\/)?[^/]+)\/resolve\/[^/]+\/(.+)$/.exec(pathOf(req));
    if (model) void send(req, res, `/${model[1]}/${model[2]}`);
    return model !== null;
  };
}

/** @param {IncomingMessage} req */
export const pathOf = (req) => (req.url ?? '/').replace(/[?#].*/s, '');

/**
 * Whether a request may be answered: its Host is an address or localhost. A name of somebody else's can be made to mean this machine, and his
 * page would read what is served here (DNS rebinding).
 * @param {IncomingMessage} req
 */
export function isForThisServer({ headers: { host = '' } }) {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || /^(.+\.)?localhost$/i.test(name);
}
