import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** What the command line is made of, beside itself. */
const OPERATORS = 'shared/domain/app/';

it('no function of the API imports the queries or the bucket client of operators, whose reads may be stale', () => {
  const reaching = globSync(['functions/**/*.ts', 'shared/**/*.ts'], { cwd: root }).filter(
    (file) =>
      !file.startsWith(OPERATORS) &&
      /from '[^']*(operator-queries|operator-object-repo|domain\/app\/|\/app\/)[^']*'/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
  );
  expect(reaching).toEqual([]);
});
