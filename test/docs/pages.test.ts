import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { costTable } from '../../bench/document.ts';
import { withEndpoints, withPart } from '../../infra/pages.ts';
import { routes } from '../../shared/routes/index.ts';

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('a page without the marks of its generated part is refused, not overwritten', () => {
  expect(() => withEndpoints('# Endpoints', routes)).toThrow('lacks the marks');
});

test('docs/costs.md shows the costs of the last measurement (npm run bench writes it)', () => {
  const { warm } = JSON.parse(text('docs/benchmarks.json'));
  const page = text('docs/costs.md');
  expect(withPart(page, 'costs', costTable(warm), 'npm run bench')).toBe(page);
});

test('the README has at most 180 lines', () => {
  expect(text('README.md').split('\n').length).toBeLessThanOrEqual(180);
});
