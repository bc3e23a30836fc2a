import { expect, it } from 'vitest';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import { CHANCE, grantReport } from './grant-report.ts';

const functions = [
  {
    function: { name: 'roster-local-kick', environment: { OPERATION: 'kick' } } as unknown as FunctionDefinition,
    grants: [
      { action: 'a:Get', resource: 'arn:aws:a:us-east-1:000000000000:r:s', used: true },
      { action: 'a:Put', resource: 'arn:aws:a:us-east-1:000000000000:r:s', used: false },
    ],
  },
];

it('the report lists every grant, and finds fault with each that nothing used', () => {
  const { text, faults } = grantReport(functions, {});
  expect(text).toBe('kick\n  used    a:Get on r:s\n  unused  a:Put on r:s\n');
  expect(faults).toEqual(['kick: a:Put on r:s is granted, but no flow uses it']);
});

it('the report accepts an unused grant with a justification, and not a justification of a used one', () => {
  const { text, faults } = grantReport(functions, { 'kick: a:Put on r:s': 'why', 'kick: a:Get on r:s': 'why' });
  expect(text).toContain('  unused  a:Put on r:s: why\n');
  expect(faults).toEqual(['kick: a:Get on r:s is used, so it needs no justification']);
});

it('the report accepts a justification by chance, whether the grant is used or not', () => {
  const reason = `${CHANCE}: why`;
  const { faults } = grantReport(functions, { 'kick: a:Put on r:s': reason, 'kick: a:Get on r:s': reason });
  expect(faults).toEqual([]);
});
