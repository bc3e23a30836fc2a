import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Call, sendMessages } from '../../shared/messaging/queue-repo.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../local/aws.ts';
import { type Place, runningStack } from './table.ts';

/**
 * Sends to a queue of the stage, or of the laptop stack. It is looked up with the first message.
 * @param nameOf the name of the queue in a stage
 */
export function queueSender(place: Place, nameOf: (stage: string) => string): typeof sendMessages {
  const stack = runningStack(place);
  const client = stack
    ? new SQSClient({ endpoint: stack.sqs_endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS })
    : new SQSClient({ ...(place.region && { region: place.region }) });
  const QueueName = nameOf(stack ? 'local' : (place.stage ?? 'dev'));
  let url: Promise<string | undefined> | undefined;
  const call: Call = async (_, Entries) => {
    url ??= client.send(new GetQueueUrlCommand({ QueueName })).then(({ QueueUrl }) => QueueUrl);
    // The shape of the entries is the one of the command.
    const { Failed = [] } = await client.send(
      new SendMessageBatchCommand({ QueueUrl: await url, Entries: Entries as never }),
    );
    return {
      Failed: Failed.map(({ Id = '', SenderFault = false, Code = '', Message = '' }) => ({
        Id,
        SenderFault,
        Code,
        Message,
      })),
    };
  };
  return (messages) => sendMessages(messages, call);
}
