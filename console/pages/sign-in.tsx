import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../client/roster.ts';
import { Heading } from '../parts/bits.tsx';
import { LanguageChoice, Mark } from '../parts/frame.tsx';
import { sentenceOf } from '../parts/trouble.tsx';
import { arrive } from '../router.ts';
import { beginning, type Entrance, keep, openSession, session } from '../session.ts';
import { useWords } from '../text/words.ts';

const invitation = beginning();

export function SignInPage() {
  const w = useWords();
  const { api = location.origin, reason, then } = invitation;
  const [app, setApp] = useState(invitation.app ?? '');
  const [token, setToken] = useState(invitation.token ?? '');
  const [kept, setKept] = useState(false);
  const [problem, setProblem] = useState(
    reason === 'expired' ? w.signIn.expired : reason === 'wrong' ? w.signIn.wrong : '',
  );
  const [waiting, setWaiting] = useState(false);
  const begun = useMemo(() => Boolean(invitation.app && invitation.token), []);

  const enter = async (entrance: Entrance, remember: boolean) => {
    setWaiting(true);
    setProblem('');
    try {
      const opened = await openSession(entrance);
      if (!opened) {
        setProblem(w.signIn.notAdmin);
        return;
      }
      // The address may name a page that this one was called for.
      if (then) history.replaceState(null, '', then);
      delete invitation.token;
      if (remember) keep(entrance);
      arrive();
      session.value = opened;
    } catch (error) {
      setProblem(refusalOf(error, w));
    } finally {
      setWaiting(false);
    }
  };
  useEffect(() => {
    // The laptop stack fills in its demo app, and a tab may keep its session.
    if (begun) void enter({ api, app, token }, false);
  }, []);

  const submit = (event: Event) => {
    event.preventDefault();
    if (!app.trim() || !token.trim()) setProblem(w.signIn.empty);
    else void enter({ api, app: app.trim(), token: token.trim() }, kept);
  };
  return (
    <div class="sign-in">
      <header>
        <Mark />
        <LanguageChoice />
      </header>
      <main>
        <Heading title={w.signIn.title} />
        <p class="lead">{w.signIn.lead}</p>
        <form onSubmit={submit}>
          {problem && (
            <p class="trouble" role="alert">
              {problem}
            </p>
          )}
          <dl class="facts">
            <div>
              <dt>{w.signIn.api}</dt>
              <dd>
                <code>{api}</code>
              </dd>
            </div>
          </dl>
          {api !== location.origin && (
            <p class="trouble warn">{w.signIn.elsewhere(new URL(api).host, location.host)}</p>
          )}
          <label class="field">
            <span>{w.signIn.app}</span>
            <input
              name="app"
              autocomplete="off"
              spellcheck={false}
              value={app}
              onInput={(event) => setApp(event.currentTarget.value)}
            />
          </label>
          <div class="field">
            <label for="token">{w.signIn.token}</label>
            <input
              id="token"
              name="token"
              type="password"
              autocomplete="off"
              spellcheck={false}
              aria-describedby="token-hint"
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
            <p class="hint" id="token-hint">
              {w.signIn.tokenHint}
            </p>
          </div>
          <label class="check">
            <input
              type="checkbox"
              name="keep"
              checked={kept}
              onChange={(event) => setKept(event.currentTarget.checked)}
            />
            <span>
              {w.signIn.keep}
              <small class="hint">{w.signIn.keepHint}</small>
            </span>
          </label>
          <div class="buttons">
            <button type="submit" class="main" aria-busy={waiting}>
              {w.signIn.submit}
            </button>
          </div>
        </form>
        <Elsewhere api={api} />
      </main>
    </div>
  );
}

/**
 * Opens the page for another service. The page is loaded again, because its content policy names the one service that it
 * may call.
 */
function Elsewhere({ api }: { api: string }) {
  const w = useWords();
  const [address, setAddress] = useState('');
  const open = (event: Event) => {
    event.preventDefault();
    if (!URL.canParse(address)) return;
    const { origin } = new URL(address);
    location.search = origin === location.origin ? '' : `?${new URLSearchParams({ api: origin })}`;
  };
  return (
    <details class="elsewhere">
      <summary>{w.signIn.other}</summary>
      <form onSubmit={open}>
        <div class="field">
          <label for="api">{w.signIn.api}</label>
          <div class="beside">
            <input
              id="api"
              name="api"
              type="url"
              required
              placeholder={api}
              aria-describedby="api-hint"
              value={address}
              onInput={(event) => setAddress(event.currentTarget.value)}
            />
            <button type="submit">{w.signIn.otherOpen}</button>
          </div>
          <p class="hint" id="api-hint">
            {w.signIn.otherHint}
          </p>
        </div>
      </form>
    </details>
  );
}

function refusalOf(error: unknown, w: ReturnType<typeof useWords>): string {
  if (!(error instanceof ApiError)) return sentenceOf(error, w);
  if (error.is('loginAgain')) return w.signIn.expired;
  if (error.is('badToken') || error.is('appMissing') || error.is('badParameter')) return w.signIn.wrong;
  if (error.is('appDisabled')) return w.signIn.disabled;
  if (error.is('noPermission')) return w.signIn.notAdmin;
  return sentenceOf(error, w);
}
