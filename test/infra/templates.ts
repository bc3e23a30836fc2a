import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { BUNDLE_FILE, bundleFolder } from '../../infra/bundle.ts';
import { sharedFunctions } from '../../infra/functions.ts';
import { constructIdOf } from '../../infra/names.ts';
import { synthesize } from '../../infra/synthesize.ts';
import { backgroundFunctions, type Operation, pages, routes } from '../../shared/routes/index.ts';

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

/** The configuration of a deployment that has all there is. */
export const ALL_SET = {
  signInThrottleRate: '20',
  signInThrottleBurst: '150',
  backgroundConcurrency: '5',
  corsOrigins: 'https://app.example.com,https://admin.example.com',
  domainName: 'im.example.com',
  certificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1b2c3d4e-aaaa-bbbb-cccc-0123456789ab',
  defaultEndpoint: 'false',
  alarmEmail: 'operator@example.com',
};

const known = new Map<string, Map<string, Template>>();

/** Neither copies the bundles nor notes where in the code a resource comes from: no test looks. */
const QUICK = { 'aws:cdk:disable-asset-staging': 'yes', 'aws:cdk:disable-stack-trace': 'yes' };

/**
 * All templates of a synthesis, by stack (`Roster-dev-Data`) or nested stack (`Group`). Functions are one-line bundles:
 * templates do not depend on what is in them.
 */
export function synthesizedTemplates(rows: readonly Operation[] = routes, context: Record<string, string> = {}) {
  const key = JSON.stringify([rows, context]);
  const templates = known.get(key) ?? synthesized(rows, context);
  known.set(key, templates);
  return templates;
}

function synthesized(rows: readonly Operation[], context: Record<string, string>) {
  const { folder, bundles } = placeholders(rows);
  try {
    const { directory } = synthesize({ bundles, outdir: folder, routes: rows, context: { ...context, ...QUICK } });
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

const BUNDLES = resolve(import.meta.dirname, '../../.local/placeholders');

/** One-line bundles, one for each function in either form, and a new folder for the output. */
export function placeholders(rows: readonly Operation[] = routes) {
  for (const { id } of [...rows, ...sharedFunctions(rows), ...backgroundFunctions, ...pages]) {
    const bundle = join(bundleFolder(BUNDLES, id), BUNDLE_FILE);
    if (existsSync(bundle)) continue;
    mkdirSync(dirname(bundle), { recursive: true });
    writeFileSync(bundle, `exports.handler = () => '${id}';\n`);
  }
  return { folder: mkdtempSync(join(tmpdir(), 'roster-templates-')), bundles: BUNDLES };
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

/** What a nested stack is given for a reference to a resource of the stack above it; any other value as it is. */
export function passed(templates: Map<string, Template>, value: unknown): unknown {
  const { Ref: name } = value as { Ref?: string };
  if (name === undefined) return value;
  const stacks = [...resourcesOf(templates, 'AWS::CloudFormation::Stack').values()];
  return stacks.map(({ Properties }) => Properties.Parameters?.[name]).find((given) => given) ?? value;
}

/** The resources of one row: those in its nested stack whose logical id starts with its construct's. */
export function resourcesOfRow(from: Map<string, Template>, row: { id: string }) {
  const stack = [...from.values()].find(({ Resources }) =>
    Object.values(Resources).some(({ Properties }) => Properties?.Environment?.Variables?.OPERATION === row.id),
  );
  const own = Object.entries(stack?.Resources ?? {}).filter(([id]) =>
    new RegExp(
      `^${constructIdOf(row.id)}(Function|Role|Logs|Integration|Permission|GET|POST|PUT|DELETE|Jobs|Failed|Uploads|Schedule|Retries|Changes|Webhooks|Imports)`,
    ).test(id),
  );
  return {
    /** The only resource of this type; throws if there is none or another. */
    one(type: string): [id: string, properties: Resource['Properties']] {
      const found = own.filter(([, resource]) => resource.Type === type);
      if (found.length !== 1) throw new Error(`${row.id}: ${found.length} resources of type ${type}`);
      return [found[0]![0], found[0]![1].Properties];
    },
    all: (type: string) => own.filter(([, resource]) => resource.Type === type).map(([, { Properties }]) => Properties),
  };
}

/**
 * Gives for each resource (`Stack/logicalId`) all that CloudFormation makes before it: what it depends on or refers to,
 * and so on; of a nested stack all that is in it, and for what is in it all that its stack waits for. Deletion goes the
 * other way round.
 */
export function waitingOf(templates: Map<string, Template>): (id: string) => Set<string> {
  const direct = new Map<string, string[]>();
  for (const [stack, { Resources }] of templates)
    for (const [id, resource] of Object.entries(Resources))
      direct.set(
        `${stack}/${id}`,
        [...(resource.DependsOn ?? []), ...referredTo(resource.Properties)]
          .filter((other) => other in Resources)
          .map((other) => `${stack}/${other}`),
      );
  for (const [id, { Type }] of resourcesOf(templates)) {
    if (Type !== 'AWS::CloudFormation::Stack') continue;
    const [, nested] = /\/(\w+?)NestedStack/.exec(id) ?? [];
    const inside = Object.keys(templates.get(nested!)!.Resources).map((each) => `${nested}/${each}`);
    const before = direct.get(id)!;
    for (const each of inside) direct.get(each)!.push(...before);
    direct.set(id, [...before, ...inside]);
  }
  const all = new Map<string, Set<string>>();
  return function waits(id) {
    const known = all.get(id);
    if (known) return known;
    const found = new Set<string>();
    for (const other of direct.get(id) ?? []) for (const each of [other, ...waits(other)]) found.add(each);
    all.set(id, found);
    return found;
  };
}

/** Logical ids in `Ref` and `Fn::GetAtt`, wherever they are. */
function referredTo(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'Ref' ? [inner as string] : key === 'Fn::GetAtt' ? [(inner as [string])[0]] : referredTo(inner),
  );
}
