import type { Call } from '../../call/call.ts';
import type { SharedFile } from '../../data/file-repo.ts';
import type { GroupId } from '../../ids.ts';
import * as objects from '../../storage/object-repo.ts';
import { fileAddress } from './address.ts';

/** A file as the API shows it; times in seconds. @param url where it is, or where to put it */
export const fileReply = (group: GroupId, file: SharedFile, url: string) => ({
  file_id: file.id,
  group_id: group,
  name: file.name,
  size: file.size,
  type: file.type,
  uploader: file.uploader,
  url,
  created_at: Math.floor(file.createdAt / 1000),
  updated_at: Math.floor(file.updatedAt / 1000),
});

/** Where a published file can be downloaded for the app's download life; a link's own address. */
export const downloadUrl = async (call: Call, group: GroupId, file: SharedFile): Promise<string> =>
  file.url ?? objects.downloadUrl(call.app, group, file, call.limits.download_life);

/** Where a published file can be found for as long as it is there: a link's own address, else one of this API. */
export const stableUrl = (call: Call, group: GroupId, file: SharedFile): string =>
  file.url ?? fileAddress(call, group, file.id);
