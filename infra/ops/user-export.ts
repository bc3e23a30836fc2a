import { createWriteStream, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { exportUser } from '../../shared/domain/app/export-user.ts';
import type { AppId, UserId } from '../../shared/ids.ts';
import { contentOf, type OperatorBucket } from '../../shared/storage/operator-object-repo.ts';
import { type Answering, aligned } from './answer.ts';
import { appId, wholeNumber } from './arguments.ts';
import { findBucket } from './bucket.ts';
import { confirm } from './confirm.ts';
import { priceOf, RATE } from './erasure.ts';
import { Progress } from './progress.ts';
import type { Place } from './table.ts';

/** The files of an export and what they hold: docs/privacy.md describes them. */
interface Manifest {
  format: 'roster-person/1';
  app_id: string;
  user_id: number;
  exported_at: string;
  records: Record<string, number>;
  events: number;
  objects: { path: string; bytes: number; type: string | null }[];
  searched: { items: number; read_units: number };
}

/** `users export` */
export function addUserExport(users: Command, answering: Answering) {
  users
    .command('export')
    .description('write all that is stored about a user to a new folder, as JSON lines and files (docs/privacy.md)')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id of the user', wholeNumber<UserId>)
    .option('--output <folder>', 'the new folder (default: person-<app>-<user>)')
    .option('--rate <units>', 'read units used per second at most', wholeNumber<number>, RATE)
    .option('--bucket <name>', 'bucket on AWS: output BucketName of the data stack')
    .option('--yes', 'do not ask for confirmation')
    .action(
      answering<[AppId, UserId], Place & { output?: string; rate: number; bucket?: string; yes?: true; json?: true }>(
        async (table, [app, user], options) => {
          const bucket = findBucket(options);
          const folder = options.output ?? `person-${app}-${user}`;
          if (existsSync(folder) && readdirSync(folder).length > 0)
            throw new Error(`${folder}: exists already, and is not overwritten`);
          await confirm(`${await priceOf(table, 1)}\nExport user ${user} of app ${app}?`, String(user), options);
          const manifest = await writeExport(table, bucket, app, user, { folder, rate: options.rate });
          bucket.client.destroy();
          const rows = Object.entries(manifest.records).map(([kind, count]) => [kind, String(count)]);
          const all = [...rows, ['events', String(manifest.events)], ['objects', String(manifest.objects.length)]];
          return { json: { folder, ...manifest }, text: `${aligned(all)}\n\nWritten to ${folder}.` };
        },
      ),
    );
}

async function writeExport(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  user: UserId,
  { folder, rate }: { folder: string; rate: number },
): Promise<Manifest> {
  mkdirSync(join(folder, 'records'), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, 'objects'), { mode: 0o700 });
  const files = new Map<string, FileHandle>();
  const write = async (name: string, value: object) => {
    const out = files.get(name) ?? (await open(join(folder, name), 'wx', 0o600));
    files.set(name, out);
    await out.appendFile(`${JSON.stringify(value)}\n`);
  };
  const records = new Map<string, number>();
  const manifest: Manifest = {
    ...{ format: 'roster-person/1', app_id: app, user_id: user, exported_at: new Date().toISOString() },
    ...{ records: {}, events: 0, objects: [], searched: { items: 0, read_units: 0 } },
  };
  const progress = new Progress(undefined);
  try {
    for await (const one of exportUser(table, bucket, app, user, rate)) {
      if (one.is === 'record') {
        const { kind } = one.record;
        records.set(kind, (records.get(kind) ?? 0) + 1);
        await write(`records/${kind.replaceAll(' ', '-')}.ndjson`, one.record);
      } else if (one.is === 'event') {
        manifest.events++;
        await write('events.ndjson', one.event);
      } else if (one.is === 'object') {
        const { body, type } = await contentOf(bucket, one.key);
        const path = join(folder, one.path);
        await pipeline(body!, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
        manifest.objects.push({ path: one.path, bytes: statSync(path).size, type: type ?? null });
      } else {
        manifest.searched.items += one.items;
        manifest.searched.read_units += one.units;
      }
      progress.show(manifest.searched.items + manifest.events, 'items and events read');
    }
  } finally {
    progress.end();
    for (const out of files.values()) await out.close();
  }
  manifest.searched.read_units = Math.round(manifest.searched.read_units);
  manifest.records = Object.fromEntries([...records].sort());
  // Last: a folder without it is not complete.
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  return manifest;
}
