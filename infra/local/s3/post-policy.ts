/** The policy of a form upload (presigned POST): each condition must hold, and each field needs a condition. */
import type { Json } from '../template.ts';
import { S3Error } from './error.ts';

/** Fields that need no condition. */
const FREE = new Set(['x-amz-signature', 'policy', 'file', 'bucket']);

/**
 * Checks the form against its policy.
 * @param policyBase64 the field `policy`
 * @param fields by lower-cased name, with `bucket` among them
 * @param size bytes of the file
 * @throws S3Error as S3 does: AccessDenied, EntityTooLarge, EntityTooSmall, InvalidPolicyDocument
 */
export function checkPolicy(policyBase64: string, fields: Map<string, string>, size: number) {
  const policy = parse(policyBase64);
  if (!(Date.parse(policy.expiration) > Date.now())) throw denied('Policy expired.');

  const covered = new Set(FREE);
  for (const condition of policy.conditions) {
    const [operator, name, operand] = Array.isArray(condition) ? condition : exact(condition);
    if (operator === 'content-length-range') {
      const message = 'Your proposed upload is not within the allowed size.';
      if (size < Number(name)) throw new S3Error(400, 'EntityTooSmall', message);
      if (size > Number(operand)) throw new S3Error(400, 'EntityTooLarge', message);
      continue;
    }
    const field = String(name).replace(/^\$/, '').toLowerCase();
    const value = fields.get(field);
    // A field with a condition must be present, even if the condition (`starts-with` an empty text) always holds.
    if (value === undefined) throw denied(`Policy Condition failed: ${JSON.stringify(condition)}`);
    const holds = { eq: value === operand, 'starts-with': value.startsWith(operand) }[String(operator).toLowerCase()];
    if (holds === undefined) throw new S3Error(400, 'InvalidPolicyDocument', `Unknown operator: ${operator}`);
    if (!holds) throw denied(`Policy Condition failed: ${JSON.stringify(condition)}`);
    covered.add(field);
  }
  const extra = [...fields.keys()].filter((name) => !covered.has(name) && !name.startsWith('x-ignore-'));
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`);
}

function parse(policyBase64: string): { expiration: string; conditions: Json[] } {
  try {
    const policy = JSON.parse(Buffer.from(policyBase64, 'base64').toString());
    if (typeof policy.expiration === 'string' && Array.isArray(policy.conditions)) return policy;
  } catch {
    // The error below covers this case too.
  }
  throw new S3Error(400, 'InvalidPolicyDocument', 'Invalid Policy: Invalid JSON.');
}

/** `{"acl": "private"}` is short for `["eq", "$acl", "private"]`. */
function exact(condition: Json): [string, string, Json] {
  const [[name, value] = ['', '']] = Object.entries(condition);
  return ['eq', name, value];
}

function denied(reason: string): S3Error {
  return new S3Error(403, 'AccessDenied', `Invalid according to Policy: ${reason}`);
}
