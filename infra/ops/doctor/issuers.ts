import { type OperatorTable, viewOf } from '../../../shared/data/operator-queries.ts';
import { allApps } from '../../../shared/domain/app/apps.ts';
import { listIssuers } from '../../../shared/domain/app/issuers.ts';
import { shownTime } from '../answer.ts';
import { reasonOf } from './api.ts';
import { type Finding, right, unknown, wrong } from './finding.ts';

/** One failure may pass by itself: the second one comes an hour later (ms). */
const LONG = 3_600_000;

/** Checks `issuers`: whether the keys of all issuers of all apps can be fetched. */
export async function checkIssuers(table: OperatorTable): Promise<Finding> {
  try {
    const apps = (await allApps(table)).filter(({ issuers = {} }) => Object.keys(issuers).length > 0);
    const found = await Promise.all(
      apps.map(async ({ app }) => (await listIssuers(viewOf(table), app)).map((issuer) => ({ app, ...issuer }))),
    );
    const all = found.flat();
    const failing = all.filter(({ failingSince = Number.POSITIVE_INFINITY }) => failingSince <= Date.now() - LONG);
    if (failing.length === 0)
      return right('issuers', `The keys of all issuers can be fetched: ${all.length} in ${apps.length} apps.`);
    const [{ app, issuer, failingSince, error }] = failing as [(typeof failing)[0]];
    const others = failing.length > 1 ? `, and those of ${failing.length - 1} others` : '';
    return wrong(
      'issuers',
      `The keys of ${issuer} (app ${app}) cannot be fetched since ${shownTime(failingSince)}${others}: ${error}.`,
      'See issuers list and docs/runbook.md#issuer-failing. Keys at hand stay in use.',
    );
  } catch (error) {
    return unknown('issuers', `Not checked: ${reasonOf(error as Error)}.`, 'issuers list <app> shows those of an app.');
  }
}
