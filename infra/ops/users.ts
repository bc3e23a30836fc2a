import type { Command } from 'commander';
import { unlockUser } from '../../shared/domain/app/users.ts';
import { type Answering, isoTime } from './answer.ts';
import { appId } from './arguments.ts';

/** `users …`: what operators do for a single user. */
export function addUserCommands(program: Command, answering: Answering) {
  const users = program.command('users').description('users of an app: unlock');

  users
    .command('unlock')
    .description('forget failed logins, so that new devices may log in again at once')
    .argument('<app>', 'id of the app', appId)
    .argument('<user>', 'id, username or mobile number')
    .action(
      answering<[string, string], object>(async (table, [app, named]) => {
        const { user, lock } = await unlockUser(table, app, named);
        const failures = lock?.fails.length ?? 0;
        const locked = (lock?.until ?? 0) > Date.now();
        const who = `User ${user.user} (${user.username})`;
        const text = locked
          ? `${who} was locked out and may log in again.`
          : `${who} was not locked out; ${failures} failed logins are forgotten.`;
        return {
          json: {
            app_id: app,
            user_id: user.user,
            username: user.username,
            was_locked: locked,
            locked_until: isoTime(lock?.until),
            failures,
          },
          text,
        };
      }),
    );
}
