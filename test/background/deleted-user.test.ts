import { afterEach, expect } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';
import { newId } from '../../shared/ids.ts';
import { putAll } from '../support/database.ts';
import { itemsOf } from '../support/invariants.ts';
import { deliver, doJobs, jobsOf } from '../support/jobs.ts';
import { type Given, inRaces, inThisProcess, PASSWORD, type Person } from '../support/story.ts';

const jobs = (given: Given) => jobsOf(given.world.table, given.app);

/** Makes every n-th request to the database fail, while it is set. */
let faults: { every: number; seen: number } | undefined;
afterEach(() => {
  faults = undefined;
});

/** What has ended leaves its key and its last stamp for three days. */
const isTombstone = (item: object) => Object.keys(item).sort().join() === 'pk,sk,stamp,ttl';

/** Items of a user that are still in the table, besides the user's own item. */
async function remains(given: Given, id: number): Promise<string[]> {
  const items = await itemsOf(given.world.table, given.app);
  return items
    .filter((item) => !isTombstone(item))
    .filter(({ pk, sk, user }) => {
      if (pk === `U#${given.app}#${id}`) return sk !== '#';
      return user === id || sk === `R#${id}` || sk === `A#${id}` || sk.endsWith(`#${id}`);
    })
    .map(({ pk, sk }) => `${pk} ${sk}`);
}

/** Makes that many, fifteen at a time. */
async function many<T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let from = 0; from < count; from += 15)
    made.push(...(await Promise.all(Array.from({ length: Math.min(15, count - from) }, (_, n) => make(from + n)))));
  return made;
}

/** Copies a group with its members until there are that many. The caller corrects the counts of the members. */
async function copies(given: Given, group: number, count: number): Promise<number[]> {
  const whole = (await itemsOf(given.world.table, given.app)).map((item) => JSON.stringify(item));
  const own = new RegExp(`\\b${group}\\b`, 'g');
  const template = whole.filter((item) => item.match(own));
  const groups = [group, ...Array.from({ length: count - 1 }, newId)];
  const items = groups.slice(1).flatMap((id) => template.map((item) => JSON.parse(item.replace(own, String(id)))));
  await putAll(given.world.table, items);
  return groups;
}

/** A user who owns groups of every kind, with the successor of each: undefined where nobody is left. */
async function ownerOfMany(given: Given, each: number) {
  const gone = await given.user('gone');
  const [successor, other, dead, third] = (await given.users(4, 'other')) as [Person, Person, Person, Person];
  const kinds: { to: Person | undefined; people: { members?: Person[]; admins?: Person[] } }[] = [
    { to: other, people: { members: [successor], admins: [other] } },
    { to: other, people: { members: [successor], admins: [other, third] } },
    { to: successor, people: { members: [dead, successor, other] } },
    { to: successor, people: { admins: [dead], members: [successor] } },
    { to: undefined, people: {} },
    { to: undefined, people: { members: [dead] } },
  ];
  const passed = await many(kinds.length * each, async (n) => {
    const { to, people } = kinds[n % kinds.length]!;
    return { group: await given.group(gone, people), to: to?.id };
  });
  return { gone, successor, other, dead, third, passed };
}

/** Every group has passed to its successor, or is dissolved. */
async function expectPassed(given: Given, passed: { group: number; to: number | undefined }[]) {
  for (const { group, to } of passed) {
    const { body } = await given.admin().asks('GET /group/info', { group_id: group });
    expect(body.data).toMatchObject(to === undefined ? { status: 1, count: 0 } : { status: 0, owner_id: to });
  }
}

inThisProcess('Clean-up of a deleted user', (story) => {
  story('a deleted user leaves only the tombstone, and owned groups pass on or are dissolved', async (given) => {
    const { gone, successor, dead, third: owner, passed } = await ownerOfMany(given, 1);
    await gone.does('POST /user/profile', { nick_name: 'Gone', private_info: 'x'.repeat(16_000) });
    await gone.does('POST /user/settings', { user_id: gone.id, no_sounds: true });
    await gone.does('POST /user/push/tag', { tags: ['a', 'b'] });
    await gone.does('PUT /user/token/bind', { device_sn: gone.device, device_token: 'push', notifier_name: 'apns' });
    await gone.does('PUT /user/mobile', { mobile: '4912345678' });
    const joined = await many(6, (n) => given.group(owner, n % 2 ? { members: [gone] } : { admins: [gone] }));
    const applied = await given.group(owner);
    await gone.does('POST /group/apply', { group_id: applied, reason: 'me' });
    const dissolved = await given.group(successor, { members: [gone] });
    await successor.does('POST /group/destroy', { group_id: dissolved });
    await given.setUser(gone.id, { confirm: true });
    const asking = await given.group(owner);
    await owner.does('POST /group/invite', { group_id: asking, user_list: [gone.id], reason: '' });

    await given.admin({ user: dead.id }).does('POST /user/delete');
    await gone.does('DELETE /user/delete', { password: PASSWORD });
    // Until the background runs, the user is still listed and counted.
    expect(await owner.does('GET /group/info', { group_id: joined[0] })).toMatchObject({ count: 2 });
    // A successor that is deleted too is passed over, whichever of both is cleaned up first.
    for (const key of await jobs(given)) await deliver([key]);
    await doJobs(given);

    await expectPassed(given, passed);
    expect(await owner.does('POST /group/application_list', { group_list: [applied] })).toEqual([]);
    for (const group of joined)
      expect(await owner.does('GET /group/info', { group_id: group })).toMatchObject({ count: 1 });
    expect(await remains(given, gone.id)).toEqual([]);
    expect(await remains(given, dead.id)).toEqual([]);
  });

  story('a deleted user is cleaned up completely although every run has time for one page only', async (given) => {
    const { gone, dead, passed } = await ownerOfMany(given, 4);
    await given.admin({ user: dead.id }).does('POST /user/delete');
    await given.admin({ user: gone.id }).does('POST /user/delete');
    // Every run has time for one page only.
    const runs = await doJobs(given, 0);
    expect(runs).toBeGreaterThan(1);
    await expectPassed(given, passed);
    expect(await remains(given, gone.id)).toEqual([]);
  });

  story('a deleted user is cleaned up completely after faults of the database in the middle of it', async (given) => {
    const { gone, dead, passed } = await ownerOfMany(given, 4);
    await given.admin({ user: dead.id }).does('POST /user/delete');
    await given.admin({ user: gone.id }).does('POST /user/delete');
    faulty();
    const [key, second] = await jobs(given);
    let failed = 0;
    for (const every of [7, 13, 29, 61]) {
      faults = { every, seen: 0 };
      for (const job of [key!, second!]) await deliver([job]).catch(() => failed++);
    }
    faults = undefined;
    expect(failed).toBeGreaterThan(1);
    await doJobs(given);
    await expectPassed(given, passed);
    expect(await remains(given, gone.id)).toEqual([]);
  });

  story('a job that is handed out again after its end does not come back', async (given) => {
    const gone = await given.user('gone');
    await given.admin({ user: gone.id }).does('POST /user/delete');
    const [key] = await jobs(given);
    await doJobs(given);
    await deliver([key!], 0);
    expect(await jobs(given)).toEqual([]);
  });
});

let installed = false;
function faulty() {
  if (installed) return;
  installed = true;
  documentClient().middlewareStack.add(
    ((next: (args: object) => Promise<object>) => async (args: object) => {
      if (faults && ++faults.seen % faults.every === 0) throw new Error('the database failed');
      return next(args);
    }) as never,
    { step: 'initialize', name: 'faults', priority: 'high' } as never,
  );
}

inRaces('Clean-up of a deleted user, in races', (story) => {
  story('two runs at once clean up a deleted user while possible successors leave their groups', async (given) => {
    const gone = await given.user('gone');
    const people = await given.users(6);
    const groups: number[] = [];
    groups.push(...(await many(6, (n) => given.group(gone, { members: [people[n]!, people[(n + 1) % 6]!] }))));
    await given.admin({ user: gone.id }).does('POST /user/delete');
    const [key] = await jobs(given);
    await given.race(
      () => deliver([key!]),
      () => deliver([key!]),
      ...groups.map((group, n) => async () => void (await people[n]!.asks('POST /group/leave', { group_id: group }))),
    );
    await doJobs(given);
    for (const [n, group] of groups.entries()) {
      const { body } = await given.admin().asks('GET /group/info', { group_id: group });
      // Either member may own it: the first successor could not leave any more.
      expect([people[n]!.id, people[(n + 1) % 6]!.id]).toContain(body.data.owner_id);
    }
    expect(await remains(given, gone.id)).toEqual([]);
  });
});

inThisProcess('Clean-up of a user in 300 groups', (story) => {
  story('a user who owns 30 of 300 groups leaves all of them although a run fails half-way', async (given) => {
    const gone = await given.user('gone');
    const [owner, member] = (await given.users(2)) as [Person, Person];
    const owned = await copies(given, await given.group(gone, { members: [member] }), 30);
    await copies(given, await given.group(owner, { members: [gone] }), 270);
    await given.setUser(gone.id, { joined: 300, owned: 30 });
    await given.setUser(owner.id, { joined: 270, owned: 270 });
    await given.setUser(member.id, { joined: 30 });
    expect(await given.problems()).toEqual([]);
    await given.admin({ user: gone.id }).does('POST /user/delete');
    const [key] = await jobs(given);
    faulty();
    faults = { every: 450, seen: 0 };
    await expect(deliver([key!])).rejects.toThrow('the database failed');
    faults = undefined;
    const left = (await remains(given, gone.id)).filter((item) => item.includes(' E#')).length;
    expect(left).toBeGreaterThan(50);
    expect(left).toBeLessThan(250);
    expect(await jobs(given)).toEqual([key]);
    const started = Date.now();
    await doJobs(given);
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(await remains(given, gone.id)).toEqual([]);
    for (const group of owned)
      expect(await member.does('GET /group/info', { group_id: group })).toMatchObject({
        owner_id: member.id,
        count: 1,
      });
    expect(await gone.fails('GET /user/profile')).toBe('loginAgain');
  });
});
