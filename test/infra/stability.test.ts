import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { constructIdOf } from '../../infra/names.ts';
import { type Operation, routes } from '../../shared/routes/index.ts';
import { type Resource, resourcesOf, synthesizedTemplates, type Template } from './templates.ts';

/**
 * An update of a stage must leave alone whatever nobody touched: CloudFormation replaces a resource whose logical id
 * changes (its log, its data), and does not let an export change that is imported.
 */
const before = synthesizedTemplates();

/** Logical ids that came, went or mean something else, but for the nested stacks, whose templates' names are hashes. */
function changes(after: Map<string, Template>) {
  const [was, is] = [resourcesOf(before), resourcesOf(after)];
  // What a resource waits for says when it is changed, not that it is: the neighbours of a row that comes or goes.
  const content = (resource?: Resource) => JSON.stringify({ ...resource, DependsOn: undefined });
  const differing = [...new Set([...was.keys(), ...is.keys()])].filter(
    (id) => content(was.get(id)) !== content(is.get(id)),
  );
  const kept = (id: string) => (was.get(id) ?? is.get(id))?.Type !== 'AWS::CloudFormation::Stack';
  return {
    added: differing.filter((id) => !was.has(id) && kept(id)),
    removed: differing.filter((id) => !is.has(id) && kept(id)),
    changed: differing.filter((id) => was.has(id) && is.has(id) && kept(id)),
    /** Nested stacks that would be updated. */
    stacks: differing.filter((id) => !kept(id)).map((id) => id.replace(/^.*\/(\w+?)NestedStack.*$/, '$1')),
  };
}

/** `Function`, `Role` …: the ids of one row's resources without stack, construct and hash. */
const parts = (ids: string[], { id }: { id: string }) =>
  ids.map((each) => {
    const own = new RegExp(`^\\w+/${constructIdOf(id)}(\\w+?)([0-9A-F]{8})?$`).exec(each);
    return own?.[1] ?? `of another: ${each}`;
  });

const toy: Operation = {
  id: 'group/toy',
  path: '/group/toy',
  methods: ['POST'],
  area: 'group',
  access: 'anyone',
  section: '7.99',
  summary: 'A row that is not there',
  request: () => z.object({}),
  reply: () => z.object({}),
  grants: ['put', 'query-lsi1'],
};
it('a new row adds its own resources and touches no other, wherever it stands in the table', () => {
  const { added, ...rest } = changes(synthesizedTemplates(routes.toSpliced(60, 0, toy)));
  expect(parts(added, toy).sort()).toEqual(['Function', 'Integration', 'Logs', 'POST', 'Permission', 'Role']);
  expect(rest).toEqual({ removed: [], changed: [], stacks: ['Group'] });
});

describe('changes of rows', () => {
  const of = (id: string) => routes.find((row) => row.id === id)!;
  const [kick, leave, unban] = ['group/kick', 'group/leave', 'group/unban'].map(of) as [
    Operation,
    Operation,
    Operation,
  ];
  const { added, removed, changed, stacks } = changes(
    synthesizedTemplates(
      routes
        .filter((row) => row !== unban)
        .map((row): Operation => {
          if (row === kick) return { ...kick, summary: 'Another', memory: 1024, timeout: 20, grants: ['put'] };
          if (row === leave) return { ...leave, methods: ['POST', 'PUT'], path: '/group/part' };
          return row;
        }),
    ),
  );
  const own = (ids: string[], { id }: Operation) =>
    ids.filter((each) => each.startsWith(`Member/${constructIdOf(id)}`));
  const names = (ids: string[], row: Operation) => parts(own(ids, row), row).sort();

  it('a row that changes touches its own function and role only', () => {
    expect([added, changed, removed].map((ids) => names(ids, kick))).toEqual([[], ['Function', 'Role'], []]);
  });

  it('a row that moves to another path and other methods keeps its function, role and log', () => {
    expect([added, changed, removed].map((ids) => names(ids, leave))).toEqual([
      ['PUT'],
      ['POST', 'Permission'],
      ['DELETE'],
    ]);
  });

  it('a row that is removed takes its own resources with it', () => {
    const all = ['Function', 'Integration', 'Logs', 'POST', 'Permission', 'Role'];
    expect([added, changed, removed].map((ids) => names(ids, unban))).toEqual([[], [], all]);
  });

  it('changed, moved and removed rows touch no other row', () => {
    const others = [...added, ...changed, ...removed].filter(
      (id) => ![kick, leave, unban].some((row) => own([id], row).length),
    );
    expect(others).toEqual([]);
    expect(stacks).toEqual(['Member']);
  });
});

describe('names that deployed stacks depend on', () => {
  const idsOf = (stack: string, ...types: string[]) =>
    Object.entries(before.get(stack)!.Resources)
      .filter(([, { Type }]) => types.includes(Type))
      .map(([id]) => id)
      .sort();
  const exportsOf = (stack: string) =>
    Object.values(before.get(stack)!.Outputs ?? {})
      .flatMap(({ Export }) => Export?.Name ?? [])
      .sort();

  it('the names of the stacks stay the same', () => {
    expect([...before.keys()].filter((name) => name.startsWith('Roster-'))).toEqual([
      'Roster-dev-Api',
      'Roster-dev-Data',
    ]);
  });

  it('the exports, which operators and the API stack use, stay the same', () => {
    expect(exportsOf('Roster-dev-Data')).toEqual([
      'Roster-dev-Data-BucketArn',
      'Roster-dev-Data-BucketName',
      'Roster-dev-Data-StreamArn',
      'Roster-dev-Data-TableArn',
      'Roster-dev-Data-TableName',
    ]);
    expect(exportsOf('Roster-dev-Api')).toEqual(['Roster-dev-Api-Url']);
  });

  it('the logical ids of table, bucket, API and nested stacks stay the same', () => {
    expect(idsOf('Roster-dev-Data', 'AWS::DynamoDB::Table', 'AWS::S3::Bucket')).toEqual([
      'Bucket83908E77',
      'TableCD117FA1',
    ]);
    // One more area is one more nested stack, and no harm.
    expect(idsOf('Roster-dev-Api', 'AWS::ApiGatewayV2::Api', 'AWS::CloudFormation::Stack')).toEqual(
      expect.arrayContaining([
        'AccountNestedStackAccountNestedStackResource85C9D962',
        'Api',
        'BackgroundNestedStackBackgroundNestedStackResource3CEEFB8C',
        'GroupNestedStackGroupNestedStackResource75170E78',
        'MemberNestedStackMemberNestedStackResource8CF0A34B',
        'UserNestedStackUserNestedStackResource77B08DE4',
      ]),
    );
  });

  it('the logical id of a function is made of the row alone', () => {
    const functions = [...resourcesOf(before, 'AWS::Lambda::Function').keys()];
    expect(functions).toContain('Member/GroupKickFunctionB6AA4916');
  });
});
