import { randomBytes, randomInt, randomUUID, scryptSync } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { KIND } from '../../infra/local/unkind/manners.ts';
import { newAdminToken, newUserToken, tokenHash } from '../../shared/call/token.ts';
import { type App, limitsOf, putAdminToken, putApp } from '../../shared/data/app-repo.ts';
import * as counters from '../../shared/data/counter-repo.ts';
import type { Database } from '../../shared/data/database.ts';
import { exists } from '../../shared/data/expression.ts';
import {
  create as createGroup,
  createTexts,
  type Group,
  NEW_GROUP,
  putPublic,
  updateGroup,
} from '../../shared/data/group-repo.ts';
import type { Key } from '../../shared/data/keys.ts';
import { ADMIN_ROLE, join, MEMBER_ROLE, OWNER_ROLE } from '../../shared/data/membership-repo.ts';
import { viewOf } from '../../shared/data/operator-queries.ts';
import type { Item } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import type { Author } from '../../shared/data/stamp.ts';
import { itemAfter, type Step, stamped, update } from '../../shared/data/step.ts';
import { type PasswordHash, putUser, type User } from '../../shared/data/user-repo.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import { asUsername, likelyId } from '../../shared/domain/user/likely-id.ts';
import type { ErrorName } from '../../shared/errors.ts';
import { type AppId, type GroupId, newId, type UserId } from '../../shared/ids.ts';
import { ALLOWANCES, type Limits } from '../../shared/limits.ts';
import type { Method } from '../../shared/routes/index.ts';
import { type Answer, type Api, busy, type Request } from './api.ts';
import { putAll } from './database.ts';
import { appId } from './ids.ts';
import { problems, problemsOfAll } from './invariants.ts';
import { CHEAP, PASSWORD } from './secrets.ts';
import { unkind, type World, type WorldName, world } from './world.ts';

type Parameters = Record<string, unknown>;
type Call = `${Method} /${string}`;

/** A caller: a person with a token, or the app. Parameters go in the query of a GET, else in the body. */
export class Actor {
  readonly api: Api;
  readonly headers: Pick<Request, 'app' | 'token' | 'user' | 'group' | 'requestId'>;

  constructor(api: Api, headers: Actor['headers']) {
    this.api = api;
    this.headers = headers;
  }

  /** The whole answer. */
  asks(call: Call, parameters: Parameters = {}): Promise<Answer> {
    return this.api.call(...this.#requestOf(call, parameters));
  }

  /** Like `asks`, where the answer may be a fault of the service: see `Api.once`. */
  asksOnce(call: Call, parameters: Parameters = {}): Promise<Answer> {
    return (this.api.once ?? this.api.call)(...this.#requestOf(call, parameters));
  }

  #requestOf(call: Call, parameters: Parameters): [Method, string, Request] {
    const [method, path] = call.split(' ') as [Method, string];
    const given = method === 'GET' ? { query: parameters } : { body: parameters };
    return [method, path, { ...this.headers, ...given }];
  }

  /** Like `asks`, repeated while the service is busy: see `insisted`. */
  insists(call: Call, parameters: Parameters = {}): Promise<Answer> {
    return insisted(() => this.asks(call, parameters));
  }

  /** `data` of a success; anything else fails the test. */
  async does(call: Call, parameters?: Parameters): Promise<Answer['body']['data']> {
    const { body } = await this.asks(call, parameters);
    expect(body.code, `${call}: ${body.message}`).toBe(200);
    return body.data;
  }

  /** The name of the error; a success and a fault of the service fail the test. */
  async fails(call: Call, parameters?: Parameters): Promise<ErrorName> {
    const { outcome, body } = await this.asks(call, parameters);
    if (outcome === 'success' || outcome === 'fault') throw new Error(`${call}: ${outcome} (${body.message})`);
    return outcome;
  }

  /** All entries of a list, page by page. */
  async lists(call: Call, parameters: Parameters = {}): Promise<Answer['body']['data']> {
    const entries: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await this.asks(call, { ...parameters, cursor });
      expect(body.code, `${call}: ${body.message}`).toBe(200);
      entries.push(...body.data);
      cursor = body.cursor;
    } while (cursor);
    return entries;
  }
}

/** Repeats a call while it is answered 503, as clients do: contention can outlast the retries on a slow machine. */
export async function insisted(ask: () => Promise<Answer>): Promise<Answer> {
  const answer = await ask();
  return answer.status === 503 ? insisted(ask) : answer;
}

export class Person extends Actor {
  readonly id: UserId;
  readonly username: string;
  readonly device: number;

  constructor(api: Api, app: string, session: { id: UserId; username: string; device: number; token: string }) {
    super(api, { app, token: session.token });
    this.id = session.id;
    this.username = session.username;
    this.device = session.device;
  }

  get token(): string {
    return this.headers.token ?? '';
  }
}

export { PASSWORD };

const salt = randomBytes(16);
const HASH: PasswordHash = {
  salt: salt.toString('base64url'),
  hash: scryptSync(PASSWORD, salt, 32, CHEAP).toString('base64url'),
  ...CHEAP,
};

/** The items that steps write into an empty table. */
export const leftBy = (steps: readonly Step[]) =>
  steps.map((step) => itemAfter(stamped(step, OPERATOR, Date.now()), undefined) as Item & Key);
const OPERATOR: Author = { type: 'operator', id: 'story', cause: 'story' };

/** No test is held back or counts by chance, unless it asks for that. */
export const UNLIMITED = Object.fromEntries(Object.keys(ALLOWANCES).map((name) => [name, 0]));

/** The app of one test, and what the test starts from. */
export class Given {
  readonly api: Api;
  readonly world: World;
  readonly record: App;
  readonly adminToken: string;
  /** Whether transactions of a race conflict, as on AWS. */
  conflicts = false;

  constructor(where: World, record: App, adminToken: string) {
    this.world = where;
    this.api = where.api;
    this.record = record;
    this.adminToken = adminToken;
  }

  /** A new app with an admin token, as `createApp` and `issueAdminToken` make them, in one request. */
  static async app(where: World, limits: Partial<Limits> = {}): Promise<Given> {
    const record = newApp(appId(`t${randomUUID()}`), { ...UNLIMITED, ...limits });
    const token = newAdminToken(record);
    const issued = { name: '', createdAt: record.createdAt, seen: 0 };
    await putAll(where.table, leftBy([putApp(record), putAdminToken(record.app, tokenHash(token), issued)]));
    return new Given(where, record, token);
  }

  /** Another tenant of the same table. */
  otherApp = (limits?: Partial<Limits>) => Given.app(this.world, limits);

  get app(): AppId {
    return this.record.app;
  }

  /** The table, for what no operation can show or set up. */
  get db(): Database {
    return viewOf(this.world.table);
  }

  /** The app by itself, as a user, or on a group. */
  admin = (as: { user?: number | string; group?: number | string } = {}): Actor =>
    new Actor(this.api, { app: this.app, token: this.adminToken, ...as });

  /** A caller without a token. */
  get nobody(): Actor {
    return new Actor(this.api, { app: this.app });
  }

  /** A user who is logged in. Written without the hashing and transactions of registration and login. */
  user = async (name?: string, options?: { confirm?: boolean }): Promise<Person> =>
    (await this.users(1, name, options))[0]!;

  users = async (count: number, name = 'user', { confirm = false }: { confirm?: boolean } = {}): Promise<Person[]> => {
    const names = Array.from({ length: count }, () => `${name}_${randomInt(1e9)}`);
    const users: User[] = names.map((username) => ({
      user: likelyId(this.record, asUsername(username)),
      status: 'active',
      username,
      password: HASH,
      epoch: 0,
      confirm,
      joined: 0,
      owned: 0,
      createdAt: Date.now(),
    }));
    const people = users.map((user) => this.#newSession(user));
    const steps = users.flatMap((user, index) => [...putUser(this.app, user), people[index]!.step]);
    await putAll(this.world.table, leftBy(steps));
    return people.map(({ person }) => person);
  };

  /** Another session of a user. */
  session = async (user: { user: UserId; username: string }): Promise<Person> => {
    const { person, step } = this.#newSession(user);
    await this.db.write([step]);
    return person;
  };

  #newSession({ user, username }: { user: UserId; username: string }): { person: Person; step: Step } {
    const device: number = newId();
    const token = newUserToken(this.record, user, device);
    const now = Date.now();
    const set = {
      sn: device,
      token: tokenHash(token),
      expiresAt: now + 3_600_000,
      epoch: 0,
      seen: now,
      login: now,
      createdAt: now,
    };
    return {
      person: new Person(this.api, this.app, { id: user, username, device, token }),
      step: update(schema.device.key(this.app, user, device), { set: { ...set, agent: '', platform: 6 } }),
    };
  }

  /**
   * A group with its members in that order. Written without the reads of creation, invitations and appointments.
   */
  group = async (
    owner: Person,
    {
      members = [],
      admins = [],
      name = 'Group',
      type = 0,
      ...settings
    }: { members?: Person[]; admins?: Person[]; name?: string; type?: 0 | 1 | 2 } & Partial<
      Pick<Group, 'approval' | 'capacity' | 'member_invite'>
    > = {},
  ): Promise<GroupId> => {
    const { app } = this;
    const now = Date.now();
    const limits = limitsOf(this.record);
    const people = [owner, ...admins, ...members];
    const group: Group = {
      ...NEW_GROUP,
      group: newId(),
      owner: owner.id,
      type,
      count: people.length,
      capacity: limits.group_capacity,
      admins: admins.length,
      createdAt: now,
      updatedAt: now,
      ...settings,
    };
    const steps = [
      createGroup(app, group),
      ...createTexts(app, group, { name, avatar: '', updatedAt: now }, { updatedAt: now }),
      ...putPublic(app, group),
      ...(limits.groups > 0 ? [counters.count(app, 'groups', 1)] : []),
      ...people.flatMap(({ id }, index) => {
        const role = index === 0 ? OWNER_ROLE : index <= admins.length ? ADMIN_ROLE : MEMBER_ROLE;
        const imported = { adminSince: now - people.length + index };
        return join(app, group.group, id, undefined, { via: 'created', now, index, role, imported, mostJoined: 1e6 });
      }),
    ];
    for (let from = 0; from < steps.length; from += 100)
      expect(await this.db.write(steps.slice(from, from + 100)), 'a group of users that are there').toBe(true);
    return group.group;
  };

  /** Makes a member an admin. */
  appoint = async (group: GroupId, { id }: Person): Promise<void> => {
    const now = Date.now();
    const set = { role: ADMIN_ROLE, adminSince: now };
    await this.db.write([
      update(schema.groupMembership.key(this.app, group, id), {
        set: { ...set, lsi3sk: schema.groupMembership.orders.admin(now, id) },
      }),
      update(schema.userMembership.key(this.app, id, group), {
        set: { ...set, lsi3sk: schema.userMembership.orders.administered(now, group) },
      }),
      updateGroup(this.app, group, { add: { admins: 1 } }, exists),
    ]);
  };

  setUser = (id: UserId, set: Partial<User>): Promise<boolean> =>
    this.db.write([update(schema.user.key(this.app, id), { set })]);

  /** Starts all at once and waits for all of them. */
  race = async <T>(...runners: (() => Promise<T>)[]): Promise<T[]> => {
    const { conflicts } = this.world;
    if (conflicts) conflicts.on = this.conflicts;
    try {
      return await Promise.all(runners.map((run) => run()));
    } finally {
      if (conflicts) conflicts.on = false;
    }
  };

  /** Runs it without the faults of an unkind database, in process: for tests that count requests. */
  undisturbed = async <T>(run: () => Promise<T>): Promise<T> => {
    const { manners } = unkind ?? {};
    if (unkind) unkind.manners = KIND;
    try {
      return await run();
    } finally {
      if (unkind && manners) unkind.manners = manners;
    }
  };

  /** What is wrong with the data of this app now; empty where all is well. */
  problems = (): Promise<string[]> => problems(this.world.table, this.app);
}

/**
 * For a suite: when its tests have ended, the data of the apps that they registered must be in order. Checked together,
 * since each check reads the whole table.
 */
export function checkDataAtTheEnd(): (given: Given, title: string) => void {
  const titles = new Map<string, string>();
  let table: World['table'] | undefined;
  afterAll(async () => {
    if (table) expect(await problemsOfAll(table, titles)).toEqual([]);
  });
  return ({ app, world }, title) => {
    table = world.table;
    titles.set(app, title);
  };
}

/** A test in one world (in process or over HTTP). It gets its own app, whose data must be in order at the end. */
export type Story = (
  title: string,
  run: (given: Given) => Promise<void>,
  options?: { limits?: Partial<Limits> },
) => void;

const stories = (where: WorldName, conflicts = false): Story => {
  // A story leaves the same data in both worlds; the table in process is the smaller one to check.
  const checkData = where === 'in process' ? checkDataAtTheEnd() : () => {};
  return (title, run, { limits } = {}) =>
    void test(title, async () => {
      for (let times = 1; ; times++) {
        const answers = busy.answers;
        const given = await Given.app(await world(where), limits);
        given.conflicts = conflicts;
        checkData(given, title);
        try {
          return await run(given);
        } catch (error) {
          // A call that was answered 503 may have taken effect, so that its repetition finds its own work.
          if (busy.answers === answers || times === 3) throw error;
        }
      }
    });
};

/** Stories that run twice: by the handlers in this process, and over HTTP against the laptop stack. */
export function inBothWorlds(title: string, define: (story: Story) => void): void {
  for (const where of ['in process', 'over HTTP'] as const)
    describe(`${title}, ${where}`, () => define(stories(where)));
}

/** Stories of what only the laptop stack has, such as roles. */
export function overHttp(title: string, define: (story: Story) => void): void {
  describe(title, () => define(stories('over HTTP')));
}

/** Stories that run by the handlers in this process only. */
export function inThisProcess(title: string, define: (story: Story) => void): void {
  describe(title, () => define(stories('in process')));
}

/** Stories of races, which run twice: on DynamoDB Local as it is, and with transactions that conflict as on AWS. */
export function inRaces(title: string, define: (story: Story) => void): void {
  describe(title, () => define(stories('in process')));
  describe(`${title}, with conflicts`, () => define(stories('in process', true)));
}
