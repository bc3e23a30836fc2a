import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const { version } = JSON.parse(read('package.json'));

test('the newest heading of the changelog is Unreleased or the version of package.json', () => {
  const [, newest] = read('CHANGELOG.md').match(/^## (\S+)/m)!;
  expect(['Unreleased', version]).toContain(newest);
});

test('the lock file and the description of the API have the version of package.json', () => {
  expect(JSON.parse(read('package-lock.json')).version).toBe(version);
  expect(JSON.parse(read('docs/openapi.json')).info.version).toBe(version);
});
