/** Addresses within the console. They stand in the fragment, which no request contains. */
import { Store } from './store.ts';

export interface Place {
  /** `#/groups/77/members?q=an` → `['groups', '77', 'members']` */
  path: string[];
  query: URLSearchParams;
}

const read = (): Place => {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
};

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const place = new Store<Place>(read());

/** Reads the address again. */
export const arrive = (): void => {
  place.value = read();
};
addEventListener('hashchange', arrive);

type Query = Record<string, string | number | undefined>;

/** `hrefOf(['groups', 77], { q: 'an' })` → `#/groups/77?q=an` */
export function hrefOf(path: readonly (string | number)[], query: Query = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
  return `#/${path.map((part) => encodeURIComponent(part)).join('/')}${search && `?${search}`}`;
}

export function go(path: readonly (string | number)[], query?: Query): void {
  location.hash = hrefOf(path, query);
}

/** Changes the query of the page without a step in the history. */
export function refine(query: Query): void {
  history.replaceState(null, '', hrefOf(place.value.path, query));
  arrive();
}
