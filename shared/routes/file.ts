import * as z from 'zod/mini';
import { MOST_BATCH_BODY } from '../http/batch.ts';
import type { Multipart } from '../http/multipart.ts';
import { fileType, id, ids, integer, LONGEST, MOST_WRITTEN, name, paging, text, title } from '../http/parameters.ts';
import { fileReply, redirectReply, uploadFormReply } from '../http/replies.ts';
import type { GroupId } from '../ids.ts';
import type { Operation } from './operation.ts';

const area = 'file';

export const groupFile = {
  id: 'group/file',
  path: '/group/file',
  methods: ['GET'],
  area,
  section: '7.24',
  summary: 'Download group file',
  description: 'Returns a file with an address to download it from.',
  access: 'anyone',
  scope: 'read',
  grants: ['presign-get'],
  request: () => z.object({ group_id: id<GroupId>(), file_id: id() }),
  reply: () => fileReply,
} satisfies Operation;

export const groupFileDelete = {
  id: 'group/file/delete',
  path: '/group/file/delete',
  methods: ['POST', 'DELETE'],
  area,
  section: '7.25, 7.26',
  summary: 'Delete group file',
  description: 'Deletes files with their objects.',
  access: 'anyone',
  scope: 'files',
  grants: ['put', 'delete', 'check', 'delete-object'],
  request: () => z.object({ group_id: id<GroupId>(), file_list: ids(1, MOST_WRITTEN) }),
  reply: () => z.array(z.object({ file_id: z.int(), result: z.enum(['success', 'fail']), reason: z.string() })),
} satisfies Operation;

export const groupFileList = {
  id: 'group/file/list',
  path: '/group/file/list',
  methods: ['GET'],
  area,
  section: '7.27',
  summary: 'Get the list of group files',
  description: 'Lists the files of a group, the newest first.',
  access: 'anyone',
  scope: 'read',
  grants: ['query-lsi1'],
  page: 'uncounted',
  request: () => z.object({ group_id: id<GroupId>(), ...paging(100) }),
  reply: () => z.array(fileReply),
} satisfies Operation;

export const groupFileUpdateName = {
  id: 'group/file/update-name',
  path: '/group/file/update_name',
  methods: ['POST', 'PUT'],
  area,
  section: '7.28, 7.29',
  summary: 'Update group file name',
  description: 'Renames a file.',
  access: 'anyone',
  scope: 'files',
  grants: ['check', 'presign-get'],
  request: () => z.object({ group_id: id<GroupId>(), file_id: id(), name: title(LONGEST.fileName) }),
  reply: () => fileReply,
} satisfies Operation;

export const groupFileUpload = {
  id: 'group/file/upload',
  path: '/group/file/upload',
  methods: ['POST'],
  area,
  section: '7.30',
  summary: 'Upload group file',
  description: 'Shares a file that is still to be uploaded, that a form has uploaded, or that is stored elsewhere.',
  access: 'anyone',
  scope: 'files',
  grants: ['put', 'check', 'presign-put', 'head-object', 'publish-object'],
  // The call copies a form's upload before it answers.
  timeout: 29,
  idempotent: true,
  request: () =>
    z.object({
      group_id: id<GroupId>(),
      name: title(LONGEST.fileName),
      size: integer(0, 2 ** 31 - 1),
      type: z._default(fileType(), 'application/octet-stream'),
      url: z._default(name(LONGEST.url), ''),
    }),
  reply: () => fileReply,
} satisfies Operation;

/** `to_type` of a group. This service keeps no files of conversations between two users. */
const GROUP = 2;

export const fileUploadChat = {
  id: 'file/upload/chat',
  path: '/file/upload/chat',
  methods: ['GET'],
  area,
  section: 'file',
  summary: 'Get a form to upload a group file',
  description: 'Returns a form to upload a file for a group.',
  access: 'anyone',
  scope: 'files',
  grants: ['presign-post'],
  groupParameter: 'to_id',
  request: () =>
    z.object({
      /** Clients send the kind of content; the service ignores it. */
      file_type: z.optional(z.unknown()),
      to_id: id<GroupId>(),
      to_type: integer(0, 2 ** 31).check(z.refine((value) => value === GROUP, 'must be 2: files are for groups')),
    }),
  reply: () => uploadFormReply,
} satisfies Operation;

export const fileUploadAvatarUser = {
  id: 'file/upload/avatar/user',
  path: '/file/upload/avatar/user',
  methods: ['GET'],
  area,
  section: 'file',
  summary: 'Get a form to upload a user avatar',
  description: "Returns a form to upload the actor's avatar.",
  access: 'person',
  scope: 'files',
  grants: ['presign-avatar'],
  request: () => z.object({}),
  reply: () => uploadFormReply,
} satisfies Operation;

export const fileUploadAvatarGroup = {
  id: 'file/upload/avatar/group',
  path: '/file/upload/avatar/group',
  methods: ['GET'],
  area,
  section: 'file',
  summary: 'Get a form to upload a group avatar',
  description: 'Returns a form to upload the avatar of a group.',
  access: 'anyone',
  scope: 'files',
  grants: ['presign-avatar'],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => uploadFormReply,
} satisfies Operation;

export const fileUploadForm = {
  id: 'file/upload/form',
  path: '/file/upload/form',
  methods: ['POST'],
  area,
  section: 'file',
  summary: 'Take the file of an upload form',
  description: 'Stores the file of a posted form. `upload_url` of a form is an address of this operation.',
  // The address carries the right to upload: clients post forms without headers.
  access: 'public',
  grants: ['presign-post', 'update'],
  timeout: 20,
  multipart: true,
  queryCredentials: true,
  // What Lambda takes; a form has a lower bound of its own.
  mostBody: MOST_BATCH_BODY,
  request: () => z.object({ form_sign: text(1024), form: z.custom<Multipart>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const fileDownloadChat = {
  id: 'file/download/chat',
  path: '/file/download/chat',
  methods: ['GET'],
  area,
  section: 'file',
  summary: 'Redirect to a group file',
  description: "Redirects members from a file's stable address to the file.",
  access: 'anyone',
  scope: 'read',
  grants: ['presign-get'],
  queryCredentials: true,
  request: () => z.object({ file_sign: text(1024) }),
  reply: () => redirectReply,
} satisfies Operation;

export const fileDownloadAvatar = {
  id: 'file/download/avatar',
  path: '/file/download/avatar',
  methods: ['GET'],
  area,
  section: 'file',
  summary: 'Redirect to an avatar',
  description: "Redirects any actor of the app from an avatar's stable address to the picture.",
  access: 'anyone',
  scope: 'read',
  // A download may come before the event of the upload; then it publishes the avatar.
  grants: ['presign-get', 'publish-avatar'],
  queryCredentials: true,
  request: () => z.object({ object_name: text(1024) }),
  reply: () => redirectReply,
} satisfies Operation;
