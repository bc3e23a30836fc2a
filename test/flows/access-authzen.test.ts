import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { type Given, inBothWorlds, type Person } from '../support/story.ts';

/** Answers as sections 6.2 and 7.2 of the AuthZEN Authorization API 1.0 have them. */
const ANSWER = {
  type: 'object',
  properties: { decision: { type: 'boolean' }, context: { type: 'object' } },
  required: ['decision'],
};
const fits = new Ajv2020().compile({
  anyOf: [
    ANSWER,
    {
      type: 'object',
      properties: { evaluations: { type: 'array', items: ANSWER } },
      required: ['evaluations'],
    },
  ],
});

/** The whole body of an answer. */
async function asked(given: Given, which: 'evaluation' | 'evaluations', request: object) {
  const { status, text } = await given.admin().asks(`POST /access/v1/${which}`, request as Record<string, unknown>);
  expect(status, text).toBe(200);
  const body = JSON.parse(text);
  expect(fits(body), text).toBe(true);
  return body;
}

const session = ({ token }: Person) => ({ type: 'session', id: token });
const user = ({ id }: Person) => ({ type: 'user', id: String(id) });
const groupOf = (id: number) => ({ type: 'group', id: String(id) });

/** Requests of the specification. */
const ALICE = { type: 'user', id: 'alice@acmecorp.com' };
const TIME = { time: '1985-10-26T01:22-07:00' };
const documents = ['boxcarring.md', 'subject-search.md', 'resource-search.md'].map((id) => ({ type: 'document', id }));
const EVALUATION = {
  subject: ALICE,
  resource: { type: 'todo', id: '1' },
  action: { name: 'can_read' },
  context: TIME,
};
const EVALUATIONS = [
  {
    evaluations: documents.map((resource) => ({
      subject: ALICE,
      action: { name: 'can_read' },
      resource,
      context: TIME,
    })),
  },
  {
    subject: ALICE,
    context: TIME,
    evaluations: documents.map((resource) => ({ action: { name: 'can_read' }, resource })),
  },
  {
    subject: ALICE,
    context: TIME,
    action: { name: 'can_read' },
    evaluations: [
      { resource: documents[0] },
      { resource: documents[1] },
      { action: { name: 'can_edit' }, resource: documents[2] },
    ],
  },
];

inBothWorlds('AuthZEN 1.0', (story) => {
  story('the examples of the specification are denied, since the rules know none of their words', async (given) => {
    expect(await asked(given, 'evaluation', EVALUATION)).toMatchObject({ decision: false, context: { code: 10002 } });
    for (const request of EVALUATIONS) {
      const { evaluations } = await asked(given, 'evaluations', request);
      expect(evaluations).toHaveLength(3);
      for (const one of evaluations) expect(one).toMatchObject({ decision: false });
    }
  });

  story('an evaluation decides as /access/check does', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const group_id = await given.group(alice, { members: [bob] });
    const [expected] = await given
      .admin()
      .does('POST /access/check', { items: [{ action: 'publish', token: bob.token, group_id }] });
    const { allow: decision, ...context } = expected;
    const request = { subject: session(bob), action: { name: 'publish' }, resource: groupOf(group_id) };
    expect(await asked(given, 'evaluation', request)).toEqual({ decision, context });
    await alice.does('POST /group/ban', { group_id, user_list: [bob.id], duration: 1 });
    expect(await asked(given, 'evaluation', { ...request, subject: user(bob) })).toMatchObject({
      decision: false,
      context: { code: 20026, reason: 'the user is banned from speaking in the group', role: 0, user_id: bob.id },
    });
    const writes = { subject: user(bob), action: { name: 'publish' }, resource: user(alice) };
    expect(await asked(given, 'evaluation', writes)).toMatchObject({ decision: true });
    const connects = (id: string) => ({
      subject: session(bob),
      action: { name: 'connect' },
      resource: { type: 'app', id },
    });
    expect(await asked(given, 'evaluation', connects(given.app))).toMatchObject({ decision: true });
    expect(await asked(given, 'evaluation', connects('another'))).toMatchObject({ decision: false });
    const unknown = { ...request, subject: ALICE };
    expect(await asked(given, 'evaluation', unknown)).toMatchObject({ decision: false, context: { code: 10000 } });
  });

  story('many evaluations go as far as their semantic says', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const [first, third] = [await given.group(bob), await given.group(bob)];
    const second = await given.group(alice);
    const request = (evaluations_semantic?: string) => ({
      subject: user(bob),
      action: { name: 'subscribe' },
      ...(evaluations_semantic && { options: { evaluations_semantic, another_option: 'value' } }),
      evaluations: [first, second, third].map((group) => ({ resource: groupOf(group) })),
    });
    const decisions = async (semantic?: string) =>
      (await asked(given, 'evaluations', request(semantic))).evaluations.map(
        (one: { decision: boolean }) => one.decision,
      );
    expect(await decisions()).toEqual([true, false, true]);
    expect(await decisions('execute_all')).toEqual([true, false, true]);
    expect(await decisions('deny_on_first_deny')).toEqual([true, false]);
    expect(await decisions('permit_on_first_permit')).toEqual([true]);
    const { status } = await given.admin().asks('POST /access/v1/evaluations', request('another'));
    expect(status).toBe(400);
  });

  story('an evaluation that lacks a part is denied alone, and one alone is an error', async (given) => {
    const bob = await given.user();
    const group = await given.group(bob);
    const request = { subject: user(bob), action: { name: 'subscribe' } };
    const body = await asked(given, 'evaluations', { ...request, evaluations: [{}, { resource: groupOf(group) }] });
    expect(body.evaluations).toEqual([
      { decision: false, context: { error: { status: 400, message: 'resource: is required' } } },
      expect.objectContaining({ decision: true }),
    ]);
    // Without evaluations the request is one itself.
    expect(await asked(given, 'evaluations', { ...request, resource: groupOf(group) })).toMatchObject({
      decision: true,
    });
    for (const which of ['evaluation', 'evaluations'] as const) {
      const { status, text } = await given.admin().asks(`POST /access/v1/${which}`, request);
      expect([status, JSON.parse(text)]).toEqual([400, 'resource: is required']);
    }
  });

  story('a caller that has not proven itself gets a status and a sentence', async (given) => {
    const bob = await given.user();
    const refused = async (token: string | undefined) => {
      const answer = await given.api.call('POST', '/access/v1/evaluation', { app: given.app, token, body: EVALUATION });
      return [answer.status, JSON.parse(answer.text)];
    };
    expect(await refused(undefined)).toEqual([401, 'access-token: missing header']);
    expect(await refused('x')).toEqual([401, 'access-token: invalid']);
    expect(await refused(bob.token)).toEqual([403, 'this operation needs an admin token']);
  });

  story('the answer has the X-Request-ID of the request', async (given) => {
    const { app, adminToken } = given;
    const id = 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716';
    for (const token of [adminToken, 'x']) {
      const headers = { 'x-request-id': id };
      const answer = await given.api.call('POST', '/access/v1/evaluation', { app, token, body: EVALUATION, headers });
      expect(answer.headers['x-request-id']).toBe(id);
    }
  });
});
