import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';
import type { Key } from '../../shared/data/keys.ts';
import { type Item, keyText } from '../../shared/data/read.ts';
import { EVENTS } from '../../shared/metrics.ts';
import { type Operation, routes } from '../../shared/routes/index.ts';
import { type Answer, type Envelope, moduleOf, type Request } from '../support/api.ts';
import { doJobs } from '../support/jobs.ts';
import { requestOf, type Scene, setScene, warmUp } from '../support/recipes.ts';
import { Given, PASSWORD, type Person } from '../support/story.ts';
import { Recorder } from '../support/table-recorder.ts';
import { worldInProcess } from '../support/world.ts';

/** How a request fails: `lost` took effect without an answer, `failed` took effect and answered 500, `unsent` did not. */
type Fault = 'lost' | 'unsent' | 'failed';

const FAULTS: Fault[] = ['lost', 'unsent', 'failed'];

const MIDDLEWARE = 'fault';
const random = { bytes: crypto.randomBytes, int: crypto.randomInt };

/** Ids, tokens and salts are the same in every run of a call, so that runs can be compared. */
function sameRandomness(): void {
  let [bytes, ints] = [0, 0];
  crypto.randomBytes = ((size: number) =>
    crypto.hash('sha512', `bytes ${bytes++}`, 'buffer').subarray(0, size)) as typeof crypto.randomBytes;
  crypto.randomInt = ((from: number, to?: number) => {
    const [low, high] = to === undefined ? [0, from] : [from, to];
    return low + (crypto.hash('sha256', `int ${ints++}`, 'buffer').readUInt32BE() % (high - low));
  }) as typeof crypto.randomInt;
  syncBuiltinESMExports();
}

function realRandomness(): void {
  Object.assign(crypto, { randomBytes: random.bytes, randomInt: random.int });
  syncBuiltinESMExports();
}

const isWrite = (command: string) => /^(Put|Update|Delete|TransactWrite)/.test(command);

type Send = (args: { input: object }) => Promise<{ output: object }>;

/** Makes the nth write of a call, or the nth read, fail once. */
function breakOne(which: 'write' | 'read', nth: number, fault: Fault): void {
  let seen = 0;
  const middleware =
    (next: Send, { commandName }: { commandName: string }) =>
    async (args: { input: object }) => {
      if (isWrite(commandName) !== (which === 'write') || seen++ !== nth) return next(args);
      if (fault !== 'unsent') await next(args);
      throw fault === 'failed'
        ? Object.assign(new Error('internal'), { name: 'InternalServerError', $fault: 'server' })
        : Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    };
  documentClient().middlewareStack.add(middleware as never, { step: 'initialize', name: MIDDLEWARE } as never);
}

/** Makes every page of a query end after one item, as the database may end a page anywhere. */
function endPagesEarly(): void {
  const middleware = (next: Send) => async (args: { input: { KeyConditionExpression?: string } }) =>
    next(args.input.KeyConditionExpression ? { ...args, input: { ...args.input, Limit: 1 } } : args);
  documentClient().middlewareStack.add(middleware as never, { step: 'initialize', name: MIDDLEWARE } as never);
}

/** Makes every transaction conflict three times, those of the write queue too. */
function meetOthers(): void {
  let sent = 0;
  const middleware = (next: Send) => async (args: { input: { TransactItems?: object[] } }) => {
    const { TransactItems } = args.input;
    if (!TransactItems || ++sent % 4 === 0) return next(args);
    throw Object.assign(new Error('cancelled'), {
      name: 'TransactionCanceledException',
      CancellationReasons: TransactItems.map(() => ({ Code: 'TransactionConflict' })),
    });
  };
  documentClient().middlewareStack.add(middleware as never, { step: 'initialize', name: MIDDLEWARE } as never);
}

/** Names of jobs are drawn anew in each run. */
const withoutUuids = (text: string) =>
  text.replace(/(JOBS#)[0-9a-f]|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uuid');

const world = await worldInProcess();

/** The whole table as text, in the order of its keys. */
async function tableAsText(): Promise<string> {
  const items: Item[] = [];
  let from: Item | undefined;
  do {
    const { client, name } = world.table;
    const page = await client.send(
      new ScanCommand({ TableName: name, ConsistentRead: true, ExclusiveStartKey: from as never }),
    );
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from);
  const lines = items.map((item) => `${keyText(item as unknown as Key)} ${JSON.stringify(sorted(item))}`);
  return withoutUuids(lines.map(withoutUuids).sort().join('\n'));
}

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort()
          .map(([name, inner]) => [name, sorted(inner)]),
      )
    : value;

interface Case {
  title: string;
  call: (scene: Scene) => Promise<Answer>;
  /** The background jobs of the call are run too. */
  withJobs?: true;
}

const byRecipe = (route: Operation, more: Partial<Request> = {}): Case['call'] => {
  return (scene) => {
    const { method, path, request } = requestOf(route, scene);
    return scene.given.api.call(method, path, { ...request, ...more });
  };
};

const KEYED = ['group/create', 'group/announcement/edit', 'group/file/upload', 'user/register/batch'];

/** Each kind of job. */
const JOBS = ['group/destroy', 'user/delete', 'group/block', 'group/file/delete'];

/** More than the first transaction of a group takes. */
let crowd: Person[];

const CASES: Case[] = [
  {
    title: 'group/create by several transactions',
    call: ({ alice }) =>
      alice.asks('POST /group/create', { name: 'Crowd', type: 0, user_list: crowd.map(({ id }) => id) }),
  },
  ...routes.map((route) => ({ title: route.id, call: byRecipe(route) })),
  ...routes
    .filter(({ id }) => KEYED.includes(id))
    .map((route) => ({
      title: `${route.id} with an Idempotency-Key`,
      call: byRecipe(route, { headers: { 'idempotency-key': 'once' } }),
    })),
  ...routes
    .filter(({ id }) => JOBS.includes(id))
    .map((route) => ({ title: `${route.id} and its job`, call: byRecipe(route), withJobs: true as const })),
  {
    title: 'change_password with a wrong password',
    call: ({ carol }) =>
      carol.asks('POST /user/change_password', { old_password: 'not the password', new_password: PASSWORD }),
  },
  {
    title: 'delete with a wrong password',
    call: ({ carol }) => carol.asks('POST /user/delete', { password: 'not the password' }),
  },
  {
    title: 'a failed login',
    call: ({ given, carol }) =>
      given.nobody.asks('POST /token/id', { user_id: carol.id, password: 'not the password' }),
  },
  {
    title: 'a login without device_guid',
    call: ({ given, carol }) => given.nobody.asks('POST /token/id', { user_id: carol.id, password: PASSWORD }),
  },
];

describe('A call with disturbed requests to the database', () => {
  let scene: Scene;
  let recorder: Recorder;

  beforeAll(async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.spyOn(Math, 'random').mockReturnValue(0);
    scene = await setScene(await Given.app(world));
    recorder = new Recorder(documentClient(), world.table);
    const { given, carol } = scene;
    crowd = await given.users(40);
    for (let devices = 0; devices < 2; devices++) await given.session({ user: carol.id, username: carol.username });
    await warmUp(scene);
    // Some modules draw random numbers when they are loaded.
    await Promise.all(routes.map(moduleOf));
  });
  afterAll(() => {
    realRandomness();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** One run from the same state, at the same time, with the same random numbers. */
  async function run({ call, withJobs }: Case) {
    sameRandomness();
    const { answer, requests } = await recorder.record(async () => {
      const answer = await call(scene);
      if (withJobs) await doJobs(scene.given);
      return answer;
    });
    const { status, body, log } = answer;
    const outcome = {
      answer: withoutUuids(JSON.stringify({ status, body })),
      events: EVENTS.map((name) => (log as unknown as Record<string, unknown>)[name]),
      table: await tableAsText(),
    };
    await recorder.restore();
    return { outcome, requests };
  }

  /** The run in which nothing goes wrong: made once, since it always ends in the same way. */
  const kind = new Map<Case, ReturnType<typeof run>>();
  function undisturbed(one: Case): ReturnType<typeof run> {
    const made = kind.get(one) ?? run(one);
    kind.set(one, made);
    return made;
  }

  test.for(CASES)('$title answers and stores the same when one request goes wrong once', async (one) => {
    const { outcome: expected, requests } = await undisturbed(one);
    const writes = requests.filter(({ command }) => isWrite(command)).length;
    const reads = requests.length - writes;
    const faults = [
      ...Array.from({ length: writes }, (_, nth) => FAULTS.map((fault) => ['write', nth, fault] as const)).flat(),
      ...Array.from({ length: reads }, (_, nth) => ['read', nth, 'lost'] as const),
    ];
    for (const [which, nth, fault] of faults) {
      breakOne(which, nth, fault);
      try {
        const { outcome } = await run(one);
        expect(outcome, `${which} ${nth + 1}: ${fault}`).toEqual(expected);
      } finally {
        documentClient().middlewareStack.remove(MIDDLEWARE);
      }
    }
  });

  test.for(CASES)('$title answers and stores the same when its transactions conflict three times', async (one) => {
    const { outcome: expected, requests } = await undisturbed(one);
    // Nothing conflicts with a call that only reads.
    if (!requests.some(({ command }) => isWrite(command))) return;
    meetOthers();
    try {
      expect((await run(one)).outcome).toEqual(expected);
    } finally {
      documentClient().middlewareStack.remove(MIDDLEWARE);
    }
  });

  test.for(CASES)('$title answers the same, or a shorter page, when the database ends pages early', async (one) => {
    const { outcome: expected } = await undisturbed(one);
    endPagesEarly();
    try {
      const { outcome } = await run(one);
      const [whole, part] = [expected, outcome].map(({ answer }) => JSON.parse(answer).body as Envelope);
      // A page of a list may be shorter; the cursor says so.
      if (part!.cursor === undefined) return expect(outcome).toEqual(expected);
      expect(part!.data.length).toBeGreaterThan(0);
      expect({ ...part, cursor: whole!.cursor }).toEqual({ ...whole, data: whole!.data.slice(0, part!.data.length) });
    } finally {
      documentClient().middlewareStack.remove(MIDDLEWARE);
    }
  });
});
