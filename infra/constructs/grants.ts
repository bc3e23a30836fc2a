import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Grant } from '../../shared/routes/index.ts';
import type { DataNames } from '../stacks/data-stack.ts';

/** ARNs that grants speak of. */
type GrantTargets = Pick<DataNames, 'tableArn' | 'bucketArn'>;

/**
 * Objects live below this prefix. S3 has no finer resource than a key, and keys are random: this is the only place
 * where a resource ends in a wildcard.
 */
export const OBJECT_PREFIX = 'files/';

const onTable = ({ tableArn }: GrantTargets): string => tableArn;
const onIndex =
  (name: string) =>
  ({ tableArn }: GrantTargets): string =>
    `${tableArn}/index/${name}`;
const onObjects = ({ bucketArn }: GrantTargets): string => `${bucketArn}/${OBJECT_PREFIX}*`;

/** Each word of the vocabulary: one IAM action on one resource. */
const permissions: Record<Grant, { action: string; on: (targets: GrantTargets) => string }> = {
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
  'presign-put': { action: 's3:PutObject', on: onObjects },
  'presign-get': { action: 's3:GetObject', on: onObjects },
  'head-object': { action: 's3:GetObject', on: onObjects },
  'delete-object': { action: 's3:DeleteObject', on: onObjects },
};

/** The statements that allow exactly `grants`: one for each resource, its actions in alphabetical order. */
export function statementsOf(grants: readonly Grant[], targets: GrantTargets): PolicyStatement[] {
  const actions = new Map<string, Set<string>>();
  for (const grant of grants) {
    const { action, on } = permissions[grant];
    const resource = on(targets);
    actions.set(resource, (actions.get(resource) ?? new Set()).add(action));
  }
  return [...actions].map(
    ([resource, names]) =>
      new PolicyStatement({ effect: Effect.ALLOW, actions: [...names].sort(), resources: [resource] }),
  );
}

/** Whether a function with these grants needs to know the bucket. */
export const usesBucket = (grants: readonly Grant[]): boolean =>
  grants.some((grant) => permissions[grant].on === onObjects);
