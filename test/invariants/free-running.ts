import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { handler as cleanUp } from '../../functions/background/clean-up.ts';
import { Random } from '../../infra/local/random.ts';
import { UNKIND } from '../../infra/local/unkind/manners.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { TABLE_NAME } from '../../shared/environment.ts';
import type { ErrorName } from '../../shared/errors.ts';
import { routes } from '../../shared/routes/index.ts';
import { type Answer, busy, moduleOf } from '../support/api.ts';
import { newTable } from '../support/database.ts';
import { jobsOf } from '../support/jobs.ts';
import { type Actor, Given, PASSWORD, type Person } from '../support/story.ts';
import { unkind, worldInProcess } from '../support/world.ts';
import { errorOf, LIMITS, send } from './calls.ts';
import type { Ask } from './laws.ts';

/** A call that waits for its turn, and the errors that it may answer. */
interface Planned {
  name: string;
  ask: () => Promise<Answer>;
  errors: readonly ErrorName[];
}

export interface Outcome {
  /** What is wrong, one sentence each. */
  violations: string[];
  calls: number;
  /** Answers of 503. */
  busy: number;
  /** How often each outcome was answered. */
  outcomes: Record<string, number>;
  /** What the database did. */
  counts: Record<string, number>;
}

/** Calls that run at the same time. */
const AT_ONCE = 12;

/**
 * Plays one history against the unkind database in real time: a dozen calls at once, whatever order that gives. The
 * seed decides what is asked for and what goes wrong, but not what meets what. In the end the data must be in order.
 */
export async function playFreely(seed: number, length: number): Promise<Outcome> {
  const { bucket, api } = await worldInProcess(undefined, seed);
  await Promise.all(routes.map(moduleOf));
  const table = await newTable();
  process.env[TABLE_NAME] = table.name;
  forgetCachedApps();
  const given = await Given.app({ api, table, bucket }, LIMITS);
  const answers = busy.answers;
  try {
    const history = new FreeHistory(given, new Random(seed));
    await history.begin();
    unkind?.begin(seed, { ...UNKIND, rates: undefined });
    await history.play(length);
    const counts = { ...unkind?.counts };
    // What waits for the background is done in the end, by a database that is as unkind.
    await history.end();
    return {
      violations: history.violations,
      calls: length,
      busy: busy.answers - answers,
      outcomes: history.outcomes,
      counts,
    };
  } finally {
    unkind?.quiet();
    await table.client.send(new DeleteTableCommand({ TableName: table.name }));
  }
}

/** The actor was signed out or deleted meanwhile. */
const ENDED = ['loginAgain', 'userMissing'] as const;
const GROUP = ['groupMissing', 'needsMember'] as const;
const ADMIN = [...GROUP, 'needsAdmin'] as const;
const OWNER = [...GROUP, 'needsOwner'] as const;
const GATE = ['alreadyMember', 'blocked', 'tooManyJoined', 'groupFull'] as const;
const FILE = [...GROUP, 'badParameter', 'fileMissing', 'fileRight'] as const;

/** What section 6 of the behaviour lets each operation answer, beside success and the actor's own end. */
const ERRORS: Record<Ask['op'], readonly ErrorName[]> = {
  create: ['tooManyOwned', 'tooManyJoined'],
  invite: ADMIN,
  'invite/handle': ['groupMissing', 'invitationGone', ...GATE],
  apply: ['groupMissing', ...GATE],
  'apply/handle': [...ADMIN, 'applicationGone', 'userMissing', ...GATE],
  'qrcode/sign': ADMIN,
  'qrcode/invite': ['qrIllegal', 'qrExpired', ...GATE],
  kick: ADMIN,
  leave: [...GROUP, 'ownerCannotLeave'],
  transfer: [...OWNER, 'newOwnerNotMember', 'tooManyOwned', 'userMissing'],
  'admin/add': OWNER,
  'admin/remove': OWNER,
  ban: ADMIN,
  unban: ADMIN,
  block: ADMIN,
  unblock: ADMIN,
  destroy: OWNER,
  approval: ADMIN,
  member_invite: ADMIN,
  group_confirm: [],
  'user/delete': [],
  'file/reserve': FILE,
  'file/link': FILE,
  'file/form': FILE,
  'file/register': FILE,
  'file/info': FILE,
  'file/list': GROUP,
  'file/update_name': FILE,
  'file/delete': FILE,
};

class FreeHistory {
  readonly violations: string[] = [];
  readonly outcomes: Outcome['outcomes'] = {};
  readonly #given: Given;
  readonly #random: Random;
  #people: Person[] = [];
  #groups: number[] = [];
  #codes: string[] = [];
  #made = 0;

  constructor(given: Given, random: Random) {
    this.#given = given;
    this.#random = random;
  }

  async begin(): Promise<void> {
    this.#people = await this.#given.users(this.#random.whole(5, 7));
    for (const approval of [0, 0, 1] as const) {
      const [owner, ...others] = this.#random.some(this.#people, 3);
      this.#groups.push(await this.#given.group(owner!, { members: others, approval }));
    }
    const confirming = this.#people.filter(() => this.#random.chance(0.3));
    await Promise.all(confirming.map(({ id }) => this.#given.setUser(id, { confirm: true })));
  }

  async play(length: number): Promise<void> {
    const caller = async () => {
      while (this.#made < length) {
        const planned = this.#random.chance(0.8) ? this.#ofGroups() : this.#ofPeople();
        await this.#call(planned);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
  }

  /** The background does its work until none is left, however often it fails; then the laws must hold. */
  async end(): Promise<void> {
    for (let rounds = 0; rounds < 50; rounds++) {
      const jobs = await jobsOf(this.#given.world.table, this.#given.app);
      if (jobs.length === 0) break;
      for (const { pk, sk } of jobs) {
        const event = { Records: [{ dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } } }] };
        const context = { awsRequestId: `job ${rounds}`, getRemainingTimeInMillis: () => 300_000 };
        await cleanUp(event as unknown as DynamoDBStreamEvent, context as Context).catch(() => {});
      }
    }
    const left = await jobsOf(this.#given.world.table, this.#given.app);
    if (left.length > 0) this.violations.push(`${left.length} jobs never end`);
    this.violations.push(...(await this.#given.problems()));
  }

  async #call({ name, ask, errors }: Planned): Promise<void> {
    const wrong = (what: string) => this.violations.push(`${name}: ${what}`);
    const { outcome, body } = await ask().catch((error: Error) => ({
      outcome: 'none' as const,
      body: { data: undefined, message: error.message },
    }));
    const { data, message } = body;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    const right: readonly string[] = ['success', ...ENDED, ...errors];
    if (!right.includes(outcome)) return void wrong(`answers ${outcome}: ${message}`);
    if (outcome === 'success' && Array.isArray(data))
      for (const { result, reason } of data as { result?: string; reason?: string }[])
        if (result === 'fail' && errorOf(reason ?? '') === undefined) wrong(`fails an entry with "${reason}"`);
    if (data?.qr_info) this.#codes.push(data.qr_info);
    if (outcome === 'success' && data?.group_id && !this.#groups.includes(data.group_id))
      this.#groups.push(data.group_id);
  }

  /** Somebody asks for something in some group: the world is so small that much of it can be done. */
  #ofGroups(): Planned {
    const random = this.#random;
    const nth = ++this.#made;
    const group = random.one(this.#groups);
    const ids = this.#people.map(({ id }) => id);
    const person = random.one(ids);
    const me = random.chance(0.3) ? undefined : person;
    const user = random.one(ids);
    const users = random.some(ids, 4);
    const value = random.chance(0.6);
    const ask = random.weighted<Ask['op']>({
      create: 2,
      invite: 10,
      'invite/handle': 10,
      apply: 14,
      'apply/handle': 8,
      'qrcode/sign': 3,
      'qrcode/invite': this.#codes.length > 0 ? 6 : 0,
      kick: 8,
      leave: 8,
      transfer: 6,
      'admin/add': 5,
      'admin/remove': 3,
      ban: 4,
      unban: 3,
      block: 6,
      unblock: 8,
      destroy: 0.7,
      approval: 2,
      member_invite: 2,
      group_confirm: 3,
      'user/delete': 0.7,
      'file/reserve': 3,
      'file/link': 5,
      'file/form': 0,
      'file/register': 0,
      'file/info': 1,
      'file/list': 1,
      'file/update_name': 3,
      'file/delete': 3,
    });
    const of = { group, me, user, users, value, inviter: user, approval: value, files: [1, 2], file: 1 };
    const asked = { op: ask, ...of, name: `name ${nth}`, size: 1, code: this.#codes.at(-1) };
    if (ask === 'create') Object.assign(asked, { group: 0 });
    // Some things are for persons only.
    if (['create', 'apply', 'leave', 'qrcode/invite', 'invite/handle', 'group_confirm', 'user/delete'].includes(ask))
      asked.me = person;
    if (ask === 'approval') Object.assign(asked, { value: random.whole(0, 1) });
    const name = `#${nth} ${JSON.stringify(asked)}`;
    return { name, ask: () => send(asked as unknown as Ask, this.#given, this.#people, nth), errors: ERRORS[ask] };
  }

  /** Names and numbers of people, of which there are few. */
  #ofPeople(): Planned {
    const random = this.#random;
    const nth = ++this.#made;
    const person = random.one(this.#people);
    const username = `wanted_${random.whole(1, 4)}`;
    const group_id = random.one(this.#groups);
    const planned = (actor: Actor, errors: readonly ErrorName[], ...call: Parameters<Actor['asks']>): Planned => ({
      name: `#${nth} ${person.id} ${JSON.stringify(call)}`,
      ask: () => actor.asks(...call),
      errors,
    });
    const { nobody } = this.#given;
    return random.one([
      () => planned(nobody, ['usernameTaken'], 'POST /user/register/v2', { username, password: PASSWORD }),
      () => planned(person, ['usernameTaken'], 'POST /user/username', { username }),
      () => planned(person, ['mobileTaken'], 'PUT /user/mobile', { mobile: `+49301234${random.whole(1, 3)}` }),
      () =>
        planned(nobody, ['noPermission'], 'POST /token/id', {
          user_id: person.id,
          password: PASSWORD,
          device_guid: 'phone',
        }),
      () =>
        planned(person, ADMIN, 'POST /group/announcement/edit', { group_id, title: 'News', content: `news ${nth}` }),
      () => planned(person, GROUP, 'POST /group/display_name', { group_id, value: `name ${nth}` }),
    ])();
  }
}
