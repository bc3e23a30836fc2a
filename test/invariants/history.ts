import { randomUUID } from 'node:crypto';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { vi } from 'vitest';
import { handler as cleanUp } from '../../functions/background/clean-up.ts';
import { Random } from '../../infra/local/random.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { documentClient } from '../../shared/data/client.ts';
import type { SharedFile } from '../../shared/data/file-repo.ts';
import { JOB, type Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { keyText } from '../../shared/data/read.ts';
import { type Step, statement } from '../../shared/data/step.ts';
import { stepsOf } from '../../shared/data/write-queue.ts';
import { parseFileAddress } from '../../shared/domain/file/address.ts';
import { TABLE_NAME } from '../../shared/environment.ts';
import { routes } from '../../shared/routes/index.ts';
import { fileObject, incomingObject, randomOf } from '../../shared/storage/names.ts';
import { type Answer, moduleOf } from '../support/api.ts';
import { newTable } from '../support/database.ts';
import { keyOf, opaque } from '../support/files.ts';
import { itemsOf, problemsOf } from '../support/invariants.ts';
import { jobsOf } from '../support/jobs.ts';
import { Given, type Person } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';
import { Bucket } from './bucket.ts';
import { errorOf, LIMITS, send } from './calls.ts';
import { Files } from './files.ts';
import { type Ask, entriesOf, type Form, isOfFiles, Laws, type QrCode, type Verdict } from './laws.ts';
import { Scheduler, type Statement, schedule, scheduledFetch, type Task, type Write } from './scheduler.ts';
import { Truth } from './truth.ts';

/** How a history is played; the seed decides everything else. */
export interface Play {
  seed: number;
  /** Functions die, answers are lost, the database throttles. */
  faults: boolean;
  /** Calls made. */
  length?: number;
  /** Mostly these operations, on a single group: what is looked for shows sooner. */
  focus?: Ask['op'][] | undefined;
  /** How many people there are. */
  people?: number | undefined;
  /** A deliberate breakage: see `Scheduler.tamper`. */
  tamper?: Scheduler['tamper'] | undefined;
  /** The same of what is sent to the bucket. */
  tamperObject?: Scheduler['tamperObject'] | undefined;
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

let ids = new Random(0);

/** Ids of users and groups, the same for a seed: their order decides some of the product's. */
export const nextId = () => ids.whole(1, 2 ** 31 - 1);

/** The random parts of objects' keys, likewise. */
export const nextRandom = () =>
  Buffer.from(Uint32Array.from({ length: 4 }, () => ids.whole(0, 2 ** 32 - 1)).buffer).toString('base64url');

/** The bucket of the history that is played. */
let bucket = new Bucket();

/** Of a task that has not died, and whose requests all succeed. */
const sound = (): Task => ({ faults: 0, dead: false, slow: false });

let prepared: Promise<void> | undefined;

/** The operations loaded, and the client's requests under the scheduler. Once a process. */
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

/** Plays one history in a table of its own and says what was wrong with it. */
export async function play({ seed, faults, length = 50, ...options }: Play): Promise<Outcome> {
  await prepare();
  const { api, bucket: real } = await worldInProcess();
  const table = await newTable();
  bucket = new Bucket();
  process.env[TABLE_NAME] = table.name;
  forgetCachedApps();
  vi.setSystemTime(vi.getRealSystemTime());
  ids = new Random(seed);
  const given = await Given.app({ api, table, bucket: real }, LIMITS);
  try {
    return await new History(given, table, new Random(seed), { ...options, faults: faults ? 0.08 : 0 }).play(length);
  } finally {
    vi.setSystemTime(vi.getRealSystemTime());
    await table.client.send(new DeleteTableCommand({ TableName: table.name }));
  }
}

/** A call on its way, and what its writes did. */
interface Running {
  ask: Ask;
  name: string;
  /** Its clock, and what the table was when it began. */
  now: number;
  from: number;
  /** Users whom its writes changed, or files. */
  changed: Set<number>;
  writes: number;
}

const isQueued = ({ pk, sk }: Key) => pk.startsWith('Q#') && sk.startsWith('T#');
const leavesQueue = ({ verb, key }: Write) => verb === 'Delete' && isQueued(key);
const VERBS = { put: 'Put', update: 'Update', delete: 'Delete', check: 'ConditionCheck' } as const;
const asWrite = (step: Step): Write => ({
  verb: VERBS[step.action],
  key: step.key,
  statement: statement(step, '') as Statement,
});

class History {
  readonly #given: Given;
  readonly #table: OperatorTable;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #truth: Truth;
  readonly #files: Files;
  readonly #faults: number;
  readonly #focus: Play['focus'];
  readonly #count: number;
  readonly #calls = new Map<Task, Running>();
  readonly #violations: string[] = [];
  readonly #tampered: boolean;
  readonly #outcomes: Outcome['outcomes'] = {};
  #people: Person[] = [];
  #groups: number[] = [];
  readonly #qrCodes: QrCode[] = [];
  /** Everything that was ever left to the background. */
  readonly #jobs: Key[] = [];
  #made = 0;

  constructor(
    given: Given,
    table: OperatorTable,
    random: Random,
    { faults, focus, people, tamper, tamperObject }: { faults: number } & Omit<Play, 'seed' | 'faults' | 'length'>,
  ) {
    this.#focus = focus;
    this.#count = people ?? random.whole(5, 8);
    this.#given = given;
    this.#table = table;
    this.#random = random;
    this.#faults = faults;
    this.#scheduler = new Scheduler(random, faults > 0);
    this.#truth = new Truth(given.app);
    this.#files = new Files(given.app, LIMITS, {
      bucket,
      random,
      truth: this.#truth,
      scheduler: this.#scheduler,
      violations: this.#violations,
    });
    this.#tampered = tamper !== undefined || tamperObject !== undefined;
    if (tamper) this.#scheduler.tamper = tamper;
    if (tamperObject) this.#scheduler.tamperObject = tamperObject;
    this.#scheduler.beforeWrite = (task, writes) => this.#allowed(task, writes);
    this.#scheduler.written = (task, writes) => this.#written(task, writes);
  }

  async play(length: number): Promise<Outcome> {
    await this.#begin();
    const atOnce = this.#random.whole(2, 6);
    const underWay = new Set<Promise<void>>();
    const start = (work: Promise<void>) => {
      underWay.add(work);
      work.then(() => underWay.delete(work));
    };
    let left = length;
    // A breakage need not be found twice.
    const isFound = () => this.#tampered && this.#violations.length > 0;
    while ((left > 0 && !isFound()) || this.#scheduler.running > 0) {
      while (left > 0 && !isFound() && this.#scheduler.running < atOnce) {
        const next = this.#random.weighted({
          call: 10,
          job: 0.9,
          upload: this.#files.canUpload ? 2 : 0,
          event: this.#files.hasEvents ? 2.5 : 0,
        });
        if (next === 'upload') start(this.#files.upload());
        else if (next === 'event') start(this.#files.deliver(this.#faults));
        else {
          left--;
          start(next === 'job' ? this.#runJob(this.#faults) : this.#callAndPerhapsAgain(this.#ask()));
        }
      }
      await this.#scheduler.serve();
    }
    await this.#serveAll(underWay);
    if (!isFound()) await this.#end();
    return {
      violations: this.#violations,
      calls: this.#made,
      requests: this.#scheduler.served,
      faults: this.#scheduler.faults,
      outcomes: this.#outcomes,
    };
  }

  async #serveAll(underWay: Set<Promise<void>>): Promise<void> {
    while (await this.#scheduler.serve());
    await Promise.all(underWay);
  }

  /** People, and groups of several kinds with some members. */
  async #begin(): Promise<void> {
    const count = this.#count;
    this.#people = await this.#given.users(count);
    for (let nth = 0; nth < (this.#focus ? 1 : 3); nth++) {
      const [owner, ...others] = this.#random.some(this.#people, count);
      const members = others.slice(0, this.#random.whole(0, 3));
      const admins = this.#random.chance(0.6) ? members.splice(0, 1) : [];
      const approval = Number(this.#random.weighted({ 0: 2, 1: 2, 2: 0.3 })) as 0 | 1 | 2;
      this.#groups.push(await this.#given.group(owner!, { members, admins, approval }));
    }
    // The app's record is held, and the client has sent its first requests, which take longer than others.
    await this.#given.admin().does('GET /group/info', { group_id: this.#groups[0] });
    const confirming = this.#people.filter(() => this.#random.chance(0.4));
    await Promise.all(confirming.map(({ id }) => this.#given.setUser(id, { confirm: true })));
    this.#truth.begin(await itemsOf(this.#table, this.#given.app));
  }

  /** The next thing somebody asks for. */
  #ask(): Ask {
    const random = this.#random;
    const usual = random.weighted({
      create: 2,
      invite: 10,
      'invite/handle': 12,
      apply: 10,
      'apply/handle': 8,
      'qrcode/sign': 4,
      'qrcode/invite': 6,
      kick: 6,
      leave: 6,
      transfer: 7,
      'admin/add': 6,
      'admin/remove': 3,
      ban: 5,
      unban: 3,
      block: 6,
      unblock: 6,
      destroy: 1.2,
      approval: 3,
      member_invite: 2,
      group_confirm: 4,
      'user/delete': 1.2,
      'file/reserve': 9,
      'file/link': 2,
      'file/form': 4,
      'file/register': 7,
      'file/info': 2,
      'file/list': 2,
      'file/update_name': 3,
      'file/delete': 7,
    });
    const op = this.#focus && random.chance(0.9) ? random.one(this.#focus) : usual;
    // Files meet files in one group more than in others.
    const group = op.startsWith('file/') && random.chance(0.6) ? this.#groups[0]! : random.one(this.#groups);
    const moment = this.#truth.at(this.#truth.version);
    const ids = this.#people.map(({ id }) => id);
    const members = ids.filter((id) => moment.membership(group, id)?.state === 'member');
    // Mostly those who may do it and to whom it can be done; sometimes anybody.
    const anyone = random.one(ids);
    const likely = (list: number[]) => (list.length > 0 && random.chance(0.85) ? random.one(list) : anyone);
    const others = ids.filter((id) => !members.includes(id));
    const owner = likely([moment.group(group)?.owner ?? anyone]);
    const admin = likely(members.filter((id) => (moment.membership(group, id)?.role ?? 0) > 0));
    const app = random.chance(0.15) ? undefined : 0;
    const by = (id: number) => (app === undefined ? undefined : id);
    const users = random.some(random.chance(0.8) && members.length > 0 ? members : ids, 3);
    switch (op) {
      case 'create':
        return { op, me: anyone, group: 0, users: random.some(ids, 4) };
      case 'invite':
        return { op, me: by(likely(members)), group, users: random.some(others.length > 0 ? others : ids, 3) };
      case 'kick':
      case 'ban':
      case 'unban':
        return { op, me: by(admin), group, users };
      case 'block':
        return { op, me: by(admin), group, users: random.some(random.chance(0.5) ? users : ids, 2) };
      case 'unblock':
        return { op, me: by(admin), group, users: random.some(others.length > 0 ? others : ids, 3) };
      case 'admin/add':
      case 'admin/remove':
        return { op, me: by(owner), group, users };
      case 'transfer':
        return { op, me: by(owner), group, user: likely(members) };
      case 'invite/handle': {
        const invited = ids.flatMap((id) => this.#groups.map((to) => [id, to] as const));
        const some = invited.filter(([id, to]) => moment.invitations(id, to).length > 0);
        const [me, to] = some.length > 0 ? random.one(some) : ([anyone, group] as const);
        const inviters = moment.invitations(me, to).map(({ sk }) => Number(sk.split('#')[2]));
        const inviter = inviters.length > 0 && random.chance(0.6) ? random.one(inviters) : me;
        return { op, me, group: to, inviter, approval: random.chance(0.8) };
      }
      case 'apply/handle': {
        const applied = this.#groups.flatMap((to) =>
          ids.filter((id) => moment.application(to, id)?.status === 0).map((id) => [to, id] as const),
        );
        const [to, user] = applied.length > 0 ? random.one(applied) : ([group, anyone] as const);
        const admins = ids.filter((id) => (moment.membership(to, id)?.role ?? 0) > 0);
        return { op, me: by(likely(admins)), group: to, user, approval: random.chance(0.8) };
      }
      case 'qrcode/invite': {
        if (this.#qrCodes.length === 0) return { op: 'qrcode/sign', me: by(likely(members)), group };
        const code = random.one(this.#qrCodes);
        return { op, me: likely(others), ...code };
      }
      case 'qrcode/sign':
        return { op, me: by(likely(members)), group };
      case 'apply':
        return { op, me: likely(others), group };
      case 'leave':
        return { op, me: likely(members), group };
      case 'destroy':
        return { op, me: by(owner), group };
      case 'approval':
        return { op, me: by(admin), group, value: random.weighted({ 0: 3, 1: 3, 2: 1 }) as unknown as number };
      case 'member_invite':
        return { op, me: by(admin), group, value: random.chance(0.6) };
      case 'group_confirm':
        return { op, me: anyone, group: 0, value: random.chance(0.4) };
      case 'user/delete':
        return { op, me: anyone, group: 0 };
      case 'file/reserve':
        return { op, me: by(likely(members)), group, size: Number(random.weighted({ 0: 1, 1: 5, 2: 5 })) };
      case 'file/link':
      case 'file/form':
      case 'file/list':
        return { op, me: by(likely(members)), group };
      case 'file/register': {
        const { forms } = this.#files;
        if (forms.length === 0) return { op: 'file/form', me: by(likely(members)), group };
        const sizeOf = (form: Form) => moment.object(incomingObject(this.#given.app, form.group, form.random))?.size;
        const posted = forms.filter((form) => sizeOf(form) !== undefined);
        const form = random.one(posted.length > 0 && random.chance(0.8) ? posted : forms);
        const size = sizeOf(form);
        const me = random.chance(0.9) ? form.user || undefined : by(anyone);
        const to = random.chance(0.95) ? form.group : group;
        return { op, me, group: to, form, size: size === undefined || random.chance(0.05) ? 1 : size };
      }
      case 'file/info':
      case 'file/update_name':
      case 'file/delete': {
        const files = moment.files(group);
        const { uploader = anyone, id = 1 } = files.length > 0 ? random.one(files) : {};
        const me = random.chance(0.5) ? uploader : admin;
        if (op === 'file/info') return { op, me: by(likely(members)), group, file: id };
        if (op === 'file/update_name') return { op, me: by(me), group, file: id, name: `name ${this.#made}` };
        const all = files.map((file) => file.id);
        return { op, me: by(me), group, files: random.some(all.length > 0 ? all : [1], 3) };
      }
    }
  }

  /** What went wrong for the service is mostly asked for again, until it goes through. */
  async #callAndPerhapsAgain(ask: Ask): Promise<void> {
    const again = this.#random.chance(0.7);
    if ((await this.#call(ask, this.#faults)) || !again) return;
    await this.#call(ask, 0);
  }

  /** @returns whether it got an answer that is not a fault of the service */
  async #call(ask: Ask, faults: number): Promise<boolean> {
    const task: Task = { faults, dead: false, slow: this.#random.chance(this.#focus ? 0.5 : 0.25) };
    const name = `#${++this.#made} ${JSON.stringify(ask)}`;
    const running: Running = {
      ask,
      name,
      now: this.#scheduler.now,
      from: this.#truth.version,
      changed: new Set(),
      writes: 0,
    };
    vi.setSystemTime(this.#scheduler.now);
    this.#calls.set(task, running);
    try {
      const { status, outcome, body, log } = await this.#scheduler.start(task, () =>
        send(ask, this.#given, this.#people, this.#made),
      );
      if (task.dead) return false;
      this.#outcomes[ask.op] ??= {};
      const ofOp = this.#outcomes[ask.op]!;
      ofOp[outcome] = (ofOp[outcome] ?? 0) + 1;
      // 503 is an answer too: somebody keeps the record for long.
      if (status === 500 && faults === 0) this.#violations.push(`${name}: the service failed: ${log?.error?.stack}`);
      if (outcome === 'fault') return false;
      this.#judge(running, outcome, body.data);
      return true;
    } catch (error) {
      // A task that died may leave the test's own checks unhappy; nobody sees them.
      if (!task.dead) this.#violations.push(`${name}: ${(error as Error).message}`);
      return false;
    } finally {
      this.#calls.delete(task);
    }
  }

  #law(version: number, now: number): Laws {
    return new Laws(this.#truth.at(version), now, LIMITS);
  }

  /** Writes that wait in a queue, by their keys: whose they are, and what they will do. */
  readonly #queued = new Map<string, { task: Task; writes: Write[] }>();

  /** At the moment of a write: whether what it is about to do is right, with all records as they are now. */
  #allowed(task: Task, writes: Write[]): void {
    const running = this.#calls.get(task);
    // Queued writes are looked at one by one, when the transaction that does them is through.
    if (!running || writes.some(leavesQueue)) return;
    const { ask, now } = running;
    const changes = changesOf(ask, writes);
    if (changes.length === 0) return;
    this.#pending = { task, problems: [] };
    // What does not touch the group's own record may rest on how it was a moment before: see the data model.
    const { version } = this.#truth;
    const touchesGroup = writes.some(({ key }) => key.pk.startsWith('G#') && key.sk === '#');
    // A rejection lets nobody in: it may be of what has become void meanwhile.
    const rejects = 'approval' in ask && !ask.approval;
    const from = touchesGroup ? version : running.from;
    const laws = Array.from(
      { length: version - from + 1 },
      (_, nth) => new Laws(this.#truth.at(rejects ? from + nth : version, from + nth), now, LIMITS),
    );
    const demand = (verdict: (law: Laws) => Verdict, what: string) => {
      const verdicts = laws.map((law) => verdict(law).outcomes);
      if (!verdicts.some((outcomes) => outcomes.includes('success')))
        this.#pending?.problems.push(`${running.name}: ${what}, though it is ${verdicts.at(-1)}`);
    };
    // The creator is the first to join.
    let joined = 0;
    if (ask.op === 'create' && writes.some(({ key }) => /^G#[^#]*#\d+$/.test(key.pk) && key.sk === '#')) {
      const group = Number(writes.find(({ key }) => /^G#[^#]*#\d+$/.test(key.pk))?.key.pk.split('#')[2]);
      if (!this.#groups.includes(group)) {
        ask.group = group;
        joined = 1;
        demand((law) => law.permitted(ask), 'creates');
      }
    }
    if ('approval' in ask)
      for (const { key } of writes.filter(({ verb, key: { sk } }) => verb === 'Update' && /^[IA]#/.test(sk)))
        if (this.#truth.at(version).item(key)?.status !== 0)
          this.#pending.problems.push(`${running.name}: answers what has been answered`);
    if (!entriesOf(ask)) {
      // Which invitation is the newest was so when they were read. The one that is answered must be good now.
      const invitation = writes.find(({ key }) => ask.op === 'invite/handle' && key.sk.startsWith('I#'))?.key.sk;
      const answered = invitation ? ({ ...ask, inviter: Number(invitation.split('#')[2]) } as Ask) : ask;
      demand((law) => law.permitted(answered), 'goes through');
      // The object was looked at before, and may have been replaced since.
      if (!Array.from(laws, (_, nth) => this.#law(from + nth, now)).some((law) => law.uploaded(ask)))
        this.#pending.problems.push(`${running.name}: registers what is not there`);
      return;
    }
    for (const { user, joins } of changes) {
      if (ask.op === 'create' && user === ask.me) continue;
      demand((law) => law.entry(ask, user, joined, !joins), `changes ${user}`);
      if (['create', 'invite'].includes(ask.op) && joins && this.#truth.at(version).user(user)?.confirm)
        this.#pending.problems.push(`${running.name}: ${user} joins without being asked`);
      if (joins || ask.op === 'admin/add') joined++;
    }
  }

  /** What a write would do wrong; wrong only once the database has done it. */
  #pending: { task: Task; problems: string[] } | undefined;

  async #written(task: Task, writes: Write[]): Promise<void> {
    if (writes.length > 1 && writes.some(leavesQueue)) {
      for (const taken of writes.filter(leavesQueue)) {
        const queued = this.#queued.get(keyText(taken.key))!;
        this.#allowed(queued.task, queued.writes);
        await this.#written(queued.task, queued.writes);
        this.#truth.follow([taken]);
      }
      return;
    }
    for (const { verb, key, statement } of writes)
      if (verb === 'Put' && isQueued(key))
        this.#queued.set(keyText(key), { task, writes: stepsOf(statement.Item as { steps: string }).map(asWrite) });
    this.#truth.follow(writes);
    this.#files.written(task, writes, this.#calls.get(task)?.ask);
    for (const { verb, key } of writes) if (verb === 'Put' && key.pk.startsWith(JOB)) this.#jobs.push(key);
    const running = this.#calls.get(task);
    if (!running) return;
    const { ask, changed, now, name } = running;
    if (this.#pending?.task === task) this.#violations.push(...this.#pending.problems);
    this.#pending = undefined;
    const law = this.#law(this.#truth.version, now);
    const changes = changesOf(ask, writes);
    if (changes.length > 0) running.writes++;
    const before = this.#truth.at(this.#truth.version - 1);
    if (ask.op === 'kick' || ask.op === 'block')
      for (const { user } of changes)
        if (before.membership(ask.group, user)?.state === 'member') this.#truth.followKick(ask.group, user, now);
    for (const { user } of changes) {
      changed.add(user);
      if (!law.effect(ask, user)) this.#violations.push(`${name}: has not the effect it should on ${user}`);
    }
    if (ask.op === 'create' && !this.#groups.includes(ask.group) && ask.group !== 0) this.#groups.push(ask.group);
  }

  /**
   * Whether the answer was right at some moment between the call's beginning and its end. Where reads are torn an error
   * may rest on records of several moments; it has changed nothing, and that is what counts.
   */
  #judge(running: Running, outcome: Answer['outcome'], data: unknown): void {
    const { ask, name, now, from, changed, writes } = running;
    const laws = Array.from({ length: this.#truth.version - from + 1 }, (_, nth) => this.#law(from + nth, now));
    const wrong = (what: string) => this.#violations.push(`${name}: ${what}`);
    if (outcome !== 'success') {
      if (writes > 0) wrong(`answers ${outcome} and has changed something`);
      // Of several invitations a call knows those that were there when it read them.
      const newest = ask.op === 'invite/handle' && ask.inviter === ask.me;
      // The bucket is looked at after the records.
      const late =
        ask.op === 'file/register' &&
        outcome === 'badParameter' &&
        laws.some((law) => law.permitted(ask).outcomes.includes('success')) &&
        laws.some((law) => !law.uploaded(ask));
      if (this.#faults === 0 && !newest && !late && !laws.some((law) => law.call(ask).outcomes.includes(outcome)))
        wrong(`answers ${outcome}, which was never right: ${laws.map((law) => law.call(ask).outcomes)}`);
      return;
    }
    if (isOfFiles(ask)) this.#judgeFiles(running, laws.length, data);
    if (ask.op === 'qrcode/sign') {
      const { qr_info: code, expire_at: expires } = data as { qr_info: string; expire_at: number };
      const signer = ask.me ?? this.#truth.at(from).group(ask.group)?.owner ?? 0;
      const owners = laws.map((_, nth) => this.#truth.at(from + nth).group(ask.group)?.owner);
      const versions: QrCode['versions'] = [from, this.#truth.version];
      if (ask.me !== undefined || new Set(owners).size === 1)
        this.#qrCodes.push({ group: ask.group, signer, signed: now, versions, expires, code });
    }
    const entries = ask.op === 'create' ? undefined : entriesOf(ask);
    if (!entries) {
      // What a file was registered as was judged at the write; that it was uploaded may have been at another moment.
      if (ask.op === 'file/register' && writes > 0) return;
      // A group that takes no applications says so with a success: an error, which may rest on several moments.
      if (ask.op === 'apply' && this.#faults > 0 && (data as { result: string }).result === 'fail') return;
      const quiet = writes === 0 && !['qrcode/sign', 'group_confirm'].includes(ask.op);
      if (!laws.some((law) => law.call(ask).outcomes.includes('success') && !(quiet && law.call(ask).changes)))
        wrong(quiet ? 'succeeds without doing anything' : 'succeeds, which was never right');
      return;
    }
    for (const entry of data as { user_id?: number; file_id?: number; result: string; reason: string }[]) {
      const id = entry.user_id ?? entry.file_id ?? 0;
      const verdicts = laws.map((law) => law.entry(ask, id));
      const done = changed.has(id);
      if (entry.result === 'success') {
        if (!done && !verdicts.some(({ outcomes, changes }) => outcomes.includes('success') && !changes))
          wrong(`says that ${id} is done and has done nothing`);
      } else {
        if (done) wrong(`says that ${id} failed (${entry.reason}) and has done it`);
        const given = errorOf(entry.reason);
        // Limits may have been taken up by entries before it that another call then did instead.
        const crowded = laws.map((law) => law.entry(ask, id, entries.length - 1));
        if (
          this.#faults === 0 &&
          ![...verdicts, ...crowded].some(({ outcomes }) => given !== undefined && outcomes.includes(given))
        )
          wrong(`refuses ${id} with ${given}, which was never right: ${verdicts.map(({ outcomes }) => outcomes)}`);
      }
    }
  }

  /** What answers about files say is so at some moment of the call; what clients go on with is kept. */
  #judgeFiles({ ask, name, from, changed }: Running, versions: number, data: unknown): void {
    const { group } = ask;
    const wrong = (what: string) => this.#violations.push(`${name}: ${what}`);
    const moments = Array.from({ length: versions }, (_, nth) => this.#truth.at(from + nth));
    const shown = (file: SharedFile | undefined) => file && [file.id, file.name, file.size, file.uploader].join();
    const given = ({ file_id: id, name: called, size, uploader }: FileReply) => [id, called, size, uploader].join();
    switch (ask.op) {
      case 'file/form': {
        const { oss_body_param, download_url: url } = data as { oss_body_param: { key: string }; download_url: string };
        const address = parseFileAddress(opaque(url).file_sign ?? '');
        const random = randomOf(oss_body_param.key);
        if (!address || !('random' in address) || address.random !== random) wrong(`issues ${url} for ${random}`);
        this.#files.issued({ group, user: ask.me ?? 0, random, url });
        return;
      }
      case 'file/reserve':
      case 'file/link':
      case 'file/register': {
        const file = data as FileReply;
        if (!changed.has(file.file_id)) wrong(`answers file ${file.file_id} and has made ${[...changed]}`);
        if (ask.op === 'file/reserve') this.#files.reserved({ key: keyOf(file.url), size: file.size });
        return;
      }
      case 'file/info':
        if (!moments.some((moment) => shown(moment.file(group, ask.file)) === given(data as FileReply)))
          wrong(`shows ${given(data as FileReply)}, which was never so`);
        return;
      case 'file/list': {
        const files = (data as FileReply[]).map(given).sort().join(' ');
        if (!moments.some((moment) => moment.published(group).map(shown).sort().join(' ') === files))
          wrong(`lists ${files}, which was never so`);
        return;
      }
      case 'file/delete':
        for (const id of changed) {
          const objects = new Set(moments.flatMap((moment) => moment.file(group, id)?.object ?? []));
          for (const object of objects)
            if (moments.every((moment) => moment.object(fileObject(this.#given.app, group, object))))
              wrong(`answers before the object of ${id} is gone`);
        }
    }
  }

  /** One delivery of a background job: of any there ever was, in any order; it may stop half-way, or die. */
  async #runJob(faults: number): Promise<void> {
    if (this.#jobs.length === 0) return;
    const key = this.#random.one(this.#jobs);
    const task: Task = { faults, dead: false, slow: false };
    const stops = faults > 0 && this.#random.chance(0.3);
    await this.#scheduler.start(task, () => deliver(key, stops)).catch(() => {});
  }

  /** All that was left to the background is done, and every event delivered; then everything must agree. */
  async #end(): Promise<void> {
    for (let round = 0; ; round++) {
      const left = new Set((await jobsOf(this.#table, this.#given.app)).map(({ pk }) => pk));
      const jobs = this.#jobs.filter(({ pk }) => left.has(pk));
      const events = this.#files.deliverAll();
      if (left.size + events.length === 0) break;
      if (round === 20) {
        this.#violations.push(`${jobs.length} jobs never end`);
        break;
      }
      const runs = jobs.map((key) => this.#scheduler.start(sound(), () => deliver(key, false)).catch(() => {}));
      while (await this.#scheduler.serve());
      await Promise.all([...runs, ...events]);
    }
    vi.setSystemTime(this.#scheduler.now);
    const items = await itemsOf(this.#table, this.#given.app);
    this.#violations.push(...problemsOf(items, this.#scheduler.now));
    for (const key of this.#truth.differences(items))
      this.#violations.push(`${key} is not as it was followed: the laws have looked at something else`);
    await this.#asTheApiShows();
    await this.#files.end(this.#table);
  }

  /** The lists of the API agree with each other and with the counts, page by page. */
  async #asTheApiShows(): Promise<void> {
    const joined = new Map<number, number[]>();
    const askJoined = async ({ id }: Person) => {
      const { outcome, body } = await this.#given.admin({ user: id }).asks('GET /group/user_joined');
      if (outcome === 'success') joined.set(id, body.data);
    };
    await Promise.all(this.#people.map(askJoined));
    const publicGroups: number[] = await this.#given.admin().lists('GET /group/public_list', { limit: 2 });
    await Promise.all(this.#groups.map((group) => this.#groupAsTheApiShows(group, joined, publicGroups)));
  }

  async #groupAsTheApiShows(group_id: number, joined: Map<number, number[]>, publicGroups: number[]): Promise<void> {
    const app = this.#given.admin();
    const wrong = (what: string) => this.#violations.push(`the API shows ${what}`);
    // Page by page now and then: each page costs as much as the whole.
    const limit = this.#random.chance(0.3) ? 2 : 100;
    const info = await app.does('GET /group/info', { group_id });
    const believers = [...joined].filter(([, groups]) => groups.includes(group_id)).map(([id]) => id);
    if (info.status === 1) {
      if (publicGroups.includes(group_id)) wrong(`${group_id} in the public list`);
      if (believers.length > 0) wrong(`${believers} in ${group_id}, which is gone`);
      return;
    }
    const idsOf = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);
    const list = async (name: string) => idsOf(await app.lists(`GET /group/${name}`, { group_id, limit }));
    const { data, total } = (await app.asks('GET /group/member_list', { group_id })).body;
    const [members, blocked, admins, files] = await Promise.all([
      limit === 2 ? list('member_list') : idsOf(data),
      list('blocked_list'),
      list('admin_list'),
      app.lists('GET /group/file/list', { group_id, limit }),
    ]);
    const published = this.#truth.at(this.#truth.version).published(group_id);
    const newest = published.sort((one, other) => other.published! - one.published! || other.id - one.id);
    const shown = (list: { id: number; name: string; size: number }[]) =>
      list.map(({ id, name, size }) => `${id} ${name} ${size}`).join();
    const listed = files.map(({ file_id: id, name, size }: FileReply) => ({ id, name, size }));
    if (shown(listed) !== shown(newest)) wrong(`the files ${shown(listed)} of ${group_id} and has ${shown(newest)}`);
    if (info.count !== members.length || total !== members.length)
      wrong(`${info.count} and ${total} members of ${group_id} and lists ${members.length}`);
    if (info.count > info.capacity) wrong(`${info.count} members of ${group_id} in ${info.capacity} seats`);
    if (!members.includes(info.owner_id)) wrong(`an owner of ${group_id} who is no member`);
    if (blocked.some((id) => members.includes(id))) wrong(`members of ${group_id} that are blocked`);
    if (admins.some((id) => !members.includes(id) || id === info.owner_id)) wrong(`wrong admins of ${group_id}`);
    for (const id of joined.keys())
      if (believers.includes(id) !== members.includes(id)) wrong(`${id} and ${group_id} disagree`);
  }
}

/** The people whom the writes of a call change, and whether they join by it; or the files. */
function changesOf(ask: Ask, writes: Write[]): { user: number; joins: boolean }[] {
  const changed = writes.filter(({ verb }) => verb !== 'ConditionCheck');
  const people = new Map<number, boolean>();
  for (const { statement, key } of changed) {
    const [kind, , id, part] = key.pk.split('#');
    const numbers = key.sk.split('#').map(Number);
    if (kind === 'G' && part === 'R' && key.sk.startsWith('R#'))
      people.set(numbers[1] ?? 0, statement.Item?.state === 'member');
    if (kind === 'U' && key.sk.startsWith('I#') && ask.op === 'invite') people.set(Number(id), false);
    if (kind === 'U' && key.sk.startsWith('I#') && ask.op === 'create') people.set(Number(id), false);
    if (kind === 'U' && key.sk.startsWith('I#') && ask.op === 'invite/handle' && !people.has(Number(id)))
      people.set(Number(id), false);
    if (kind === 'G' && part === 'F' && isOfFiles(ask)) people.set(numbers[0] ?? 0, false);
    if (kind === 'G' && key.sk === '#' && ['approval', 'member_invite'].includes(ask.op)) people.set(0, false);
    if (kind === 'U' && key.sk === '#' && ['user/delete', 'group_confirm'].includes(ask.op))
      people.set(Number(id), false);
  }
  return [...people].map(([user, joins]) => ({ user, joins }));
}

/** As far as it is looked at. */
type FileReply = { file_id: number; name: string; size: number; uploader: number; url: string };

/** Hands the job out as the table's stream does. */
async function deliver(key: Key, stops: boolean): Promise<void> {
  const event = { Records: [{ dynamodb: { Keys: { pk: { S: key.pk }, sk: { S: key.sk } } } }] };
  await cleanUp(
    event as unknown as DynamoDBStreamEvent,
    { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => (stops ? 0 : 600_000) } as Context,
  );
}
