import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../../infra/local/iam/policy.ts';
import type { Json } from '../../../infra/local/template.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/roster';
const allow = (Action: Json, Resource: Json, more: Json = {}) => ({ Effect: 'Allow', Action, Resource, ...more });
const deny = (Action: Json, Resource: Json) => ({ Effect: 'Deny', Action, Resource });
const decide = (statements: Json[], action: string, resource: string) =>
  readPolicy(statements, 'f').decide({ action, resource });

describe('a policy', () => {
  it('a policy allows only what a statement allows', () => {
    const statements = [allow('dynamodb:Query', TABLE), allow(['s3:GetObject', 's3:PutObject'], ['arn:aws:s3:::b/x'])];
    expect(decide(statements, 'dynamodb:Query', TABLE)).toBe('allowed');
    expect(decide(statements, 's3:PutObject', 'arn:aws:s3:::b/x')).toBe('allowed');
    expect(decide(statements, 'dynamodb:Scan', TABLE)).toBe('unmentioned');
    expect(decide(statements, 'dynamodb:Query', `${TABLE}/index/gsi1`)).toBe('unmentioned');
    expect(decide(statements, 's3:GetObject', 'arn:aws:s3:::b/xy')).toBe('unmentioned');
    expect(decide([], 'dynamodb:Query', TABLE)).toBe('unmentioned');
  });

  it('a denial wins over any permission, in any order', () => {
    const permission = allow('dynamodb:*', '*');
    const denial = deny('dynamodb:DeleteItem', TABLE);
    for (const statements of [
      [permission, denial],
      [denial, permission],
    ]) {
      expect(decide(statements, 'dynamodb:DeleteItem', TABLE)).toBe('denied');
      expect(decide(statements, 'dynamodb:DeleteItem', `${TABLE}2`)).toBe('allowed');
    }
    expect(decide([denial], 'dynamodb:DeleteItem', TABLE)).toBe('denied');
  });

  it.each([
    ['dynamodb:*', 'dynamodb:Query', true],
    ['dynamodb:Get*', 'dynamodb:GetItem', true],
    ['dynamodb:Get*', 'dynamodb:BatchGetItem', false],
    ['dynamodb:?etItem', 'dynamodb:GetItem', true],
    ['dynamodb:?etItem', 'dynamodb:etItem', false],
    ['DynamoDB:getitem', 'dynamodb:GetItem', true],
    ['*', 's3:GetObject', true],
    ['dynamodb:*', 's3:GetObject', false],
  ])('whether the action pattern %s matches %s: %s', (pattern, action, matches) => {
    expect(decide([allow(pattern, '*')], action, TABLE)).toBe(matches ? 'allowed' : 'unmentioned');
  });

  it.each([
    ['*', 'arn:aws:s3:::b/k', true],
    ['arn:aws:s3:::b/files/*', 'arn:aws:s3:::b/files/a/ü b:c', true],
    ['arn:aws:s3:::b/files/*', 'arn:aws:s3:::b/files/line\nbreak', true],
    ['arn:aws:s3:::b/files/*', 'arn:aws:s3:::b/incoming/a', false],
    ['arn:aws:s3:::b/files/*', 'arn:aws:s3:::b/Files/a', false],
    ['arn:aws:s3:::b/files/*', 'arn:aws:s3:::b', false],
    ['arn:aws:s3:::b/?', 'arn:aws:s3:::b/😀', true],
    ['arn:aws:s3:::b.c/k', 'arn:aws:s3:::bxc/k', false],
    [`${TABLE}/index/*`, `${TABLE}/index/lsi1`, true],
    [`${TABLE}/index/*`, TABLE, false],
    [`${TABLE}*`, `${TABLE}/index/lsi1`, true],
    ['arn:aws:dynamodb:*:*:table/roster', TABLE, true],
    // A wildcard stays within its part of the ARN.
    ['arn:aws:dynamodb:*:table/roster', TABLE, undefined],
    ['arn:aws:*:us-east-1:000000000000:table/roster', TABLE, true],
    ['arn:aws:dynamodb:eu-*:*:table/roster', TABLE, false],
    // Operations without a resource need a permission on `*`, which only `*` gives.
    [TABLE, '*', false],
  ])('whether the resource pattern %s matches %s: %s', (pattern, resource, matches) => {
    const decision = () => decide([allow('x:*', pattern)], 'x:Do', resource);
    if (matches === undefined) expect(decision).toThrow('cannot evaluate');
    else expect(decision()).toBe(matches ? 'allowed' : 'unmentioned');
  });

  it('NotAction and NotResource match all others', () => {
    const rest = { Effect: 'Allow', NotAction: ['dynamodb:Delete*', 'dynamodb:PutItem'], NotResource: [`${TABLE}2`] };
    expect(decide([rest], 'dynamodb:GetItem', TABLE)).toBe('allowed');
    expect(decide([rest], 'dynamodb:PutItem', TABLE)).toBe('unmentioned');
    expect(decide([rest], 'dynamodb:DeleteItem', TABLE)).toBe('unmentioned');
    expect(decide([rest], 'dynamodb:GetItem', `${TABLE}2`)).toBe('unmentioned');
    const only = { Effect: 'Deny', NotAction: 'dynamodb:GetItem', Resource: '*' };
    expect(decide([allow('*', '*'), only], 'dynamodb:GetItem', TABLE)).toBe('allowed');
    expect(decide([allow('*', '*'), only], 'dynamodb:Query', TABLE)).toBe('denied');
  });

  it.each([
    [{ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }, 'Condition is unknown'],
    [{ Principal: '*' }, 'Principal is unknown'],
    [{ Effect: 'allow' }, 'Effect is neither Allow nor Deny'],
    [{ Effect: 'constructor' }, 'Effect is neither Allow nor Deny'],
    [{ Action: undefined }, 'no Action'],
    [{ Action: [] }, 'no Action'],
    [{ NotAction: 's3:GetObject' }, 'both Action and NotAction'],
    [{ Action: 'GetObject' }, 'the Action "GetObject" is unknown'],
    [{ Resource: undefined }, 'no Resource'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    [{ Resource: 'arn:aws:s3:::b/${aws:username}' }, 'the Resource "arn:aws:s3:::b/${aws:username}" is unknown'],
    [{ Resource: 'b' }, 'the Resource "b" is unknown'],
    [{ Resource: { Ref: 'Bucket' } }, 'the Resource {"Ref":"Bucket"} is unknown'],
  ])('a policy that cannot be evaluated prevents the start: %j', (more, message) => {
    const statement = allow('s3:GetObject', '*', more);
    expect(() => readPolicy([statement], 'the role of f')).toThrow(
      `The laptop stack cannot evaluate a policy of the role of f: ${message}`,
    );
  });

  it('a policy marks the grants that were used', () => {
    const policy = readPolicy([allow(['s3:GetObject', 's3:PutObject'], ['arn:aws:s3:::b/x', 'arn:aws:s3:::b/y'])], 'f');
    policy.decide({ action: 's3:PutObject', resource: 'arn:aws:s3:::b/y' });
    policy.decide({ action: 's3:DeleteObject', resource: 'arn:aws:s3:::b/y' });
    expect(policy.grants.map(({ action, resource, used }) => [action, resource, used])).toEqual([
      ['s3:GetObject', 'arn:aws:s3:::b/x', false],
      ['s3:GetObject', 'arn:aws:s3:::b/y', false],
      ['s3:PutObject', 'arn:aws:s3:::b/x', false],
      ['s3:PutObject', 'arn:aws:s3:::b/y', true],
    ]);
  });
});
