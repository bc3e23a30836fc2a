/** All that the laptop stack knows of this product beside its templates: for `npm start`, tests and benchmarks. */
import { join, resolve } from 'node:path';
import type { Application } from '../local/application.ts';
import { type BuildOptions, cachedBuild } from '../local/cached-build.ts';
import type { StackDescription } from '../local/stack.ts';
import type { Json } from '../local/template.ts';
import { type DemoApps, demoApps } from './demo-apps.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The content of `.local/stack.json` while `npm start` runs. */
export type LaptopDescription = StackDescription<DemoApps>;

export const roster: Application<DemoApps> = {
  name: 'roster',
  folder: join(ROOT, '.local'),
  assembly: async (options) => (await assemblyOfSources(options)).assembly,
  sources: [
    'functions',
    'shared',
    'infra',
    'client',
    'console',
    'docs/openapi.json',
    'docs/asyncapi.json',
    'package.json',
    'cdk.json',
  ].map((name) => join(ROOT, name)),
  prepare: demoApps,
  // The page `/docs` fills in the demo app and its users from it.
  documents: ({ app_id, admin_token, users, group_id }) => ({
    '/docs/demo.json': { app_id, admin_token, users, group_id },
  }),
  errorCode(body) {
    const code = /^\{"code":(\d+)/.exec(body.subarray(0, 32).toString())?.[1];
    return code === '200' ? undefined : code;
  },
  consoleLine: (line) => (['error', 'fatal'].includes(String(line.level).toLowerCase()) ? errorOf(line) : undefined),
};

export interface Assembly {
  /** As `bundle()` writes it, with its `meta.json`. */
  bundles: string;
  /** The templates and their assets, as `cdk synth` writes them. */
  assembly: string;
}

/**
 * Bundles and templates of the stage `local`, with the functions in the form that the environment variable FUNCTIONS
 * names (`functions` in infra/config.ts). They are made (5 s of processor time) only after a source has changed, and
 * kept for an hour at least, which is longer than any run of the tests. A stack serves a copy.
 * @throws StartUpError if the sources cannot be bundled or synthesized
 */
export async function assemblyOfSources(options: BuildOptions = {}): Promise<Assembly> {
  const build = {
    root: ROOT,
    sources: [
      '{functions,shared,infra,client,console}/**/*.*',
      'docs/{openapi,asyncapi}.json',
      'package.json',
      'package-lock.json',
      'cdk.json',
      'tsconfig.json',
    ],
    script: join(import.meta.dirname, 'write-assembly.ts'),
    parameters: [process.env.FUNCTIONS ?? 'operation'],
    results: join(ROOT, 'dist/local'),
  };
  const folder = await cachedBuild(build, options);
  return { bundles: join(folder, 'bundles'), assembly: join(folder, 'assembly') };
}

/** The error of a log line with its first stack frame, or the whole line. */
function errorOf(line: Json): string {
  const { error = {}, message } = line;
  const text = [error.name, error.message ?? message].filter(Boolean).join(': ');
  const frames = String(error.stack ?? '').split('\n');
  const place = frames.find((frame) => frame.trim().startsWith('at '))?.trim() ?? '';
  return text ? `${text} ${place}`.trim() : JSON.stringify(line);
}
