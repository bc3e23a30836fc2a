import { avatarObject, incomingAvatar } from '../../storage/names.ts';
import { getObject, headObject, putNewObject } from '../../storage/objects.ts';

/**
 * Puts the upload of an avatar's form where it is served from, unless the first upload of that form is there already:
 * others may have seen it. The write itself has this condition, so that one of several runs wins; a copy could not have
 * it for sure (docs/decisions/0026). May be done twice, and at once.
 * @returns `discarded` where there is an avatar already, `gone` where there is no upload
 */
export async function publishAvatar(app: string, random: string): Promise<'published' | 'discarded' | 'gone'> {
  const upload = await getObject(incomingAvatar(app, random));
  if (!upload) return 'gone';
  return (await putNewObject(avatarObject(app, random), upload)) ? 'published' : 'discarded';
}

/** Key of the avatar, which is published now if the event of its upload is late; undefined where there is none. */
export async function findAvatar(app: string, random: string): Promise<string | undefined> {
  const key = avatarObject(app, random);
  const isThere = async () => (await headObject(key)) !== undefined;
  // The event may publish it, and remove the upload, after the first look.
  const found = (await isThere()) || (await publishAvatar(app, random)) !== 'gone' || (await isThere());
  return found ? key : undefined;
}
