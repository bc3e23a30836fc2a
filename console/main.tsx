import { render } from 'preact';
import { Console } from './shell.tsx';

render(<Console />, document.getElementById('console')!);
