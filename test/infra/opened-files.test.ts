import { existsSync, globSync, readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** What every request shares: the wrapper, the call, the database. ARCHITECTURE.md describes it once. */
const SHARED =
  /^shared\/(http|call|storage\/requests)\b|^shared\/\w+\.ts$|^shared\/routes\/operation\.ts$|^shared\/data\/(?![\w-]+-repo\.ts$)/;

/** Modules of the project that a file imports for more than types. */
function importsOf(file: string): string[] {
  const source = readFileSync(resolve(root, file), 'utf8');
  return [...source.matchAll(/^import ((?!type )[^;]*?) from '(\.[^']+)';/gm)]
    .filter(([, names]) => !/^\{(\s*type [^,}]+,?)+\s*\}$/.test(names!))
    .map(([, , path]) => posix.join(posix.dirname(file), path!));
}

function openedFor(handler: string): Set<string> {
  const opened = new Set([handler]);
  for (const file of opened)
    for (const imported of importsOf(file))
      if (existsSync(resolve(root, imported)) && !SHARED.test(imported)) opened.add(imported);
  return opened;
}

test('a reader opens ten files at most, in the median, to follow one request to its statements', () => {
  const handlers = globSync('functions/**/*.ts', { cwd: root }).filter(
    (file) => !/background|functions\/(docs|console)\b/.test(file),
  );
  const counts = handlers.map((file) => openedFor(file.replaceAll('\\', '/')).size).sort((one, other) => one - other);
  expect(counts.length).toBeGreaterThan(100);
  expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(10);
  expect(counts.at(0)).toBeGreaterThan(2);
});

test('the handler in the middle has at most 13 lines', () => {
  const lines = globSync('functions/**/*.ts', { cwd: root })
    .map((file) => readFileSync(resolve(root, file), 'utf8').trimEnd().split('\n').length)
    .sort((one, other) => one - other);
  expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(13);
});
