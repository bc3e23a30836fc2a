import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { secretsIn } from '../support/secrets.ts';
import { Given, PASSWORD } from '../support/story.ts';
import { world } from '../support/world.ts';

test('the log of the functions has no token, no password, no user id and nothing that callers send', async () => {
  const given = await Given.app(await world('over HTTP'));
  // Every text that is sent holds this mark.
  const mark = `m${randomBytes(9).toString('hex')}`;
  const said = (what: string) => `${mark}_${what}`;
  const alice = await given.user();
  const tokens = [alice.token, given.adminToken];
  const login = { user_id: alice.id, password: PASSWORD, device_guid: said('guid') };
  const { token } = await given.nobody.does('POST /token/id', login);
  await given.nobody.does('POST /user/register/v2', { username: said('name'), password: said('password') });
  await given.nobody.fails('POST /token/user', { name: said('name'), password: said('wrong') });
  await given.nobody.fails('POST /token/user', { name: said('nobody'), password: said('password') });
  await alice.does('POST /user/change_password', { old_password: PASSWORD, new_password: said('new') });
  await alice.does('POST /user/private', { secret: said('private') });
  await alice.does('PUT /user/profile', { nick_name: said('nick'), description: said('description') });
  await alice.does('POST /user/token/bind', {
    device_sn: alice.device,
    notifier_name: said('notifier'),
    device_token: said('push'),
  });
  const group_id = await given.group(alice, { name: said('group') });
  const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
  await alice.does('POST /group/announcement/edit', { group_id, title: said('title'), content: said('content') });
  await alice.fails('POST /group/apply', { group_id: said('id'), reason: said('reason') });
  await given.nobody.fails('POST /token/login', { login_name: { [said('field')]: said('value') }, password: '' });
  await alice.does('POST /user/delete', { password: said('new') });
  const CALLS = 13;

  const lines = async () =>
    (await readFile(inject('functionsLog'), 'utf8')).split('\n').filter((line) => line.includes(given.app));
  const deadline = Date.now() + 10_000;
  while ((await lines()).length < CALLS && Date.now() < deadline) await sleep(50);
  const log = (await lines()).join('\n');
  expect((await lines()).length).toBeGreaterThanOrEqual(CALLS);
  expect(secretsIn(log)).toEqual([]);
  // Nor the number of a user: an erased user leaves nothing in the log.
  expect(log).not.toMatch(new RegExp(`(?<!\\d)${alice.id}(?!\\d)`));
  for (const secret of [mark, token, qr_info, ...tokens]) expect(log).not.toContain(secret);
});
