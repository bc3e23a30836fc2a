import { globSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Imports go one way. The first rule that fits a file holds for it. */
const RULES: { files: RegExp; mayImport: RegExp }[] = [
  // Declarations for infrastructure, documents, tests and functions: plain data, and schemas that are built when needed.
  {
    files: /^shared\/routes\//,
    mayImport:
      /^(shared\/((ids|limits|scopes)\.ts$|routes\/)|shared\/http\/(parameters|batch|bare|multipart|replies|\w+-schemas)\.ts$|zod\b)/,
  },
  {
    files: /^(shared\/environment|shared\/metrics|shared\/data\/table|shared\/storage\/names|infra\/names)\.ts$/,
    mayImport: /^$/,
  },
  // Called by a stream, not through the wrapper: they open the database themselves.
  {
    files: /^functions\/background\//,
    mayImport: /^(shared\/(?!(open|async)api\/)|@aws-sdk\/util-dynamodb$|aws-lambda$)/,
  },
  // Called by message services of AWS, not through the wrapper.
  {
    files: /^functions\/access\/\w+-authorizer\.ts$/,
    mayImport: /^(shared\/(data\/database|domain\/access\/\w+|http\/log|environment|ids)\.ts$|aws-lambda$)/,
  },
  // Serve files that lie beside them.
  { files: /^functions\/(docs|console)\.ts$/, mayImport: /^(shared\/(http\/page|environment)\.ts$|aws-lambda$)/ },
  // Handlers translate: no schema, no SDK, no repository.
  { files: /^functions\//, mayImport: /^shared\/(http\/(operation|batch|multipart)\.ts$|domain\/|routes\/)/ },
  // The same, with the library that verifies tokens.
  {
    files: /^shared\/domain\/issuer\/exchange\.ts$/,
    mayImport:
      /^shared\/(domain|call|events)\/|^shared\/(data|storage|messaging)\/[\w-]+-repo\.ts$|^shared\/data\/(operator-queries|database)\.ts$|^shared\/(errors|limits|ids|deadline|metrics|public-address)\.ts$|^node:|^jose\//,
  },
  // Rules know neither HTTP nor storage: no step, expression or key, only repositories that say what they do.
  {
    files: /^shared\/domain\//,
    mayImport:
      /^shared\/(domain|call|events)\/|^shared\/(data|storage|messaging)\/[\w-]+-repo\.ts$|^shared\/data\/(operator-queries|database)\.ts$|^shared\/(errors|limits|ids|scopes|deadline|metrics|prices|public-address)\.ts$|^node:/,
  },
  // What items tell: pure functions of them, and schemas for tools.
  { files: /^shared\/events\//, mayImport: /^(shared\/(events|data)\/|shared\/(ids|limits)\.ts$|node:util$|zod\b)/ },
  // Repositories know no rules.
  {
    files: /^shared\/(data|storage|messaging)\//,
    mayImport: /^(shared\/(?!http\/|(open|async)api\/|domain\/|call\/)|node:|zod\b|@aws-sdk\/)/,
  },
  // The wrapper reaches the database through the domain's call.
  {
    files: /^shared\/http\//,
    mayImport: /^(shared\/(?!(open|async)api\/|storage\/)|node:|zod\b|@middy\/|aws-lambda$)/,
  },
  // As declarations of operations: plain data, and schemas that are built when needed.
  { files: /^shared\/events\/catalogue\.ts$/, mayImport: /^(shared\/data\/schema\.ts$|zod\b)/ },
  // The documents that are made from all operations and from all events.
  { files: /^shared\/(open|async)api\//, mayImport: /^(shared|functions)\/|^(node:|zod\b)/ },
  // Signs requests to services.
  { files: /^shared\/aws-signing\.ts$/, mayImport: /^node:/ },
  { files: /^shared\//, mayImport: /^(shared\/|node:)/ },
  // To be copied into other applications.
  { files: /^client\/(?!example\.ts$)/, mayImport: /^client\// },
  // The laptop stack serves any application: it knows nothing of this one, and could be published.
  {
    files: /^infra\/local\//,
    mayImport: /^(infra\/local\/|node:|@aws-sdk\/(client-|util-dynamodb$)|@smithy\/signature-v4$|fast-xml-parser$)/,
  },
  // `npm start` and the operators' commands run on a laptop. What is deployed does not.
  { files: /^infra\/(laptop|ops)\//, mayImport: /^(?!test\/|vitest)/ },
  { files: /^infra\//, mayImport: /^(?!test\/|vitest|infra\/(local|laptop)\/)/ },
];

/** What a file imports: paths from the project's root, or packages. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const specifiers = [...source.matchAll(/\b(?:from|import)\s*\(?\s*'([^'\n]+)'/g)].map((found) => found[1]!);
  return specifiers.map((name) => (name.startsWith('.') ? posix.join(posix.dirname(file), name) : name));
}

const forbidden = (file: string, imports: string[]): string[] => {
  const rule = RULES.find(({ files }) => files.test(file));
  return rule ? imports.filter((name) => !rule.mayImport.test(name)) : [];
};

describe('the direction of imports', () => {
  const files = globSync('{functions,shared,infra,client}/**/*.{ts,mjs}', { cwd: root }).map((file) =>
    file.replaceAll('\\', '/'),
  );

  it('every file imports only what its layer may import', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((file) => forbidden(file, importsOf(file)).map((name) => `${file} imports ${name}`))).toEqual(
      [],
    );
  });

  it.each([
    ['functions/group/info.ts', 'shared/data/group-repo.ts'],
    ['functions/group/info.ts', 'zod/mini'],
    ['functions/group/info.ts', '@aws-sdk/lib-dynamodb'],
    ['functions/group/info.ts', 'functions/group/settings.ts'],
    ['functions/background/clean-up.ts', '@aws-sdk/client-dynamodb'],
    ['shared/domain/group/join.ts', 'shared/http/operation.ts'],
    ['shared/domain/group/join.ts', '@aws-sdk/client-dynamodb'],
    ['shared/domain/group/join.ts', 'shared/data/step.ts'],
    ['shared/domain/group/join.ts', 'shared/data/expression.ts'],
    ['shared/domain/group/join.ts', 'shared/data/schema.ts'],
    ['shared/domain/group/join.ts', 'shared/storage/requests.ts'],
    ['shared/data/group-repo.ts', 'shared/domain/group/permissions.ts'],
    ['shared/routes/group.ts', 'shared/data/table.ts'],
    ['shared/routes/group.ts', 'shared/domain/group/ban.ts'],
    ['shared/routes/group.ts', 'shared/http/operation.ts'],
    ['shared/limits.ts', 'infra/config.ts'],
    ['infra/bundle.ts', 'test/infra/templates.ts'],
    ['infra/local/units.ts', 'shared/data/table.ts'],
    ['infra/local/stack.ts', 'infra/laptop/roster.ts'],
    ['infra/local/cached-build.ts', 'infra/synthesize.ts'],
    ['infra/local/stack.ts', 'vitest'],
    ['infra/constructs/operation.ts', 'infra/local/aws.ts'],
    ['infra/stacks/api-stack.ts', 'infra/laptop/roster.ts'],
    ['functions/group/info.ts', 'infra/local/aws.ts'],
    ['shared/data/client.ts', 'infra/local/dynamodb-local.ts'],
    ['shared/domain/app/apps.ts', 'infra/laptop/demo-apps.ts'],
    ['shared/limits.ts', 'infra/local/random.ts'],
  ])('a rule forbids %s to import %s', (file, name) => {
    expect(forbidden(file, [name])).toEqual([name]);
  });
});
