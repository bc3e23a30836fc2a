import { short } from '../format.ts';

export interface Bar {
  label: string;
  value: number;
  bad: boolean;
}

const WIDTH = 720;
const HEIGHT = 150;
const [LEFT, BOTTOM, TOP] = [40, 18, 8];

/** A bar for each hour. Screen readers get the table beside it. */
export function Chart({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const most = niceAbove(Math.max(1, ...bars.map(({ value }) => value)));
  const [width, height] = [WIDTH - LEFT, HEIGHT - BOTTOM - TOP];
  const step = width / bars.length;
  const y = (value: number) => TOP + height - (value / most) * height;
  const every = Math.ceil(bars.length / 6);
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {[0, most / 2, most].map((value) => (
        <g key={value} class="line">
          <line x1={LEFT} x2={WIDTH} y1={y(value)} y2={y(value)} />
          <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
            {short(value)}
          </text>
        </g>
      ))}
      {bars.map(({ label, value, bad }, index) => (
        <g key={label} class={bad ? 'bad' : ''}>
          <title>{`${label}: ${short(value)}`}</title>
          <rect class="reach" x={LEFT + index * step} y={TOP} width={step} height={height} />
          <rect
            class="column"
            x={LEFT + index * step + step * 0.15}
            y={y(value)}
            width={step * 0.7}
            height={Math.max(value > 0 ? 1.5 : 0, TOP + height - y(value))}
            rx={Math.min(2, step * 0.2)}
          />
          {(bars.length - 1 - index) % every === 0 && (
            <text
              x={index === bars.length - 1 ? WIDTH : LEFT + (index + 0.5) * step}
              y={HEIGHT - 4}
              text-anchor={index === bars.length - 1 ? 'end' : 'middle'}
            >
              {label}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}

/** The next number of the form 1, 2 or 5 × 10ⁿ. Below 10 even, so that the middle is a whole number. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const nice = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value) ?? value;
  return nice < 2 ? 2 : nice === 5 ? 6 : nice;
}
