import { expect, test } from 'vitest';
import type { Answer } from '../support/api.ts';
import { opaque, postForm } from '../support/files.ts';
import { Given, PASSWORD } from '../support/story.ts';
import { world } from '../support/world.ts';

/**
 * What a call may cost: one round trip for what only reads, one more for what writes, and the exceptions that
 * docs/data-model.md names. Units as DynamoDB Local counts them, for groups and people as small as these.
 */
test('every operation keeps to its round trips', async () => {
  const given = await Given.app(await world('in process'));
  const [alice, bob, carol, dave] = await given.users(4);
  const group_id = await given.group(alice!, { members: [bob!] });
  const open = await given.group(alice!, { approval: 0 });
  const spent: Record<string, string> = {};
  const note = (name: string, { body, log }: Answer) => {
    expect(body.code, name).toBe(200);
    spent[name] = `${log?.trips} trips, ${log?.requests} requests`;
  };
  const body = { password: PASSWORD, device_guid: 'phone' };
  note('token/user', await given.nobody.asks('POST /token/user', { name: alice!.username, ...body }));
  note('token/id', await given.nobody.asks('POST /token/id', { user_id: alice!.id, ...body }));
  note('user/register/v2', await given.nobody.asks('POST /user/register/v2', { username: 'new', ...body }));
  // The first call of a minute notes its session beside: everybody has called before.
  for (const who of [alice!, bob!, carol!, dave!]) await who.does('GET /user/profile');
  note('user/profile/get', await alice!.asks('GET /user/profile'));
  note('user/profile/set', await alice!.asks('PUT /user/profile', { nick_name: 'A' }));
  note('user/settings/get', await alice!.asks('GET /user/settings'));
  note('user/settings/set', await alice!.asks('PUT /user/settings', { user_id: alice!.id, no_push: true }));
  note('group/create', await alice!.asks('POST /group/create', { name: 'G', user_list: [bob!.id, carol!.id] }));
  note('group/info', await alice!.asks('GET /group/info', { group_id }));
  note('group/settings', await alice!.asks('GET /group/settings', { group_id }));
  note('group/invite', await alice!.asks('POST /group/invite', { group_id, user_list: [carol!.id, 1] }));
  note('group/invite of nobody', await alice!.asks('POST /group/invite', { group_id, user_list: [1] }));
  note('group/apply, open', await dave!.asks('POST /group/apply', { group_id: open }));
  note('group/apply', await dave!.asks('POST /group/apply', { group_id }));
  note('group/application-list', await alice!.asks('POST /group/application_list'));
  note(
    'group/apply/handle',
    await alice!.asks('POST /group/apply/handle', { group_id, user_id: dave!.id, approval: 1 }),
  );
  note('group/member-list', await alice!.asks('GET /group/member_list', { group_id }));
  note('group/user-joined', await alice!.asks('GET /group/user_joined'));
  const sent = { group_id, name: 'a', size: 7, type: 'text/plain' };
  note('group/file/upload', await alice!.asks('POST /group/file/upload', sent));
  const asked = await alice!.asks('GET /file/upload/chat', { to_id: group_id, to_type: 2 });
  note('file/upload/chat', asked);
  const { download_url: url } = asked.body.data;
  expect(await postForm(asked.body.data, 'content')).toBe(200);
  note('group/file/upload by form', await alice!.asks('POST /group/file/upload', { ...sent, url }));
  const listed = await alice!.asks('GET /group/file/list', { group_id });
  note('group/file/list', listed);
  for (const [name, address] of Object.entries({ '': listed.body.data[0].url, ', address of the form': url }))
    note(`file/download/chat${name}`, await alice!.asks('GET /file/download/chat', opaque(address)));
  note('group/kick', await alice!.asks('POST /group/kick', { group_id, user_list: [carol!.id, dave!.id] }));
  note('group/leave', await bob!.asks('POST /group/leave', { group_id }));
  note('group/destroy', await alice!.asks('POST /group/destroy', { group_id }));
  expect(spent).toEqual({
    'token/user': '3 trips, 4 requests',
    'token/id': '2 trips, 3 requests',
    'user/register/v2': '2 trips, 2 requests',
    'user/profile/get': '1 trips, 1 requests',
    'user/profile/set': '2 trips, 2 requests',
    'user/settings/get': '1 trips, 1 requests',
    'user/settings/set': '2 trips, 2 requests',
    'group/create': '2 trips, 2 requests',
    'group/info': '1 trips, 1 requests',
    'group/settings': '1 trips, 1 requests',
    'group/invite': '2 trips, 2 requests',
    'group/invite of nobody': '1 trips, 1 requests',
    'group/apply, open': '2 trips, 2 requests',
    'group/apply': '2 trips, 2 requests',
    'group/application-list': '2 trips, 9 requests',
    'group/apply/handle': '2 trips, 2 requests',
    'group/member-list': '1 trips, 2 requests',
    'group/user-joined': '1 trips, 3 requests',
    'group/file/upload': '2 trips, 2 requests',
    'file/upload/chat': '1 trips, 1 requests',
    'group/file/upload by form': '2 trips, 2 requests',
    'group/file/list': '1 trips, 2 requests',
    'file/download/chat': '1 trips, 1 requests',
    'file/download/chat, address of the form': '2 trips, 2 requests',
    'group/kick': '2 trips, 2 requests',
    'group/leave': '2 trips, 2 requests',
    'group/destroy': '2 trips, 2 requests',
  });
});

test('joining costs a group the same, however long its description is', async () => {
  const given = await Given.app(await world('in process'));
  const [alice, bob, carol] = await given.users(3);
  const small = await given.group(alice!, { approval: 0 });
  const { group_id: large } = await alice!.does('POST /group/create', {
    name: 'n'.repeat(128),
    description: 'd'.repeat(1024),
  });
  const join = async (group_id: number, who: typeof bob) =>
    (await alice!.asks('POST /group/invite', { group_id, user_list: [who!.id] })).log?.write_units;
  expect(await join(large, bob)).toBe(await join(small, carol));
});
