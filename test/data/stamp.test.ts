import { describe, expect, test } from 'vitest';
import { ENTITIES } from '../../shared/data/schema.ts';
import { type Author, isStamped, stampOf, stampText } from '../../shared/data/stamp.ts';
import { because, put, remove, stamped, update } from '../../shared/data/step.ts';

const VALUES: Record<string, string | number> = { app: 'shop', hash: 'aB-_9', name: '张三', text: 'x' };
/** A key of a kind, with some value in each placeholder. */
const fill = (template: string) =>
  template.replaceAll(/\{([^}:]*)(?::(\w+))?\}/g, (_, name: string, form = '') =>
    String(VALUES[name] ?? 7).padStart({ time: 13, id: 16, place: 4 }[form as string] ?? 0, '0'),
  );

describe('stamps', () => {
  test.for(Object.entries(ENTITIES))(
    'keys say of the kind %s what the schema says',
    ([
      ,
      {
        entity: { shape, has },
      },
    ]) => {
      const key = { pk: fill(shape.pk), sk: fill(shape.sk) };
      expect(has(key)).toBe(true);
      expect(isStamped(key)).toBe(shape.stamped ?? false);
    },
  );

  test.for<Author>([
    { type: 'user', id: '7', cause: 'JKJaXmPLvHcESHA=' },
    { type: 'user', cause: 'c' },
    { type: 'app_as_user', id: '7', cause: 'c' },
    { type: 'app', id: '0123456789ab', cause: 'c' },
    { type: 'operator', id: 'kim.b@host', cause: 'c' },
    { type: 'system', cause: 'with a space' },
  ])('are read as they were written: %o', (author) => {
    expect(stampOf(stampText(author, 1_700_000_000_000))).toEqual({ ...author, at: 1_700_000_000_000, why: {} });
    const why = { name: 'a name "with" spaces', by: 7, all: true };
    expect(stampOf(stampText(author, 1, why))).toEqual({ ...author, at: 1, why });
  });

  test('are part of puts and updates of their kinds only', () => {
    const author: Author = { type: 'user', id: 7, cause: 'c' };
    const [told, untold] = [
      { pk: 'U#shop#7', sk: '#' },
      { pk: 'U#shop#7', sk: 'E#9' },
    ];
    const stamp = 'a u7 c\n{"reason":"kicked"}';
    const kicked = because(update(told, { set: { a: 1 } }), { reason: 'kicked' });
    expect(stamped(kicked, author, 10).changes).toEqual({ set: { a: 1, stamp } });
    expect(stamped(put(told, { a: 1 }), author, 10).item).toEqual({ ...told, a: 1, stamp: 'a u7 c' });
    for (const step of [put(untold, {}), update(untold, {}), remove(told)])
      expect(stamped(step, author, 10)).toBe(step);
  });
});
