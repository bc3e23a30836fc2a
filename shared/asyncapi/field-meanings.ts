/** Meanings of fields that several types of events, or several operations, override alike. */
export const ofEach = (names: string[], meanings: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => Object.entries(meanings).map(([field, meaning]) => [`${name} ${field}`, meaning])),
  );

/**
 * The meaning of each field of events; `<type> <field>` overrides it for one type. A test lists those that are missing.
 */
const FIELD_MEANINGS: Record<string, string> = {
  specversion: 'Version of CloudEvents.',
  id: 'Id of the event, unique for ever. Deduplicate by it.',
  source: 'The app in which it happened: `/apps/<app_id>`.',
  type: 'Type of the event.',
  subject: 'What the event is about. Events of one subject keep the order of its changes.',
  time: 'When the change was made (RFC 3339, UTC).',
  datacontenttype: 'Media type of `data`.',
  sequence: 'Number of the event within its app: 16 digits, ascending by one from `0000000000000001`.',
  authtype:
    'Who made the change: a `user`, the app as a user (`app_as_user`), the `app` itself, an `operator`, or a job of the `system`.',
  authid:
    'Id of the user (`user`, `app_as_user`), id of the admin token (`app`) or name of the operator; absent for `system`.',
  cause: 'Request id of the call (its header `apigw-requestid`) or id of the job. Events of one call share it.',
  data: 'What changed.',

  announcement_id: 'Id of the announcement.',
  apply_approval: 'Applications: 0 join at once, 1 an admin decides, 2 refused.',
  author: 'User who published it.',
  avatar: 'Address of the picture; empty where there is none.',
  blocked_id: 'User who is or was blocked.',
  by: 'The other person who let the user in: who invited, approved, or made the QR code.',
  capacity: 'Most members the group can have.',
  changed: 'Names of the fields that changed.',
  count: 'Members after the change; absent where the group is older than its events.',
  device_sn: 'Serial number of the device.',
  file_id: 'Id of the file.',
  friend_id: 'The other user.',
  group_id: 'Id of the group.',
  hide_member_info: 'Whether only admins and the owner see the members.',
  history_visible: 'Whether new members see what was said before.',
  inviter_id: 'User who invited.',
  kept_device_sn: 'Serial number of the one device whose session goes on.',
  member_invite: 'Whether members may invite.',
  member_modify: 'Whether members may change the information of the group.',
  name: 'Name of the group.',
  owner_id: 'User who owns the group.',
  previous_owner_id: 'User who owned the group before.',
  read_ack: 'Whether messages are marked as read.',
  reason: 'Why.',
  role: '0 member, 1 admin.',
  size: 'Bytes of the file.',
  scopes: 'Scopes of the admin token; absent: all.',
  token_id: 'Id of the admin token.',
  until: 'When it ends, in milliseconds since 1970; -1 for ever, 0 ended.',
  uploader: 'User who shared the file.',
  user_id: 'Id of the user.',
  username: 'Username.',
  via: 'How the user joined.',

  'user.held_back limit': 'The limit per caller that the user has used up.',
  'session.revoked device_sn': 'Serial number of the device; absent: all devices.',
  'user.created via': 'The issuer whose login made the account; absent otherwise.',
  'group.created type': 'Kind of group: 0 private, 1 public, 2 chat room.',
  ...ofEach(['group.file.published', 'group.file.renamed', 'group.file.deleted'], {
    name: 'Name of the file.',
    type: 'Media type of the file.',
  }),
};

/** The meaning of a field; undefined where it is missing here. */
export const meaningOf = (type: string, field: string): string | undefined =>
  FIELD_MEANINGS[`${type} ${field}`] ?? FIELD_MEANINGS[field];
