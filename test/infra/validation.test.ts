import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CfnResource, Stack } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import { application } from '../../infra/synthesize.ts';
import { ALL_SET, placeholders } from './templates.ts';

interface Report {
  pluginReports: { violations: { ruleName: string; violatingConstructs: { constructPath: string }[] }[] }[];
}

it('CloudFormation would take the templates, and a wrong template is found', () => {
  const { folder, bundles } = placeholders();
  const app = application({ bundles, outdir: folder, context: ALL_SET, validate: true });
  new CfnResource(new Stack(app, 'Other'), 'Parameter', {
    type: 'AWS::SSM::Parameter',
    properties: { Type: 'String' },
  });
  expect(() => app.synth()).toThrow("'Value' is a required property");
  const { pluginReports }: Report = JSON.parse(readFileSync(join(folder, 'validation-report.json'), 'utf8'));
  rmSync(folder, { recursive: true });
  const found = pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );
  expect(found).toEqual(['F3003 Other/Parameter']);
});
