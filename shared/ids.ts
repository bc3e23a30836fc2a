import { randomBytes, randomInt } from 'node:crypto';

declare const kind: unique symbol;
/** A value of one kind: the compiler accepts no other value of the same type in its place. */
type Branded<T, Kind extends string> = T & { readonly [kind]: Kind };

/** Id of an app (tenant): see `APP_ID`. */
export type AppId = Branded<string, 'app'>;
/** Id of a user, unique within its app. */
export type UserId = Branded<number, 'user'>;
/** Id of a group, unique within its app. */
export type GroupId = Branded<number, 'group'>;

/**
 * A random id of a user or group: within int32, not guessable in sequence. Whether it is free, the write's condition
 * proves. Most users have the id that follows from their name: see `likelyId`.
 */
export const newId = <Id extends UserId | GroupId>() => randomInt(1, 2 ** 31) as Id;

/** 128 bits, base64url: nobody finds the object of such a name by trying. */
export const newRandom = () => randomBytes(16).toString('base64url');
