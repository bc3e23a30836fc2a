import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ErrorName, errors } from '../../shared/errors.ts';
import { LIMITS, MAXIMUMS } from '../../shared/limits.ts';
import { MEANINGS } from '../../shared/openapi/errors.ts';
import { routes } from '../../shared/routes/index.ts';

const read = (name: string) => readFileSync(join(resolve(import.meta.dirname, '../../docs'), name), 'utf8');
const behaviour = read('behaviour.md');

describe('tables of docs/behaviour.md', () => {
  const rows = (heading: string) =>
    behaviour
      .split(`# ${heading}\n`)[1]!
      .split('\n#')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2)
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

  test('the table of errors has every error with its code, name and meaning', () => {
    expect(rows('Error codes').map(([, code, name, meaning]) => [Number(code), name, meaning])).toEqual(
      Object.entries(errors).map(([name, [code]]) => [code, name, MEANINGS[name as ErrorName].replaceAll('`', '')]),
    );
  });

  test('the table of rights has every operation on groups once', () => {
    const inTable = rows('Roles and permissions').flatMap(([, operations]) => operations!.split(', '));
    const covered = routes
      .map(({ path }) => path.match(/^\/group\/(.+)$/)?.[1])
      .filter((operation) => operation !== undefined)
      .map((operation) => operation.replace(/^settings\/.+/, 'settings/*'));
    expect(inTable.sort()).toEqual([...new Set(covered)].sort());
  });

  test('the table of limits has every limit with its default and maximum', () => {
    const limits = rows('Limits');
    const bounded = limits.filter(([, , , most]) => most !== '');
    expect(Object.fromEntries(limits.map(([, name, usual]) => [name, Number(usual)]))).toEqual(LIMITS);
    expect(Object.fromEntries(bounded.map(([, name, , most]) => [name, Number(most)]))).toEqual(MAXIMUMS);
  });
});

describe('docs/glossary.md', () => {
  test('the words of the glossary stand in alphabetical order', () => {
    for (const table of read('glossary.md').split('\n## ').slice(1)) {
      const words = [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, word]) => word!.toLowerCase()).slice(2);
      expect(words).toEqual([...words].sort());
    }
  });
});
