/** Lambda's Invoke, asynchronous: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
import { AwsError, type JsonService, unknownOperation } from './aws-json.ts';
import type { FunctionDefinition } from './deployment.ts';
import type { EventBuses } from './event-bus/bus.ts';

/** Answers 202 at once. Other invocation types are unknown here: no function waits for another. */
export const invokeService =
  (functions: readonly FunctionDefinition[], invokeLater: EventBuses['invokeLater']): JsonService =>
  ({ input: { FunctionName, InvocationType, Payload }, authorize }) => {
    if (InvocationType !== 'Event') throw unknownOperation(`Lambda.Invoke with ${InvocationType}`);
    const target = functions.find(({ name }) => name === FunctionName);
    if (!target) throw new AwsError('ResourceNotFoundException', `Function not found: ${FunctionName}`, undefined, 404);
    authorize('lambda:InvokeFunction', target.arn);
    invokeLater(target, Payload, 'invoke');
  };
