import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { withEndpoints } from '../../infra/readme.ts';
import { routes } from '../../shared/routes/index.ts';

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');

test('the endpoint list of the README is the route table (npm run docs writes it)', () => {
  expect(withEndpoints(readme, routes)).toBe(readme);
});

test('a README without the marks is refused, not overwritten', () => {
  expect(() => withEndpoints('# Roster', routes)).toThrow('lacks the marks');
});
