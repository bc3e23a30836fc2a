import { expect, test } from 'vitest';
import type { Answer } from '../support/api.ts';
import { opaque, postForm } from '../support/files.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

/**
 * The cost of calls that are not the everyday call of their operation. Everyday calls, with their units, are in
 * test/costs.test.ts.
 */
test('calls that are not everyday calls keep to their round trips and requests', async () => {
  const given = await Given.app(await world('in process'));
  const [alice, bob, carol, dave] = await given.users(4);
  const group_id = await given.group(alice!, { members: [bob!] });
  const spent: Record<string, string> = {};
  const note = (name: string, { body, log }: Answer) => {
    expect(body.code, name).toBe(200);
    spent[name] = `${log?.trips} trips, ${log?.requests} requests`;
  };
  // The first call of a minute also writes presence: so everybody makes one call before.
  for (const who of [alice!, bob!, dave!]) await who.does('GET /user/profile');
  const two = [carol!.id, 1];
  note('group/invite, one unknown', await alice!.asks('POST /group/invite', { group_id, user_list: two }));
  note('group/invite of nobody', await alice!.asks('POST /group/invite', { group_id, user_list: [1] }));
  note('group/apply, to be approved', await dave!.asks('POST /group/apply', { group_id }));
  note('group/application-list of all groups', await alice!.asks('POST /group/application_list'));
  const sent = { group_id, name: 'a', size: 7, type: 'text/plain' };
  const asked = await alice!.asks('GET /file/upload/chat', { to_id: group_id, to_type: 2 });
  const { download_url: url } = asked.body.data;
  expect(await postForm(asked.body.data, 'content')).toBe(200);
  note('group/file/upload by form', await alice!.asks('POST /group/file/upload', { ...sent, url }));
  note('file/download/chat, address of the form', await alice!.asks('GET /file/download/chat', opaque(url)));
  const kicked = [carol!.id, dave!.id];
  note('group/kick, one not in it', await alice!.asks('POST /group/kick', { group_id, user_list: kicked }));
  expect(spent).toEqual({
    'group/invite, one unknown': '2 trips, 2 requests',
    'group/invite of nobody': '1 trips, 1 requests',
    'group/apply, to be approved': '2 trips, 2 requests',
    'group/application-list of all groups': '2 trips, 4 requests',
    'group/file/upload by form': '2 trips, 2 requests',
    'file/download/chat, address of the form': '2 trips, 2 requests',
    'group/kick, one not in it': '2 trips, 2 requests',
  });
});

test('joining a group costs the same however long its description is', async () => {
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
