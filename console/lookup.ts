/** Finding users and groups by what a person would type. */
import { ApiError } from '../client/roster.ts';
import type { Session } from './session.ts';

export interface FoundUser {
  user_id: number;
  username: string;
}

export interface FoundGroup {
  group_id: number;
  name: string;
}

const isId = (text: string) => /^[1-9]\d{0,15}$/.test(text);

/** The user with this id or username. Usernames are never all digits. */
export async function findUser(
  { client, names }: Session,
  text: string,
  signal?: AbortSignal,
): Promise<FoundUser | undefined> {
  const options = signal ? { signal } : {};
  try {
    if (isId(text)) {
      const { data } = await client.admin.userSearch({ user_id: Number(text) }, options);
      return data[0];
    }
    return await names.read(({ roster }) => roster.name({ username: text }, options));
  } catch (error) {
    if (error instanceof ApiError && (error.is('userMissing') || error.is('badParameter'))) return undefined;
    throw error;
  }
}

/** Groups with this id or, most like it first, with a name that begins like this. */
export async function findGroups({ client }: Session, text: string, signal?: AbortSignal): Promise<FoundGroup[]> {
  const options = signal ? { signal } : {};
  const by = isId(text) ? await client.admin.groupSearch({ group_id: Number(text) }, options) : undefined;
  if (by && by.data.length > 0) return by.data;
  const { data } = await client.admin.groupSearch({ prefix: text, limit: 10 }, options);
  const same = data.filter(({ name }) => name.toLowerCase() === text.toLowerCase());
  return same.length === 1 ? same : data;
}
