// Small drawings; each is decoration, its name stands beside it or in aria-label.

const stroke = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 1.6,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
  'aria-hidden': true,
  viewBox: '0 0 16 16',
} as const;

/** A spring that parts into streams. */
export const Mark = () => (
  <svg {...stroke}>
    <path d="M8 1.5v4M8 5.5c0 3.5-4.7 3-4.7 6.5M8 5.5c0 3.5 4.7 3 4.7 6.5M8 7.5v7" />
  </svg>
);

export const Info = () => (
  <svg {...stroke}>
    <circle cx="8" cy="8" r="6.2" />
    <path d="M8 7.4v3.4M8 5.1v.1" />
  </svg>
);

export const Sun = () => (
  <svg {...stroke}>
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.4v1.2M8 13.4v1.2M1.4 8h1.2M13.4 8h1.2M3.3 3.3l.9.9M11.8 11.8l.9.9M3.3 12.7l.9-.9M11.8 4.2l.9-.9" />
  </svg>
);

export const Moon = () => (
  <svg {...stroke}>
    <path d="M13.6 9.6A6 6 0 0 1 6.4 2.4a6 6 0 1 0 7.2 7.2z" />
  </svg>
);

/** How a line of the chart looks: `dash` as in SVG. */
export const LineSample = ({ color, dash }: { color: string; dash?: string }) => (
  <svg viewBox="0 0 24 8" aria-hidden>
    <path d="M1 4h22" stroke-width="2" style={{ stroke: `var(${color})` }} stroke-dasharray={dash} fill="none" />
  </svg>
);
