/**
 * One instance of a function: loads its bundle, then answers one invocation after the other, as Lambda's runtime
 * does. `function-pool.ts` starts it and knows the messages. Plain JavaScript, because Node takes longer to strip
 * types than to start, and this starts with every new instance.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [instance] = process.argv.splice(2, 1);
const { modulePath, handlerName, functionName, functionArn, memory } = JSON.parse(instance);

const describe = (error) => {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { errorType: name, errorMessage: message, trace: stack?.split('\n') ?? [] };
};

/** Whatever escapes the handler ends the instance, as on Lambda. */
const crash = (error) => process.send({ kind: 'crashed', ...describe(error) }, () => process.exit(129));
process.on('uncaughtException', crash);

/** @type {(event: unknown, context: object) => unknown} */
let handler;

process.on('message', async ({ requestId, event, deadline }) => {
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
  try {
    process.send({ kind: 'result', result: JSON.stringify(await handler(JSON.parse(event), context)) });
  } catch (error) {
    process.send({ kind: 'failed', ...describe(error) });
  }
});

try {
  // As Lambda's runtime: an ES module is imported, CommonJS is required.
  const module = modulePath.endsWith('.cjs')
    ? createRequire(import.meta.url)(modulePath)
    : await import(pathToFileURL(modulePath).href);
  handler = module[handlerName] ?? module.default?.[handlerName];
  if (typeof handler !== 'function') throw new Error(`${handlerName} is undefined or not exported`);
  process.send({ kind: 'ready' });
} catch (error) {
  crash(error);
}
