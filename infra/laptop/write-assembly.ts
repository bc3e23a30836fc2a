/**
 * `node infra/laptop/write-assembly.ts <folder> [--inspect]`: bundles all functions and synthesizes the templates of the stage
 * `local` into the folder.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../bundle.ts';
import { synthesize } from '../synthesize.ts';

const folder = process.argv[2]!;
try {
  const bundles = join(folder, 'bundles');
  console.log('Bundling the functions …');
  const { bytes } = await bundle({ outdir: bundles, inspect: process.argv[3] === '--inspect' });
  console.log(`Synthesizing the templates (${Object.keys(bytes).length} functions) …`);
  const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  synthesize({ bundles, outdir: join(folder, 'assembly'), context: { ...context, stage: 'local', statistics: '1' } });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
