import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { App } from '../../shared/data/app-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { exportApp } from '../../shared/domain/app/export.ts';
import type { Kind, Line } from '../../shared/domain/app/lines/kinds.ts';
import { Progress, type Screen } from './progress.ts';

/**
 * Exports an app into a new file that only its owner may read: it holds private data and hashes of passwords. The file
 * gets its name once it is complete.
 * @returns lines per kind
 * @throws Error where the file exists or cannot be written
 */
export async function exportFile(
  table: OperatorTable,
  app: App,
  file: string,
  screen?: Screen,
): Promise<Map<Kind, number>> {
  if (existsSync(file)) throw new Error(`${file}: exists already, and is not overwritten`);
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const out = createWriteStream(part, { mode: 0o600, flags: 'wx' });
  const ended = finished(out);
  // Its error is thrown below, where it is awaited.
  ended.catch(() => {});
  const counts = new Map<Kind, number>();
  const progress = new Progress(undefined, screen);
  let done = 0;
  try {
    for await (const line of exportApp(() => viewOf(table), app)) {
      const { kind } = line as Line;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (!out.write(`${JSON.stringify(line)}\n`)) await Promise.race([once(out, 'drain'), ended]);
      progress.show(++done, 'lines');
    }
    out.end();
    await ended;
    renameSync(part, file);
  } finally {
    progress.end();
    out.destroy();
  }
  return counts;
}
