import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { Random } from '../../infra/local/random.ts';
import { UNKIND } from '../../infra/local/unkind/manners.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { TABLE_NAME } from '../../shared/environment.ts';
import type { ErrorName } from '../../shared/errors.ts';
import { routes } from '../../shared/routes/index.ts';
import { type Answer, busy, moduleOf } from '../support/api.ts';
import { newTable } from '../support/database.ts';
import { deliver, jobsOf } from '../support/jobs.ts';
import { type Actor, Given, PASSWORD, type Person } from '../support/story.ts';
import { unkind, worldInProcess } from '../support/world.ts';
import { ADMIN_ERRORS, type Call, type EntryReply, GROUP_ERRORS } from './commands/command.ts';
import { commandOf, commands } from './commands/index.ts';
import { errorOf } from './entry-errors.ts';
import { LIMITS } from './run.ts';
import { send } from './runner.ts';

/** A call that waits for its turn, and the errors that it may answer. */
interface Planned {
  name: string;
  ask: () => Promise<Answer>;
  errors: readonly ErrorName[];
  /** The entries of its answer, where this is no list of them. */
  entryReplies?: ((data: unknown) => EntryReply[]) | undefined;
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
 * One run against the unkind database in real time: a dozen calls at once, in any order. The seed decides which calls are
 * made and what goes wrong, but not what meets what. In the end the invariants of the data must hold.
 */
export async function runFreely(seed: number, length: number): Promise<Outcome> {
  const { bucket, api } = await worldInProcess(undefined, seed);
  await Promise.all(routes.map(moduleOf));
  const table = await newTable();
  process.env[TABLE_NAME] = table.name;
  forgetCachedApps();
  const given = await Given.app({ api, table, bucket }, LIMITS);
  const answers = busy.answers;
  try {
    const run = new FreeRun(given, new Random(seed));
    await run.begin();
    unkind?.begin(seed, { ...UNKIND, rates: undefined });
    await run.play(length);
    const counts = { ...unkind?.counts };
    // The background does its jobs in the end, with a database that is as unkind.
    await run.end();
    return {
      violations: run.violations,
      calls: length,
      busy: busy.answers - answers,
      outcomes: run.outcomes,
      counts,
    };
  } finally {
    unkind?.quiet();
    await table.client.send(new DeleteTableCommand({ TableName: table.name }));
  }
}

/** The actor was signed out or deleted meanwhile. */
const ENDED = ['loginAgain', 'userMissing'] as const;

class FreeRun {
  readonly violations: string[] = [];
  readonly outcomes: Outcome['outcomes'] = {};
  readonly #given: Given;
  readonly #random: Random;
  #users: Person[] = [];
  #groups: number[] = [];
  #codes: string[] = [];
  #made = 0;

  constructor(given: Given, random: Random) {
    this.#given = given;
    this.#random = random;
  }

  async begin(): Promise<void> {
    this.#users = await this.#given.users(this.#random.whole(5, 7));
    for (const approval of [0, 0, 1] as const) {
      const [owner, ...others] = this.#random.some(this.#users, 3);
      this.#groups.push(await this.#given.group(owner!, { members: others, approval }));
    }
    const confirming = this.#users.filter(() => this.#random.chance(0.3));
    await Promise.all(confirming.map(({ id }) => this.#given.setUser(id, { confirm: true })));
  }

  async play(length: number): Promise<void> {
    const caller = async () => {
      while (this.#made < length) {
        const planned = this.#random.chance(0.8) ? this.#ofGroups() : this.#ofUsers();
        await this.#call(planned);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, caller));
  }

  /** The background works until no job is left, however often it fails; then the invariants must hold. */
  async end(): Promise<void> {
    for (let rounds = 0; rounds < 50; rounds++) {
      const jobs = await jobsOf(this.#given.world.table, this.#given.app);
      if (jobs.length === 0) break;
      for (const key of jobs) await deliver([key]).catch(() => {});
    }
    const left = await jobsOf(this.#given.world.table, this.#given.app);
    if (left.length > 0) this.violations.push(`${left.length} jobs never end`);
    this.violations.push(...(await this.#given.problems()));
  }

  async #call({ name, ask, errors, entryReplies }: Planned): Promise<void> {
    const wrong = (what: string) => this.violations.push(`${name}: ${what}`);
    const { outcome, body } = await ask().catch((error: Error) => ({
      outcome: 'none' as const,
      body: { data: undefined, message: error.message },
    }));
    const { data, message } = body;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    const right: readonly string[] = ['success', ...ENDED, ...errors];
    if (!right.includes(outcome)) return void wrong(`answers ${outcome}: ${message}`);
    if (outcome === 'success') {
      const entries: Partial<EntryReply>[] = entryReplies?.(data) ?? (Array.isArray(data) ? data : []);
      for (const { result, reason } of entries)
        if (result === 'fail' && errorOf(reason ?? '') === undefined) wrong(`fails an entry with "${reason}"`);
    }
    if (data?.qr_info) this.#codes.push(data.qr_info);
    if (outcome === 'success' && data?.group_id && !this.#groups.includes(data.group_id))
      this.#groups.push(data.group_id);
  }

  /** Any call on any group: there is so little of everything that much of it can be done. */
  #ofGroups(): Planned {
    const random = this.#random;
    const nth = ++this.#made;
    const ids = this.#users.map(({ id }) => id);
    const [actor, user] = [random.one(ids), random.one(ids)];
    const value = random.chance(0.6);
    const weights = Object.fromEntries(commands.map(({ op, freeWeight }) => [op, freeWeight]));
    if (this.#codes.length === 0) weights['qrcode/invite'] = 0;
    const op = random.weighted(weights);
    const { usersOnly, createsGroup, errors, entryReplies } = commandOf({ op });
    const call: Call & Record<string, unknown> = {
      op,
      actor: !usersOnly && random.chance(0.3) ? undefined : actor,
      group: createsGroup ? 0 : random.one(this.#groups),
      user,
      sender: random.one(ids),
      mode: random.whole(0, 3),
      answer: random.one(['Blue', 'another']),
      alias: `alias ${nth}`,
      inviter: user,
      users: random.some(ids, 4),
      value,
      approval: value,
      file: 1,
      files: [1, 2],
      name: `name ${nth}`,
      size: 1,
      code: this.#codes.at(-1),
    };
    const ask = () => send(call, this.#given, this.#users, nth);
    return { name: `#${nth} ${JSON.stringify(call)}`, ask, errors, entryReplies };
  }

  /** Names and numbers of users, of which there are few. */
  #ofUsers(): Planned {
    const random = this.#random;
    const nth = ++this.#made;
    const person = random.one(this.#users);
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
        planned(person, ADMIN_ERRORS, 'POST /group/announcement/edit', {
          group_id,
          title: 'News',
          content: `news ${nth}`,
        }),
      () => planned(person, GROUP_ERRORS, 'POST /group/display_name', { group_id, value: `name ${nth}` }),
    ])();
  }
}
