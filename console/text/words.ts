/** The language of the page: the browser's, until the person chooses another. */
import { Store, useStore } from '../store.ts';
import { en, type Words } from './en.ts';
import { zh } from './zh.ts';

export type { Words } from './en.ts';

const LANGUAGES = { en, zh } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = 'roster-console-language';

const isLanguage = (text: string | null | undefined): text is Language => text === 'en' || text === 'zh';

function first(): Language {
  const kept = localStorage.getItem(KEPT);
  if (isLanguage(kept)) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? 'en';
}

export const language = new Store<Language>(first());

export function speak(wanted: Language): void {
  localStorage.setItem(KEPT, wanted);
  language.value = wanted;
}

export const useWords = (): Words => LANGUAGES[useStore(language)];
export const languages = Object.entries(LANGUAGES).map(([tag, { language }]) => ({ tag: tag as Language, language }));
