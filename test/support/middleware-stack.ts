import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoDb, type Incoming, type Outgoing } from '../../shared/data/client.ts';

/** Where tests come between: what a client of the SDK has, and that of the functions by this file. */
export interface Stacked {
  middlewareStack: Pick<DynamoDBDocumentClient['middlewareStack'], 'add' | 'remove'>;
}

declare module '../../shared/data/client.ts' {
  interface DynamoDb extends Stacked {}
}

/** `initialize`: between the caller and the client. `deserialize`: between the client and the network. */
type Step = 'initialize' | 'deserialize';
// biome-ignore lint/suspicious/noExplicitAny: each step passes on something else
type Handler = (args: any) => Promise<any>;
interface Entry {
  step: Step;
  name: string;
  priority: 'high' | 'normal' | 'low';
  middleware: (next: Handler, context: object) => Handler;
}

const { send, exchange } = DynamoDb.prototype;
const stacks = new WeakMap<DynamoDb, Entry[]>();
const stackOf = (client: DynamoDb) => {
  if (!stacks.has(client)) stacks.set(client, []);
  return stacks.get(client)!;
};

/** As in the SDK: what was added first, or with a higher priority, is farther from the network. */
function through(client: DynamoDb, step: Step, context: object, last: Handler): Handler {
  const of = (priority: string) =>
    stackOf(client).filter((entry) => entry.step === step && entry.priority === priority);
  return [...of('high'), ...of('normal'), ...of('low')].reduceRight(
    (next, { middleware }) => middleware(next, context),
    last,
  );
}

DynamoDb.prototype.send = async function (operation, input, options) {
  const last: Handler = async (args) => ({ output: await send.call(this, operation, args.input, options) });
  return (await through(this, 'initialize', { commandName: `${operation}Command` }, last)({ input })).output;
};

DynamoDb.prototype.exchange = async function (request, signal) {
  const last: Handler = async (args: { request: Outgoing }) => {
    const { body, ...answer } = await exchange.call(this, args.request, signal);
    return { response: { ...answer, body: Readable.from([Buffer.from(body)]) } };
  };
  const { response } = await through(this, 'deserialize', {}, last)({ request });
  return { ...(response as Incoming), body: await text(response.body) };
};

Object.defineProperty(DynamoDb.prototype, 'middlewareStack', {
  get(this: DynamoDb) {
    const entries = stackOf(this);
    const remove = (name: string) => {
      const index = entries.findIndex((entry) => entry.name === name);
      if (index >= 0) entries.splice(index, 1);
      return index >= 0;
    };
    return {
      remove,
      add(middleware: Entry['middleware'], options: Partial<Entry> & { name: string; override?: boolean }) {
        if (options.override) remove(options.name);
        else if (entries.some(({ name }) => name === options.name)) throw new Error(`a second ${options.name}`);
        entries.push({ step: 'initialize', priority: 'normal', ...options, middleware });
      },
    };
  },
});
