import { randomBytes, randomInt } from 'node:crypto';

/** A user or group id: within int32, not guessable in sequence. Whether it is free, the write's condition proves. */
export const newId = () => randomInt(1, 2 ** 31);

/** 128 bits, base64url: nobody finds the object of such a name by trying. */
export const newRandom = () => randomBytes(16).toString('base64url');
