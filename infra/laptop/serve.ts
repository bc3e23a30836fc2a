/** Serves the product on this machine until Ctrl-C; see start.ts. */
import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCommand } from '../local/command.ts';
import { type LaptopDescription, roster } from './roster.ts';

await runCommand(roster, { usage: 'npm start --', welcome });
// Now, because a process that is killed writes nothing at its end.
flushCompileCache();

function welcome({ api_endpoint: api, app_id: app, admin_token: token, users }: LaptopDescription): string {
  const page = pathToFileURL(resolve(import.meta.dirname, '../../examples/files.html'));
  page.hash = new URLSearchParams({ api, app_id: app, name: 'alice' }).toString();
  const console = `${api}/console#${new URLSearchParams({ app_id: app, token })}`;
  const people = users.map(
    ({ user_id, username, password, token }) =>
      `  User ${user_id}    ${username}, password ${password}, token ${token}`,
  );
  const json = `-H 'content-type: application/json'`;
  return `
  Endpoint     ${api}
  App id       ${app}
  Admin token  ${token}
${people.join('\n')}
  Try it       ${api}/docs
  Console      ${console}

  Register a user, log in, and make a group as that user:

curl -s ${api}/user/register/v2 -H 'app_id: ${app}' ${json} -d '{"username":"alice","password":"correct-horse"}'

TOKEN=$(curl -s ${api}/token/user -H 'app_id: ${app}' ${json} -d '{"name":"alice","password":"correct-horse"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

curl -s ${api}/group/create -H 'app_id: ${app}' -H "access-token: $TOKEN" ${json} -d '{"name":"Friends","type":0,"user_list":[]}'

  A group's files in a browser: ${page}`;
}
