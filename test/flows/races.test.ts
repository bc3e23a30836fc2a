import { expect } from 'vitest';
import { outcomes, times } from '../support/outcomes.ts';
import { type Given, inRaces, PASSWORD, type Person } from '../support/story.ts';

const idsOf = (people: { id: number }[]) => people.map(({ id }) => id).sort((one, other) => one - other);

/** The members of a group. Fails where list, total and count of the API differ. */
async function members(given: Given, group_id: number): Promise<number[]> {
  const { body: info } = await given.admin().asks('GET /group/info', { group_id });
  const { body: page } = await given.admin().asks('GET /group/member_list', { group_id, limit: 7 });
  const listed = await given.admin().lists('GET /group/member_list', { group_id, limit: 7 });
  expect(page.total).toBe(listed.length);
  expect(info.data.count).toBe(listed.length);
  const ids = listed.map(({ user_id }: { user_id: number }) => user_id);
  expect(new Set(ids).size).toBe(ids.length);
  return ids.sort((one: number, other: number) => one - other);
}

const apply = (group_id: number) => (person: Person) => () =>
  person.insists('POST /group/apply', { group_id, reason: 'now' });

inRaces('Races', (story) => {
  story('of twenty users who register one name at once one gets it (usernameTaken)', async (given) => {
    const name = (n: number) => (n % 2 ? 'Wanted' : 'wanted');
    const answers = await given.race(
      ...Array.from(
        { length: 20 },
        (_, n) => () => given.nobody.asks('POST /user/register/v2', { username: name(n), password: PASSWORD }),
      ),
    );
    expect(outcomes(answers)).toEqual(['success', ...times(19, 'usernameTaken')]);
    const winner = answers.find(({ outcome }) => outcome === 'success')?.body.data.user_id;
    const session = await given.nobody.does('POST /token/user', { name: 'WANTED', password: PASSWORD });
    expect(session.user_id).toBe(winner);
  });

  story('twenty users who join an open group at once are all in', async (given) => {
    const [owner, ...people] = await given.users(21);
    const group = await given.group(owner!, { approval: 0 });
    const answers = await given.race(...people.map(apply(group)));
    expect(outcomes(answers)).toEqual(times(20, 'success'));
    expect(await members(given, group)).toEqual(idsOf([owner!, ...people]));
    for (const person of people) expect(await person.does('GET /group/user_joined')).toEqual([group]);
  });

  story('of ten users who want the last seat at once one gets it (groupFull)', async (given) => {
    const [owner, ...people] = await given.users(11);
    const group = await given.group(owner!, { approval: 0, capacity: 2 });
    const answers = await given.race(...people.map(apply(group)));
    expect(outcomes(answers)).toEqual(['success', ...times(9, 'groupFull')]);
    const winner = people[answers.findIndex(({ outcome }) => outcome === 'success')]!;
    expect(await members(given, group)).toEqual(idsOf([owner!, winner]));
  });

  story('a user who joins ten times at once is a member once (alreadyMember)', async (given) => {
    const [owner, person] = await given.users(2);
    const group = await given.group(owner!, { approval: 0 });
    const answers = await given.race(...Array.from({ length: 10 }, () => apply(group)(person!)));
    expect(outcomes(answers)).toEqual(['success', ...times(9, 'alreadyMember')]);
    expect(await members(given, group)).toEqual(idsOf([owner!, person!]));
  });

  story('a user who applies ten times at once has one application', async (given) => {
    const [owner, person] = await given.users(2);
    const group = await given.group(owner!);
    const answers = await given.race(...Array.from({ length: 10 }, () => apply(group)(person!)));
    expect(outcomes(answers)).toEqual(times(10, 'success'));
    expect(await owner!.does('POST /group/application_list')).toMatchObject([{ applicant_id: person!.id, status: 0 }]);
  });

  story('of ten admins who kick the same member at once one succeeds', async (given) => {
    const [owner, target, ...admins] = await given.users(11);
    const group = await given.group(owner!, { members: [target!], admins });
    const answers = await given.race(
      ...[owner!, ...admins].map(
        (admin) => () => admin.asks('POST /group/kick', { group_id: group, user_list: [target!.id] }),
      ),
    );
    expect(answers.map(({ body }) => body.data[0].result).sort()).toEqual([...Array(9).fill('fail'), 'success']);
    for (const { body } of answers)
      if (body.data[0].result === 'fail') expect(body.data[0].reason).toBe('the user is not a group member');
    expect(await members(given, group)).toEqual(idsOf([owner!, ...admins]));
    expect(await target!.does('GET /group/user_joined')).toEqual([]);
  });

  story('a member who leaves while being kicked is gone once (needsMember)', async (given) => {
    const [owner, ...leaving] = await given.users(6);
    const group = await given.group(owner!, { members: leaving });
    const user_list = idsOf(leaving);
    const [kicked, ...left] = await given.race(
      () => owner!.asks('POST /group/kick', { group_id: group, user_list }),
      ...leaving.map((person) => () => person.asks('POST /group/leave', { group_id: group })),
    );
    for (const person of leaving) {
      const wasKicked = kicked!.body.data.find(({ user_id }: { user_id: number }) => user_id === person.id).result;
      expect(left[leaving.indexOf(person)]!.outcome).toBe(wasKicked === 'success' ? 'needsMember' : 'success');
    }
    expect(await members(given, group)).toEqual([owner!.id]);
  });

  story('a group that is dissolved while users join and leave has no members (groupMissing)', async (given) => {
    const [owner, ...people] = await given.users(15);
    const inside = people.slice(0, 4);
    const group = await given.group(owner!, { approval: 0, members: inside });
    const [destroyed, ...others] = await given.race(
      () => owner!.asks('POST /group/destroy', { group_id: group }),
      ...people.slice(4).map(apply(group)),
      ...inside.map((person) => () => person.asks('DELETE /group/leave', { group_id: group })),
    );
    expect(destroyed!.outcome).toBe('success');
    for (const { outcome } of others) expect(['success', 'groupMissing']).toContain(outcome);
    const { body } = await given.admin().asks('GET /group/info', { group_id: group });
    expect(body.data).toMatchObject({ status: 1, count: 0 });
    for (const person of [owner!, ...people]) expect(await person.does('GET /group/user_joined')).toEqual([]);
    expect(await people[0]!.fails('POST /group/apply', { group_id: group, reason: '' })).toBe('groupMissing');
  });

  story('of ten calls that dissolve a group at once one succeeds', async (given) => {
    const [owner, bob] = await given.users(2);
    const group = await given.group(owner!, { members: [bob!] });
    const answers = await given.race(
      ...Array.from({ length: 10 }, () => () => owner!.asks('POST /group/destroy', { group_id: group })),
    );
    // A call that reads the group before it is dissolved and the owner's membership after finds no member.
    const [done, ...late] = outcomes(answers);
    expect(done).toBe('success');
    for (const outcome of late) expect(['groupMissing', 'needsMember']).toContain(outcome);
  });

  story('an application that several admins approve at once is approved once (applicationGone)', async (given) => {
    const [owner, admin, person] = await given.users(3);
    const group = await given.group(owner!, { admins: [admin!] });
    await person!.does('POST /group/apply', { group_id: group, reason: '' });
    const answers = await given.race(
      ...[owner!, admin!, owner!, admin!].map(
        (one) => () => one.asks('POST /group/apply/handle', { group_id: group, user_id: person!.id, approval: true }),
      ),
    );
    expect(outcomes(answers)).toEqual(['success', ...times(3, 'applicationGone')]);
    expect(await members(given, group)).toEqual(idsOf([owner!, admin!, person!]));
  });

  story('an application that is approved and rejected at once has one outcome (applicationGone)', async (given) => {
    const [owner, ...people] = await given.users(9);
    const group = await given.group(owner!);
    for (const person of people) await person.does('POST /group/apply', { group_id: group, reason: '' });
    const answers = await given.race(
      ...people.flatMap((person) =>
        [true, false].map(
          (approval) => () => owner!.asks('PUT /group/apply/handle', { group_id: group, user_id: person.id, approval }),
        ),
      ),
    );
    expect(outcomes(answers)).toEqual([...times(8, 'success'), ...times(8, 'applicationGone')]);
    const approved = people.filter((_, n) => answers[2 * n]!.outcome === 'success');
    expect(await members(given, group)).toEqual(idsOf([owner!, ...approved]));
    for (const { applicant_id, status } of await owner!.lists('POST /group/application_list', { group_list: [group] }))
      expect(status).toBe(approved.some(({ id }) => id === applicant_id) ? 1 : 2);
  });

  story('a user who is approved, is invited and applies at once joins once, with nothing pending', async (given) => {
    const [owner, admin, person] = await given.users(3);
    const group = await given.group(owner!, { admins: [admin!] });
    await person!.does('POST /group/apply', { group_id: group, reason: 'first' });
    const [approved, invited, applied] = await given.race(
      () => owner!.asks('POST /group/apply/handle', { group_id: group, user_id: person!.id, approval: true }),
      () => admin!.asks('POST /group/invite', { group_id: group, user_list: [person!.id], reason: '' }),
      () => person!.asks('POST /group/apply', { group_id: group, reason: 'second' }),
    );
    expect(['success', 'applicationGone']).toContain(approved!.outcome);
    expect((approved!.outcome === 'success') !== (invited!.body.data[0].result === 'success')).toBe(true);
    expect(['success', 'alreadyMember']).toContain(applied!.outcome);
    expect(await members(given, group)).toEqual(idsOf([owner!, admin!, person!]));
    const listed = await owner!.lists('POST /group/application_list', { group_list: [group] });
    expect(listed).toMatchObject([{ applicant_id: person!.id, status: 1 }]);
  });

  story('users who are invited while they join are in once each, and every seat is taken', async (given) => {
    const [owner, ...people] = await given.users(111);
    const group = await given.group(owner!, { approval: 0, capacity: 105 });
    const invited = people.slice(0, 100);
    const [answer, ...others] = await given.race(
      () => owner!.asks('POST /group/invite', { group_id: group, user_list: invited.map(({ id }) => id), reason: '' }),
      ...people.slice(90).map(apply(group)),
    );
    const entries: { user_id: number; result: string; reason: string }[] = answer!.body.data;
    expect(entries.map(({ user_id }) => user_id)).toEqual(invited.map(({ id }) => id));
    const inside = new Set(entries.filter(({ result }) => result === 'success').map(({ user_id }) => user_id));
    for (const [n, { outcome }] of others.entries()) if (outcome === 'success') inside.add(people[90 + n]!.id);
    for (const { reason, result } of entries)
      if (result === 'fail') expect(['the user is already a group member', 'the group is full']).toContain(reason);
    for (const { outcome } of others) expect(['success', 'alreadyMember', 'groupFull']).toContain(outcome);
    // All seats are taken: nobody was refused while a seat was free.
    expect(inside.size).toBe(104);
    expect(await members(given, group)).toEqual([owner!.id, ...inside].sort((one, other) => one - other));
  });

  story('two groups that invite the same users at once both get them', async (given) => {
    const [one, other, ...people] = await given.users(22);
    const groups = [await given.group(one!), await given.group(other!)];
    const user_list = people.map(({ id }) => id);
    const answers = await given.race(
      () => one!.asks('POST /group/invite', { group_id: groups[0], user_list, reason: '' }),
      () => other!.asks('POST /group/invite', { group_id: groups[1], user_list: user_list.toReversed(), reason: '' }),
    );
    for (const { body } of answers)
      for (const entry of body.data) expect(entry).toMatchObject({ result: 'success', reason: '' });
    for (const person of people)
      expect((await person.does('GET /group/user_joined')).sort()).toEqual(groups.toSorted());
  });

  story('one device that logs in ten times at once has one session (loginAgain)', async (given) => {
    const person = await given.user();
    const answers = await given.race(
      ...Array.from(
        { length: 10 },
        () => () =>
          given.nobody.asks('POST /token/id', { user_id: person.id, password: PASSWORD, device_guid: 'phone' }),
      ),
    );
    expect(outcomes(answers)).toEqual(times(10, 'success'));
    const alive = await Promise.all(
      answers.map(({ body }) => given.api.call('GET', '/user/profile', { app: given.app, token: body.data.token })),
    );
    expect(outcomes(alive)).toEqual(['success', ...times(9, 'loginAgain')]);
  });
});
