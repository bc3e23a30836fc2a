import type { Call } from '../../call/call.ts';
import type { SharedFile } from '../../data/file-repo.ts';
import { fileObject } from '../../storage/names.ts';
import { presignGet } from '../../storage/presign.ts';
import { fileAddress } from './address.ts';

/** A file as sections 7.24, 7.27 and 7.30 document it; times in seconds. @param url where it is, or where to put it */
export const fileReply = (group: number, file: SharedFile, url: string) => ({
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

/**
 * Where a published file can be fetched: a link's own address, else one that is good for the app's download life and
 * downloads it under its name.
 */
export async function downloadUrl(call: Call, group: number, file: SharedFile): Promise<string> {
  if (file.url !== undefined) return file.url;
  const key = fileObject(call.app, group, file.object ?? '');
  return presignGet(key, file, call.limits.download_life);
}

/** Where a published file can be found for as long as it is there: a link's own address, else one of this API. */
export const stableUrl = (call: Call, group: number, file: SharedFile): string =>
  file.url ?? fileAddress(call, group, file.id);
