import type { Plugin } from 'esbuild';
import { type FunctionRow, routeKeysOf } from '../../shared/routes/index.ts';
import { isShared, type SharedFunction } from '../functions.ts';

const NAMESPACE = 'area-entry';

/**
 * The entry of a function that serves several operations. It loads the code of all at once: while an instance starts, it
 * has a whole processor (docs/decisions/0077-functions-of-areas.md).
 */
function areaEntry({ operations }: SharedFunction): string {
  const imports = operations.map(({ id }, n) => `import { handler as handler${n} } from './${id}.ts';`);
  const routes = operations.flatMap((row, n) =>
    routeKeysOf(row).map((key) => `  '${key}': { id: '${row.id}', handler: handler${n} },`),
  );
  return `import { byRoute } from '../shared/http/by-route.ts';
${imports.join('\n')}
export const handler = byRoute({
${routes.join('\n')}
});
`;
}

/** Lets the ids of these functions be entry points. `folder` has the entry files of their operations. */
export const areaEntries = (rows: readonly FunctionRow[], folder: string): Plugin => ({
  name: NAMESPACE,
  setup({ onResolve, onLoad }) {
    const entries = new Map(rows.filter(isShared).map((row) => [row.id, areaEntry(row)]));
    onResolve({ filter: /^area\// }, ({ path, kind }) =>
      kind === 'entry-point' && entries.has(path) ? { path, namespace: NAMESPACE } : undefined,
    );
    onLoad({ filter: /./, namespace: NAMESPACE }, ({ path }) => ({
      contents: entries.get(path)!,
      loader: 'js',
      resolveDir: folder,
    }));
  },
});
