import type { LookupAddress } from 'node:dns';
import type { RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { postWebhook } from '../../shared/messaging/webhook-request.ts';
import { nowhere, serve } from '../support/server.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function server(listener: RequestListener): Promise<number> {
  const { origin, close } = await serve(listener);
  open.push(close);
  return Number(new URL(origin).port);
}

/** Resolves names as told, one answer for each look. */
const resolving =
  (...answers: (LookupAddress[] | Error)[]) =>
  (_: string, __: object, callback: (error: Error | null, addresses: LookupAddress[]) => void) => {
    const answer = answers.shift() ?? new Error('looked too often');
    setImmediate(() => (answer instanceof Error ? callback(answer, []) : callback(null, answer)));
  };
const ipv4 = (address: string) => ({ address, family: 4 });
const ipv6 = (address: string) => ({ address, family: 6 });

describe('the request of a webhook', () => {
  test('it posts headers and body, and tells the status and the first 256 bytes of the answer', async () => {
    const seen: unknown[] = [];
    const port = await server(async (request, response) => {
      seen.push([request.method, request.url, request.headers['webhook-id'], (await buffer(request)).toString()]);
      response.writeHead(500).end(`${'é'.repeat(200)}`);
    });
    const outcome = await postWebhook(`http://127.0.0.1:${port}/a?b=c`, { 'webhook-id': '7' }, 'Grüße', {
      loopback: true,
    });
    expect(outcome).toEqual({ status: 500, answer: 'é'.repeat(128) });
    expect(seen).toEqual([['POST', '/a?b=c', '7', 'Grüße']]);
  });

  test('it reads no more than 256 bytes of an endless answer, and cuts no character in two', async () => {
    let sent = 0;
    const port = await server(async (_, response) => {
      response.writeHead(200);
      while (!response.destroyed) {
        sent += 1000;
        response.write('aé'.repeat(333));
        await sleep(5);
      }
    });
    const { status, answer } = await postWebhook(`http://127.0.0.1:${port}/`, {}, '', { loopback: true });
    expect(status).toBe(200);
    expect(answer).toBe(`${'aé'.repeat(85)}a`);
    expect(sent).toBeLessThan(100_000);
  });

  test('it does not follow a redirect', async () => {
    let visits = 0;
    const target = await server((_, response) => {
      visits++;
      response.end();
    });
    const port = await server((_, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${target}/` }).end(),
    );
    expect(await postWebhook(`http://127.0.0.1:${port}/`, {}, '', { loopback: true })).toEqual({ status: 307 });
    expect(visits).toBe(0);
  });

  test('a server that does not answer in time fails, as does one that does not end its headers', async () => {
    const port = await server(() => {});
    const outcome = await postWebhook(`http://127.0.0.1:${port}/`, {}, '', { loopback: true, most: 200 });
    expect(outcome).toEqual({ error: 'no answer within 0.2 s' });
  });

  test('an answer whose body stalls counts by its status', async () => {
    const port = await server((_, response) => {
      response.writeHead(202);
      response.write('so far');
    });
    const outcome = await postWebhook(`http://127.0.0.1:${port}/`, {}, '', { loopback: true, most: 300 });
    expect(outcome).toEqual({ status: 202, answer: 'so far' });
  });

  test('nobody listens', async () => {
    expect(await postWebhook(await nowhere(), {}, '', { loopback: true })).toEqual({ error: 'ECONNREFUSED' });
  });

  test('a literal address that is not public is refused before anything is sent', async () => {
    for (const url of ['https://169.254.169.254/latest', 'https://[fd00:ec2::254]/', 'https://2130706433/'])
      expect(await postWebhook(url, {}, '', { loopback: false })).toEqual({
        error: 'the address must lead to a public address',
      });
  });

  test('a name that resolves to an address that is not public is refused, also if others are public', async () => {
    let visits = 0;
    const port = await server((_, response) => {
      visits++;
      response.end();
    });
    const answers = [[ipv4('127.0.0.1')], [ipv4('8.8.8.8'), ipv4('10.0.0.1')], [ipv6('::ffff:127.0.0.1')], []];
    for (const answer of answers) {
      const options = { loopback: false, resolve: resolving(answer) };
      const outcome = await postWebhook(`https://hooks.example:${port}/`, {}, '', options);
      expect(outcome.error).toMatch(/^the address .+ is not public$/);
    }
    expect(visits).toBe(0);
  });

  test('a name that is led to a private address after it was checked is refused: each request looks again', async () => {
    // The connection to the public address fails at once or after the time-out; nothing else is tried.
    const resolve = resolving([ipv4('8.8.8.8')], [ipv4('127.0.0.1')]);
    const options = { loopback: false, most: 300, resolve };
    const first = await postWebhook('https://hooks.example/', {}, '', options);
    expect(first.error).not.toMatch(/not public/);
    const second = await postWebhook('https://hooks.example/', {}, '', options);
    expect(second).toEqual({ error: 'the address 127.0.0.1 is not public' });
  });

  test('a name that does not resolve is an error of this attempt', async () => {
    const resolve = resolving(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
    expect(await postWebhook('https://hooks.example/', {}, '', { loopback: false, resolve })).toEqual({
      error: 'ENOTFOUND',
    });
  });
});
