/**
 * Evaluates identity-based policies as IAM does: an action needs a statement that allows it, and a denial wins over any
 * permission. It knows effects, actions, resources, their negations and wildcards. Anything else prevents the start.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
import { StartUpError } from '../start-up.ts';
import type { Json } from '../template.ts';

/** What a call needs to be allowed: one action on the ARN of one resource. */
export interface Permission {
  /** `dynamodb:Query` */
  action: string;
  resource: string;
}

/** One pattern of actions on one pattern of resources that a statement allows. */
export interface Grant extends Permission {
  /** Whether a call has used it. */
  used: boolean;
}

export interface Policy {
  /** `unmentioned`: no statement allows it. `denied`: a statement denies it. Marks the grants that allow it as used. */
  decide(permission: Permission): 'allowed' | 'unmentioned' | 'denied';
  /** All that the statements allow. */
  grants: readonly Grant[];
}

type Matches = (text: string) => boolean;

interface Rule extends Grant {
  matches(permission: Permission): boolean;
}

const KNOWN = new Set(['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource']);

/**
 * Reads the statements of a policy.
 * @param owner named in error messages
 * @throws StartUpError if a statement has an element that is unknown here
 */
export function readPolicy(statements: readonly Json[], owner: string): Policy {
  const rules = { Allow: [] as Rule[], Deny: [] as Rule[] };
  for (const statement of statements) {
    const refuse = (what: string) =>
      new StartUpError(
        `The laptop stack cannot evaluate a policy of ${owner}: ${what} in ${JSON.stringify(statement)}. ` +
          'The option --no-iam starts the stack without permission checks.',
      );
    const unknown = Object.keys(statement).find((key) => !KNOWN.has(key));
    if (unknown) throw refuse(`${unknown} is unknown`);
    const effect = statement.Effect as keyof typeof rules;
    if (!Object.hasOwn(rules, effect)) throw refuse('Effect is neither Allow nor Deny');
    const actions = patterns(statement, 'Action', actionMatcher, refuse);
    const resources = patterns(statement, 'Resource', resourceMatcher, refuse);
    for (const action of actions) {
      for (const resource of resources) {
        rules[effect].push({
          action: action.text,
          resource: resource.text,
          used: false,
          matches: (permission) => action.matches(permission.action) && resource.matches(permission.resource),
        });
      }
    }
  }
  return {
    grants: rules.Allow,
    decide(permission) {
      if (rules.Deny.some((rule) => rule.matches(permission))) return 'denied';
      const allowing = rules.Allow.filter((rule) => rule.matches(permission));
      for (const rule of allowing) rule.used = true;
      return allowing.length > 0 ? 'allowed' : 'unmentioned';
    },
  };
}

/** The patterns of `key`, one by one. Those of `Not…` become one pattern, which matches what none of them matches. */
function patterns(
  statement: Json,
  key: 'Action' | 'Resource',
  matcher: (pattern: string) => Matches | undefined,
  refuse: (what: string) => Error,
): { text: string; matches: Matches }[] {
  const negated = statement[key] === undefined;
  const values: unknown[] = [statement[key] ?? statement[`Not${key}`] ?? []].flat();
  if (values.length === 0) throw refuse(`no ${key}`);
  if (!negated && statement[`Not${key}`] !== undefined) throw refuse(`both ${key} and Not${key}`);
  const read = values.map((value) => {
    const matches = typeof value === 'string' && matcher(value);
    if (!matches) throw refuse(`the ${key} ${JSON.stringify(value)} is unknown`);
    return { text: value, matches };
  });
  if (!negated) return read;
  const text = `all but ${read.map((pattern) => pattern.text).join(', ')}`;
  return [{ text, matches: (given) => !read.some((pattern) => pattern.matches(given)) }];
}

/** Actions are compared without regard to case. */
function actionMatcher(pattern: string): Matches | undefined {
  return pattern === '*' || /^[a-z0-9-]+:[a-z0-9*?]+$/i.test(pattern) ? glob(pattern, 'i') : undefined;
}

/** Compares ARNs part by part, so that a wildcard stays within its part. The sixth part is the rest of the ARN. */
function resourceMatcher(pattern: string): Matches | undefined {
  if (pattern === '*') return () => true;
  // Policy variables (`${aws:username}`) are unknown here.
  if (pattern.includes('${')) return undefined;
  const parts = arnParts(pattern)?.map((part) => glob(part));
  return parts && ((arn) => arnParts(arn)?.every((part, index) => parts[index]!(part)) ?? false);
}

function arnParts(arn: string): string[] | undefined {
  return /^(arn):([^:]+):([^:]+):([^:]*):([^:]*):(.+)$/s.exec(arn)?.slice(1);
}

/** `*` matches any text, `?` any one character. */
export function glob(pattern: string, flags = ''): Matches {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const regular = new RegExp(`^${expression}$`, `su${flags}`);
  return (text) => regular.test(text);
}
