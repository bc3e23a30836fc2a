import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { Database } from '../../shared/data/database.ts';
import { untilAnswered } from '../../shared/deadline.ts';
import { importWake, runLane, type Waking } from '../../shared/domain/app/import-run.ts';
import { logImport } from '../../shared/http/log.ts';
import { changeVisibility, toImports } from '../../shared/messaging/queue-repo.ts';

/** With less time than this left no further chunk begins, and with less than the second running work ends (ms). */
const RESERVE = 15_000;
const HAND_ON = 5000;
/** A run that fails comes again after so many seconds, with jitter: after a few of them the database takes writes again. */
const AGAIN = { least: 10, most: 60 };

/**
 * The queue wakes a lane of an import: one message at a time, and those of a lane one after the other. A run that has
 * imported something wakes its lane itself, so only runs without any success count as attempts of a message. After too
 * many the message lies in the dead-letter queue, and `ops import-jobs resume` wakes the lane again.
 */
export async function handler({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const started = Date.now();
  const failures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { messageId, receiptHandle, body } of Records) {
    const waking = JSON.parse(body) as Waking;
    const db = new Database();
    const logged = { ...waking, db, started, requestId: context.awsRequestId };
    try {
      const end = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - HAND_ON));
      const outcome = await untilAnswered(end, () =>
        runLane(waking, {
          db,
          wake: importWake(),
          message: messageId,
          left: () => context.getRemainingTimeInMillis() - RESERVE,
        }),
      );
      logImport({ ...logged, outcome });
    } catch (error) {
      logImport({ ...logged, fault: error as Error });
      const seconds = Math.round(AGAIN.least + Math.random() * (AGAIN.most - AGAIN.least));
      // Where the queue does not take the time, the message comes when its visibility timeout has passed.
      await changeVisibility([{ receipt: receiptHandle, seconds }], toImports).catch(() => {});
      failures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures: failures };
}
