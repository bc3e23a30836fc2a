import { expect } from 'vitest';
import { inBothWorlds, PASSWORD, Person } from '../support/story.ts';

inBothWorlds('First flow', (story) => {
  story('two people register, log in, and one leads the other through a group until it is dissolved', async (given) => {
    const registered = async (username: string) => {
      const { user_id } = await given.nobody.does('POST /user/register/v2', { username, password: PASSWORD });
      const session = await given.nobody.does('POST /token/user', { name: username, password: PASSWORD });
      expect(session.user_id).toBe(user_id);
      return new Person(given.api, given.app, { id: user_id, username, device: 0, token: session.token });
    };
    const alice = await registered('alice');
    const bob = await registered('bob');
    const carol = await registered('carol');

    const { group_id } = await alice.does('POST /group/create', { name: 'Walkers', user_list: [] });
    expect(await alice.does('POST /group/invite', { group_id, user_list: [bob.id], reason: 'join us' })).toEqual([
      { user_id: bob.id, result: 'success', reason: '' },
    ]);
    const members = await alice.does('GET /group/member_list', { group_id });
    expect(members.map((member: { user_id: number }) => member.user_id)).toEqual([alice.id, bob.id]);

    expect(await carol.does('POST /group/apply', { group_id, reason: 'me too' })).toMatchObject({ result: 'success' });
    expect(await alice.does('POST /group/application_list', {})).toMatchObject([
      { group_id, applicant_id: carol.id, reason: 'me too', status: 0 },
    ]);
    await alice.does('POST /group/apply/handle', { group_id, user_id: carol.id, approval: true });
    expect(await carol.does('GET /group/user_joined')).toEqual([group_id]);

    expect(await alice.does('POST /group/kick', { group_id, user_list: [bob.id] })).toEqual([
      { user_id: bob.id, result: 'success', reason: '' },
    ]);
    expect(await bob.fails('GET /group/member_list', { group_id })).toBe('needsMember');

    expect(await alice.does('DELETE /group/destroy', { group_id })).toBe(true);
    expect(await carol.does('GET /group/user_joined')).toEqual([]);
    expect(await carol.does('GET /group/info', { group_id })).toMatchObject({ status: 1, count: 0 });
  });
});
