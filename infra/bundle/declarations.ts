import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import type { Contract, Operation } from '../../shared/routes/operation.ts';

/** Fields of a declaration that no function reads: the wrapper takes a `Contract`. */
const LEFT_OUT: Record<Exclude<keyof Operation, keyof Contract>, true> = {
  id: true,
  path: true,
  methods: true,
  aliases: true,
  parameters: true,
  area: true,
  section: true,
  summary: true,
  description: true,
  grants: true,
  memory: true,
  timeout: true,
  page: true,
  beside: true,
  bareError: true,
  reply: true,
};

/** A declaration as Biome formats it. */
const DECLARATION = /^export const \w+ = \{\n[\s\S]*?^\} satisfies Operation;$/gm;
/** One of these fields: its first line, and the lines that continue it. */
const FIELD = new RegExp(`^ {2}(area,|(${Object.keys(LEFT_OUT).join('|')}):).*\\n((?: {3}| {2}[\\])}]).*\\n)*`, 'gm');

/**
 * Leaves out of `shared/routes/<area>.ts` what only infrastructure, documents and tests read, so that no bundle carries
 * it. A test proves that none does: a declaration in any other form keeps its fields.
 */
export const declarations: Plugin = {
  name: 'declarations',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]shared[\\/]routes[\\/]\w+\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(DECLARATION, (text) => text.replace(FIELD, '')),
      loader: 'ts',
    }));
  },
};
