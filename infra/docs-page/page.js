/**
 * Starts Swagger UI with this deployment's own description. On a laptop it is ready to make calls: as a user of the demo
 * app, or as the app itself.
 */
const LOCAL = ['127.0.0.1', 'localhost'];

const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', paint);
paint();

const json = async (address) => {
  const response = await fetch(address);
  return response.ok ? response.json() : undefined;
};

/** Examples name users and groups of the run that recorded them. On the laptop they name those that are there. */
function useDemoIds(description, { users: [me, other = me], group_id }) {
  if (!me) return;
  const values = {
    user_id: other.user_id,
    roster_id: other.user_id,
    new_owner: other.user_id,
    user_list: [other.user_id],
    group_id,
    group_list: [group_id],
  };
  const login = { ...values, name: other.username, login_name: other.username, password: other.password };
  const own = { ...values, user_id: me.user_id };
  const adapt = (example, known) => {
    if (Array.isArray(example)) return example.map((each) => adapt(each, known));
    if (typeof example !== 'object' || example === null) return example;
    return Object.fromEntries(
      Object.entries(example).map(([name, value]) => [name, name in known ? known[name] : adapt(value, known)]),
    );
  };
  const { requestBodies } = description.components;
  for (const [name, { content }] of Object.entries(requestBodies)) {
    const known = /^Token(User|Id|Login)$/.test(name) ? login : name === 'UserSettingsSet' ? own : values;
    for (const media of Object.values(content)) if (media.example) media.example = adapt(media.example, known);
  }
  for (const path of Object.values(description.paths))
    for (const { parameters = [] } of Object.values(path))
      for (const parameter of parameters)
        if (parameter.example !== undefined && parameter.name in values)
          parameter.example = [values[parameter.name]].flat()[0];
}

/** A line with the choice of whom calls act as. @returns the user; undefined for the app itself */
function showChoice({ users }) {
  const note = document.getElementById('demo');
  const choice = document.createElement('select');
  choice.id = 'actor';
  for (const { user_id, username } of users) choice.add(new Option(`${username} (user ${user_id})`, user_id));
  choice.add(new Option('the app (admin token)', ''));
  const label = document.createElement('label');
  label.append('Laptop stack: calls act as ', choice);
  note.replaceChildren(
    label,
    ' in the demo app. Operations for admins use its admin token. Your own token goes under “Authorize”.',
  );
  note.hidden = false;
  return () => users.find(({ user_id }) => String(user_id) === choice.value);
}

async function start() {
  /** The laptop stack alone has a demo app, and says so under this address. */
  const demo = LOCAL.includes(location.hostname) ? await json('docs/demo.json') : undefined;
  const description = demo && (await json('openapi.json'));
  if (demo) useDemoIds(description, demo);
  const chosen = demo && showChoice(demo);

  /** Puts the token of the chosen user in the place of the admin token, where a user may call the operation. */
  function actAs(request) {
    const { headers } = request;
    const user = chosen?.();
    if (!user || headers?.['access-token'] !== demo.admin_token || headers.user_id || headers.group_id) return request;
    const { pathname } = new URL(request.url, location.href);
    const access = description.paths[pathname]?.[request.method.toLowerCase()]?.['x-access'];
    if (access === 'person' || access === 'anyone') headers['access-token'] = user.token;
    if (access === 'admin as person') headers.user_id = String(user.user_id);
    return request;
  }

  const ui = SwaggerUIBundle({
    ...(demo ? { spec: description, requestInterceptor: actAs } : { url: 'openapi.json' }),
    domNode: document.getElementById('reference'),
    deepLinking: true,
    docExpansion: 'none',
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true,
    requestSnippetsEnabled: true,
    validatorUrl: null,
    onComplete() {
      if (!demo) return;
      ui.preauthorizeApiKey('app', demo.app_id);
      ui.preauthorizeApiKey('token', demo.admin_token);
    },
  });
}

start();
