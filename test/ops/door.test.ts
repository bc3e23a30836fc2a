import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
/** What the command line is made of, beside itself. */
const OPERATORS = 'shared/domain/app/';
/** What the function that imports has of it. */
const IMPORTING = /^(import|import-run|refused-line|lines\/[\w-]+)\.ts$/;
const isOperators = (file: string) => file.startsWith(OPERATORS) && !IMPORTING.test(file.slice(OPERATORS.length));
const [OF_FUNCTION, LOGS] = ['functions/background/import.ts', 'shared/http/log.ts'];

it('no function of the API imports the queries or the bucket client of operators, whose reads may be stale', () => {
  const reaching = globSync(['functions/**/*.ts', 'shared/**/*.ts'], { cwd: root }).filter(
    (file) =>
      !isOperators(file) &&
      /from '[^']*(operator-queries|operator-object-repo|domain\/app\/|\/app\/)[^']*'/.test(
        readFileSync(join(root, file), 'utf8').replaceAll(
          file === OF_FUNCTION || file === LOGS ? /domain\/app\/import-run\.ts/g : /$^/g,
          '',
        ),
      ),
  );
  expect(reaching).toEqual([]);
});
