// WebKit (WebKitGTK, in the window of webkit.py) for the browser tests: as much of Playwright's interface as those of the library use. Playwright itself speaks to
// its own build of WebKit only, and the driver that comes with WebKitGTK has classic WebDriver only. So what a page asks for, and what it gets
// instead, passes through a proxy here; selectors are not to be had.
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Builder, Capabilities } from 'selenium-webdriver';
import { DriverService } from 'selenium-webdriver/remote/index.js';

const DRIVER = process.env.WEBKIT_DRIVER || '/usr/bin/WebKitWebDriver';
const BROWSER = fileURLToPath(new URL('webkit.py', import.meta.url));

/** What the driver and the browser get: shared memory, which Safari has and WebKitGTK has switched off; and no sandbox, which root can't have. */
const ENVIRONMENT = { JSC_useSharedArrayBuffer: '1', WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' };

/** The variable of the environment by which the processes of a browser are told from those of others. */
const MARK = 'BERTLET_WEBKIT';

/** For how long a function may run in a page, in ms. */
const PATIENCE = 600_000;

/** Starts a screen; each context is a browser of its own on it. */
export async function launch() {
  const screen = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(screen.stdio[3], 'data');
  const contexts = new Set();
  return {
    version: () => contexts.values().next().value?.version,
    async newContext() {
      const context = await Context.start(`:${String(number).trim()}`);
      contexts.add(context);
      context.on('close', () => contexts.delete(context));
      return context;
    },
    async close() {
      await Promise.all([...contexts].map((context) => context.close()));
      screen.kill();
    },
  };
}

let started = 0;

/** A browser with a profile of its own. Emits 'request', 'requestfinished' and 'close'. */
class Context extends EventEmitter {
  /** @type {{ pattern: string | RegExp, handle: (route: object) => unknown }[]} */
  #routes = [];
  #offline = false;
  #proxy = createServer((req, res) => void this.#answer(req, res));
  #service;
  #mark = `${MARK}=${process.pid}.${started++}`;
  driver;

  /** @param {string} display */
  static async start(display) {
    const context = new Context();
    context.#proxy.listen(0, '127.0.0.1');
    await once(context.#proxy, 'listening');
    context.#service = new DriverService.Builder(DRIVER)
      .setLoopback(true)
      .setEnvironment({
        ...process.env,
        ...ENVIRONMENT,
        DISPLAY: display,
        ...Object.fromEntries([context.#mark.split('=')]),
      })
      .build();
    const httpProxy = `127.0.0.1:${context.#proxy.address().port}`;
    context.driver = await new Builder()
      .usingServer(await context.#service.start())
      .withCapabilities(
        new Capabilities({
          browserName: 'WebKitGTK',
          proxy: { proxyType: 'manual', httpProxy },
          'webkitgtk:browserOptions': { binary: BROWSER, args: [] },
        }),
      )
      .build();
    await context.driver.manage().setTimeouts({ script: PATIENCE });
    context.version = (await context.driver.getCapabilities()).getBrowserVersion();
    return context;
  }

  /** There is one, and it does not know of other pages. */
  newPage = async () => new Page(this);

  /** The names of the threads of its workers, which the driver does not tell, but Linux does. */
  workers() {
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && read(`${pid}/environ`).split('\0').includes(this.#mark))
      .flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((thread) => read(`${pid}/task/${thread}/comm`).trim()))
      .filter((name) => name === 'WebCore: Worker');
  }

  async close() {
    await this.driver.quit();
    await this.#service.kill();
    this.#proxy.closeAllConnections();
    this.#proxy.close();
    this.emit('close');
  }

  async route(pattern, handle) {
    this.#routes.unshift({ pattern, handle });
  }

  async unroute(pattern) {
    this.#routes = this.#routes.filter((route) => String(route.pattern) !== String(pattern));
  }

  async unrouteAll() {
    this.#routes = [];
  }

  /** Unlike Playwright's this is not known to `navigator.onLine`. @param {boolean} offline */
  async setOffline(offline) {
    this.#offline = offline;
  }

  /** Answers what the browser asks for, as a route says or as the server does. */
  async #answer(req, res) {
    const { url, method } = req;
    const request = { url: () => url, method: () => method };
    this.emit('request', request);
    const send = ({ status = 200, headers = {}, contentType, body = '', response }) => {
      if (response) return send({ status: response.status, headers: response.headers, body: response.bytes });
      res.writeHead(status, { ...headers, ...(contentType && { 'Content-Type': contentType }) }).end(body);
    };
    const fetch = async (options) => await forward(req, options?.url);
    const abort = () => res.destroy();
    res.on('finish', () => this.emit('requestfinished', request));
    if (this.#offline) return abort();
    const route = this.#routes.find(({ pattern }) => matches(pattern, url));
    try {
      if (!route) return send({ response: await fetch() });
      const handled = {
        request: () => request,
        fulfill: async (answer) => send(answer),
        fetch,
        abort: async () => abort(),
      };
      await route.handle({ ...handled, continue: async () => send({ response: await fetch() }) });
    } catch {
      abort(); // the server has closed
    }
  }
}

/** A file of /proc, or nothing if its process has ended. @param {string} path */
function read(path) {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return '';
  }
}

/** An answer of the server. @param {import('node:http').IncomingMessage} req @param {string} [url] where else to ask */
const forward = (req, url = req.url) =>
  new Promise((resolve, reject) => {
    const { host } = new URL(url);
    const outgoing = ask(url, { method: req.method, headers: { ...req.headers, host } }, async (answer) => {
      const { statusCode: status, headers } = answer;
      try {
        const bytes = Buffer.concat(await answer.toArray());
        resolve({ status, headers, bytes, body: async () => bytes });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on('error', reject);
    req.pipe(outgoing);
  });

/** @param {string | RegExp} pattern of Playwright @param {string} url */
const matches = (pattern, url) =>
  typeof pattern === 'string'
    ? new RegExp(
        `^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, (stars) => (stars.length > 1 ? '.*' : '[^/]*'))}$`,
      ).test(url)
    : pattern.test(url);

/** What notes in a page what a page of ours may not do. */
const WATCH = `if (!window.faultsOfPage) {
  const faults = (window.faultsOfPage = []);
  for (const level of ['error', 'warn']) console[level] = (...args) => faults.push('console: ' + args.join(' '));
  addEventListener('error', ({ message }) => faults.push('uncaught: ' + message));
  addEventListener('unhandledrejection', ({ reason }) => faults.push('uncaught: ' + reason));
  addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective: name }) => faults.push(name + ': ' + blockedURI));
}`;

/** The page of a context. Emits 'console' and 'pageerror' when a call of `evaluate` has ended. */
class Page extends EventEmitter {
  #context;

  /** @param {Context} context */
  constructor(context) {
    super();
    this.#context = context;
    for (const name of ['request', 'requestfinished']) context.on(name, (request) => this.emit(name, request));
  }

  context = () => this.#context;
  workers = () => this.#context.workers();
  route = (pattern, handle) => this.#context.route(pattern, handle);
  unroute = (pattern) => this.#context.unroute(pattern);
  unrouteAll = () => this.#context.unrouteAll();

  async goto(url) {
    await this.#context.driver.get(url);
    await this.#context.driver.executeScript(WATCH);
  }

  async reload() {
    await this.#context.driver.navigate().refresh();
    await this.#context.driver.executeScript(WATCH);
  }

  /** @param {string | Function} what an expression, or a function @param {unknown} [argument] as JSON has it */
  async evaluate(what, argument) {
    const expression = typeof what === 'string' ? what : `(${what})(${JSON.stringify(argument) ?? ''})`;
    const { error, value, faults } = JSON.parse(
      await this.#context.driver.executeAsyncScript(`
        const answer = (outcome) => arguments[0](JSON.stringify({ ...outcome, faults: window.faultsOfPage.splice(0) }));
        const failed = (error) => answer({ error: error instanceof Error ? error.name + ': ' + error.message : String(error) });
        (async () => (${expression}))().then((value) => answer({ value }), failed);`),
    );
    for (const fault of faults) this.emit('fault', fault);
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async waitForFunction(what, argument) {
    while (!(await this.evaluate(what, argument))) await this.waitForTimeout(50);
  }

  waitForTimeout = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
}
