/** Dialogs that ask before something changes. What was typed stays until the call has succeeded. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { endedBy } from '../call.ts';
import { Store, useStore } from '../store.ts';
import { useWords } from '../text/words.ts';
import { mayHaveHappened, sentenceOf } from './trouble.tsx';

export interface Field {
  name: string;
  label: string;
  hint?: string;
  kind?: 'text' | 'number' | 'long' | 'choice' | 'check';
  options?: readonly (readonly [value: string, label: string])[];
  value?: string;
  required?: boolean;
  least?: number;
  most?: number;
  /** A button beside the field, which fills it in. */
  fill?: { label: string; draw(): string };
}

type Values = Record<string, string>;

export interface Question {
  title: string;
  /** What will happen. */
  tells: ComponentChildren;
  /** Label of the button that does it. */
  action: string;
  danger?: boolean;
  /** What must be typed before it may be done. */
  typed?: string;
  fields?: readonly Field[];
  /** Does it. @returns what is said afterwards, or what the dialog shows before it closes */
  run(values: Values): Promise<string | { show: ComponentChildren } | undefined>;
  /** After it was done. */
  after?(): void;
}

const question = new Store<Question | undefined>(undefined);

/** Opens the dialog. */
export function ask(wanted: Question): void {
  question.value = wanted;
}

const said = new Store('');

/** Tells that something was done. */
export function say(text: string): void {
  said.value = '';
  said.value = text;
}

/** What was done last, for a few seconds. */
export function Said() {
  const text = useStore(said);
  useEffect(() => {
    if (!text) return;
    const timer = setTimeout(() => {
      said.value = '';
    }, 6000);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="said" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}

/** The one place where dialogs appear. */
export function Asking() {
  const asked = useStore(question);
  return asked ? <Dialog key={asked.title} asked={asked} /> : null;
}

function Dialog({ asked }: { asked: Question }) {
  const w = useWords();
  const { fields = [], typed } = asked;
  const dialog = useRef<HTMLDialogElement>(null);
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(fields.map(({ name, value = '' }) => [name, value])),
  );
  const [confirmed, setConfirmed] = useState('');
  const [error, setError] = useState<unknown>();
  const [waiting, setWaiting] = useState(false);
  const [shown, setShown] = useState<ComponentChildren>();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const ready = typed === undefined || confirmed.trim() === typed;
  const close = () => {
    dialog.current?.close();
    if (question.value === asked) question.value = undefined;
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (!ready || waiting) return;
    setWaiting(true);
    setError(undefined);
    try {
      const told = await asked.run(values);
      asked.after?.();
      if (typeof told === 'object') {
        setShown(told.show);
        return;
      }
      close();
      say(told ?? w.act.done);
    } catch (thrown) {
      if (!endedBy(thrown)) setError(thrown);
    } finally {
      setWaiting(false);
    }
  };
  return (
    <dialog ref={dialog} class="ask" aria-labelledby="ask-title" onClose={close}>
      {shown === undefined ? (
        <form onSubmit={submit}>
          <h2 id="ask-title">{asked.title}</h2>
          <div class="tells">{asked.tells}</div>
          {fields.map((field) => (
            <FieldOf
              key={field.name}
              field={field}
              value={values[field.name] ?? ''}
              set={(value) => setValues({ ...values, [field.name]: value })}
            />
          ))}
          {typed !== undefined && (
            <label class="field">
              <span>{w.act.typeName(typed)}</span>
              <input
                name="typed"
                autocomplete="off"
                spellcheck={false}
                value={confirmed}
                onInput={(event) => setConfirmed(event.currentTarget.value)}
              />
            </label>
          )}
          {error !== undefined && (
            <p class="trouble" role="alert">
              {sentenceOf(error, w)} {mayHaveHappened(error) && w.trouble.maybe}
            </p>
          )}
          <div class="buttons">
            <button type="button" onClick={close}>
              {w.cancel}
            </button>
            <button type="submit" class={asked.danger ? 'danger' : 'main'} disabled={!ready} aria-busy={waiting}>
              {error === undefined ? asked.action : w.again}
            </button>
          </div>
        </form>
      ) : (
        <div>
          <h2 id="ask-title">{asked.title}</h2>
          {shown}
          <div class="buttons">
            <button type="button" class="main" onClick={close}>
              {w.close}
            </button>
          </div>
        </div>
      )}
    </dialog>
  );
}

interface FieldProps {
  field: Field;
  value: string;
  set(value: string): void;
}

export function FieldOf({ field, value, set }: FieldProps) {
  const { name, label, hint, kind = 'text', options = [], required = false, fill, least, most } = field;
  const id = `field-${name}`;
  const described = hint ? { 'aria-describedby': `${id}-hint` } : {};
  if (kind === 'check')
    return (
      <label class="check">
        <input
          type="checkbox"
          name={name}
          checked={value === 'true'}
          onChange={(event) => set(String(event.currentTarget.checked))}
        />
        <span>{label}</span>
      </label>
    );
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="beside">
        {kind === 'choice' ? (
          <select id={id} name={name} value={value} onChange={(event) => set(event.currentTarget.value)} {...described}>
            {options.map(([option, text]) => (
              <option key={option} value={option}>
                {text}
              </option>
            ))}
          </select>
        ) : kind === 'long' ? (
          <textarea
            id={id}
            name={name}
            rows={4}
            required={required}
            value={value}
            onInput={(event) => set(event.currentTarget.value)}
            {...described}
          />
        ) : (
          <input
            id={id}
            name={name}
            type={kind}
            list={undefined}
            autocomplete="off"
            spellcheck={false}
            required={required}
            {...(kind === 'number' ? { min: least, max: most } : { minLength: least, maxLength: most })}
            value={value}
            onInput={(event) => set(event.currentTarget.value)}
            {...described}
          />
        )}
        {fill && (
          <button type="button" onClick={() => set(fill.draw())}>
            {fill.label}
          </button>
        )}
      </div>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
