import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import { GLOBAL_INDEX } from '../../shared/data/table.ts';
import { type Grant, grantsOf, type Operation } from '../../shared/routes/index.ts';
import type { Stacked } from './middleware-stack.ts';

/** The input of a document client's command, with the fields that the guards read. */
interface Input {
  TableName?: string;
  IndexName?: string;
  Key?: Record<string, unknown>;
  Item?: Record<string, unknown>;
  ConsistentRead?: boolean;
  RequestItems?: Record<string, { ConsistentRead?: boolean }>;
  TransactItems?: Record<string, { Key?: Record<string, unknown>; Item?: Record<string, unknown> }>[];
}

type Next = (args: { input: Input }) => Promise<object>;

type Around = (next: Next, input: Input, command: string) => Promise<object>;

const add = (client: Stacked, name: string, around: Around) =>
  client.middlewareStack.add(
    ((next: Next, { commandName }: { commandName: string }) =>
      (args: { input: Input }) =>
        around(next, args.input, commandName)) as never,
    { step: 'initialize', priority: 'low', name } as never,
  );

/** Makes every read that is not strongly consistent throw. Operators use another client. */
export function refuseStaleReads(client: Stacked): void {
  add(client, 'refuseStaleReads', async (next, input, command) => {
    const batches = Object.values(input.RequestItems ?? {});
    const consistent = input.ConsistentRead || (batches.length > 0 && batches.every((batch) => batch.ConsistentRead));
    // The global index is never consistent. Whoever may read it has a grant.
    if (/^(Get|BatchGet|Query|Scan)/.test(command) && !consistent && input.IndexName !== GLOBAL_INDEX.name)
      throw new Error(`a read that is not strongly consistent: ${command} ${JSON.stringify(input)}`);
    return next({ input });
  });
}

/** The operation whose handler is running. */
export const calledOperation = new AsyncLocalStorage<Operation>();

/**
 * Makes a request throw that the operation's grants do not allow, as AWS denies it. The laptop stack does this too, but
 * most rare branches run in process only.
 */
export function keepToGrants(client: Stacked): void {
  add(client, 'keepToGrants', async (next, input, command) => {
    const route = calledOperation.getStore();
    const denied = grantsFor(command, input).find((grant) => route && !grantsOf(route).includes(grant));
    if (denied) throw new Error(`${route?.id} is not granted ${denied}: ${command}`);
    return next({ input });
  });
}

function grantsFor(command: string, { TransactItems, IndexName }: Input): Grant[] {
  const grants = { Put: 'put', Update: 'update', Delete: 'delete', ConditionCheck: 'check' } as const;
  if (TransactItems) return TransactItems.map((item) => grants[Object.keys(item)[0] as keyof typeof grants]);
  if (command.startsWith('BatchGet')) return ['batch-get'];
  if (command.startsWith('Query')) return [(IndexName ? `query-${IndexName}` : 'query') as Grant];
  const [verb] = /^[A-Z][a-z]+/.exec(command) ?? [];
  return [grants[verb as keyof typeof grants]];
}

/**
 * TransactionConflict, which DynamoDB Local never answers: while a transaction runs, another transaction that names one
 * of its items (also one that is only checked) is cancelled, and a single write of it is refused.
 */
export class Conflicts {
  on = false;
  /** How long (ms) a transaction holds its items, as if it took that long on AWS. */
  held = 10;
  /** How many writes have conflicted. */
  seen = 0;
  readonly #held = new Set<string>();

  constructor(client: Stacked) {
    add(client, 'conflicts', (next, input) => (this.on ? this.#around(next, input) : next({ input })));
  }

  async #around(next: Next, input: Input): Promise<object> {
    const { TransactItems: items } = input;
    if (!items) {
      const key = (input.Item || input.Key) && keyOf(input);
      if (!key || !this.#held.has(key)) return next({ input });
      this.seen++;
      throw new TransactionConflictException({ message: 'Transaction is ongoing for the item', $metadata: {} });
    }
    const keys = items.map((item) => keyOf(Object.values(item)[0]!));
    if (keys.some((key) => this.#held.has(key))) {
      this.seen++;
      throw new TransactionCanceledException({
        message: 'Transaction cancelled, please refer cancellation reasons for specific reasons',
        $metadata: {},
        CancellationReasons: keys.map((key) => ({ Code: this.#held.has(key) ? 'TransactionConflict' : 'None' })),
      });
    }
    for (const key of keys) this.#held.add(key);
    try {
      const [done] = await Promise.all([next({ input }), sleep(this.held)]);
      return done;
    } finally {
      for (const key of keys) this.#held.delete(key);
    }
  }
}

const keyOf = ({ Key, Item }: Pick<Input, 'Key' | 'Item'>) => `${(Key ?? Item)?.pk}|${(Key ?? Item)?.sk}`;
