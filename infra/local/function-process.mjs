/**
 * One instance of a function: loads its bundle, then handles one invocation after the other, as Lambda's runtime does.
 * `function-instance.ts` starts it and defines the messages. It is plain JavaScript, because each instance runs it, and
 * stripping types would take longer than the start itself. It runs in a process, or in a thread for debuggers.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { parentPort } from 'node:worker_threads';

const [instance] = process.argv.splice(2, 1);
const { modulePath, handlerName, functionName, functionArn, memory, measured } = JSON.parse(instance);

/** @type {(message: object) => void} */
const send = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));

const describe = (error) => {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { errorType: name, errorMessage: message, trace: stack?.split('\n') ?? [] };
};

/** An error that the handler does not catch ends the instance, as on Lambda. */
const crash = (error) => {
  const message = { kind: 'crashed', ...describe(error) };
  if (!parentPort) return process.send(message, () => process.exit(129));
  parentPort.postMessage(message);
  process.exit(129);
};
process.on('uncaughtException', crash);

/** @type {(event: unknown, context: object) => unknown} */
let handler;
/** @type {undefined | (() => () => object)} */
const measure = measured && (await import('./function-measures.mjs')).measure;

(parentPort ?? process).on('message', async ({ requestId, event, deadline }) => {
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: functionArn,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: String(memory),
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  const use = measure?.();
  try {
    const result = JSON.stringify(await handler(JSON.parse(event), context));
    send({ kind: 'result', result, ...(use && { use: use() }) });
  } catch (error) {
    send({ kind: 'failed', ...describe(error) });
  }
});

try {
  // Like Lambda's runtime, this imports ES modules and requires CommonJS.
  const module = modulePath.endsWith('.cjs')
    ? createRequire(import.meta.url)(modulePath)
    : await import(pathToFileURL(modulePath).href);
  handler = module[handlerName] ?? module.default?.[handlerName];
  if (typeof handler !== 'function') throw new Error(`${handlerName} is undefined or not exported`);
  // As Lambda's runtime, which asks for an event after what the module left to microtasks.
  await new Promise(setImmediate);
  send({ kind: 'ready' });
} catch (error) {
  crash(error);
}
