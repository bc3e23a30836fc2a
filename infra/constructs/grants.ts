import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Grant } from '../../shared/routes/index.ts';
import {
  avatarObject,
  EVENTS,
  FILES,
  INCOMING,
  importParts,
  importRefusals,
  incomingAvatar,
} from '../../shared/storage/names.ts';
import type { DataNames } from '../stacks/data-stack.ts';

/** ARNs that grants refer to. */
type GrantTargets = Pick<DataNames, 'tableArn' | 'bucketArn'> &
  Partial<MessagingArns> & { importsArn?: string; refreshArn?: string };

/** Those of the queue of webhooks and of the event bus, where the deployment has events. */
export interface MessagingArns {
  queueArn: string;
  busArn: string;
}

/**
 * Prefixes of objects. Keys are random and unknown at deployment, so these are the only resources with a wildcard.
 */
const OBJECTS = {
  incoming: `${INCOMING}*`,
  files: `${FILES}*`,
  events: `${EVENTS}*`,
  incomingAvatars: incomingAvatar('*', '*'),
  avatars: avatarObject('*', '*'),
  importParts: `${importParts('*', '*')}*`,
  refusedLines: `${importRefusals('*', '*')}*`,
};

const onTable = ({ tableArn }: GrantTargets): string => tableArn;
const onIndex =
  (name: string) =>
  ({ tableArn }: GrantTargets): string =>
    `${tableArn}/index/${name}`;
const onObjects =
  (which: keyof typeof OBJECTS) =>
  ({ bucketArn }: GrantTargets): string =>
    `${bucketArn}/${OBJECTS[which]}`;
const onQueue = ({ queueArn }: GrantTargets) => queueArn;
const onImports = ({ importsArn }: GrantTargets) => importsArn;
const onBus = ({ busArn }: GrantTargets) => busArn;
const onRefresh = ({ refreshArn }: GrantTargets) => refreshArn;
const [onIncoming, onFiles] = [onObjects('incoming'), onObjects('files')];
const [onIncomingAvatars, onAvatars] = [onObjects('incomingAvatars'), onObjects('avatars')];

interface Permission {
  action: string;
  /** Undefined where the deployment has no such thing. */
  on: (targets: GrantTargets) => string | undefined;
}

/** What Lambda does for a function that takes messages from a queue. */
const takeFrom = (on: Permission['on']): Permission[] =>
  ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'].map(
    (action) => ({ action, on }),
  );

/** The IAM actions of each grant, each on one resource. */
const permissions: Record<Grant, Permission | Permission[]> = {
  get: { action: 'dynamodb:GetItem', on: onTable },
  'batch-get': { action: 'dynamodb:BatchGetItem', on: onTable },
  query: { action: 'dynamodb:Query', on: onTable },
  'query-lsi1': { action: 'dynamodb:Query', on: onIndex('lsi1') },
  'query-lsi2': { action: 'dynamodb:Query', on: onIndex('lsi2') },
  'query-lsi3': { action: 'dynamodb:Query', on: onIndex('lsi3') },
  'query-gsi1': { action: 'dynamodb:Query', on: onIndex('gsi1') },
  put: { action: 'dynamodb:PutItem', on: onTable },
  update: { action: 'dynamodb:UpdateItem', on: onTable },
  delete: { action: 'dynamodb:DeleteItem', on: onTable },
  check: { action: 'dynamodb:ConditionCheckItem', on: onTable },
  'presign-put': { action: 's3:PutObject', on: onIncoming },
  'presign-post': { action: 's3:PutObject', on: onIncoming },
  'presign-avatar': { action: 's3:PutObject', on: onIncomingAvatars },
  'presign-get': { action: 's3:GetObject', on: onFiles },
  'head-object': { action: 's3:GetObject', on: onIncoming },
  'publish-object': [
    { action: 's3:GetObject', on: onIncoming },
    { action: 's3:DeleteObject', on: onIncoming },
    { action: 's3:PutObject', on: onFiles },
    { action: 's3:DeleteObject', on: onFiles },
  ],
  'publish-avatar': [
    { action: 's3:GetObject', on: onIncomingAvatars },
    { action: 's3:PutObject', on: onAvatars },
  ],
  'archive-events': { action: 's3:PutObject', on: onObjects('events') },
  'delete-object': [
    { action: 's3:DeleteObject', on: onIncoming },
    { action: 's3:DeleteObject', on: onFiles },
  ],
  'send-webhooks': { action: 'sqs:SendMessage', on: onQueue },
  'receive-webhooks': takeFrom(onQueue),
  'take-imports': [{ action: 'sqs:SendMessage', on: onImports }, ...takeFrom(onImports)],
  'read-import-parts': [
    { action: 's3:GetObject', on: onObjects('importParts') },
    { action: 's3:DeleteObject', on: onObjects('importParts') },
  ],
  'put-refused-lines': { action: 's3:PutObject', on: onObjects('refusedLines') },
  'put-events': { action: 'events:PutEvents', on: onBus },
  'refresh-keys': { action: 'lambda:InvokeFunction', on: onRefresh },
};
const permissionsOf = (grant: Grant): Permission[] => [permissions[grant]].flat();

/** The statements that allow exactly `grants`: one per resource, with its actions in alphabetical order. */
export function statementsOf(grants: readonly Grant[], targets: GrantTargets): PolicyStatement[] {
  const actions = new Map<string, Set<string>>();
  for (const { action, on } of grants.flatMap(permissionsOf)) {
    const resource = on(targets);
    if (resource === undefined) continue;
    actions.set(resource, (actions.get(resource) ?? new Set()).add(action));
  }
  return [...actions].map(
    ([resource, names]) =>
      new PolicyStatement({ effect: Effect.ALLOW, actions: [...names].sort(), resources: [resource] }),
  );
}

/** Whether a function with these grants needs the name of the bucket. */
export const usesBucket = (grants: readonly Grant[]): boolean =>
  grants.flatMap(permissionsOf).some(({ action }) => action.startsWith('s3:'));

/** Whether a function with these grants needs the URL of a queue, or the name of the bus or of a function. */
const uses = (target: Permission['on']) => (grants: readonly Grant[]) =>
  grants.flatMap(permissionsOf).some(({ on }) => on === target);
export const [usesQueue, usesImports] = [uses(onQueue), uses(onImports)];
export const [usesBus, usesRefresh] = [uses(onBus), uses(onRefresh)];
