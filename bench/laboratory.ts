/** DynamoDB Local with the initial table of the recipes, and the operations in this process. */
import { startDynamoDbLocal } from '../infra/local/dynamodb-local.ts';
import { forgetCachedApps } from '../shared/call/app-cache.ts';
import { documentClient } from '../shared/data/client.ts';
import { startTestBucket } from '../test/support/bucket.ts';
import { type Scene, setScene, warmUp } from '../test/support/recipes.ts';
import { Given } from '../test/support/story.ts';
import { Recorder } from '../test/support/table-recorder.ts';
import { type World, worldInProcess } from '../test/support/world.ts';

export interface Laboratory {
  /** Endpoints of DynamoDB Local and of the bucket. */
  endpoint: string;
  s3: string;
  world: Required<World>;
  given: Given;
  scene: Scene;
  recorder: Recorder;
  /** Lets all users make a call, and caches the app record. */
  warm(): Promise<void>;
}

let opened: Promise<Laboratory> | undefined;
let close = async () => {};

/** One laboratory for all parts of a run. */
export function laboratory(): Promise<Laboratory> {
  opened ??= open();
  return opened;
}

export const closeLaboratory = () => close();

async function open(): Promise<Laboratory> {
  const server = await startDynamoDbLocal();
  const bucket = await startTestBucket();
  close = async () => {
    await Promise.all([server.close(), bucket.close()]);
  };
  const world = await worldInProcess({ dynamodb: server.endpoint, s3: bucket.endpoint });
  const given = await Given.app(world);
  const scene = await setScene(given);
  const recorder = new Recorder(documentClient(), world.table);
  const warm = async () => {
    forgetCachedApps();
    await warmUp(scene);
  };
  return { endpoint: server.endpoint, s3: bucket.endpoint, world, given, scene, recorder, warm };
}
