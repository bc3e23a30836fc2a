import { success } from '../verdict.ts';
import { type Command, isUser } from './command.ts';

export const deleteUser: Command = {
  op: 'user/delete',
  weight: 1.2,
  freeWeight: 0.7,
  usersOnly: true,
  errors: [],
  draw: ({ anyone }) => ({ op: 'user/delete', actor: anyone, group: 0 }),
  request: () => ['POST /user/delete', {}],
  permitted: () => success,
  changed: (key) => (isUser(key) ? key.id : undefined),
};
