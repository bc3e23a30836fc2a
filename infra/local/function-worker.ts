/** One instance of a function: loads its bundle, then answers one invocation after the other, as the runtime does. */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

export interface InstanceData {
  modulePath: string;
  handlerName: string;
  functionName: string;
  functionArn: string;
  memory: number;
}

export interface Invocation {
  requestId: string;
  /** JSON: what a function gets has been serialized, as on AWS. */
  event: string;
  /** Milliseconds since 1970 */
  deadline: number;
}

/** `result` is JSON, or undefined where the handler returned nothing. */
export type InstanceMessage =
  | { kind: 'ready' }
  | { kind: 'result'; result: string | undefined }
  | { kind: 'failed'; errorType: string; errorMessage: string; trace: string[] };

const port = parentPort!;
const data = workerData as InstanceData;
const say = (message: InstanceMessage) => port.postMessage(message);

const module = await import(pathToFileURL(data.modulePath).href);
const handler = module[data.handlerName] ?? module.default?.[data.handlerName];
if (typeof handler !== 'function') throw new Error(`${data.handlerName} is undefined or not exported`);

port.on('message', async ({ requestId, event, deadline }: Invocation) => {
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: data.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: data.functionArn,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: String(data.memory),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    say({ kind: 'result', result: JSON.stringify(await handler(JSON.parse(event), context)) });
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    say({ kind: 'failed', errorType: name, errorMessage: message, trace: stack?.split('\n') ?? [] });
  }
});
say({ kind: 'ready' });
