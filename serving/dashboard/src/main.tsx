import { render } from 'preact';
import { Page } from './page.tsx';
import { begin } from './model.ts';
import { followLinks } from './router.ts';
import './styles.css';

followLinks();
begin();
render(<Page />, document.getElementById('page')!);
