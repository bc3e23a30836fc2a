import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLE_FILE, bundleFolder } from '../../infra/bundle.ts';
import { synthesize } from '../../infra/synthesize.ts';
import { backgroundFunctions, docsPage, type Route, routes } from '../../shared/routes/index.ts';

export interface Resource {
  Type: string;
  // Templates are JSON of CloudFormation's making: the assertions say what is expected of it.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  Properties: any;
  DeletionPolicy?: string;
  DependsOn?: string[];
}

export interface Template {
  Resources: Record<string, Resource>;
  Parameters?: Record<string, unknown>;
  Outputs?: Record<string, { Value: unknown; Export?: { Name: string } }>;
}

const known = new Map<string, Map<string, Template>>();

/**
 * All templates of a synthesis, by stack (`Roster-dev-Data`) or nested stack (`Group`). Functions are one-line bundles:
 * templates do not depend on what is in them.
 */
export function synthesizedTemplates(rows: readonly Route[] = routes, context: Record<string, string> = {}) {
  const key = JSON.stringify([rows, context]);
  const templates = known.get(key) ?? synthesized(rows, context);
  known.set(key, templates);
  return templates;
}

function synthesized(rows: readonly Route[], context: Record<string, string>) {
  const { folder, bundles } = placeholders(rows);
  try {
    const { directory } = synthesize({ bundles, outdir: join(folder, 'out'), routes: rows, context });
    const templates = new Map<string, Template>();
    for (const file of readdirSync(directory)) {
      const name = /^(?:Roster\w+?Api(\w+?)[0-9A-F]{8}\.nested|(Roster[\w-]+))\.template\.json$/.exec(file);
      if (name) templates.set((name[1] ?? name[2])!, JSON.parse(readFileSync(join(directory, file), 'utf8')));
    }
    return templates;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A new folder with a one-line bundle for each row, and a place for the output beside it. */
export function placeholders(rows: readonly Route[] = routes) {
  const folder = mkdtempSync(join(tmpdir(), 'roster-templates-'));
  const bundles = join(folder, 'dist');
  for (const { id } of [...rows, ...backgroundFunctions, docsPage]) {
    mkdirSync(bundleFolder(bundles, id), { recursive: true });
    writeFileSync(join(bundleFolder(bundles, id), BUNDLE_FILE), `exports.handler = () => '${id}';\n`);
  }
  return { folder, bundles };
}

/** Resources of one type by logical id, over all stacks; logical ids are prefixed by their stack. */
export function resourcesOf(templates: Map<string, Template>, type?: string): Map<string, Resource> {
  const found = new Map<string, Resource>();
  for (const [stack, { Resources }] of templates) {
    for (const [id, resource] of Object.entries(Resources)) {
      if (!type || resource.Type === type) found.set(`${stack}/${id}`, resource);
    }
  }
  return found;
}
