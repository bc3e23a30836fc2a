import { expect, test } from 'vitest';
import { comparedName, USERNAME, usernameKey } from '../../shared/data/keys.ts';
import { appId } from '../support/ids.ts';

/** Every character that there is. */
function* characters(): Generator<string> {
  for (let point = 0; point <= 0x10ffff; point++)
    if (point < 0xd800 || point > 0xdfff) yield String.fromCodePoint(point);
}

test('the compared form of every username character is one character of the same alphabet', () => {
  let count = 0;
  for (const character of characters()) {
    if (!USERNAME.test(character)) continue;
    count++;
    const compared = comparedName(character);
    const isSame =
      [...compared].length === 1 &&
      USERNAME.test(compared) &&
      comparedName(compared) === compared &&
      (character > '\x7f' ? compared > '\x7f' : compared === character.toLowerCase());
    if (!isSame) expect.fail(`${character} becomes ${compared}`);
  }
  expect(count).toBeGreaterThan(90_000);
});

test('a text that cannot be a username shares one key, however long it is', () => {
  const keyOf = (name: string) => usernameKey(appId('app'), name);
  const none = keyOf('');
  for (const name of ['a b', 'a#b', 'x'.repeat(65), '\ufdfa'.repeat(256), '\ud800', 'caf\u00e9'])
    expect(keyOf(name)).toEqual(none);
  expect(keyOf('Lee_\u2fd3')).toEqual(keyOf('lEE_\u9f8d'));
  expect(keyOf('a')).not.toEqual(none);
});
