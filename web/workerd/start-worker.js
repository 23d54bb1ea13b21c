// #start-worker in Cloudflare's workers.

/** @type {import('../../js/base/platform.js').StartWorker} */
export const startWorker = () => Promise.reject(new Error('Cloudflare’s workers start no others'));
