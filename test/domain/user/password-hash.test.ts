import { scryptSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashPassword, isPassword } from '../../../shared/domain/user/password-hash.ts';
import { hashing, scrypt } from '../../support/cheap-hashing.ts';
import { replace } from '../../support/replace.ts';

replace(hashing, 'scrypt', () => scrypt);

test('a password of any characters matches its own hash and no other', async () => {
  for (const password of ['correct horse', '', '😀\u0000', 'x'.repeat(1024), '\ud800']) {
    const kept = await hashPassword(password);
    expect(await isPassword(password, kept)).toBe(true);
    expect(await isPassword(`${password} `, kept)).toBe(false);
    expect(JSON.stringify(kept)).not.toContain(password || 'nothing');
  }
});

test('a password matches in composed and decomposed form', async () => {
  expect(await isPassword('Zoe\u0308', await hashPassword('Zo\u00eb'))).toBe(true);
});

test('every hash has its own salt, and carries the parameters that check it', async () => {
  const [one, other] = await Promise.all([hashPassword('same'), hashPassword('same')]);
  expect(one.salt).not.toBe(other.salt);
  expect(one.hash).not.toBe(other.hash);
  expect(one).toMatchObject({ N: 16_384, r: 8, p: 5 });
  // Kept with other parameters, and even another length, it is known again.
  const salt = Buffer.from('salt of the day');
  const hash = scryptSync('old one', salt, 64, { N: 1024, r: 8, p: 1 });
  const old = { salt: salt.toString('base64url'), hash: hash.toString('base64url'), N: 1024, r: 8, p: 1 };
  expect(await isPassword('old one', old)).toBe(true);
  expect(await isPassword('new one', old)).toBe(false);
});

test('checking a password of a user who does not exist fails after the same work', async () => {
  const time = async (work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  const kept = await hashPassword('somebody');
  expect(await isPassword('somebody', undefined)).toBe(false);
  const [somebody, nobody] = [await time(() => isPassword('x', kept)), await time(() => isPassword('x', undefined))];
  expect(nobody).toBeGreaterThan(somebody / 4);
});
