import { readFileSync } from 'node:fs';
import { dataSchema } from '../shared/asyncapi/schema.ts';
import { ENTITIES } from '../shared/data/schema.ts';
import { EVENT_TYPES, EVENTS } from '../shared/events/catalogue.ts';
import { AREAS, type Operation, routeKeysOf } from '../shared/routes/index.ts';

const CONFIG = new URL('./config.ts', import.meta.url);

/**
 * The page with the text between the marks of `part` replaced. The marks name the command that writes it.
 * @throws Error where the page lacks the marks
 */
export function withPart(page: string, part: string, text: string, command = 'npm run docs'): string {
  const begin = `<!-- ${part}: written by \`${command}\` -->`;
  const end = `<!-- end of ${part} -->`;
  const [head, rest] = page.split(begin);
  const tail = rest?.split(end)[1];
  if (head === undefined || tail === undefined) throw new Error(`The page lacks the marks ${begin} and ${end}`);
  return `${head}${begin}\n${text}\n${end}${tail}`;
}

/** The page with the list of endpoints from the route table. */
export function withEndpoints(page: string, rows: readonly Operation[]): string {
  const areas = (Object.keys(AREAS) as Operation['area'][]).filter((area) => rows.some((row) => row.area === area));
  const list = areas.map(
    (area) =>
      `| **${AREAS[area]}** | | |\n${rows
        .filter((row) => row.area === area)
        .map(line)
        .join('\n')}`,
  );
  const count = rows.reduce((sum, row) => sum + routeKeysOf(row).length, 0);
  return withPart(
    page,
    'endpoints',
    `${rows.length} operations, ${count} routes. Methods of one line are aliases. The API documents have no section \`extra\`: clients call
these routes all the same.

| route | what it does | section |
| --- | --- | --- |
${list.join('\n')}`,
  );
}

const line = ({ methods, path, aliases = [], summary, section }: Operation) =>
  [
    `| ${methods.join(', ')} \`${path}\` | ${summary} | ${section} |`,
    ...[...Map.groupBy(aliases, (alias) => alias.slice(alias.indexOf('/')))].map(
      ([alias, keys]) =>
        `| ${keys.map((key) => key.split(' ')[0]).join(', ')} \`${alias}\` | The same as \`${path}\` | extra |`,
    ),
  ].join('\n');

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

/** The page with the list of configuration keys from infra/config.ts. */
export function withConfiguration(page: string): string {
  const rows = configurationKeys().map(({ name, about, usual }) => `| \`${name}\` | ${about} | ${usual} |`);
  return withPart(page, 'configuration', `| key | what | default |\n| --- | --- | --- |\n${rows.join('\n')}`);
}

/** The page with the example for the client, which a test runs. */
export const withExample = (page: string, source: string): string =>
  withPart(page, 'example', `\`\`\`ts\n${source.trim()}\n\`\`\``);

/** The page with the catalogue of events. */
export function withEvents(page: string): string {
  const rows = EVENT_TYPES.map((type) => {
    const { properties = {}, required = [] } = dataSchema(type);
    const fields = Object.entries(properties).map(([name, { items, ...schema }]) => {
      const values = (items?.enum ?? schema.enum ?? []).map((value) => `\`${value}\``);
      return `\`${name}${required.includes(name) ? '' : '?'}\`${values.length > 0 ? ` (${values.join(', ')})` : ''}`;
    });
    return `| \`${type}\` | ${EVENTS[type].when} | ${fields.join(', ')} |`;
  });
  return withPart(page, 'catalogue', `| type | when | data |\n| --- | --- | --- |\n${rows.join('\n')}`);
}

/** The page with the chart of the kinds of items from the schema. */
export function withEntities(page: string): string {
  const rows = Object.entries(ENTITIES).map(([name, { entity, about }]) => {
    const { pk, sk, orders = {}, gsi1, ttl } = entity.shape;
    const local = Object.entries(orders).map(([order, [index, template]]) => `${index} \`${template}\` (${order})`);
    const indexes = [...local, ...(gsi1 ? [`gsi1 \`${gsi1[0]}\` / \`${gsi1[1]}\``] : [])];
    const expiry = { all: 'yes', some: 'some', none: '' }[ttl ?? 'none'];
    return `| ${name} | \`${pk}\` / \`${sk}\` | ${indexes.join(', ')} | ${expiry} | ${about} |`;
  });
  return withPart(
    page,
    'entities',
    `| kind | \`pk\` / \`sk\` | indexes | TTL | holds |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`,
  );
}
