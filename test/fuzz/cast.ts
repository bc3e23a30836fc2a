import { expect } from 'vitest';
import { opaque, postForm } from '../support/files.ts';
import type { Given } from '../support/story.ts';
import type { Tenant } from './request.ts';

/**
 * People of an app with everything that requests can name: a group, an announcement, a file, an avatar, an invitation
 * by QR code, an application, and cursors of lists.
 * @param mark stands in every name and text, so that an answer which shows them to others is known by it
 */
export async function newCast(given: Given, mark: string): Promise<Tenant> {
  const [alice, bob, carol] = await given.users(3, mark);
  const group_id = await given.group(alice!, { members: [bob!], name: `Group ${mark}` });
  const app = given.admin();
  const announcement = await alice!.does('POST /group/announcement/edit', { group_id, title: mark, content: mark });
  await carol!.does('POST /group/apply', { group_id, reason: mark });
  const { qr_info } = await alice!.does('GET /group/qrcode/sign', { group_id });
  const form = await bob!.does('GET /file/upload/chat', { file_type: 1, to_id: group_id, to_type: 2 });
  expect(await postForm(form, mark)).toBeLessThan(300);
  const upload = { group_id, name: `${mark}.txt`, type: 'text/plain', size: mark.length, url: form.download_url };
  const file = await bob!.does('POST /group/file/upload', upload);
  const avatar = await alice!.does('GET /file/upload/avatar/user');
  expect(await postForm(avatar, mark)).toBeLessThan(300);
  await alice!.does('POST /user/avatar', { avatar: avatar.download_url });
  await bob!.does('POST /user/mobile', { mobile: String(bob!.id).slice(0, 15) });
  const members = await alice!.asks('GET /group/member_list', { group_id, limit: 1 });
  expect(members.body.cursor).toBeTruthy();
  return {
    app: given.app,
    adminToken: given.adminToken,
    tokens: [alice!.token, bob!.token, carol!.token, app.headers.token!],
    known: {
      group_id,
      people: [alice!.id, bob!.id, carol!.id],
      values: new Map(
        Object.entries({
          announcement_id: [announcement.id],
          file_id: [file.file_id],
          file_list: [[file.file_id]],
          file_sign: [opaque(form.download_url).file_sign],
          form_sign: [opaque(form.upload_url).form_sign],
          object_name: [opaque(avatar.download_url).object_name],
          url: [form.download_url, 'https://files.example/notes.txt'],
          qr_info: [qr_info],
          cursor: [members.body.cursor],
          device_sn: [alice!.device],
          to_id: [group_id],
          to_type: [2],
        }),
      ),
    },
  };
}
