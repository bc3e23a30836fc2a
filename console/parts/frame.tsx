import { useStore } from '../store.ts';
import { language, languages, speak, useWords } from '../text/words.ts';

export function LanguageChoice() {
  const w = useWords();
  const chosen = useStore(language);
  return (
    <select
      class="quiet"
      aria-label={w.nav.language}
      value={chosen}
      onChange={(event) => speak(event.currentTarget.value === 'zh' ? 'zh' : 'en')}
    >
      {languages.map(({ tag, language }) => (
        <option key={tag} value={tag} lang={tag}>
          {language}
        </option>
      ))}
    </select>
  );
}

export const Mark = () => (
  <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
    <rect width="32" height="32" rx="7" fill="#0f766e" />
    <g fill="#fff">
      <circle cx="9" cy="10" r="2.5" />
      <circle cx="9" cy="16" r="2.5" />
      <circle cx="9" cy="22" r="2.5" />
      <rect x="14" y="8.5" width="11" height="3" rx="1.5" />
      <rect x="14" y="14.5" width="11" height="3" rx="1.5" />
      <rect x="14" y="20.5" width="11" height="3" rx="1.5" />
    </g>
  </svg>
);
