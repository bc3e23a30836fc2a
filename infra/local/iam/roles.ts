import type { Assembly, Json } from '../template.ts';

export interface RoleDefinition {
  name: string;
  /** Of its inline policies, whether they stand in the role or are resources of their own. */
  statements: Json[];
  /** Managed policies, a permissions boundary, or a role that is not in the templates: nothing here reads them. */
  unreadable: string[];
}

/** Roles by ARN, with the statements of AWS::IAM::Policy resources. */
export function readRoles(assembly: Assembly): Map<string, RoleDefinition> {
  const roles = assembly.resources('AWS::IAM::Role').map(({ arn, physicalId: name, properties }) => {
    const { Policies = [], ManagedPolicyArns = [], PermissionsBoundary } = properties;
    const statements: Json[] = Policies.flatMap((policy: Json) => policy.PolicyDocument.Statement);
    return { arn, name, statements, unreadable: [...ManagedPolicyArns, PermissionsBoundary].flat().filter(Boolean) };
  });
  const attach = (properties: Json, to: (role: RoleDefinition) => void) => {
    const names: string[] = properties.Roles ?? [properties.RoleName];
    for (const role of roles) if (names.includes(role.name)) to(role);
  };
  for (const { properties } of assembly.resources('AWS::IAM::Policy', 'AWS::IAM::RolePolicy')) {
    attach(properties, ({ statements }) => statements.push(...[properties.PolicyDocument.Statement].flat()));
  }
  for (const { logicalId, properties } of assembly.resources('AWS::IAM::ManagedPolicy')) {
    attach(properties, ({ unreadable }) => unreadable.push(logicalId));
  }
  return new Map(roles.map(({ arn, ...role }) => [arn, role]));
}
