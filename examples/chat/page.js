/** The page of the chat: groups and members come from Roster, messages and notices from the broker. */
import mqtt from 'mqtt';
import { ApiError, entries, rosterClient } from '../../client/roster.ts';

const $ = (id) => document.getElementById(id);
const { endpoint, app } = await (await fetch('/settings.json')).json();
const roster = rosterClient({ endpoint, app });

/** The session: `{ user_id, device_sn, name, client, connection }`. */
let me;
/** By group id: `{ group_id, name, lines, unread }`, and once it was opened `{ owner_id, silence, members }`. */
const groups = new Map();
let open;
/** Usernames by user id. */
const names = new Map();
let timer;

// ——— small things ———

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const problem = (text = '') => {
  $('problem').textContent = text;
  $('problem').hidden = text === '';
};
/** Runs what a person asked for, and shows why it failed. */
const doing = async (work) => {
  problem();
  try {
    return await work();
  } catch (error) {
    problem(error instanceof ApiError ? `Roster says: ${error.message}` : String(error));
  }
};
const onSubmit = (id, work) =>
  $(id).addEventListener('submit', (event) => {
    event.preventDefault();
    doing(() => work(event.target.elements, event.submitter));
  });
const runs = (until) => until === -1 || until > Date.now();
const clock = (ms) => new Date(ms).toLocaleTimeString();
const till = (until) => (until === -1 ? 'for ever' : `until ${clock(until)}`);
const nameOf = (id) => (id === me.user_id ? me.name : (names.get(id) ?? `user ${id}`));

// ——— session ———

onSubmit('login', async (fields, submitter) => {
  const [username, password] = [fields.name.value.trim(), fields.password.value];
  if (submitter?.name === 'register') await roster.user.registerV2({ username, password });
  // One session per tab: another login of the tab replaces it.
  sessionStorage.device ??= crypto.randomUUID();
  const session = await roster.token.user({ name: username, password, device_guid: sessionStorage.device });
  begin({ ...session, name: username, client: roster.with({ token: session.token }) });
});

function begin(session) {
  me = session;
  names.set(me.user_id, me.name);
  $('login').hidden = true;
  $('chat').hidden = $('logout').hidden = false;
  $('me').textContent = me.name;
  const address = new URL('/mqtt', location.href.replace(/^http/, 'ws'));
  address.hash = '';
  const connection = mqtt.connect(address.href, {
    username: String(me.user_id),
    password: me.token,
    reconnectPeriod: 1000,
    // Groups are subscribed to after each connection, as they are then.
    resubscribe: false,
  });
  me.connection = connection;
  connection.on('connect', () => {
    $('state').textContent = 'connected';
    doing(refresh);
  });
  connection.on('close', () => {
    if (me?.connection === connection) $('state').textContent = 'not connected';
  });
  connection.on('error', (error) => {
    // Not authorized: the session has ended.
    if (error.code === 5) end('Your session has ended. Log in again.');
  });
  connection.on('message', (topic, payload) => {
    const said = JSON.parse(payload.toString());
    if (topic === 'notice') return onNotice(said);
    const group = groups.get(Number(topic.split('/')[1]));
    if (group) say(group, { ...said, mine: said.user_id === me.user_id });
  });
}

function end(why) {
  me?.connection.end(true);
  me = open = undefined;
  groups.clear();
  $('login').hidden = false;
  $('chat').hidden = $('logout').hidden = true;
  $('me').textContent = $('state').textContent = '';
  problem(why);
}

$('logout').addEventListener('click', () =>
  doing(async () => {
    const { client, connection, device_sn } = me;
    connection.end();
    await client.user.kick({ device_sn });
    end('');
  }),
);

// ——— groups ———

/** Reads which groups there are, and subscribes to the new ones. */
async function refresh() {
  const joined = await me.client.group.userJoined();
  const { length } = joined;
  const infos = length === 0 ? [] : await me.client.group.infoBatch({ group_list: joined });
  for (const { group_id, name } of infos) {
    const group = groups.get(group_id) ?? { group_id, lines: [], unread: 0 };
    groups.set(group_id, Object.assign(group, { name }));
    me.connection.subscribe(`group/${group_id}`, (error) => {
      if (error && me?.connection.connected) problem(`No messages of ${name}: refused.`);
    });
  }
  for (const id of groups.keys()) if (!joined.includes(id)) groups.delete(id);
  if (!groups.has(open)) open = groups.keys().next().value;
  if (open !== undefined) await look(open);
  draw();
}

/** Reads who is in a group, and who may speak. */
async function look(group_id) {
  const { group } = me.client;
  const [info, admins, members, banned] = await Promise.all([
    group.info({ group_id }),
    group.adminList({ group_id }),
    Array.fromAsync(entries(group.memberList, { group_id })),
    Array.fromAsync(entries(group.bannedList, { group_id })),
  ]);
  const unknown = members.map(({ user_id }) => user_id).filter((id) => !names.has(id));
  for (let from = 0; from < unknown.length; from += 100)
    for (const { user_id, username, nick_name } of await me.client.roster.listDetails({
      list: unknown.slice(from, from + 100),
    }))
      names.set(user_id, nick_name || username);
  const roles = new Map([...admins.map(({ user_id }) => [user_id, 1]), [info.owner_id, 2]]);
  const bans = new Map(banned.map(({ user_id, expired_time }) => [user_id, expired_time]));
  const silence = info.ban_expire_time;
  Object.assign(groups.get(group_id) ?? {}, {
    silence: silence > 0 ? silence * 1000 : silence,
    members: members.map(({ user_id }) => ({ user_id, role: roles.get(user_id) ?? 0, ban: bans.get(user_id) ?? 0 })),
  });
}

function say(group, line) {
  group.lines.push(line);
  if (group.lines.length > 500) group.lines.shift();
  if (group.group_id === open) drawLines();
  else if (line.text) group.unread++;
  drawGroups();
}

onSubmit('create', async ({ name }) => {
  const { group_id } = await me.client.group.create({ name: name.value.trim() });
  name.value = '';
  open = group_id;
  await refresh();
});
onSubmit('invite', async ({ name }) => {
  const { user_id } = await me.client.roster.name({ username: name.value.trim() });
  const [entry] = await me.client.group.invite({ group_id: open, user_list: [user_id] });
  if (entry.result !== 'success') return problem(`Roster says: ${entry.reason}`);
  name.value = '';
});
onSubmit('write', async ({ text }) => {
  me.connection.publish(`group/${open}`, text.value);
  text.value = '';
});
$('silence').addEventListener('click', () =>
  doing(() => {
    const { group } = me.client;
    const silent = runs(groups.get(open).silence);
    return silent ? group.settingsUnbanAll({ group_id: open }) : group.settingsBanAll({ group_id: open, duration: 1 });
  }),
);
$('dissolve').addEventListener('click', () => doing(() => me.client.group.destroy({ group_id: open })));

// ——— notices of the bridge ———

const NOTICES = {
  'group.member.added': ({ user_id }) => `${nameOf(user_id)} joined.`,
  'group.member.removed': ({ user_id }) => `${nameOf(user_id)} is no longer a member.`,
  'group.member.banned': ({ user_id, until }) => `${nameOf(user_id)} may not speak ${till(until)}.`,
  'group.member.unbanned': ({ user_id }) => `${nameOf(user_id)} may speak again.`,
  'group.silenced': ({ until }) => `Only admins may speak ${till(until)}.`,
  'group.unsilenced': () => 'Everybody may speak again.',
  'group.owner_changed': ({ owner_id }) => `${nameOf(owner_id)} owns the group now.`,
  refused: ({ reason }) => `Not sent: ${reason}.`,
};
const ENDS = {
  'session.revoked': 'Your session was ended. Log in again.',
  'session.expired': 'Your session has expired. Log in again.',
  'user.disabled': 'Your account was disabled.',
  'user.deleted': 'Your account was deleted.',
};

async function onNotice(notice) {
  const { type, group_id, user_id } = notice;
  if (type === 'welcome') {
    me.device_sn = notice.device_sn;
    return;
  }
  if (ENDS[type]) return end(ENDS[type]);
  const group = groups.get(group_id);
  const isOver = type === 'group.dissolved' || (type === 'group.member.removed' && user_id === me.user_id);
  if (isOver && group) {
    problem(`${group.name}: ${type === 'group.dissolved' ? 'the group was dissolved' : 'you are no longer a member'}.`);
    groups.delete(group_id);
  }
  const isNew = !group && type === 'group.member.added' && user_id === me.user_id;
  if (isOver || isNew) return refresh().catch((error) => problem(String(error)));
  if (!group) return;
  if (type !== 'refused' && group_id === open) await look(group_id).catch(() => {});
  const text = NOTICES[type]?.(notice);
  if (text) say(group, { notice: text, at: Date.now() });
  draw();
}

// ——— drawing ———

function draw() {
  drawGroups();
  drawLines();
  drawMembers();
}

function drawGroups() {
  const focused = document.activeElement?.dataset?.group;
  $('groups').replaceChildren(
    ...[...groups.values()].map(({ group_id, name, unread }) => {
      const button = element('button', { type: 'button' }, element('span', {}, name));
      button.dataset.group = group_id;
      button.setAttribute('aria-current', String(group_id === open));
      if (unread > 0) {
        const count = element('span', { className: 'unread' }, String(unread));
        count.setAttribute('aria-label', `${unread} unread`);
        button.append(count);
      }
      button.addEventListener('click', () =>
        doing(async () => {
          open = group_id;
          groups.get(group_id).unread = 0;
          await look(group_id);
          draw();
        }),
      );
      return element('li', {}, button);
    }),
  );
  if (focused) $('groups').querySelector(`[data-group="${focused}"]`)?.focus();
}

/** Adds what is new, so that a screen reader says only that. */
function drawLines() {
  const list = $('messages');
  const group = groups.get(open);
  $('title').textContent = group?.name ?? 'No group';
  const lines = group?.lines ?? [];
  if (list.group !== open || list.childElementCount > lines.length) list.replaceChildren();
  list.group = open;
  for (const { notice, user_id, name, text, at, mine } of lines.slice(list.childElementCount)) {
    const author = element('span', { className: 'author' }, mine ? clock(at) : `${name ?? user_id} · ${clock(at)}`);
    list.append(
      notice
        ? element('li', { className: 'notice' }, `${notice}`)
        : element('li', { className: mine ? 'mine' : '' }, author, text),
    );
  }
  $('log').scrollTop = $('log').scrollHeight;
}

function drawMembers() {
  clearTimeout(timer);
  const { members = [], silence = 0 } = groups.get(open) ?? {};
  const mine = members.find(({ user_id }) => user_id === me?.user_id) ?? { role: 0, ban: 0 };
  const isAdmin = mine.role > 0;
  $('members').replaceChildren(
    ...members.map(({ user_id, role, ban }) => {
      const one = element('li', {}, nameOf(user_id));
      const badge = [undefined, 'admin', 'owner'][role];
      if (badge) one.append(element('span', { className: 'badge' }, badge));
      if (runs(ban)) one.append(element('span', { className: 'badge' }, `banned ${till(ban)}`));
      if (role < mine.role) {
        const act = (text, work) => {
          const button = element('button', { className: 'small', type: 'button' }, text);
          button.setAttribute('aria-label', `${text}: ${nameOf(user_id)}`);
          button.addEventListener('click', () => doing(work));
          return button;
        };
        const { group } = me.client;
        const those = { group_id: open, user_list: [user_id] };
        one.append(
          element(
            'div',
            { className: 'row' },
            runs(ban)
              ? act('Unban', () => group.unban(those))
              : act('Ban 1 minute', () => group.ban({ ...those, duration: 1 })),
            act('Kick', () => group.kick(those)),
          ),
        );
      }
      return one;
    }),
  );
  $('invite').hidden = open === undefined;
  $('admin').hidden = !isAdmin;
  $('dissolve').hidden = mine.role !== 2;
  $('silence').textContent = runs(silence) ? 'End silence' : 'Silence 1 minute';
  const banned = runs(mine.ban);
  const silenced = runs(silence) && !isAdmin;
  const { text } = $('write').elements;
  $('why').textContent = banned
    ? `You may not speak ${till(mine.ban)}.`
    : silenced
      ? `Only admins may speak ${till(silence)}.`
      : '';
  for (const field of $('write').elements) field.disabled = open === undefined || banned || silenced;
  text.placeholder = open === undefined ? 'Create a group, or let somebody add you to one' : 'Message';
  // Bans and silences end by themselves.
  const ends = [silence, ...members.map(({ ban }) => ban)].filter((until) => until > Date.now());
  if (ends.length > 0) timer = setTimeout(drawMembers, Math.min(...ends) - Date.now() + 50);
}
