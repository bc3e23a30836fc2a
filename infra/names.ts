/**
 * Names made from the id of a row of the route table. Ids stay for ever, and so do these names: bundle folders,
 * function names and logical ids never depend on the order of rows. Imports nothing.
 */

/** `group/apply/handle` → `group-apply-handle`: bundle folder and end of the function's name. */
export const slugOf = (id: string): string => id.replaceAll('/', '-');

/** `group/apply/handle` → `GroupApplyHandle`: the construct, and so the start of its resources' logical ids. */
export const constructIdOf = (id: string): string =>
  id.replace(/(?:^|[/-])([a-z0-9])/g, (_, first: string) => first.toUpperCase());

/** `roster-dev-group-apply-handle` */
export const functionNameOf = (stage: string, id: string): string => `roster-${stage}-${slugOf(id)}`;

/** Area of the functions that no client calls: they are no rows of an area of the route table. */
export const BACKGROUND = 'background';

/** Where events end that a background function did not take. */
export const failedQueueNameOf = (stage: string, id: string): string => `${functionNameOf(stage, id)}-failed`;

/** The operators' command line finds the table by this name. */
export const tableNameOf = (stage: string): string => `roster-${stage}`;
