import type { AppId } from '../../ids.ts';
import * as objects from '../../storage/object-repo.ts';
import type { End } from './publication.ts';

/**
 * Publishes the upload of an avatar's form, unless the first upload of that form is published already: people may have
 * seen it. The write itself has this condition, so one of several runs wins; a copy could not have it for sure
 * (docs/decisions/0026). It may run twice, and at once.
 */
export async function publishAvatar(upload: objects.AvatarUpload): Promise<End> {
  const content = await objects.readAvatarUpload(upload);
  if (!content) return 'gone';
  return (await objects.putAvatar(upload, content)) ? 'published' : 'discarded';
}

/** Whether there is an avatar. One whose event is late is published now. */
export async function findAvatar(app: AppId, random: string): Promise<boolean> {
  const avatar = { app, random };
  return (
    (await objects.hasAvatar(avatar)) ||
    (await publishAvatar(avatar)) !== 'gone' ||
    // The event may have published it, and removed the upload, after the first look.
    (await objects.hasAvatar(avatar))
  );
}
