/** What an admin token may be for. The text says what the scope allows, after "may". */
export const SCOPES = {
  read: 'read what changes nothing: users, groups, files, events and webhook endpoints',
  users: 'change users: registration, profiles, settings, devices, friends, disabling, deletion',
  groups: 'change groups: members, roles, settings, announcements, invitations, applications',
  files: 'upload, rename and delete files of groups, and upload avatars',
  events: 'change webhook endpoints and send events again',
  decide: 'ask whether a user may connect, read or speak',
  login: 'set how users log in, which lets it log in as them',
} as const satisfies Record<string, string>;

export type Scope = keyof typeof SCOPES;

export const isScope = (text: string): text is Scope => Object.hasOwn(SCOPES, text);

/** The scopes of a token: it may have been issued before there were any, or for all of them. */
export const scopesOf = ({ scopes }: { scopes?: readonly Scope[] | undefined }): readonly Scope[] =>
  scopes ?? (Object.keys(SCOPES) as Scope[]);
