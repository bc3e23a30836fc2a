import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Issuer } from '../../shared/data/issuer-repo.ts';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { addIssuer, listIssuers, refreshIssuers, removeIssuer } from '../../shared/domain/app/issuers.ts';
import type { AppId } from '../../shared/ids.ts';
import { type Answering, aligned, isoTime, shownTime } from './answer.ts';
import { appId } from './arguments.ts';
import { type Place, runningStack } from './table.ts';

interface Added extends Place {
  issuer: string;
  audience: string[];
  jwks?: string;
  key?: string;
  userClaim: string;
  create?: true;
}

/** `issuers …`: whose tokens log in to an app by `/token/exchange`. */
export function addIssuerCommands(program: Command, answering: Answering) {
  const issuers = program.command('issuers').description('let tokens of OpenID Connect issuers log in to an app');
  const command = (name: string, description: string) =>
    issuers.command(name).description(description).argument('<app>', 'id of the app', appId);
  /** The keys are fetched from here, by the rules of the service. */
  const options = (place: Place) => ({ loopback: runningStack(place) !== undefined });

  command('add', 'add an issuer and fetch its keys; replaces the settings of one that is there')
    .requiredOption('--issuer <url>', 'the claim iss of its tokens, exactly')
    .requiredOption(
      '--audience <names>',
      'what the claim aud must name one of; repeatable, or comma-separated',
      audiences,
    )
    .option('--jwks <url>', 'address of its key set (default: by its discovery document)')
    .option('--key <file>', 'its public keys instead: a JWK, a key set, or PEM')
    .option('--user-claim <claim>', 'the claim that names the user', 'sub')
    .option('--create', 'register unknown users')
    .action(
      answering<[AppId], Added>(async (table, [app], { audience, userClaim: claim, create = false, ...given }) => {
        const { issuer, jwks, key } = given;
        if (jwks !== undefined && key !== undefined) throw new Error('--jwks cannot be combined with --key');
        const keys = key === undefined ? undefined : readFileSync(key, 'utf8');
        const made = { issuer, audiences: audience, claim, create, jwks, keys };
        const added = await addIssuer(viewOf(table), app, made, options(given));
        return { json: { app_id: app, ...view(added) }, text: shown([added]) };
      }),
    );

  command('list', 'list the issuers of an app, with the state of their keys').action(
    answering<[AppId], Place>(async (table, [app]) => {
      const found = await listIssuers(viewOf(table), app);
      const text = found.length > 0 ? shown(found) : `App ${app} has no issuers.`;
      return { json: { app_id: app, issuers: found.map(view) }, text };
    }),
  );

  command('remove', 'refuse the tokens of an issuer; identities of users stay bound')
    .argument('<issuer>', 'its URL, as issuers list shows it')
    .action(
      answering<[AppId, string], Place>(async (table, [app, issuer]) => {
        await removeIssuer(viewOf(table), app, issuer);
        return { json: { app_id: app, issuer, removed: true }, text: `App ${app} refuses the tokens of ${issuer}.` };
      }),
    );

  command('refresh', 'fetch the keys of all issuers of an app, or of one')
    .argument('[issuer]', 'its URL')
    .action(
      answering<[AppId, string | undefined], Place>(async (table, [app, issuer], place) => {
        const found = await refreshIssuers(viewOf(table), app, issuer, options(place));
        const failed = found.some(({ error }) => error !== undefined);
        const text = found.length > 0 ? shown(found) : `App ${app} has no issuers.`;
        return { json: { app_id: app, issuers: found.map(view) }, text, failed };
      }),
    );
}

const audiences = (text: string, before: string[] = []): string[] => [
  ...before,
  ...text.split(',').flatMap((name) => name.trim() || []),
];

const view = (one: Issuer) => ({
  issuer: one.issuer,
  audiences: one.audiences,
  user_claim: one.claim,
  create: one.create,
  jwks: one.jwks ?? null,
  fixed_keys: one.fixed ?? false,
  keys: one.keys.map(({ kid, kty, crv, alg }) => ({ kid: kid ?? null, kty, crv: crv ?? null, alg: alg ?? null })),
  fetched_at: isoTime(one.fetchedAt),
  error: one.error ?? null,
  failing_since: isoTime(one.failingSince),
});

function shown(found: readonly Issuer[]): string {
  const rows = found.map((one) => [
    one.issuer,
    one.audiences.join(','),
    one.claim,
    one.create ? 'registers' : 'known users',
    one.fixed ? 'from a file' : (one.jwks ?? 'by discovery'),
    String(one.keys.length),
    shownTime(one.fetchedAt),
  ]);
  const failures = found.flatMap(({ issuer, error, failingSince }) =>
    error === undefined ? [] : [`${issuer}: failing since ${shownTime(failingSince)}: ${error}`],
  );
  const table = aligned(rows, ['issuer', 'audiences', 'user claim', 'users', 'key set', 'keys', 'fetched']);
  return [table, ...failures].join('\n');
}
