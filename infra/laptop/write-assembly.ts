/**
 * `node infra/laptop/write-assembly.ts <folder> <form of the functions> [--inspect]`: bundles all functions and synthesizes
 * the templates of the stage `local` into the folder.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../bundle.ts';
import { readConfig } from '../config.ts';

const [folder, functions, inspect] = process.argv.slice(2) as [string, string, string?];
try {
  const { context: usual } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'));
  const context = {
    ...usual,
    stage: 'local',
    statistics: '1',
    functions,
    // Nobody asks where in the code a resource comes from.
    'aws:cdk:disable-stack-trace': 'yes',
  };
  const { functions: form } = readConfig(context);
  const bundles = join(folder, 'bundles');
  console.log('Bundling the functions …');
  // CDK is loaded while esbuild, a process of its own, bundles.
  const [{ bytes }, { synthesize }] = await Promise.all([
    bundle({ form, outdir: bundles, inspect: inspect === '--inspect' }),
    import('../synthesize.ts'),
  ]);
  console.log(`Synthesizing the templates (${Object.keys(bytes).length} functions) …`);
  synthesize({ bundles, outdir: join(folder, 'assembly'), context });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
