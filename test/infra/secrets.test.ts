import { expect, it } from 'vitest';
import { newAdminToken, newUserToken } from '../../shared/call/token.ts';
import { userId } from '../support/ids.ts';
import { secretsIn } from '../support/secrets.ts';
import { resourcesOf, synthesizedTemplates } from './templates.ts';

const templates = synthesizedTemplates(undefined, { stage: 'prod' });
const all = JSON.stringify([...templates]);

it('no template holds a secret, or a parameter or variable for one', () => {
  expect(all.length).toBeGreaterThan(100_000);
  expect(secretsIn(all)).toEqual([]);
  // Nothing is deployed that would be handed a secret: no parameters of people, no variables but names of resources.
  for (const [name, { Parameters = {} }] of templates)
    expect(
      Object.keys(Parameters).filter((id) => /secret|password|token|key/i.test(id)),
      name,
    ).toEqual([]);
  const variables = [...resourcesOf(templates, 'AWS::Lambda::Function').values()].flatMap(({ Properties }) =>
    Object.keys(Properties.Environment?.Variables ?? {}),
  );
  expect([...new Set(variables)].filter((name) => !KNOWN.includes(name))).toEqual([]);
});

const KNOWN = [
  'TABLE_NAME',
  'BUCKET_NAME',
  'OPERATION',
  'STAGE',
  'AREA',
  'WEBHOOK_QUEUE_URL',
  'IMPORT_QUEUE_URL',
  'BUS_NAME',
  'REFRESH_FUNCTION',
  'STATISTICS',
];

it('secrets are recognised by their form', () => {
  const app = { app: 'a', secret: 'c2VjcmV0' } as Parameters<typeof newAdminToken>[0];
  expect(secretsIn(`x ${newAdminToken(app)}"`)).toEqual(['token']);
  expect(secretsIn(`{"t":"${newUserToken(app, userId(7), 8)}"}`)).toEqual(['token']);
  expect(secretsIn('AKIAIOSFODNN7EXAMPLE')).toEqual(['key of AWS']);
  expect(secretsIn('https://b.s3.amazonaws.com/k?X-Amz-Signature=0123456789abcdef')).toEqual(['signed address']);
  expect(secretsIn('-----BEGIN EC PRIVATE KEY-----')).toEqual(['private key']);
  expect(secretsIn('the access-token is missing; password: is required')).toEqual([]);
});
