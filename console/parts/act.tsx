import { session } from '../session.ts';
import { useWords } from '../text/words.ts';
import { ask, type Question } from './ask.tsx';

/** What a token must be allowed to do, as `npm run ops -- tokens issue --scope` names it. */
export type Scope = 'read' | 'users' | 'groups' | 'files' | 'events' | 'decide' | 'login';

export const may = (scope: Scope): boolean => session.value?.scopes.includes(scope) === true;

interface ActProps {
  label: string;
  scope: Scope;
  question: () => Question;
  kind?: 'plain' | 'danger' | 'quiet' | 'main';
  disabled?: boolean;
}

/** A button that asks before it does something. Without the scope it says why it does nothing. */
export function Act({ label, scope, question, kind = 'plain', disabled = false }: ActProps) {
  const w = useWords();
  const allowed = may(scope);
  return (
    <button
      type="button"
      class={kind}
      disabled={disabled || !allowed}
      {...(!allowed && { title: w.scope.missing(scope) })}
      onClick={() => ask(question())}
    >
      {label}
    </button>
  );
}
