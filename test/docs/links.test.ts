import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const isThere = (file: string) => statSync(join(root, file), { throwIfNoEntry: false }) !== undefined;
const below = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

const documents = [...readdirSync(root).filter((name) => name.endsWith('.md')), ...below('docs', '.md')];
const sources = ['functions', 'shared', 'infra', 'test', 'client', 'bench'].flatMap((folder) =>
  below(folder, '.ts').filter((file) => !file.includes('node_modules')),
);

const withoutFences = (markdown: string) => markdown.replace(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, '');

/** Anchors of a document as GitHub makes them of its headings. */
function anchorsOf(markdown: string): string[] {
  const taken = new Map<string, number>();
  return headingsOf(markdown).map((heading) => {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-');
    const before = taken.get(slug) ?? 0;
    taken.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

const headingsOf = (markdown: string) =>
  [...withoutFences(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading]) => heading!);

/** Targets of links and pictures that lie in the repository. */
const linksOf = (markdown: string) =>
  [
    ...withoutFences(markdown)
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));

/** Why a link leads nowhere; undefined where it leads somewhere. */
function deadEnd(from: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from : relative(root, resolve(root, dirname(from), decodeURI(path)));
  if (!isThere(target)) return `${link}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(read(target)).includes(anchor) ? undefined : `${link}: ${target} has no such heading`;
}

/** Comments as running text: a citation may go on in the next line. */
const runningText = (source: string) => source.replace(/\n\s*(?:\*(?!\/)|\/\/|\|)? ?/g, ' ');

describe('links between documents', () => {
  test.each(documents)('every link in %s leads to a file, and to a heading where it names one', (document) => {
    expect(linksOf(read(document)).flatMap((link) => deadEnd(document, link) ?? [])).toEqual([]);
  });

  test('a link to a missing file and a link to a missing heading are found', () => {
    expect(deadEnd('docs/glossary.md', 'nowhere.md')).toContain('there is no docs/nowhere.md');
    expect(deadEnd('docs/glossary.md', 'behaviour.md#nothing')).toContain('no such heading');
    expect(deadEnd('docs/glossary.md', 'behaviour.md#lock-out')).toBeUndefined();
    expect(anchorsOf('# A `b` & c\n## [Two](x.md)\n## Two\n```\n# no heading\n```\n')).toEqual([
      'a-b--c',
      'two',
      'two-1',
    ]);
  });
});

describe('documents that the sources cite', () => {
  const texts = sources.map((file) => [file, runningText(read(file))] as const);

  test('every heading of docs/behaviour.md that a comment cites exists', () => {
    const headings = headingsOf(read('docs/behaviour.md'));
    const cited = texts.flatMap(([file, text]) =>
      [...text.matchAll(/docs\/behaviour\.md, ([A-Z][\w -]*)/g)].map(([, heading]) => [file, heading!.trim()] as const),
    );
    expect(cited.length).toBeGreaterThan(5);
    expect(cited.filter(([, heading]) => !headings.includes(heading))).toEqual([]);
  });

  test('every document that a source names exists', () => {
    const named = texts.flatMap(([file, text]) =>
      [...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([document]) => [file, document] as const),
    );
    expect(named.filter(([file, document]) => !file.endsWith('links.test.ts') && !isThere(document))).toEqual([]);
  });

  test('no two headings of docs/behaviour.md are the same, so that each can be cited', () => {
    const headings = headingsOf(read('docs/behaviour.md'));
    expect(new Set(headings).size).toBe(headings.length);
  });
});
