import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { handler } from '../../functions/background/relay.ts';
import type { Random } from '../../infra/local/random.ts';
import { isStamped } from '../../shared/data/stamp.ts';
import { asDelivered, type DeliveredRecord, type Stream } from '../support/events.ts';
import { takeLogs } from '../support/log.ts';
import type { Scheduler, Task } from './scheduler.ts';

/** Records of one shard, and how many of them were delivered. */
interface Shard {
  records: DeliveredRecord[];
  delivered: number;
  busy: boolean;
}

/** A mutant: what becomes of the records before the relay gets them. */
export type MutateRecords = (records: DeliveredRecord[]) => DeliveredRecord[];

/**
 * The table's stream and the relays that read it, as Lambda runs them: each partition lies in one shard, whose records
 * come in their order. Shards go side by side. Batches have any length, come again after a failure and sometimes without
 * one, and two relays may work on the same batch.
 */
export class Relays {
  /** All records of items that tell events. */
  readonly records: DeliveredRecord[] = [];
  readonly #stream: Stream;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #mutate: MutateRecords;
  readonly #shards: Shard[];
  readonly #places = new Map<string, Shard>();

  constructor(stream: Stream, random: Random, scheduler: Scheduler, mutate: MutateRecords = (records) => records) {
    this.#stream = stream;
    this.#random = random;
    this.#scheduler = scheduler;
    this.#mutate = mutate;
    this.#shards = Array.from({ length: random.whole(1, 5) }, () => ({ records: [], delivered: 0, busy: false }));
  }

  /** Puts what the stream has had since the last time into its shards. */
  async take(): Promise<void> {
    const told = (await this.#stream.toNow()).map(asDelivered).filter((record) => isStamped(keyOf(record)));
    this.records.push(...told);
    // The database may stream the partitions of a transaction in any order: here it is one that the seed decides.
    const partitions = [...Map.groupBy(this.#mutate(told), (record) => keyOf(record).pk)].sort(([one], [other]) =>
      one < other ? -1 : 1,
    );
    while (partitions.length > 0) {
      const [partition, records] = this.#random.one(partitions);
      const shard = this.#places.get(partition) ?? this.#random.one(this.#shards);
      this.#places.set(partition, shard);
      shard.records.push(records.shift()!);
      if (records.length === 0)
        partitions.splice(
          partitions.findIndex(([one]) => one === partition),
          1,
        );
    }
  }

  get #waiting(): Shard[] {
    return this.#shards.filter(({ records, delivered, busy }) => !busy && delivered < records.length);
  }

  get hasWork(): boolean {
    return this.#waiting.length > 0;
  }

  /** Delivers a batch of some shard. */
  async deliver(faults: number): Promise<void> {
    const random = this.#random;
    const shard = random.one(this.#waiting);
    shard.busy = true;
    const batch = shard.records.slice(shard.delivered, shard.delivered + random.whole(1, random.chance(0.3) ? 40 : 6));
    const repeated = random.chance(0.15);
    const [done] = await Promise.all([
      this.#run(batch, { faults, dead: false, slow: random.chance(0.3) }),
      // A relay that Lambda has given up, and that still runs.
      random.chance(0.15) && this.#run(batch, { faults, dead: false, slow: true }),
    ]);
    if (!repeated) shard.delivered += done;
    shard.busy = false;
  }

  /** @returns how many records from the first on need not come again */
  async #run(Records: DeliveredRecord[], task: Task): Promise<number> {
    const awsRequestId = randomUUID();
    const context = { awsRequestId, getRemainingTimeInMillis: () => 60_000 } as Context;
    const answer = await this.#scheduler.start(task, () => handler({ Records }, context)).catch(() => undefined);
    takeLogs(awsRequestId);
    if (task.dead || !answer) return 0;
    const [failure] = answer.batchItemFailures;
    if (!failure) return Records.length;
    return Records.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === failure.itemIdentifier);
  }
}

const keyOf = ({ dynamodb: { Keys: { pk, sk } = {} } = {} }: DeliveredRecord) => ({ pk: pk?.S ?? '', sk: sk?.S ?? '' });
