import { BatchGetCommand, DeleteCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type Image, itemBytes, readUnits, writeUnits } from '../../infra/local/units.ts';
import type { Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { keyText } from '../../shared/data/read.ts';
import { SHAPE } from './database.ts';
import type { Stacked } from './middleware-stack.ts';

/** A request of the product's document client. */
export interface Recorded {
  /** `BatchGetItemCommand`, … */
  command: string;
  input: Input;
  output: Output;
  /** Requests of the same wave were under way together. */
  wave: number;
}

/** As the document client takes and gives it. */
export type Keyed = Image & Key;

// The fields of five commands that name items.
export interface Input {
  Key?: Keyed;
  Item?: Keyed;
  Select?: string;
  RequestItems?: Record<string, { Keys: Keyed[] }>;
  TransactItems?: Record<string, { Key?: Keyed; Item?: Keyed }>[];
  ClientRequestToken?: string;
  IndexName?: string;
  ExpressionAttributeValues?: Record<string, unknown>;
}

/** Units as AWS charges them. */
export interface Units {
  read: number;
  write: number;
}

export interface Output {
  Items?: Keyed[];
  Responses?: Record<string, Keyed[]>;
}

type Middleware = (
  next: (args: { input: Input }) => Promise<{ output: Output }>,
  context: { commandName: string },
) => (args: { input: Input }) => Promise<{ output: Output }>;

const NAME = 'recorder';

/**
 * Records a client's requests while `record` runs, with the units that AWS would charge, and restores the table
 * afterwards, so that operations can run repeatedly from the same state.
 */
export class Recorder {
  readonly #client: Stacked;
  readonly #table: OperatorTable;
  /** Each item that the last recording touched as it was before, undefined where there was none. */
  readonly #before = new Map<string, { key: Key; image: Image | undefined }>();

  /** @param table the same table, reached by a client of its own */
  constructor(client: Stacked, table: OperatorTable) {
    this.#client = client;
    this.#table = table;
  }

  async record<T>(run: () => Promise<T>): Promise<{ answer: T; requests: Recorded[]; units: Units }> {
    this.#before.clear();
    const requests: Recorded[] = [];
    const units: Units = { read: 0, write: 0 };
    let [wave, underWay] = [0, 0];
    const middleware: Middleware =
      (next, { commandName }) =>
      async ({ input }) => {
        if (underWay++ === 0) wave++;
        const request: Recorded = { command: commandName, input, output: {}, wave };
        requests.push(request);
        try {
          const keys = keysOf(input);
          if (keys.length === 0) {
            const result = await next({ input });
            request.output = result.output;
            const read = await this.#readUnits(input, result.output);
            units.read += read;
            return result;
          }
          const before = await this.#images(keys);
          for (const key of keys)
            if (!this.#before.has(keyText(key)))
              this.#before.set(keyText(key), { key, image: before.get(keyText(key)) });
          const result = await next({ input });
          request.output = result.output;
          const after = await this.#images(keys);
          for (const key of keys)
            units.write += writeUnits(
              SHAPE,
              before.get(keyText(key)),
              after.get(keyText(key)),
              input.TransactItems !== undefined,
            );
          return result;
        } finally {
          underWay--;
        }
      };
    this.#client.middlewareStack.add(middleware as never, { step: 'initialize', name: NAME } as never);
    try {
      return { answer: await run(), requests, units };
    } finally {
      this.#client.middlewareStack.remove(NAME);
    }
  }

  /** Restores all items that the last recording touched; may be called repeatedly. */
  async restore(): Promise<void> {
    const { client, name: TableName } = this.#table;
    await Promise.all(
      [...this.#before.values()].map(({ key, image }) =>
        image
          ? client.send(new PutCommand({ TableName, Item: image }))
          : client.send(new DeleteCommand({ TableName, Key: key })),
      ),
    );
  }

  async #readUnits(input: Input, output: Output): Promise<number> {
    const { client, name } = this.#table;
    if (input.RequestItems) {
      const found = new Map((output.Responses?.[name] ?? []).map((item) => [keyText(item), item]));
      const keys = input.RequestItems[name]?.Keys ?? [];
      return keys.reduce((sum, key) => sum + readUnits(itemBytes(found.get(keyText(key)) ?? {})), 0);
    }
    let Items: Image[] | undefined = output.Items;
    if (input.Select === 'COUNT') {
      const { Select: _, ...whole } = input;
      ({ Items } = await client.send(new QueryCommand(whole as never)));
    }
    return readUnits((Items ?? []).reduce((sum, item) => sum + itemBytes(item), 0));
  }

  async #images(keys: Key[]): Promise<Map<string, Image>> {
    const { client, name } = this.#table;
    const request = new BatchGetCommand({ RequestItems: { [name]: { Keys: keys, ConsistentRead: true } } });
    const { Responses } = await client.send(request);
    return new Map((Responses?.[name] ?? []).map((item) => [keyText(item as Keyed), item]));
  }
}

/** Keys of the items that a request writes or checks; none where it reads. */
function keysOf({ Key, Item, TransactItems }: Input): Key[] {
  const items = TransactItems ? TransactItems.flatMap((step) => Object.values(step)) : [{ Key, Item }];
  return items.flatMap(({ Key, Item }) => {
    const key = Key ?? Item;
    return key ? [{ pk: key.pk, sk: key.sk }] : [];
  });
}
