import type { Stack } from '../../infra/local/stack.ts';
import { OPERATION } from '../../shared/environment.ts';

const RACE = 'used by a race only, which no single call shows';
export const CHANCE = 'used where it happens to be faster than another function';
const QUEUE = 'used where many change one group at once, which DynamoDB Local never refuses (npm run test:unkind does)';
const SILENT = 'it writes no line unless it breaks; Lambda itself logs each call';

const table = (id: string, action: string) => `${id}: dynamodb:${action} on table/roster-local`;

/** Operations that may write for others in a group's write queue, and the actions that they need for those only. */
const queued: Record<string, string[]> = {
  'group/invite': ['DeleteItem', 'Query'],
  'group/apply': ['DeleteItem', 'Query'],
  'group/apply/handle': ['DeleteItem', 'Query'],
  'group/kick': ['DeleteItem', 'Query'],
  'group/leave': ['DeleteItem', 'ConditionCheckItem', 'Query'],
  'group/invite/handle': ['DeleteItem'],
  'group/qrcode/invite': ['DeleteItem', 'Query'],
  'admin/group/members/set': ['DeleteItem', 'Query'],
};

/** Grants that no flow uses over HTTP, or not in every run, each with the reason why the function still has it. */
const JUSTIFIED: Record<string, string> = {
  ...Object.fromEntries(
    Object.entries(queued).flatMap(([id, actions]) => actions.map((action) => [table(id, action), QUEUE])),
  ),
  'background/import: dynamodb:DeleteItem on table/roster-local':
    'used while users work: a block removes the application of its user',
  'background/import: sqs:ChangeMessageVisibility on roster-local-imports.fifo':
    'only a run that fails postpones its message',
  'group/destroy: dynamodb:ConditionCheckItem on table/roster-local': `${RACE}: ownership passes while it is read`,
  'group/create: dynamodb:ConditionCheckItem on table/roster-local': `${CHANCE}: an app without a limit of invitations`,
  'group/transfer: dynamodb:ConditionCheckItem on table/roster-local': `${RACE}: ownership passes while it is read`,
  'group/file/upload: s3:DeleteObject on roster-local-data-bucket83908e77/files/*': `${RACE}: registered twice, with other content`,
  'file/download/avatar: s3:PutObject on roster-local-data-bucket83908e77/files/*/avatars/*': `${CHANCE}: the avatar's event is late`,
  ...Object.fromEntries(
    ['docs', 'console'].flatMap((page) =>
      ['CreateLogStream', 'PutLogEvents'].map((action) => [
        `roster-local-${page}: logs:${action} on log-group:/aws/lambda/roster-local-${page}:*`,
        SILENT,
      ]),
    ),
  ),
};

/**
 * What each function of a stack may do, and whether it did: a page for people, and a fault for each grant that is
 * unused without a justification, or used although it has one.
 */
export function grantReport(
  functions: Stack['permissions']['grants'],
  justified = JUSTIFIED,
): { text: string; faults: string[] } {
  const faults: string[] = [];
  const lines = functions.flatMap(({ function: { name, environment }, grants }) => {
    const id = environment[OPERATION] ?? name;
    const entries = grants.map(({ action, resource: arn, used }) => {
      const resource = arn.split(':').slice(5).join(':');
      const grant = `${id}: ${action} on ${resource}`;
      const reason = justified[grant];
      if (!used && !reason) faults.push(`${grant} is granted, but no flow uses it`);
      if (used && reason && !reason.startsWith(CHANCE)) faults.push(`${grant} is used, so it needs no justification`);
      return `  ${used ? 'used  ' : 'unused'}  ${action} on ${resource}${reason ? `: ${reason}` : ''}`;
    });
    return [id, ...entries];
  });
  return { text: `${lines.join('\n')}\n`, faults };
}
