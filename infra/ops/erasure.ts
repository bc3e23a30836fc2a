import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { type OperatorTable, tableSize, viewOf } from '../../shared/data/operator-queries.ts';
import { eraseApp } from '../../shared/domain/app/erase-app.ts';
import { eraseUser } from '../../shared/domain/app/erase-user.ts';
import type { Erased, EraseProgress } from '../../shared/domain/app/erasure.ts';
import {
  isAbout,
  isSigned,
  type Receipt,
  receiptPublicKey,
  type SignedReceipt,
} from '../../shared/domain/app/receipts.ts';
import type { AppId, UserId } from '../../shared/ids.ts';
import { type Answering, aligned } from './answer.ts';
import { appId, timeSpan, wholeNumber } from './arguments.ts';
import { findBucket } from './bucket.ts';
import { confirm } from './confirm.ts';
import { Progress } from './progress.ts';
import type { Place } from './table.ts';

/** Read units per second. 8 MB. */
export const RATE = 2000;
const SECOND = 1000;
/** The longest that a call, or the relay, still works with a deleted user. */
const SETTLE = 30 * SECOND;
/** The same of a deleted app: a job in the background runs for 15 minutes. */
const SETTLE_APP = 16 * 60 * SECOND;

/** US dollars per million read units, in us-east-1. */
const PRICE = 0.125;
/** A sentence about what reading the whole table costs. @param times how often it is read */
export async function priceOf(table: OperatorTable, times: number): Promise<string> {
  const { bytes, items } = await tableSize(table);
  const units = Math.ceil((bytes / 4096) * times);
  const dollars = (units * PRICE) / 1e6;
  const shown = dollars < 0.01 ? 'less than $0.01' : `about $${dollars.toFixed(2)}`;
  const megabytes = (bytes / 1e6).toFixed(1);
  const often = times === 1 ? 'reads the whole table once' : `reads the whole table at least ${times} times`;
  return `This ${often} (${items} items, ${megabytes} MB): ${units} read units, ${shown} at $${PRICE} per million.`;
}

/** Parses `30d`, `12h`, `90m` or `15s` into milliseconds. */
const shortSpan = (text: string): number =>
  /^\d{1,6}s$/.test(text) ? Number(text.slice(0, -1)) * SECOND : timeSpan(text);

interface EraseCommand extends Place {
  receipt?: string;
  rate: number;
  settle: number;
  bucket?: string;
  yes?: true;
  json?: true;
}

/** A new file's name. */
function newFile(text: string): string {
  if (existsSync(text)) throw new InvalidArgumentError('This file exists already, and is not overwritten.');
  return text;
}

const withOptions = (command: Command, settle: number, until: string): Command =>
  command
    .option('--receipt <file>', 'write the signed receipt to this new file (default: receipt-<its id>.json)', newFile)
    .option('--rate <units>', 'units of the table used per second at most', wholeNumber<number>, RATE)
    .option('--settle <span>', until, shortSpan, settle)
    .option('--bucket <name>', 'bucket on AWS: output BucketName of the data stack')
    .option('--yes', 'do not ask for confirmation');

/** `users erase` */
export function addUserErasure(users: Command, answering: Answering) {
  withOptions(
    users
      .command('erase')
      .description(
        'delete a user and everything that names it, prove it by search, and sign a receipt; may be run again',
      )
      .argument('<app>', 'id of the app', appId)
      .argument('<user>', 'id of the user, which may be deleted already', wholeNumber<UserId>),
    SETTLE,
    'how long calls and events may still work with the user after its deletion (default: 30s)',
  ).action(
    answering<[AppId, UserId], EraseCommand>(async (table, [app, user], options) => {
      const bucket = findBucket(options);
      const price = await priceOf(table, 2);
      await confirm(`${price}\nErase user ${user} of app ${app} permanently?`, String(user), options);
      return await erase(eraseUser(table, bucket, app, user, options), options, bucket.client);
    }),
  );
}

/** `apps erase` */
export function addAppErasure(apps: Command, answering: Answering) {
  withOptions(
    apps
      .command('erase')
      .description(
        'remove all items and objects of a deleted app, prove it by search, and sign a receipt; may be run again',
      )
      .argument('<app>', 'id of the app', appId),
    SETTLE_APP,
    'how long after its deletion functions may still work with the app (default: 16m)',
  ).action(
    answering<[AppId], EraseCommand>(async (table, [app], options) => {
      const bucket = findBucket(options);
      const price = await priceOf(table, 2);
      await confirm(`${price}\nErase app ${app} permanently?`, app, options);
      return await erase(eraseApp(table, bucket, app, options), options, bucket.client);
    }),
  );
}

async function erase(
  steps: AsyncGenerator<EraseProgress, Erased>,
  { receipt: given }: EraseCommand,
  client: { destroy: () => void },
) {
  const progress = new Progress(undefined);
  let erased: Erased;
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done) {
        erased = step.value;
        break;
      }
      progress.show(step.value.read, `read (${step.value.phase}; ${step.value.done} removed or changed)`);
    }
  } finally {
    progress.end();
    client.destroy();
  }
  const { receipt } = erased.signed;
  const file = given ?? `receipt-${receipt.receipt_id}.json`;
  writeFileSync(`${file}.part`, `${JSON.stringify(erased.signed, undefined, 2)}\n`, { flag: 'w', mode: 0o600 });
  await erased.close();
  renameSync(`${file}.part`, file);
  return { json: { file, ...erased.signed }, text: `${shown(receipt)}\n\nThe signed receipt is in ${file}.` };
}

function shown(receipt: Receipt): string {
  const table = (title: string, counts: Record<string, number>) => {
    const rows = Object.entries(counts).map(([kind, count]) => [`  ${kind}`, String(count)]);
    return rows.length > 0 ? [title, aligned(rows)] : [];
  };
  const { searched } = receipt;
  return [
    ...table('Removed:', receipt.removed),
    ...table('Changed, so that they name nobody:', receipt.changed),
    ...(receipt.objects_removed > 0 ? [`Objects removed: ${receipt.objects_removed}`] : []),
    `Searched ${searched.items} items, ${searched.archive_objects} objects of the archive and ${searched.objects} other objects: nothing is left.`,
    ...table('Texts of others that contain a name (they stay):', receipt.mentions),
    'Out of reach:',
    aligned(receipt.remains.map(({ what, until }) => [`  ${what}`, until])),
  ].join('\n');
}

/** `receipts …` */
export function addReceiptCommands(program: Command, answering: Answering) {
  const receipts = program.command('receipts').description('verify the receipts of erasures');

  receipts
    .command('key')
    .description('print the public key that verifies receipts (Ed25519, SPKI in base64)')
    .action(
      answering<[], object>(async (table) => {
        const key = await receiptPublicKey(viewOf(table));
        return { json: { public_key: key }, text: key };
      }),
    );

  receipts
    .command('verify')
    .description('verify the signature of a receipt, and whether it is about a given user')
    .argument('<file>', 'the receipt')
    .option('--key <key>', 'verify by this public key, without the table (default: the key of the table)')
    .option('--user <id>', 'also check that the receipt is about this user; needs the table', wholeNumber<UserId>)
    .action(
      answering<[string], { key?: string; user?: UserId }>(async (table, [file], { key, user }) => {
        const signed = readReceipt(file);
        const valid = isSigned(signed, key ?? (await receiptPublicKey(viewOf(table))));
        const about =
          user === undefined ? undefined : await isAbout(viewOf(table), signed, signed.receipt.app_id, user);
        const { receipt } = signed;
        const text = [
          valid
            ? `The receipt ${receipt.receipt_id} (${receipt.what}, app ${receipt.app_id}, ${receipt.ended_at}) is genuine.`
            : 'The receipt is NOT genuine: it was changed, or another key has signed it.',
          ...(about === undefined ? [] : [about ? `It is about user ${user}.` : `It is NOT about user ${user}.`]),
        ].join('\n');
        return {
          json: { valid, receipt_id: receipt.receipt_id, ...(about !== undefined && { about_user: about }) },
          text,
          failed: !valid || about === false,
        };
      }),
    );
}

function readReceipt(file: string): SignedReceipt {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as SignedReceipt;
  } catch (error) {
    throw new Error(`${file}: cannot be read as JSON: ${(error as Error).message}`);
  }
}
