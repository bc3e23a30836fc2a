import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const document = readFileSync(join(root, 'docs/security.md'), 'utf8');
const named = [...document.matchAll(/^- `(test\/\S+\.test\.ts)`: (.+)$/gm)].map(([, file, title]) => [file!, title!]);

/** Whether a test (or a story, or the title of a table of tests) is called so. */
function holds(source: string, title: string): boolean {
  const escaped = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`\\(\\s*(['"\`])${escaped}\\1,`).test(source);
}

describe('the tests that docs/security.md names', () => {
  test.each(named)('%s has a test called: %s', (file, title) => {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(holds(readFileSync(join(root, file), 'utf8'), title)).toBe(true);
  });

  test('every threat names at least one test', () => {
    const threats = document.split('## Headers')[0]!.split('\n### ').slice(1);
    expect(threats.length).toBeGreaterThan(12);
    for (const threat of threats) expect(threat, threat.split('\n')[0]).toMatch(/^- `test\//m);
    expect(holds("it('does this', () => {})", 'does that')).toBe(false);
  });
});
