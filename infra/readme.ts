import { readFileSync } from 'node:fs';
import { AREAS, type Route } from '../shared/routes/index.ts';

const CONFIG = new URL('./config.ts', import.meta.url);

/** The README with what stands between the marks of `part`, which name the command that writes it, replaced. */
export function withPart(readme: string, part: string, text: string, command = 'npm run docs'): string {
  const begin = `<!-- ${part}: written by \`${command}\` -->`;
  const end = `<!-- end of ${part} -->`;
  const [head, rest] = readme.split(begin);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`README.md lacks the marks ${begin} and ${end}`);
  return `${head}${begin}\n${text}\n${end}${tail}`;
}

/** The README with its endpoint list as the route table has it. */
export function withEndpoints(readme: string, rows: readonly Route[]): string {
  const areas = (Object.keys(AREAS) as Route['area'][]).filter((area) => rows.some((row) => row.area === area));
  const list = areas.map(
    (area) =>
      `| **${AREAS[area]}** | | |\n${rows
        .filter((row) => row.area === area)
        .map(line)
        .join('\n')}`,
  );
  const count = rows.reduce((sum, { methods }) => sum + methods.length, 0);
  return withPart(
    readme,
    'endpoints',
    `${rows.length} operations, ${count} routes. Methods of one line are aliases.

| route | what it does | section |
| --- | --- | --- |
${list.join('\n')}`,
  );
}

const line = ({ methods, path, summary, section }: Route) =>
  `| ${methods.join(', ')} \`${path}\` | ${summary} | ${section} |`;

/** The keys of the configuration with their doc comments in infra/config.ts, in that order. */
export function configurationKeys(): { name: string; about: string; usual: string }[] {
  const source = readFileSync(CONFIG, 'utf8');
  const fields = /\/\*\*\n((?: {3}\* .*\n)+) {3}\*\/\n {2}(\w+):/g;
  return [...source.matchAll(fields)].map(([, comment, name]) => {
    const text = comment!.replace(/^ {3}\* /gm, '').replaceAll('\n', ' ');
    const [about, usual] = text.split('@default');
    return { name: name!, about: about!.trim(), usual: usual?.trim() ?? '' };
  });
}

/** The README with its list of configuration keys as infra/config.ts has it. */
export function withConfiguration(readme: string): string {
  const rows = configurationKeys().map(({ name, about, usual }) => `| \`${name}\` | ${about} | ${usual} |`);
  return withPart(readme, 'configuration', `| key | what | default |\n| --- | --- | --- |\n${rows.join('\n')}`);
}

/** The README with the client's example, which a test runs, as it is. */
export const withExample = (readme: string, source: string): string =>
  withPart(readme, 'example', `\`\`\`ts\n${source.trim()}\n\`\`\``);
