import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUNDLE_FILE, bundle, bundleFolder } from '../../infra/bundle.ts';
import { assemblyOfSources } from '../../infra/laptop/roster.ts';
import { backgroundFunctions, type FunctionRow, routes } from '../../shared/routes/index.ts';
import { secretsIn } from '../support/secrets.ts';
import { serve } from '../support/server.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const everyRow = [...routes, ...backgroundFunctions];
const BUDGET = 100 * 1024;

/** What a class of functions may hold; the first pattern that fits an id counts. Bytes are those in the bundle, in KB. */
interface Allowed {
  name: string;
  ids: RegExp;
  /** Packages that its own modules import. */
  packages: string[];
  /** Folders below `shared`, beside those that every function holds. */
  folders: string[];
  /**
   * Bytes of own modules: of the function in the middle, and of the largest, each rounded up to half a KB. An import too
   * many shows here.
   */
  own: { median: number; largest: number };
  /** Bytes of packages, with room for their updates. */
  ofPackages: number;
}

const SDK = ['@aws-sdk/util-dynamodb'];
const OPERATION = [...SDK, '@middy/core', 'zod'];
const EVERYWHERE = ['', 'call', 'data', 'domain', 'http', 'routes'];
const ALLOWED: Allowed[] = [
  {
    name: 'functions that number, pass on and deliver events',
    ids: /^background\/(relay|deliver)$/,
    packages: SDK,
    folders: ['domain/event', 'events', 'messaging'],
    own: { median: 48, largest: 48 },
    ofPackages: 6,
  },
  {
    name: 'the function that archives events',
    ids: /^background\/archive$/,
    packages: SDK,
    folders: ['domain/event', 'events', 'storage'],
    own: { median: 26, largest: 26 },
    ofPackages: 6,
  },
  {
    name: 'the function that imports',
    ids: /^background\/import$/,
    packages: SDK,
    folders: ['domain/app', 'domain/group', 'domain/roster', 'domain/user', 'messaging', 'storage'],
    own: { median: 61, largest: 61 },
    ofPackages: 6,
  },
  {
    name: 'operations of events',
    ids: /^(event\/|group\/changes$)/,
    packages: OPERATION,
    folders: ['domain/event', 'domain/group', 'events', 'messaging'],
    own: { median: 47, largest: 49.5 },
    ofPackages: 35,
  },
  {
    name: 'the function that fetches keys',
    ids: /^background\/refresh-keys$/,
    packages: SDK,
    folders: ['domain/issuer', 'messaging'],
    own: { median: 27, largest: 27 },
    ofPackages: 6,
  },
  {
    name: 'background functions',
    ids: /^background\//,
    packages: SDK,
    folders: ['domain/background', 'domain/file', 'domain/group', 'storage'],
    own: { median: 45, largest: 45 },
    ofPackages: 6,
  },
  {
    name: 'operations of files',
    ids: /^(group\/)?file\b/,
    packages: OPERATION,
    folders: ['domain/file', 'domain/group', 'storage'],
    own: { median: 46.5, largest: 54.5 },
    ofPackages: 35,
  },
  {
    name: 'operations of groups',
    ids: /^group\//,
    packages: OPERATION,
    folders: ['domain/group', 'domain/user'],
    own: { median: 46.5, largest: 54.5 },
    ofPackages: 35,
  },
  {
    name: 'operations of friends',
    ids: /^roster\//,
    packages: OPERATION,
    folders: ['domain/roster', 'domain/user'],
    own: { median: 44.5, largest: 49 },
    ofPackages: 35,
  },
  {
    name: 'decisions',
    ids: /^access\/|^token\/introspect$/,
    packages: OPERATION,
    folders: ['domain/access', 'domain/group', 'domain/roster'],
    own: { median: 47.5, largest: 48.5 },
    ofPackages: 35,
  },
  {
    name: 'administration',
    ids: /^admin\//,
    packages: OPERATION,
    folders: [
      'domain/access',
      'domain/admin',
      'domain/event',
      'domain/group',
      'domain/roster',
      'domain/user',
      'events',
    ],
    own: { median: 47, largest: 59.5 },
    ofPackages: 35,
  },
  {
    name: 'the exchange of tokens',
    ids: /^token\/exchange$/,
    packages: [...OPERATION, 'jose'],
    folders: ['domain/issuer', 'domain/user', 'messaging'],
    own: { median: 53, largest: 53 },
    ofPackages: 50,
  },
  {
    name: 'other operations',
    ids: /./,
    packages: OPERATION,
    folders: ['domain/user'],
    own: { median: 42.5, largest: 49.5 },
    ofPackages: 35,
  },
];
const allowedOf = (id: string) => ALLOWED.find(({ ids }) => ids.test(id))!;
const median = (numbers: number[]) => numbers.sort((one, other) => one - other)[Math.floor(numbers.length / 2)]!;

/** The package that a file is of; undefined for an own module. */
const packageOf = (file: string) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];

// Inside the project, so that entry files written here find the packages.
mkdirSync(join(root, 'dist'), { recursive: true });
const folder = mkdtempSync(join(root, 'dist', 'test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bundles of all functions', () => {
  let outdir: string;
  let metafile: Metafile;
  beforeAll(async () => {
    outdir = (await assemblyOfSources()).bundles;
    metafile = JSON.parse(readFileSync(join(outdir, 'meta.json'), 'utf8'));
  });
  /** What the metafile says of a row's bundle, wherever that was made. */
  const outputOf = (id: string) => {
    const end = relative(outdir, join(bundleFolder(outdir, id), BUNDLE_FILE));
    return Object.entries(metafile.outputs).find(([file]) => file.endsWith(`/${end}`))![1];
  };

  it('weigh at most 100 KB each', () => {
    const sizes = everyRow
      .map(({ id }): [string, number] => [id, statSync(join(bundleFolder(outdir, id), BUNDLE_FILE)).size])
      .sort((a, b) => b[1] - a[1]);
    const [largest, bytes] = sizes[0]!;
    console.log(`${sizes.length} bundles, the largest: ${largest}, ${(bytes / 1024).toFixed(0)} KB`);
    expect(sizes.filter(([, size]) => size > BUDGET || size === 0)).toEqual([]);
    expect(sizes.length).toBe(everyRow.length);
  });

  /** Files of a row's bundle of which something is left in it, with their bytes. */
  const filesOf = (id: string) =>
    Object.entries(outputOf(id).inputs).flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [{ file, bytes: bytesInOutput }] : [],
    );

  it('hold no package beside those of their class', () => {
    const strange = everyRow.flatMap(({ id }) => {
      const own = filesOf(id).filter(({ file }) => !packageOf(file));
      const imports = own.flatMap(({ file }) => metafile.inputs[file]!.imports.map(({ path }) => packageOf(path)));
      const present = new Set(filesOf(id).map(({ file }) => packageOf(file)));
      const packages = [...new Set(imports)].filter((name) => name !== undefined && present.has(name));
      return packages.filter((name) => !allowedOf(id).packages.includes(name!)).map((name) => `${id}: ${name}`);
    });
    expect(strange).toEqual([]);
  });

  it('hold no module of another area', () => {
    const strange = everyRow.flatMap(({ id }) => {
      const modules = filesOf(id).filter(({ file }) => file.startsWith('shared/'));
      const folders = new Set(modules.map(({ file }) => dirname(file).split('/').slice(1, 3).join('/')));
      const allowed = [...EVERYWHERE, ...allowedOf(id).folders];
      return [...folders].filter((name) => !allowed.includes(name)).map((name) => `${id}: shared/${name}`);
    });
    expect(strange).toEqual([]);
  });

  it.each(ALLOWED)('of $name keep to their budgets', (allowed) => {
    const sizes = everyRow.flatMap(({ id }) => {
      if (allowedOf(id) !== allowed) return [];
      const bytes = (kind: boolean) =>
        filesOf(id).reduce((sum, one) => sum + (Boolean(packageOf(one.file)) === kind ? one.bytes / 1024 : 0), 0);
      return [{ id, own: bytes(false), ofPackages: bytes(true) }];
    });
    const middle = median(sizes.map(({ own }) => own));
    const most = (kind: 'own' | 'ofPackages') => Math.max(...sizes.map((size) => size[kind])).toFixed(2);
    const own = `own modules ${middle.toFixed(2)} KB (median), ${most('own')} KB (largest)`;
    const measured = `${sizes.length} ${allowed.name}: ${own}; packages ${most('ofPackages')} KB`;
    expect(middle, measured).toBeLessThanOrEqual(allowed.own.median);
    expect(
      sizes.filter(({ own }) => own > allowed.own.largest),
      measured,
    ).toEqual([]);
    expect(
      sizes.filter(({ ofPackages }) => ofPackages > allowed.ofPackages),
      measured,
    ).toEqual([]);
  });

  it('hold their own entry file, no other, and nothing of infrastructure or tests', () => {
    const entries = new Set(everyRow.map(({ id }) => `functions/${id}.ts`));
    for (const { id } of everyRow) {
      const files = Object.keys(outputOf(id).inputs);
      expect(files.filter((file) => entries.has(file))).toEqual([`functions/${id}.ts`]);
      expect(files.filter((file) => /^(infra|test)\//.test(file))).toEqual([]);
    }
  });

  it('hold nothing of a declaration that only documents and infrastructure read', () => {
    for (const { id, path, summary, description } of routes) {
      const source = readFileSync(join(bundleFolder(outdir, id), BUNDLE_FILE), 'utf8');
      const texts = [`"${path}"`, `"${summary}"`, `"${description}"`, '"x-section"', 'grants:', 'reply:'];
      expect([id, texts.filter((text) => source.includes(text))]).toEqual([id, []]);
    }
  });

  it('hold no secret', () => {
    for (const { id } of everyRow)
      expect([id, secretsIn(readFileSync(join(bundleFolder(outdir, id), BUNDLE_FILE), 'utf8'))]).toEqual([id, []]);
  });

  it('load on Node without any environment and export a handler', async () => {
    const script = `(async () => {
      for (const file of process.argv.slice(1)) {
        const { handler } = await import(file);
        if (typeof handler !== 'function') throw new Error(file + ' exports no handler');
      }
    })();`;
    const files = everyRow.map(({ id }) => join(bundleFolder(outdir, id), BUNDLE_FILE));
    await run(process.execPath, ['--eval', script, ...files], { env: {} });
  });

  it('open a connection as they load on Lambda, rehearse a call that sends and prints nothing, and keep no process alive', async () => {
    const [connected, asked] = [new Set<unknown>(), [] as unknown[]];
    const server = await serve((request) => asked.push(request.url));
    server.server.on('connection', ({ remotePort }) => connected.add(remotePort));
    const addresses = ['DYNAMODB', 'S3', 'SQS', 'EVENTBRIDGE'].map((name) => [
      `AWS_ENDPOINT_URL_${name}`,
      server.origin,
    ]);
    const env = {
      ...Object.fromEntries(addresses),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      TABLE_NAME: 't',
      BUCKET_NAME: 'b',
    };
    // How many requests each rehearsal makes until the bundle counts as loaded.
    const script = `const http = require('node:http');
      const { request } = http;
      let made = 0;
      http.request = (...all) => (made++, request(...all));
      (async () => {
        const counts = [];
        for (const file of process.argv.slice(1)) {
          made = 0;
          await import(file);
          counts.push(made);
        }
        setTimeout(() => console.log(JSON.stringify(counts)), 300);
      })();`;
    const files = routes.map(({ id }) => join(bundleFolder(outdir, id), BUNDLE_FILE));
    const { stdout, stderr } = await run(process.execPath, ['--eval', script, ...files], { env });
    const counts = JSON.parse(stdout) as number[];
    expect(routes.filter((_, index) => !counts[index]).map(({ id }) => id)).toEqual([]);
    expect([counts.length, stderr, asked, connected.size]).toEqual([routes.length, '', [], routes.length]);
    await server.close();
  });

  it('have the same bytes when built in another folder', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'roster-elsewhere-'));
    try {
      for (const part of ['infra', 'shared', 'functions', 'package.json']) {
        cpSync(join(root, part), join(copy, part), { recursive: true });
      }
      symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
      // A tenth of them: where a folder's name would come in, it would come into any.
      const few = everyRow.filter((_, nth) => nth % 10 === 0);
      const script = `import { bundle } from './infra/bundle.ts'; await bundle({ rows: ${JSON.stringify(few)} });`;
      await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: copy });
      for (const { id } of few) {
        const file = (base: string) => readFileSync(join(bundleFolder(base, id), BUNDLE_FILE), 'utf8');
        expect([id, file(join(copy, 'dist')) === file(outdir)]).toEqual([id, true]);
        expect(file(outdir)).not.toContain(root);
      }
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

/** Bundles entry files given as source text by row id. */
async function bundleOf(sources: Record<string, string>): Promise<{ fileOf: (id: string) => string }> {
  const functions = mkdtempSync(join(folder, 'functions-'));
  const outdir = mkdtempSync(join(folder, 'out-'));
  const rows = Object.keys(sources).map((id): FunctionRow => ({ id, summary: '', grants: [] }));
  for (const [id, source] of Object.entries(sources)) {
    mkdirSync(dirname(join(functions, id)), { recursive: true });
    writeFileSync(join(functions, `${id}.ts`), source);
  }
  await bundle({ rows, functions, outdir });
  return { fileOf: (id) => join(bundleFolder(outdir, id), BUNDLE_FILE) };
}

describe('bundle()', () => {
  it('names the row and the file when an entry is missing', async () => {
    const row: FunctionRow = { id: 'group/nowhere', summary: '', grants: [] };
    await expect(bundle({ rows: [row], outdir: folder })).rejects.toThrow(
      'Row "group/nowhere" of the route table has no entry file functions/group/nowhere.ts.',
    );
  });

  it('keeps a row apart from those whose path it begins', async () => {
    const source = 'export const handler = () => 1;';
    const { fileOf } = await bundleOf({ 'group/apply': source, 'group/apply/handle': source });
    expect(dirname(fileOf('group/apply/handle')).startsWith(`${dirname(fileOf('group/apply'))}/`)).toBe(false);
  });
});
