import { expect, test } from 'vitest';
import { withEndpoints } from '../../infra/readme.ts';
import { routes } from '../../shared/routes/index.ts';

test('a README without the marks is refused, not overwritten', () => {
  expect(() => withEndpoints('# Roster', routes)).toThrow('lacks the marks');
});
