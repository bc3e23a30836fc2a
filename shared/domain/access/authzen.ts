import type { Call } from '../../call/call.ts';
import { wholeNumber } from '../../call/caller.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { placeOf } from './channel.ts';
import { type Action, check, type Decision, type Question } from './decision.ts';

/** Answers in the words of the OpenID AuthZEN Authorization API 1.0. */

/** Who does what to which: the fields of an evaluation that the rules look at. */
export interface Evaluation {
  /** `user` with the id of a user, or `session` with the token of a session. */
  subject: { type: string; id: string };
  action: { name: string };
  /** `group` or `user` with an id, or `app` to connect to. */
  resource: { type: string; id: string };
}

type Semantic = 'execute_all' | 'deny_on_first_deny' | 'permit_on_first_permit';

const ACTIONS: readonly string[] = ['connect', 'subscribe', 'publish'] satisfies Action[];

/** `POST /access/v1/evaluation` */
export async function evaluate(call: Call, evaluation: Evaluation) {
  const [decision] = await check(call, [questionOf(call, evaluation)]);
  return told(decision!);
}

/** The same where the request for many has none: then it is one itself. @throws ApiError badParameter if malformed */
export async function evaluateDefault(call: Call, evaluation: Evaluation | ApiError) {
  if (!(evaluation instanceof ApiError)) return evaluate(call, evaluation);
  await call.open([]);
  throw evaluation;
}

/**
 * `POST /access/v1/evaluations`: in their order, as far as the semantic goes.
 * @param evaluations errors stand for those that are malformed: they are denied
 */
export async function evaluateAll(call: Call, evaluations: (Evaluation | ApiError)[], semantic: Semantic) {
  const decisions = await check(
    call,
    evaluations.map((one) => (one instanceof ApiError ? one : questionOf(call, one))),
  );
  const answers = decisions.map((decision, index) => {
    const error = evaluations[index];
    return error instanceof ApiError
      ? { decision: false, context: { error: { status: 400, message: error.message } } }
      : told(decision);
  });
  const ending = { execute_all: undefined, deny_on_first_deny: false, permit_on_first_permit: true }[semantic];
  const last = answers.findIndex(({ decision }) => decision === ending);
  return { evaluations: last < 0 ? answers : answers.slice(0, last + 1) };
}

const told = ({ allow, ...context }: Decision) => ({ decision: allow, context });

/** An evaluation of what the rules do not know is denied with the error that names it. */
function questionOf({ app }: Call, { subject, action, resource }: Evaluation): Question | ApiError {
  const who = subjectOf(subject);
  if (!who) return badParameter('subject.type', 'must be user or session');
  if (!ACTIONS.includes(action.name)) return badParameter('action.name', `must be ${ACTIONS.join(', ')}`);
  const question = { action: action.name as Action, ...who };
  if (action.name === 'connect')
    return resource.type === 'app' && resource.id === app
      ? question
      : badParameter('resource', 'must be this app, to connect to');
  const place = placeOf(resource.type, resource.id);
  return place ? { ...question, ...place } : badParameter('resource', 'must be a group or user, with its id');
}

function subjectOf({ type, id }: Evaluation['subject']): Pick<Question, 'token' | 'user_id'> | undefined {
  if (type === 'session') return { token: id };
  // No user has the id 0.
  return type === 'user' ? { user_id: wholeNumber<UserId>(id) ?? (0 as UserId) } : undefined;
}
