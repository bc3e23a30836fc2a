import { unchanged } from '../verdict.ts';
import { type Call, type Command, isUser } from './command.ts';

export const groupConfirm: Command<Call & { value: boolean }> = {
  op: 'group_confirm',
  weight: 4,
  freeWeight: 3,
  usersOnly: true,
  errors: [],
  draw: ({ random, anyone }) => ({ op: 'group_confirm', actor: anyone, group: 0, value: random.chance(0.4) }),
  request: ({ actor, value }) => ['POST /user/settings', { user_id: actor, group_confirm: value }],
  // It may be set already.
  permitted: () => unchanged,
  changed: (key) => (isUser(key) ? key.id : undefined),
};
