import type { Deployment } from '../deployment.ts';
import { StartUpError } from '../start-up.ts';
import type { Authorizer } from './authorizer.ts';

const STREAM_ACTIONS = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];

const QUEUE_ACTIONS = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];

const DESTINATION_ACTIONS: Record<string, string> = {
  sqs: 'SendMessage',
  sns: 'Publish',
  lambda: 'InvokeFunction',
  events: 'PutEvents',
};

/**
 * Checks roles as Lambda does when it creates event source mappings and destinations: the role must be able to read the
 * stream or the queue, and to send failed events to the destination.
 * @throws StartUpError in Lambda's words
 */
export function checkRoles(deployment: Deployment, { refusal }: Authorizer) {
  const { streamMappings, queueMappings, failureDestinations } = deployment;
  for (const { function: reader, streamArn } of streamMappings) {
    const permissions = STREAM_ACTIONS.map((action) => ({ action: `dynamodb:${action}`, resource: streamArn }));
    if (!refusal(reader.accessKeyId, permissions)) continue;
    throw new StartUpError(
      `${reader.name}: Cannot access stream ${streamArn}. Please ensure the role can perform the GetRecords, ` +
        'GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.',
    );
  }
  for (const { function: reader, queueArn } of queueMappings) {
    for (const action of QUEUE_ACTIONS) {
      if (!refusal(reader.accessKeyId, [{ action: `sqs:${action}`, resource: queueArn }])) continue;
      throw new StartUpError(
        `${reader.name}: The function execution role does not have permissions to call ${action} on SQS (${queueArn}).`,
      );
    }
  }
  for (const { function: sender, arn } of failureDestinations) {
    const service = arn.split(':')[2] ?? '';
    const action = DESTINATION_ACTIONS[service];
    if (!action) throw new StartUpError(`The laptop stack does not know destinations such as ${arn}.`);
    if (!refusal(sender.accessKeyId, [{ action: `${service}:${action}`, resource: arn }])) continue;
    throw new StartUpError(
      `${sender.name}: The function's role does not have permissions to call ${action} on ${arn}.`,
    );
  }
}
