/** The frame of all pages: who is signed in, where one can go, and the page itself. */
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Jump } from './jump.tsx';
import { EventPage } from './pages/event.tsx';
import { EventsPage } from './pages/events.tsx';
import { GroupPage } from './pages/group.tsx';
import { GroupsPage } from './pages/groups.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { UserPage } from './pages/user.tsx';
import { UsersPage } from './pages/users.tsx';
import { WebhookPage } from './pages/webhook.tsx';
import { WebhooksPage } from './pages/webhooks.tsx';
import { WhyPage } from './pages/why.tsx';
import { Asking, Said } from './parts/ask.tsx';
import { Heading } from './parts/bits.tsx';
import { LanguageChoice, Mark } from './parts/frame.tsx';
import { sentenceOf } from './parts/trouble.tsx';
import { hrefOf, type Place, place } from './router.ts';
import { busy, leave, type Session, session } from './session.ts';
import { useStore } from './store.ts';
import { language, useWords } from './text/words.ts';

const PAGES = ['overview', 'users', 'groups', 'why', 'events', 'webhooks'] as const;

export function Console() {
  const tag = useStore(language);
  useEffect(() => {
    document.documentElement.lang = tag;
  }, [tag]);
  const signedIn = useStore(session);
  return signedIn ? <Shell session={signedIn} /> : <SignInPage />;
}

function Shell({ session: { app, api, tokenName, scopes } }: { session: Session }) {
  const w = useWords();
  const here = useStore(place);
  const main = useRef<HTMLElement>(null);
  const path = here.path.join('/');
  // Parts of a group are within its page.
  const page = here.path.slice(0, 2).join('/');
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus();
  }, [page]);
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {w.skip}
      </button>
      <Bar />
      <header class="top">
        <a class="brand" href={hrefOf([])}>
          <Mark />
          <span>Roster</span>
        </a>
        <Jump />
        <div class="who">
          <span class="app" title={`${api} · ${tokenName} · ${w.scope.some(scopes.join(', '))}`}>
            {w.nav.app} <code>{app}</code>
          </span>
          <LanguageChoice />
          <button type="button" class="quiet" onClick={() => leave('left')}>
            {w.nav.signOut}
          </button>
        </div>
      </header>
      <nav class="pages" aria-label={w.nav.label}>
        {PAGES.map((name) => (
          <a
            key={name}
            href={hrefOf(name === 'overview' ? [] : [name])}
            {...((here.path[0] ?? 'overview') === name && { 'aria-current': 'page' as const })}
          >
            {w.nav[name]}
          </a>
        ))}
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <Guard key={path}>{pageOf(here)}</Guard>
      </main>
      <Asking />
      <Said />
    </div>
  );
}

function pageOf({ path: [page, id, part], query }: Place): ComponentChildren {
  const number = id !== undefined && /^\d+$/.test(id) ? Number(id) : undefined;
  if (page === undefined || page === 'overview') return <OverviewPage />;
  if (page === 'users') return number ? <UserPage key={number} id={number} /> : <UsersPage />;
  if (page === 'groups') return number ? <GroupPage key={number} id={number} part={part} /> : <GroupsPage />;
  if (page === 'why') return <WhyPage user={query.get('user') ?? ''} group={query.get('group') ?? ''} />;
  if (page === 'events') return number ? <EventPage key={number} number={number} /> : <EventsPage />;
  if (page === 'webhooks') return id ? <WebhookPage key={id} id={id} /> : <WebhooksPage />;
  return <NotFound />;
}

function NotFound() {
  const w = useWords();
  return (
    <>
      <Heading title={w.trouble.notFound} />
      <p>
        <a href={hrefOf([])}>{w.nav.overview}</a>
      </p>
    </>
  );
}

/** A page that fails shows a sentence, and the others still work. */
class Guard extends Component<{ children: ComponentChildren }, { error?: unknown }> {
  static override getDerivedStateFromError = (error: unknown) => ({ error });

  override componentDidCatch(error: unknown): void {
    console.error(error);
  }

  override render() {
    const { error } = this.state;
    return error === undefined ? (
      this.props.children
    ) : (
      <Failure error={error} again={() => this.setState({ error: undefined })} />
    );
  }
}

function Failure({ error, again }: { error: unknown; again(): void }) {
  const w = useWords();
  return (
    <>
      <Heading title={w.trouble.page} />
      <p class="trouble" role="alert">
        <span>{sentenceOf(error, w)}</span>
        <button type="button" onClick={again}>
          {w.again}
        </button>
      </p>
    </>
  );
}

/** Shows that the service is slow. */
function Bar() {
  const w = useWords();
  const waits = useStore(busy);
  return (
    <div class="bar" role="status">
      {waits && (
        <>
          <div />
          <span class="unseen">{w.waiting}</span>
        </>
      )}
    </div>
  );
}
