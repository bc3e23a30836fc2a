/** What `Ref` and `GetAtt` give for each type of resource. */
import { LOCAL_ACCOUNT, LOCAL_REGION, localArn } from './aws.ts';

/**
 * The name that the template gives.
 * @param made used where the template gives no name; CloudFormation makes one of stack and logical id too
 * @param given the value of a property
 * @param queueEndpoint with which the URLs of queues start
 */
export function physicalIdOf(
  type: string,
  made: string,
  given: (property: string) => string | undefined,
  queueEndpoint: string,
): string {
  switch (type) {
    case 'AWS::Lambda::Function':
      return given('FunctionName') ?? made;
    case 'AWS::DynamoDB::Table':
    case 'AWS::DynamoDB::GlobalTable':
      return given('TableName') ?? made;
    case 'AWS::S3::Bucket':
      return given('BucketName') ?? made.toLowerCase().slice(-63).replace(/^-+/, '');
    case 'AWS::IAM::Role':
      return given('RoleName') ?? made;
    case 'AWS::Logs::LogGroup':
      return given('LogGroupName') ?? made;
    case 'AWS::SQS::Queue':
      return `${queueEndpoint}/${LOCAL_ACCOUNT}/${given('QueueName') ?? (given('FifoQueue') ? `${made}.fifo` : made)}`;
    case 'AWS::SNS::Topic':
      return localArn('sns', given('TopicName') ?? made);
    case 'AWS::Events::EventBus':
      return given('Name') ?? made;
    case 'AWS::Events::Rule': {
      const bus = given('EventBusName')?.split('/').at(-1) ?? 'default';
      return `${bus === 'default' ? '' : `${bus}|`}${given('Name') ?? made}`;
    }
    case 'AWS::ApiGatewayV2::Stage':
      return given('StageName') ?? made;
    default:
      return made;
  }
}

/** The name of a queue, whose physical id is its URL. */
export const queueNameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** An attribute of the resource with this physical id; undefined if it is unknown here. */
export function attributeOf(type: string, attribute: string, id: string): string | undefined {
  switch (`${type} ${attribute}`) {
    case 'AWS::Lambda::Function Arn':
      return localArn('lambda', `function:${id}`);
    case 'AWS::DynamoDB::Table Arn':
    case 'AWS::DynamoDB::GlobalTable Arn':
      return localArn('dynamodb', `table/${id}`);
    case 'AWS::DynamoDB::Table StreamArn':
    case 'AWS::DynamoDB::GlobalTable StreamArn':
      return localArn('dynamodb', `table/${id}/stream/local`);
    case 'AWS::S3::Bucket Arn':
      return `arn:aws:s3:::${id}`;
    case 'AWS::S3::Bucket DomainName':
      return `${id}.s3.amazonaws.com`;
    case 'AWS::S3::Bucket RegionalDomainName':
      return `${id}.s3.${LOCAL_REGION}.amazonaws.com`;
    case 'AWS::IAM::Role Arn':
      return `arn:aws:iam::${LOCAL_ACCOUNT}:role/${id}`;
    case 'AWS::Logs::LogGroup Arn':
      return localArn('logs', `log-group:${id}:*`);
    case 'AWS::SQS::Queue Arn':
      return localArn('sqs', queueNameOf(id));
    case 'AWS::SQS::Queue QueueUrl':
      return id;
    case 'AWS::SQS::Queue QueueName':
      return queueNameOf(id);
    case 'AWS::SNS::Topic TopicArn':
    case 'AWS::ApiGatewayV2::Api ApiId':
      return id;
    case 'AWS::Events::Rule Arn':
      return localArn('events', `rule/${id.replace('|', '/')}`);
    case 'AWS::Events::EventBus Arn':
      return localArn('events', `event-bus/${id}`);
    case 'AWS::Events::EventBus Name':
      return id;
    default:
      return undefined;
  }
}
