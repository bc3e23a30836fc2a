import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { expect, it } from 'vitest';
import { application } from '../../infra/synthesize.ts';
import { placeholders } from './templates.ts';

interface Report {
  pluginReports: { violations: { ruleName: string; violatingConstructs: { constructPath: string }[] }[] }[];
}

it('CloudFormation would take the templates, and would not take others', () => {
  const { folder, bundles } = placeholders();
  const app = application({ bundles, outdir: folder, validate: true });
  new CfnParameter(new Stack(app, 'Other'), 'Parameter', { type: 'Number', value: '1' });
  const { directory } = app.synth();
  const { pluginReports }: Report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8'));
  rmSync(folder, { recursive: true });
  const found = pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );
  expect(found).toEqual(['W3030 Other/Parameter']);
});
