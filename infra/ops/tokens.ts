import type { Command } from 'commander';
import { tokenHash } from '../../shared/call/token.ts';
import { type AdminToken, tokenId } from '../../shared/data/app-repo.ts';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { adminTokens, type ListedToken, revokeToken, tokenState } from '../../shared/domain/app/admin-tokens.ts';
import { issueAdminToken } from '../../shared/domain/app/apps.ts';
import type { AppId } from '../../shared/ids.ts';
import { type Scope, scopesOf } from '../../shared/scopes.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId, displayName, futureTime, SCOPE_NAMES, tokenScopes } from './arguments.ts';

/** `tokens …`: admin tokens of an app. */
export function addTokenCommands(program: Command, answering: Answering) {
  const tokens = program.command('tokens').description('issue, list and revoke admin tokens of an app');

  tokens
    .command('issue')
    .description('issue an admin token; it is shown only once')
    .argument('<app>', 'id of the app', appId)
    .option('--name <name>', 'purpose of the token', displayName)
    // Wrapped, because commander passes the previous value as the second argument of a parser.
    .option('--scope <scopes>', `what the token may do, separated by commas: ${SCOPE_NAMES}; default: all`, tokenScopes)
    .option('--expires <when>', 'a span such as 30d or 12h, or a time of ISO 8601', (text) => futureTime(text))
    .action(
      answering<[AppId], { name?: string; expires?: number; scope?: Scope[] }>(
        async (table, [app], { name = '', expires: expiresAt, scope: scopes }) => {
          const given = { name, ...(expiresAt && { expiresAt }), ...(scopes && { scopes }) };
          const token = await issueAdminToken(viewOf(table), app, given);
          const id = tokenId(tokenHash(token));
          const until = expiresAt ? `until ${shownTime(expiresAt)}` : 'until it is revoked';
          return {
            json: { app_id: app, token_id: id, token, name, scopes: scopesOf(given), expires_at: isoTime(expiresAt) },
            text: `${token}\n\nAdmin token ${id} of app ${app}, valid ${until}, with ${scopes ? `the scopes ${shownScopes(given)}` : 'all scopes'}. It is not shown again: the table stores only its hash.`,
          };
        },
      ),
    );

  tokens
    .command('list')
    .description('list the admin tokens of an app with their scopes and last use')
    .argument('<app>', 'id of the app', appId)
    .action(
      answering<[AppId], object>(async (table, [app]) => {
        const listed = await adminTokens(table, app);
        const now = Date.now();
        const rows = listed.map((token) => [
          token.id,
          token.name || '-',
          tokenState(token, now),
          shownTime(token.createdAt),
          shownTime(token.seen, 'never'),
          shownTime(token.expiresAt, 'never'),
          shownScopes(token),
        ]);
        const headings = ['id', 'name', 'state', 'issued', 'last used', 'expires', 'scopes'];
        const text = listed.length > 0 ? aligned(rows, headings) : `App ${app} has no admin tokens.`;
        return { json: { app_id: app, tokens: listed.map((token) => tokenJson(token, now)) }, text };
      }),
    );

  tokens
    .command('revoke')
    .description('revoke an admin token: its next call answers 402')
    .argument('<app>', 'id of the app', appId)
    .argument('<token>', 'id of the token, as listed, or the token itself')
    .action(
      answering<[AppId, string], object>(async (table, [app, named]) => {
        const token = await revokeToken(table, app, named);
        const name = token.name ? ` (${token.name})` : '';
        return {
          json: { app_id: app, ...tokenJson(token, Date.now()) },
          text: `Admin token ${token.id}${name} of app ${app} is revoked: its next call answers 402.`,
        };
      }),
    );
}

const shownScopes = ({ scopes }: Pick<AdminToken, 'scopes'>) => scopes?.join(', ') ?? 'all scopes';

const tokenJson = (token: ListedToken, now: number) => ({
  token_id: token.id,
  name: token.name,
  state: tokenState(token, now),
  scopes: scopesOf(token),
  created_at: isoTime(token.createdAt),
  last_used_at: isoTime(token.seen),
  expires_at: isoTime(token.expiresAt),
  revoked_at: isoTime(token.revoked),
});
