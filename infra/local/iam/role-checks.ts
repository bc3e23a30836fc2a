import type { Deployment } from '../deployment.ts';
import { StartUpError } from '../start-up.ts';
import type { Authorizer } from './authorizer.ts';

const STREAM_ACTIONS = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];

const DESTINATION_ACTIONS: Record<string, string> = {
  sqs: 'SendMessage',
  sns: 'Publish',
  lambda: 'InvokeFunction',
  events: 'PutEvents',
};

/**
 * Checks roles as Lambda does when it creates event source mappings and destinations: the role must be able to read the
 * stream, and to send failed events to the destination.
 * @throws StartUpError in Lambda's words
 */
export function checkRoles({ streamMappings, failureDestinations }: Deployment, { refusal }: Authorizer) {
  for (const { function: reader, streamArn } of streamMappings) {
    const permissions = STREAM_ACTIONS.map((action) => ({ action: `dynamodb:${action}`, resource: streamArn }));
    if (!refusal(reader.accessKeyId, permissions)) continue;
    throw new StartUpError(
      `${reader.name}: Cannot access stream ${streamArn}. Please ensure the role can perform the GetRecords, ` +
        'GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.',
    );
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
