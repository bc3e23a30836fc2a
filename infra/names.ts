/**
 * Names derived from the id of a row of the route table. Ids never change, and neither do bundle folders, function
 * names and logical ids. They do not depend on the order of rows. This file imports nothing.
 */

/** `group/apply/handle` → `group-apply-handle`: bundle folder and suffix of the function name. */
export const slugOf = (id: string): string => id.replaceAll('/', '-');

/** `group/apply/handle` → `GroupApplyHandle`: construct id, and prefix of the logical ids of its resources. */
export const constructIdOf = (id: string): string =>
  id.replace(/(?:^|[/-])([a-z0-9])/g, (_, first: string) => first.toUpperCase());

/** `roster-dev-group-apply-handle` */
export const functionNameOf = (stage: string, id: string): string => `roster-${stage}-${slugOf(id)}`;

/** The function that fetches the keys of issuers. */
export const refreshFunctionNameOf = (stage: string): string => functionNameOf(stage, 'background/refresh-keys');

/** Area of the background functions, which belong to no area of the route table. */
export const BACKGROUND = 'background';

/** The dead-letter queue of a background function; that of a FIFO queue is one too. */
export const failedQueueNameOf = (stage: string, { id, trigger }: { id: string; trigger: string }): string =>
  `${functionNameOf(stage, id)}-failed${trigger === 'webhooks' || trigger === 'imports' ? '.fifo' : ''}`;

/** The queue of webhooks. */
export const webhookQueueNameOf = (stage: string): string => `roster-${stage}-webhooks.fifo`;

/** The queue of imports. */
export const importQueueNameOf = (stage: string): string => `roster-${stage}-imports.fifo`;

/** The event bus, by which rules of the account find it. */
export const busNameOf = (stage: string): string => `roster-${stage}`;

/** The operator command line finds the table by this name. */
export const tableNameOf = (stage: string): string => `roster-${stage}`;
