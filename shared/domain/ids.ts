import { randomInt } from 'node:crypto';

/** A user or group id: within int32, not guessable in sequence. Whether it is free, the write's condition proves. */
export const newId = () => randomInt(1, 2 ** 31);
