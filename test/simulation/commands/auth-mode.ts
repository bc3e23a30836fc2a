import type { Random } from '../../../infra/local/random.ts';
import { settings } from '../../../shared/data/schema.ts';
import { unchanged } from '../verdict.ts';
import type { Call, Command } from './command.ts';

/** The right answer to the question of every user who asks one. */
export const ANSWER = 'Blue';

/** How a user is asked to become a friend. */
export const drawMode = (random: Random): number => Number(random.weighted({ 0: 3, 1: 5, 2: 2, 3: 0.5 }));

export const verificationOf = (user_id: number | undefined, auth_mode: number) => ({
  user_id,
  auth_mode,
  auth_question: 'Which colour?',
  auth_answer: ANSWER,
});

export const setAuthMode: Command<Call & { mode: number }> = {
  op: 'auth_mode',
  weight: 3,
  freeWeight: 3,
  usersOnly: true,
  errors: [],
  draw: ({ random, anyone }) => ({ op: 'auth_mode', actor: anyone, group: 0, mode: drawMode(random) }),
  request: ({ actor, mode }) => ['POST /user/settings', verificationOf(actor, mode)],
  // It may be set already.
  permitted: () => unchanged,
  changed: ({ kind, id, sk }) => (kind === 'U' && sk === settings.sk.prefix ? id : undefined),
  effect: ({ at }, { mode }, user) => at.verification(user)?.auth_mode === mode,
};
