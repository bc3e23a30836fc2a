/**
 * Instances of functions as processes of their own. They use the runtime client of the laptop stack
 * (infra/local/function-process.mjs), which like Lambda's loads a bundle and passes one event after the other. Lambda's own
 * client would need a compiler.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join, resolve } from 'node:path';
import { type Bundles, bundle } from '../infra/bundle.ts';
import { AREA, BUCKET_NAME, OPERATION, STAGE, TABLE_NAME } from '../shared/environment.ts';
import type { FunctionRow } from '../shared/routes/index.ts';
import { type Laboratory, laboratory } from './laboratory.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';

const OUTPUT = resolve(import.meta.dirname, '../dist');
const PROCESS = resolve(import.meta.dirname, '../infra/local/function-process.mjs');

/** The laboratory, with its database as the processes reach it. */
export type Place = Laboratory & { front: TlsFront };

/** Bundles functions into a folder that is removed afterwards. */
export async function withBundles<Result>(
  rows: readonly FunctionRow[],
  measure: (place: Place, folder: string, bytes: Bundles['bytes']) => Promise<Result>,
): Promise<Result> {
  const lab = await laboratory();
  const front = await startTlsFront(lab.endpoint);
  await mkdir(OUTPUT, { recursive: true });
  const folder = await mkdtemp(join(OUTPUT, 'bench-'));
  try {
    const { bytes } = await bundle({ rows, outdir: folder });
    return await measure({ ...lab, front }, folder, bytes);
  } finally {
    front.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Loadable {
  id: string;
  /** Its bundle. */
  file: string;
  /** MiB. */
  memory: number;
}

/** Starts an instance as on Lambda: it opens its connection and rehearses a call as it loads (shared/priming.ts). */
export function startProcess({ id, file, memory }: Loadable, { front, s3, world }: Place): ChildProcess {
  const instance = { modulePath: file, handlerName: 'handler', functionName: id, memory };
  return spawn(process.execPath, [`--max-old-space-size=${memory}`, PROCESS, JSON.stringify(instance)], {
    env: {
      // Addresses of queue, bus and functions, as the laboratory has them.
      ...process.env,
      [TABLE_NAME]: world.table.name,
      [BUCKET_NAME]: world.bucket.name,
      [OPERATION]: id,
      [STAGE]: 'bench',
      [AREA]: 'bench',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_ENDPOINT_URL_DYNAMODB: front.endpoint,
      NODE_EXTRA_CA_CERTS: front.certificate,
      AWS_ENDPOINT_URL_S3: s3,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ignore', 'ipc'],
    serialization: 'advanced',
  });
}

/** What a process sends: see infra/local/function-process.mjs. */
export interface Message {
  kind: string;
  result?: string;
  errorMessage?: string;
}

export const sendEvent = (child: ChildProcess, event: object) =>
  child.send({ requestId: 'bench', event: JSON.stringify(event), deadline: Date.now() + 30_000 });

/** @throws if a call did not succeed. An answer without an envelope has a status instead of a code. */
export function checkAnswer(id: string, { result, errorMessage }: Message): void {
  const { statusCode = 200, body = '' } = JSON.parse(result ?? '{}') as { statusCode?: number; body?: string };
  if (body === '' || statusCode >= 400 || /^\{"code":(?!200)/.test(body))
    throw new Error(`${id}: ${errorMessage ?? body}`);
}

/**
 * Processor time of the main thread so far (ms), which other processes disturb least; 0 if the system does not report it:
 * only Linux does.
 */
export function processorTimeOf({ pid }: ChildProcess): number {
  const file = `/proc/${pid}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : 0;
}
