import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';
import { Random } from '../../infra/local/random.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { documentClient } from '../../shared/data/client.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { TABLE_NAME } from '../../shared/environment.ts';
import { routes } from '../../shared/routes/index.ts';
import { type Answer, moduleOf } from '../support/api.ts';
import { newTable } from '../support/database.ts';
import { type Stream, streamOf } from '../support/events.ts';
import { itemsOf, problemsOf } from '../support/invariants.ts';
import { deliver, jobsOf } from '../support/jobs.ts';
import { Actor, Given, type Person } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';
import { apiProblems } from './api-problems.ts';
import { Bucket } from './bucket.ts';
import { drawMode, verificationOf } from './commands/auth-mode.ts';
import type { Call } from './commands/command.ts';
import { commandOf, commandsOfFriends, commandsOfGroups } from './commands/index.ts';
import { Draw } from './draw.ts';
import { EventRules } from './event-rules.ts';
import { FileRules } from './file-rules.ts';
import { Files } from './files.ts';
import { Judge } from './judge.ts';
import { leftOfDeleted } from './left-of-deleted.ts';
import { Model } from './model.ts';
import { type MutateRecords, Relays } from './relays.ts';
import { LIMITS, type Run } from './run.ts';
import { Scheduler, schedule, scheduledFetch, sound, type Task } from './scheduler.ts';

/** How a run goes; the seed decides everything else. */
export interface Options {
  seed: number;
  /** Functions die, answers are lost, the database throttles. */
  faults: boolean;
  /** How many calls are made. */
  length?: number;
  /** Mostly these operations, on a single group, so that a mutant is found sooner. */
  focus?: string[] | undefined;
  /** How many users there are. */
  users?: number | undefined;
  /** What a mutant changes: see `Scheduler.mutate`. */
  mutate?: Scheduler['mutate'] | undefined;
  mutateObject?: Scheduler['mutateObject'] | undefined;
  /** Relays read the table's stream meanwhile, and the events must agree with everything. */
  events?: boolean | undefined;
  mutateRecords?: MutateRecords | undefined;
}

export interface Outcome {
  /** What is wrong, one sentence each; none where all is well. */
  violations: string[];
  calls: number;
  requests: number;
  faults: Record<string, number>;
  /** How often each operation ended in which outcome. */
  outcomes: Record<string, Record<string, number>>;
}

/** How likely a request goes wrong in a run with faults. */
const FAULTS = 0.08;

/** How many of the runs are about friends. */
const SHARE_OF_FRIENDS = 0.4;

/** What a background job has left that does not stop half-way (ms). */
const ENOUGH = 600_000;

let ids = new Random(0);

/** Ids of users and groups, the same for a seed: the product sorts by them. */
export const nextId = () => ids.whole(1, 2 ** 31 - 1);

/** The random parts of objects' keys, likewise. */
export const nextRandom = () =>
  Buffer.from(Uint32Array.from({ length: 4 }, () => ids.whole(0, 2 ** 32 - 1)).buffer).toString('base64url');

/** The bucket of the current run. */
let bucket = new Bucket();

let prepared: Promise<void> | undefined;

/** Loads the operations, and puts the client's requests under the scheduler. Once per process. */
const prepare = () => {
  prepared ??= (async () => {
    await worldInProcess();
    schedule(documentClient());
    vi.stubGlobal(
      'fetch',
      scheduledFetch((url, init) => bucket.begin(url, init)),
    );
    await Promise.all(routes.map(moduleOf));
  })();
  return prepared;
};

/** Runs one simulation in a table of its own and says what was wrong with it. */
export async function simulate({ seed, faults, length = 50, ...options }: Options): Promise<Outcome> {
  await prepare();
  const { api, bucket: real } = await worldInProcess();
  const table = await newTable();
  bucket = new Bucket();
  process.env[TABLE_NAME] = table.name;
  forgetCachedApps();
  vi.setSystemTime(vi.getRealSystemTime());
  ids = new Random(seed);
  const stream = options.events ? await streamOf(table) : undefined;
  const given = await Given.app({ api, table, bucket: real }, LIMITS);
  const chance = faults ? FAULTS : 0;
  try {
    return await new Runner(given, table, new Random(seed), chance, { seed, ...options }, stream).run(length);
  } finally {
    vi.setSystemTime(vi.getRealSystemTime());
    await table.client.send(new DeleteTableCommand({ TableName: table.name }));
  }
}

class Runner {
  readonly #run: Run;
  readonly #table: OperatorTable;
  readonly #judge: Judge;
  readonly #fileRules: FileRules;
  readonly #relays: Relays | undefined;
  readonly #eventRules: EventRules | undefined;
  readonly #focus: Options['focus'];
  /** It is about friends, not about groups. */
  readonly #friends: boolean;
  readonly #userCount: number;
  readonly #mutated: boolean;
  readonly #outcomes: Outcome['outcomes'] = {};
  #calls = 0;

  constructor(
    given: Given,
    table: OperatorTable,
    random: Random,
    faults: number,
    { seed, focus, users, mutate, mutateObject, mutateRecords }: Omit<Options, 'faults' | 'length' | 'events'>,
    stream: Stream | undefined,
  ) {
    this.#focus = focus;
    // Of a random number of its own, so that the other runs are as they were before there were friends.
    this.#friends = focus?.some((op) => op.startsWith('roster/')) ?? new Random(~seed).chance(SHARE_OF_FRIENDS);
    this.#userCount = users ?? random.whole(5, 8);
    this.#table = table;
    const scheduler = new Scheduler(random, faults > 0);
    const model = new Model(given.app);
    const files = new Files(given.app, bucket, random, model, scheduler);
    const jobs = () => this.#judge.jobs;
    this.#run = {
      given,
      random,
      scheduler,
      model,
      files,
      users: [],
      groups: [],
      codes: [],
      faults,
      violations: [],
      jobs,
    };
    if (stream) {
      this.#relays = new Relays(stream, random, scheduler, mutateRecords);
      this.#eventRules = new EventRules(this.#run, this.#relays);
    }
    this.#fileRules = new FileRules(this.#run, bucket);
    this.#judge = new Judge(this.#run, this.#fileRules);
    this.#mutated = [mutate, mutateObject, mutateRecords].some((mutation) => mutation !== undefined);
    if (mutate) scheduler.mutate = mutate;
    if (mutateObject) scheduler.mutateObject = mutateObject;
    scheduler.beforeWrite = (task, writes) => this.#judge.beforeWrite(task, writes);
    scheduler.written = (task, writes) => this.#judge.written(task, writes);
  }

  async run(length: number): Promise<Outcome> {
    const { random, scheduler, violations } = this.#run;
    await this.#begin();
    await this.#relays?.take();
    this.#eventRules?.begin();
    const atOnce = random.whole(2, 6);
    const underWay = new Set<Promise<void>>();
    const start = (work: Promise<void>) => {
      underWay.add(work);
      work.then(() => underWay.delete(work));
    };
    let left = length;
    // A mutant need not be found twice.
    const isFound = () => this.#mutated && violations.length > 0;
    while ((left > 0 && !isFound()) || scheduler.running > 0) {
      while (left > 0 && !isFound() && scheduler.running < atOnce) {
        const next = this.#next();
        if (next === 'call' || next === 'job') left--;
        start(this.#start(next));
      }
      await scheduler.serve();
      await this.#relay(start);
    }
    while (await scheduler.serve());
    await Promise.all(underWay);
    if (!isFound()) await this.#end();
    const { served: requests, faults } = scheduler;
    return { violations, calls: this.#calls, requests, faults, outcomes: this.#outcomes };
  }

  /** Now and then the stream is read, and relays start beside everything else. */
  async #relay(start: (work: Promise<void>) => void): Promise<void> {
    const { random, faults } = this.#run;
    if (!this.#relays) return;
    if (random.chance(0.15)) await this.#relays.take();
    if (this.#relays.hasWork && random.chance(0.4)) start(this.#relays.deliver(faults));
  }

  /**
   * What starts next: a call, a delivery of a background job, an upload, a delivery of an upload's event, a look at
   * lists.
   */
  #next() {
    const { random, files } = this.#run;
    return random.weighted({
      call: 10,
      job: 0.9,
      upload: files.canUpload ? 2 : 0,
      event: files.hasEvents ? 2.5 : 0,
      lists: this.#eventRules ? 1 : 0,
    });
  }

  #start(next: 'call' | 'job' | 'upload' | 'event' | 'lists'): Promise<void> {
    const { files, faults, scheduler, random } = this.#run;
    switch (next) {
      case 'call':
        return this.#callAndRetry(this.#draw());
      case 'job':
        return this.#runJob();
      case 'upload':
        return files.upload();
      case 'event':
        return files.deliver(faults);
      case 'lists':
        return scheduler.start({ ...sound(), slow: random.chance(0.5) }, () => this.#eventRules!.list());
    }
  }

  /** Users, and groups of several kinds with some members. */
  async #begin(): Promise<void> {
    const { given, random, groups, model } = this.#run;
    const users = await given.users(this.#userCount);
    this.#run.users = users;
    for (let nth = 0; nth < (this.#focus ? 1 : 3); nth++) {
      const [owner, ...others] = random.some(users, users.length);
      const members = others.slice(0, random.whole(0, 3));
      const admins = random.chance(0.6) ? members.splice(0, 1) : [];
      const approval = Number(random.weighted({ 0: 2, 1: 2, 2: 0.3 })) as 0 | 1 | 2;
      groups.push(await given.group(owner!, { members, admins, approval }));
    }
    // Now the app's record is cached, and the client has sent its first requests, which take longer than others.
    await given.admin().does('GET /group/info', { group_id: groups[0] });
    const confirming = users.filter(() => random.chance(0.4));
    await Promise.all(confirming.map(({ id }) => given.setUser(id, { confirm: true })));
    if (this.#friends)
      for (const { id } of users) await given.admin().does('POST /user/settings', verificationOf(id, drawMode(random)));
    model.begin(await itemsOf(this.#table, given.app));
  }

  #draw(): Call {
    const { random, model, users, groups, codes, files } = this.#run;
    const drawn = this.#friends ? commandsOfFriends : commandsOfGroups;
    const usual = random.weighted(Object.fromEntries(drawn.map(({ op, weight }) => [op, weight])));
    const op = this.#focus && random.chance(0.9) ? random.one(this.#focus) : usual;
    // Most calls on files are on one group, so that they meet.
    const group = op.startsWith('file/') && random.chance(0.6) ? groups[0]! : random.one(groups);
    const world = {
      random,
      moment: model.at(model.version),
      users: users.map(({ id }) => id),
      groups,
      codes,
      forms: files.forms,
      nth: this.#calls,
    };
    return commandOf({ op }).draw(new Draw(world, group));
  }

  /** A call that the service failed is mostly made again, until it is answered. */
  async #callAndRetry(call: Call): Promise<void> {
    const { random, faults } = this.#run;
    const again = random.chance(0.7);
    // Each time it may make another group.
    if ((await this.#call({ ...call }, faults)) || !again) return;
    await this.#call({ ...call }, 0);
  }

  /** @returns whether it got an answer that is not a fault of the service */
  async #call(call: Call, faults: number): Promise<boolean> {
    const { random, scheduler, violations } = this.#run;
    const task: Task = { faults, dead: false, slow: random.chance(this.#focus ? 0.5 : 0.25) };
    const name = `#${++this.#calls} ${JSON.stringify(call)}`;
    const running = this.#judge.begin(task, call, name);
    vi.setSystemTime(scheduler.now);
    const nth = this.#calls;
    const cause = this.#eventRules?.called(call, actsAs(call), nth);
    try {
      const { status, outcome, body, log } = await scheduler.start(task, () =>
        send(call, this.#run.given, this.#run.users, nth, cause),
      );
      if (task.dead) return false;
      if (cause) this.#eventRules?.answered(cause, outcome, body.data);
      this.#count(call, outcome);
      // 503 is an answer too: a record is contended for long.
      if (status === 500 && faults === 0) violations.push(`${name}: the service failed: ${log?.error?.stack}`);
      if (outcome === 'fault') return false;
      this.#judge.answered(running, outcome, body.data);
      return true;
    } catch (error) {
      // The answer of a task that died may fail the test's own checks; no client sees it.
      if (!task.dead) violations.push(`${name}: ${(error as Error).message}`);
      return false;
    } finally {
      this.#judge.end(task);
    }
  }

  #count({ op }: Call, outcome: Answer['outcome']): void {
    this.#outcomes[op] ??= {};
    const outcomes = this.#outcomes[op]!;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }

  /** One delivery of any background job there ever was, in any order; it may stop half-way, or die. */
  async #runJob(): Promise<void> {
    const { random, scheduler, faults } = this.#run;
    if (this.#judge.jobs.length === 0) return;
    const key = random.one(this.#judge.jobs);
    const stops = faults > 0 && random.chance(0.3);
    await scheduler.start({ ...sound(), faults }, () => deliver([key], stops ? 0 : ENOUGH)).catch(() => {});
  }

  /** All jobs are done and all events delivered; then table, model, bucket and API must agree. */
  async #end(): Promise<void> {
    const { given, scheduler, model, violations } = this.#run;
    await this.#finishWork();
    await this.#relayAll();
    vi.setSystemTime(scheduler.now);
    const items = await itemsOf(this.#table, given.app);
    violations.push(...problemsOf(items, scheduler.now));
    for (const key of model.differences(items))
      violations.push(`${key} is another in the model: the oracle has looked at something else`);
    violations.push(...(await apiProblems(this.#run)));
    violations.push(...leftOfDeleted(this.#run));
    await this.#fileRules.end(this.#table);
    if (this.#eventRules) violations.push(...(await this.#eventRules.end(items, scheduler.now)));
  }

  async #finishWork(): Promise<void> {
    const { given, scheduler, files, violations } = this.#run;
    for (let round = 0; round <= 20; round++) {
      const left = new Set((await jobsOf(this.#table, given.app)).map(({ pk }) => pk));
      const jobs = this.#judge.jobs.filter(({ pk }) => left.has(pk));
      const events = files.deliverAll((failure) => violations.push(failure));
      if (left.size + events.length === 0) return;
      const runs = jobs.map((key) => scheduler.start(sound(), () => deliver([key], ENOUGH)).catch(() => {}));
      while (await scheduler.serve());
      await Promise.all([...runs, ...events]);
    }
    violations.push('some jobs never end');
  }

  async #relayAll(): Promise<void> {
    const { scheduler, faults } = this.#run;
    await this.#relays?.take();
    while (this.#relays?.hasWork) {
      const relays: Promise<void>[] = [];
      while (this.#relays.hasWork) relays.push(this.#relays.deliver(faults));
      while (await scheduler.serve());
      await Promise.all(relays);
    }
  }
}

/**
 * As whom a call is made: as its user, or by the app. Users delete themselves by a password, which takes time to hash:
 * the app asks for it instead.
 */
const actsAs = ({ op, actor }: Call): 'user' | 'app as user' | 'app' => {
  if (op === 'user/delete') return 'app as user';
  return actor === undefined ? 'app' : 'user';
};

/**
 * Makes the call. The app names the group in every second of its calls on it.
 * @param requestId the call's id at the gateway
 */
export function send(
  call: Call,
  given: Given,
  users: readonly Person[],
  nth: number,
  requestId?: string,
): Promise<Answer> {
  const { actor, group } = call;
  const acts = actsAs(call);
  const app = given.admin(acts === 'app as user' ? { user: actor! } : nth % 2 || group === 0 ? {} : { group });
  const by: Actor = acts === 'user' ? users.find(({ id }) => id === actor)! : app;
  return new Actor(by.api, { ...by.headers, requestId }).asks(...commandOf(call).request(call, nth, users));
}
