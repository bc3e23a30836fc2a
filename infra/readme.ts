import { readFile, writeFile } from 'node:fs/promises';
import { type Route, routes } from '../shared/routes/index.ts';

const README = new URL('../README.md', import.meta.url);
const BEGIN = '<!-- endpoints: written by `npm run docs` -->';
const END = '<!-- end of endpoints -->';

const AREAS: Record<Route['area'], string> = {
  account: 'Tokens and registration',
  user: 'Users',
  group: 'Groups',
  member: 'Members',
  file: 'Files',
};

/** The README with its endpoint list as the route table has it. */
export function withEndpoints(readme: string, rows: readonly Route[]): string {
  const [head, rest] = readme.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) throw new Error(`README.md lacks the marks ${BEGIN} and ${END}`);
  const areas = (Object.keys(AREAS) as Route['area'][]).filter((area) => rows.some((row) => row.area === area));
  const list = areas.map(
    (area) =>
      `| **${AREAS[area]}** | | |\n${rows
        .filter((row) => row.area === area)
        .map(line)
        .join('\n')}`,
  );
  const count = rows.reduce((sum, { methods }) => sum + methods.length, 0);
  return `${head}${BEGIN}
${rows.length} operations, ${count} routes. Methods of one line are aliases.

| route | what it does | section |
| --- | --- | --- |
${list.join('\n')}
${END}${tail}`;
}

const line = ({ methods, path, summary, section }: Route) =>
  `| ${methods.join(', ')} \`${path}\` | ${summary} | ${section} |`;

/** Brings README.md up to date. */
export async function writeReadme(): Promise<void> {
  await writeFile(README, withEndpoints(await readFile(README, 'utf8'), routes));
}
