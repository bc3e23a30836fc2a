import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';
import { type Answer, codeOf } from '../support/api.ts';
import { type Actor, inBothWorlds, inRaces, insisted, inThisProcess, PASSWORD } from '../support/story.ts';

type Parameters = Record<string, unknown>;

const posts = (who: Actor, path: string, key: string, body: Parameters): Promise<Answer> =>
  who.api.call('POST', path, { ...who.headers, body, headers: { 'idempotency-key': key } });

describe('Idempotency-Key', () => {
  inBothWorlds('Calls that are repeated one after another', (story) => {
    story('a repeated call creates a group once, and gets the first answer again', async (given) => {
      const [alice, bob] = await given.users(2);
      const key = randomUUID();
      const request = { name: 'Once', description: 'd', user_list: [bob!.id] };
      const first = await posts(alice!, '/group/create', key, request);
      expect(first.body).toMatchObject({ code: 200, data: { count: 2, name: 'Once', description: 'd' } });
      await alice!.does('POST /group/info/name', { group_id: first.body.data.group_id, value: 'Renamed' });
      expect((await posts(alice!, '/group/create', key, request)).body).toEqual(first.body);
      expect(await alice!.does('GET /group/user_joined')).toEqual([first.body.data.group_id]);
      // Another key makes another group, another request with the key is refused, and users do not share keys.
      expect((await posts(alice!, '/group/create', randomUUID(), request)).body.data.group_id).not.toBe(
        first.body.data.group_id,
      );
      expect((await posts(alice!, '/group/create', key, { ...request, name: 'Twice' })).body).toMatchObject({
        code: codeOf('badParameter'),
        message: expect.stringContaining('idempotency-key'),
      });
      const bobs = await posts(bob!, '/group/create', key, { name: 'Bob' });
      expect(bobs.body).toMatchObject({ code: 200, data: { owner_id: bob!.id } });
    });

    story('a repeated call publishes an announcement once', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const key = randomUUID();
      const request = { group_id, title: 'T', content: 'C' };
      const first = await posts(alice, '/group/announcement/edit', key, request);
      expect((await posts(alice, '/group/announcement/edit', key, request)).body).toEqual(first.body);
      expect(await alice.does('GET /group/announcement/list', { group_id })).toEqual([first.body.data]);
      expect((await posts(alice, '/group/announcement/edit', randomUUID(), request)).body.data.id).toBe(2);
    });

    story('a repeated batch registers once, and answers its refused entries as before', async (given) => {
      const app = given.admin();
      const [name, other] = [`a${Date.now()}`, `b${Date.now()}`];
      const key = randomUUID();
      const entry = (username: string) => ({ username, password: 'long enough' });
      const request = { list: [entry(name), entry(name.toUpperCase()), entry('123'), entry(other)] };
      const first = await posts(app, '/user/register/batch', key, request);
      expect(first.body.data.map(({ success }: { success: boolean }) => success)).toEqual([true, false, false, true]);
      expect((await posts(app, '/user/register/batch', key, request)).body).toEqual(first.body);
      expect(await app.does('GET /user/list')).toHaveLength(2);
    });
  });

  inBothWorlds('Answers of repeated calls', (story) => {
    story('a repeated call gets the first answer again, byte for byte', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!);
      const file = { group_id, name: 'a.txt', size: 1, type: 'text/plain' };
      const batch = ['b', 'a', '1'].map((name) => ({ username: `${name}${Date.now()}`, password: PASSWORD }));
      for (const [who, path, request] of [
        [alice!, '/group/create', { name: 'G', description: 'd', type: 1, user_list: [bob!.id, 1] }],
        [alice!, '/group/announcement/edit', { group_id, title: 'T', content: 'C' }],
        [given.admin(), '/user/register/batch', { list: batch }],
        [alice!, '/group/file/upload', file],
        [alice!, '/group/file/upload', { ...file, url: 'https://example.com/a.txt' }],
      ] as const) {
        const key = randomUUID();
        const first = await posts(who, path, key, request);
        expect(first.outcome).toBe('success');
        const again = await posts(who, path, key, request);
        // The address of an upload is signed anew.
        const bytes = ({ text }: Answer) => text.replace(/"url":"[^"]*X-Amz-[^"]*"/, '"url":"signed"');
        expect(bytes(again)).toBe(bytes(first));
        expect(bytes(first)).toMatch(/^\{"code":200,"data":/);
      }
    });
  });

  inThisProcess('Calls without a stored answer', (story) => {
    story('a call that was answered with an error runs again when repeated', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      const key = randomUUID();
      const request = { group_id, title: 'T', content: 'C' };
      expect((await posts(bob!, '/group/announcement/edit', key, request)).outcome).toBe('needsAdmin');
      await given.appoint(group_id, bob!);
      expect((await posts(bob!, '/group/announcement/edit', key, request)).body).toMatchObject({
        code: 200,
        data: { id: 1 },
      });
    });

    story('an Idempotency-Key has 1 to 255 characters (badParameter)', async (given) => {
      const alice = await given.user();
      for (const key of ['', 'k'.repeat(256)])
        expect((await posts(alice, '/group/create', key, { name: 'G' })).body).toMatchObject({
          code: codeOf('badParameter'),
          message: expect.stringContaining('idempotency-key'),
        });
      expect((await posts(alice, '/group/create', 'k'.repeat(255), { name: 'G' })).outcome).toBe('success');
    });
  });

  inThisProcess('Lost answers of the database', (story) => {
    story('a batch recognises its own lease although the answer to writing it was lost', async (given) => {
      const app = given.admin();
      const request = { list: [{ username: `u${Date.now()}`, password: 'long enough' }] };
      // The write takes effect, its answer is lost, and the SDK sends it again.
      let lost = 0;
      documentClient().middlewareStack.add(
        (next) => async (args) => {
          const answer = await next(args);
          const { headers } = args.request as { headers: Record<string, string> };
          if (headers['x-amz-target']?.endsWith('.PutItem') && ++lost === 1)
            throw Object.assign(new Error('reset'), { name: 'TimeoutError', $retryable: {} });
          return answer;
        },
        { step: 'deserialize', name: 'loses' },
      );
      const { status, body } = await posts(app, '/user/register/batch', 'one', request).finally(() =>
        documentClient().middlewareStack.remove('loses'),
      );
      expect(lost).toBeGreaterThan(1);
      expect(status).toBe(200);
      expect(body.data).toMatchObject([{ success: true }]);
      expect((await posts(app, '/user/register/batch', 'one', request)).body).toEqual(body);
    });
  });

  inRaces('Calls that are repeated at once', (story) => {
    story('ten calls with one key at once make one group with everybody in it', async (given) => {
      const alice = await given.user();
      // More than one transaction can add.
      const invited = await given.users(60);
      const request = { name: 'Once', user_list: invited.map(({ id }) => id) };
      const answers = await given.race(
        ...Array.from({ length: 10 }, () => () => insisted(() => posts(alice, '/group/create', 'one', request))),
      );
      const [first] = answers;
      expect(first!.body).toMatchObject({ code: 200, data: { count: 61 } });
      for (const { body } of answers) expect(body).toEqual(first!.body);
      expect(await alice.does('GET /group/user_joined')).toEqual([first!.body.data.group_id]);
      expect((await posts(alice, '/group/create', 'one', request)).body).toEqual(first!.body);
    });

    story('of four calls with one key one runs the batch, and the others answer the same or 503', async (given) => {
      const app = given.admin();
      const request = { list: [1, 2, 3].map((n) => ({ username: `u${n}_${Date.now()}`, password: 'long enough' })) };
      const answers = await given.race(
        ...Array.from({ length: 4 }, () => () => posts(app, '/user/register/batch', 'one', request)),
      );
      const done = answers.filter(({ status }) => status === 200);
      expect(done.length).toBeGreaterThan(0);
      for (const { body } of done) expect(body).toEqual(done[0]!.body);
      for (const { status } of answers) expect([200, 503]).toContain(status);
      for (const { success } of done[0]!.body.data) expect(success).toBe(true);
      expect(await app.does('GET /user/list')).toHaveLength(3);
    });
  });
});
