/** Decides what each function may do, by the policies of its role, and records which grants it used. */
import { LOCAL_ACCOUNT, localArn } from '../aws.ts';
import type { FunctionDefinition } from '../deployment.ts';
import { StartUpError } from '../start-up.ts';
import { type Grant, type Permission, readPolicy } from './policy.ts';

export interface Authorizer {
  /**
   * AWS's sentence about the first permission that the function with this access key lacks, undefined if it has all.
   * Keys of no function may do everything: people and tools use them.
   */
  refusal(accessKeyId: string, permissions: Iterable<Permission>): string | undefined;
  /** The grants of each function, used or not. */
  grants(): { function: FunctionDefinition; grants: readonly Grant[] }[];
}

/** @throws StartUpError if the policies of a role cannot be evaluated */
export function createAuthorizer(functions: readonly FunctionDefinition[]): Authorizer {
  const entries = functions.map((definition) => {
    const { name, role } = definition;
    if (role.unreadable.length > 0) {
      throw new StartUpError(
        `The role of ${name} has policies that the laptop stack cannot read: ${role.unreadable.join(', ')}. ` +
          'The option --no-iam starts the stack without permission checks.',
      );
    }
    const principal = `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${role.name}/${name}`;
    return { definition, principal, policy: readPolicy(role.statements, `the role of ${name}`) };
  });
  const byKey = new Map(entries.map((entry) => [entry.definition.accessKeyId, entry]));
  return {
    refusal(accessKeyId, permissions) {
      const caller = byKey.get(accessKeyId);
      if (!caller) return undefined;
      for (const { action, resource } of permissions) {
        const decision = caller.policy.decide({ action, resource });
        if (decision === 'allowed') continue;
        const why =
          decision === 'denied'
            ? 'with an explicit deny in an identity-based policy'
            : `because no identity-based policy allows the ${action} action`;
        // S3 alone puts the resource in quotation marks.
        const on = action.startsWith('s3:') ? `"${resource}"` : resource;
        return `User: ${caller.principal} is not authorized to perform: ${action} on resource: ${on} ${why}`;
      }
      return undefined;
    },
    grants: () => entries.map(({ definition, policy }) => ({ function: definition, grants: policy.grants })),
  };
}

/** The permissions that a function's role needs so that Lambda keeps its log. */
export const logPermissions = ({ logGroup }: FunctionDefinition): Permission[] =>
  ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({
    action,
    resource: localArn('logs', `log-group:${logGroup}:log-stream:local`),
  }));
