import { expect, test } from 'vitest';
import { type Change, Mirror } from '../../client/mirror.ts';
import { rosterClient } from '../../client/roster.ts';
import { laptopStack } from '../support/stack.ts';
import { Given } from '../support/story.ts';
import { world } from '../support/world.ts';

test('a mirror agrees with the decisions of the service, after changes and after a restart', async () => {
  const given = await Given.app(await world('over HTTP'));
  const { api_endpoint: endpoint } = await laptopStack();
  const client = rosterClient({ endpoint, app: given.app, token: given.adminToken });
  const people = await given.users(5);
  const ids: number[] = people.map(({ id }) => id);
  const [ann, adam, bob, eve, tom] = ids as [number, number, number, number, number];
  const group_id = await given.group(people[0]!, { admins: [people[1]!], members: [people[2]!, people[3]!] });
  const { group, user } = client.with({ user: ann });
  const told: Change[] = [];
  const mirror = new Mirror({ client, groups: [group_id], onChange: (change) => told.push(change), patience: 2000 });
  await mirror.start();

  const mirrored = (one: Mirror) => ids.flatMap((id) => [one.mayRead(id, group_id), one.maySpeak(id, group_id)]);
  /** A change can be read at once, its event within two seconds. */
  const agrees = async () => {
    const actions = ['subscribe', 'publish'] as const;
    const items = ids.flatMap((user_id) => actions.map((action) => ({ action, user_id, group_id })));
    const decisions = (await client.access.check({ items })).map(({ allow }) => allow);
    await expect.poll(() => mirrored(mirror), { timeout: 10_000, interval: 20 }).toEqual(decisions);
    return decisions;
  };
  const of = (...user_list: number[]) => ({ group_id, user_list });
  expect(await agrees()).toEqual([true, true, true, true, true, true, true, true, false, false]);
  await group.invite(of(tom));
  await group.ban({ ...of(bob), duration: 1 });
  await group.kick(of(eve));
  expect(await agrees()).toEqual([true, true, true, true, true, false, false, false, true, true]);
  await group.unban(of(bob));
  await group.settingsBanAll({ group_id, duration: 1 });
  await client.user.disable({ list: [tom] });
  expect(await agrees()).toEqual([true, true, true, true, true, false, false, false, false, false]);
  await client.user.enable({ list: [tom] });
  await group.settingsUnbanAll({ group_id });
  await group.block(of(bob));
  await group.ban({ ...of(adam), duration: -1 });
  await agrees();
  await group.transfer({ group_id, new_owner: adam });
  expect(await agrees()).toEqual([true, true, true, true, false, false, false, false, true, true]);
  expect(await mirror.compare()).toEqual([]);
  expect(mirror.lag).toMatchObject({ events: 0 });
  expect(told.map(({ type, user_id }) => `${type} ${user_id}`)).toEqual(
    expect.arrayContaining([`group.member.banned ${bob}`, `group.member.removed ${eve}`, `user.disabled ${tom}`]),
  );

  // Read from the lists, and folded from the whole feed.
  for (const groups of [[group_id], 'all'] as const) {
    const other = new Mirror({ client, groups });
    await other.start();
    expect(mirrored(other)).toEqual(mirrored(mirror));
    await other.close();
  }
  await user.kick();
  await client.with({ user: adam }).group.destroy({ group_id });
  expect(await agrees()).toEqual(ids.flatMap(() => [false, false]));
  expect(told.map(({ type }) => type)).toContain('session.revoked');
  await mirror.close();
});
