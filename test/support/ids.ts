import type { AppId, GroupId, UserId } from '../../shared/ids.ts';

/** Ids that a test writes itself. */
export const appId = (id: string) => id as AppId;
export const userId = (id: number) => id as UserId;
export const groupId = (id: number) => id as GroupId;
