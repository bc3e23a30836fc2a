import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exampleOf } from '../../shared/asyncapi/document.ts';
import { nowhere, serve } from '../support/server.ts';

const root = resolve(import.meta.dirname, '../..');
const page = await readFile(join(root, 'docs/events.md'), 'utf8');

/** A folder with copies of the client, as in another application, and the programs of the page. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roster-events-'));
  for (const name of ['roster', 'operations', 'event-types', 'webhook'])
    await cp(join(root, `client/${name}.ts`), join(folder, `${name}.ts`));
  for (const name of ['receiver', 'reader']) {
    const [, program] = new RegExp(`<!-- ${name} -->\n\`\`\`ts\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
    await writeFile(join(folder, `${name}.ts`), program!);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const run = (name: string, env: Record<string, string>) =>
  spawn(process.execPath, [`${name}.ts`], { cwd: folder, env: { ...process.env, ...env } });

describe('the programs of docs/events.md', () => {
  test('their types are right', async () => {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const { extends: _, ...config } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: ['*.ts'] }));
    const checked = await promisify(execFile)(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'],
      {
        cwd: folder,
      },
    ).catch(({ stdout }) => ({ stdout }));
    expect(checked.stdout).toBe('');
  });

  test('the receiver takes a signed event and refuses a forged one', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const address = await nowhere();
    const receiver = run('receiver', { WEBHOOK_SECRET: secret, PORT: new URL(address).port });
    let told = '';
    receiver.stdout.on('data', (chunk) => (told += chunk));
    try {
      const event = exampleOf('group.member.removed');
      const body = JSON.stringify(event);
      const post = (text: string) =>
        fetch(address, {
          method: 'POST',
          headers: {
            'webhook-id': event.id,
            'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
            'webhook-signature': new Webhook(secret).sign(event.id, new Date(), body),
          },
          body: text,
        });
      const status = async (text: string) => (await post(text)).status;
      await expect.poll(() => status(body).catch(() => 0), { timeout: 20_000 }).toBe(204);
      expect(await status(body.replace('kicked', 'left'))).toBe(400);
      expect(told).toBe('0000000000004711 group.member.removed group/77/member/12, by user 11\n');
    } finally {
      receiver.kill();
    }
  });

  test('the reader tells who joined and left, goes on from its cursor, and says what is lost', async () => {
    const [added, removed] = [exampleOf('group.member.added'), exampleOf('group.member.removed')];
    const asked: (string | null)[] = [];
    const { origin, close } = await serve(({ url }, response) => {
      const after = new URL(url!, 'http://localhost').searchParams.get('after');
      asked.push(after);
      const numbers = { next: added.sequence, head: added.sequence };
      response.end(
        JSON.stringify(
          after
            ? { code: 20030, message: 'Gone.', data: null, oldest: '0000000000005000' }
            : { code: 200, data: [added, removed], ...numbers, message: null },
        ),
      );
    });
    try {
      const env = { ROSTER_API: origin, ROSTER_APP: 'demo', ROSTER_TOKEN: 't' };
      for (let start = 0; start < 2; start++) {
        const reader = run('reader', env);
        let told = '';
        reader.stdout.on('data', (chunk) => (told += chunk));
        await once(reader, 'close');
        const gone = 'Events before 0000000000005000 are no longer kept: read the lists again.\n';
        expect(told).toBe(start === 0 ? `12 joined 77: invited\n12 is no longer in 77: kicked\n${gone}` : gone);
      }
      expect(asked).toEqual([null, added.sequence, added.sequence]);
    } finally {
      await close();
    }
  });
});
