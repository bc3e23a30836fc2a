import { rmSync } from 'node:fs';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { expect, it } from 'vitest';
import { application } from '../../infra/synthesize.ts';
import { placeholders } from './templates.ts';

const { folder, bundles } = placeholders();
const app = application({ bundles, outdir: folder });

/** What somebody acknowledged in the code: where, which rule, and why. */
const acknowledged = app.node.findAll().flatMap((construct: IConstruct) =>
  construct.node.metadata
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([rule, reason]) => ({ path: construct.node.path, rule: rule.replace(/^annotation::/i, ''), reason })),
);

/** What the checks find when nothing is acknowledged. */
const findings = (() => {
  const checks = new AwsSolutionsChecks(app);
  Object.assign(checks, { isAcknowledged: () => false });
  const { violations } = checks.validateScope(app);
  rmSync(folder, { recursive: true });
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({ rule: `${checks.name}::${ruleName}`, path: constructPath ?? '' })),
  );
})();

const covers = (one: { path: string; rule: string }, finding: { path: string; rule: string }) =>
  one.rule === finding.rule && `${finding.path}/`.startsWith(`${one.path}/`);

it('every finding of cdk-nag is acknowledged with a reason', () => {
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.filter((finding) => !acknowledged.some((one) => covers(one, finding)))).toEqual([]);
  for (const { rule, reason } of acknowledged) expect(reason.split(' ').length, rule).toBeGreaterThan(7);
});

it('every acknowledgement belongs to a finding of cdk-nag', () => {
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(acknowledged.filter((one) => !findings.some((finding) => covers(one, finding)))).toEqual([]);
});
