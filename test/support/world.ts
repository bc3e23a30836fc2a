import { inject } from 'vitest';
import { startUnkindDatabase, type UnkindDatabase } from '../../infra/local/unkind/database.ts';
import { documentClient } from '../../shared/data/client.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { AREA, BUCKET_NAME, OPERATION, STAGE, TABLE_NAME } from '../../shared/environment.ts';
import { type Api, inProcess, insisting, overHttp } from './api.ts';
import { TEST_BUCKET, TestBucket } from './bucket.ts';
import { newTable, SHAPE, tableAt } from './database.ts';
import { Conflicts, keepToGrants, refuseStaleReads } from './guards.ts';
import { TestMessaging } from './messaging.ts';
import type { Stacked } from './middleware-stack.ts';
import './middleware-stack.ts';
import { laptopStack } from './stack.ts';
import { SEED, TO_STORIES } from './unkind.ts';

/** Where a flow runs: the operations, and table and bucket for what no operation can set up or show. */
export interface World {
  api: Api;
  table: OperatorTable;
  bucket: TestBucket;
  /** Conflicts between transactions; in process only. */
  conflicts?: Conflicts;
}

export type WorldName = 'in process' | 'over HTTP';

let local: Promise<Required<World>> | undefined;

/**
 * The operations of this process on a table of this test file, with the guards in between.
 * @param servers addresses of DynamoDB Local and S3; default: those of the test run
 * @param seed seed of an unkind database in front of the table; default: that of the run, if any
 */
export function worldInProcess(servers?: Servers, seed = SEED): Promise<Required<World>> {
  local ??= newWorld(servers, seed);
  return local;
}

interface Servers {
  dynamodb: string;
  s3: string;
}

/** For files that share a process: each starts with its own table, so that checks of all data read only its own. */
export function forgetWorld(): void {
  local = undefined;
}

async function newWorld(servers: Servers | undefined, seed: number | undefined): Promise<Required<World>> {
  const table = await newTable(servers?.dynamodb);
  const s3 = servers?.s3 ?? inject('s3Endpoint');
  Object.assign(process.env, {
    [TABLE_NAME]: table.name,
    [OPERATION]: 'test',
    [BUCKET_NAME]: TEST_BUCKET,
    [STAGE]: 'test',
    [AREA]: 'group',
    AWS_ENDPOINT_URL_DYNAMODB: (await unkindBefore(table.endpoint, seed))?.endpoint ?? table.endpoint,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  messaging ??= await TestMessaging.start();
  conflicts ??= guarded(documentClient());
  const api = seed === undefined ? inProcess : insisting(inProcess);
  return { api, table, bucket: new TestBucket(s3, TEST_BUCKET), conflicts };
}

export let unkind: UnkindDatabase | undefined;

/** One per process, since its client keeps the address. Each world starts from the seed again. */
async function unkindBefore(endpoint: string, seed: number | undefined): Promise<UnkindDatabase | undefined> {
  if (seed === undefined) return undefined;
  unkind ??= await startUnkindDatabase(endpoint, { seed, tables: () => SHAPE });
  unkind.begin(seed, TO_STORIES);
  return unkind;
}

let messaging: TestMessaging | undefined;
/** The queue of webhooks and the event bus of this process, once it has a world. */
export const testMessaging = (): TestMessaging => messaging!;
let conflicts: Conflicts | undefined;

function guarded(client: Stacked): Conflicts {
  refuseStaleReads(client);
  keepToGrants(client);
  return new Conflicts(client);
}

/** The run's laptop stack. */
async function worldOverHttp(): Promise<World> {
  const { api_endpoint, dynamodb_endpoint, s3_endpoint, table_name, bucket_name } = await laptopStack();
  return {
    api: SEED === undefined ? overHttp(api_endpoint) : insisting(overHttp(api_endpoint)),
    table: tableAt(dynamodb_endpoint, table_name),
    bucket: new TestBucket(s3_endpoint, bucket_name),
  };
}

export const world = (name: WorldName): Promise<World> => (name === 'in process' ? worldInProcess() : worldOverHttp());
